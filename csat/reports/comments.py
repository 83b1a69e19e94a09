"""What customers wrote: found by its words, shown with them marked."""

import re
from dataclasses import dataclass

from django.db.models import Q

from csat.lib import keyset, text_search
from csat.lib.keyset import Order
from csat.lib.text import one_line
from csat.reports import cohort
from csat.reports.filters import Filters
from csat.surveys.models import Score
from csat.themes import reading

NEWEST = Order("submitted_at")
WORD = re.compile(r'"([^"]+)"|(-?)(\S+)')


@dataclass(frozen=True)
class Comment:
    """One rating with its words; `pieces` are the comment cut where the search hits: (text, hit)."""

    rating: Score
    pieces: list[tuple[str, bool]]


@dataclass(frozen=True)
class Comments:
    items: list[Comment]
    next: str  # the cursor of what follows; "" at the end


def comments(filters: Filters, *, search: str = "", limit: int = 20, cursor: str = "") -> Comments:
    """The newest first; `cursor` is `next` of the page before."""
    search = one_line(search.replace("\0", ""))[:200]
    rows = Score.objects.exclude(comment="").filter(survey__in=cohort.surveys(filters).values("pk"))
    rows = rows.select_related("session", "contact", "agent", "survey").prefetch_related(reading.prefetch())
    if search:
        rows = rows.filter(_matches(search))
    scores, next_cursor = keyset.page(rows, NEWEST, after=keyset.read(cursor, NEWEST), size=limit)
    return Comments([Comment(score, pieces(score.comment, search)) for score in scores], next_cursor)


def pieces(text: str, search: str) -> list[tuple[str, bool]]:
    """The text cut into parts that hit a searched word and parts that do not."""
    return text_search.pieces(
        text, [phrase or word for phrase, minus, word in WORD.findall(search) if not minus]
    )


def _matches(search: str) -> Q:
    """Every word and "phrase" is contained, no -excluded one. So words are found without blanks around them,
    as in Chinese, Japanese and Thai.
    """
    condition = Q()
    for phrase, minus, word in WORD.findall(search):
        if minus and word:
            condition &= ~Q(comment__folded_contains=word)
        else:
            condition &= Q(comment__folded_contains=phrase or word)
    return condition
