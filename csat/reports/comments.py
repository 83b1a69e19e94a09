"""What customers wrote: found by its words, shown with them marked."""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import BooleanField, F, Func, Q, QuerySet, Value
from django.utils.dateparse import parse_datetime

from csat.reports import cohort
from csat.reports.filters import Filters
from csat.surveys.models import Score

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
    search = " ".join(search.replace("\0", "").split())[:200]
    rows = _said(filters).select_related("session", "contact", "agent", "survey").order_by("-submitted_at", "-pk")
    if search:
        rows = rows.filter(_says(search))
    found = list(rows.filter(_after(cursor))[: limit + 1])
    more = found[limit - 1] if len(found) > limit else None
    items = [Comment(rating, pieces(rating.comment, search)) for rating in found[:limit]]
    return Comments(items, f"{more.submitted_at.isoformat()}~{more.pk}" if more else "")


def pieces(text: str, search: str) -> list[tuple[str, bool]]:
    """The text cut into parts that hit a searched word and parts that do not."""
    words = sorted(_words(search), key=len, reverse=True)
    if not words:
        return [(text, False)] if text else []
    parts = re.split("(" + "|".join(re.escape(word) for word in words) + ")", text, flags=re.IGNORECASE)
    return [(part, n % 2 == 1) for n, part in enumerate(parts) if part]


def _said(filters: Filters) -> QuerySet[Score]:
    return Score.objects.exclude(comment="").filter(survey__in=cohort.surveys(filters).values("pk"))


def _says(search: str) -> Any:
    """PostgreSQL: full text in any language (words as they are, "phrases", -not); elsewhere every word must be contained."""
    if connection.vendor == "postgresql":
        return _FullText(F("comment"), Value(search))
    found = Q()
    for phrase, minus, word in WORD.findall(search):
        found &= ~Q(comment__icontains=word) if minus and word else Q(comment__icontains=phrase or word)
    return found


class _FullText(Func):
    """Written exactly as the index in reports.indexes is, or it would not be used."""

    template = "(to_tsvector('simple', %(expressions)s))"
    arg_joiner = ") @@ websearch_to_tsquery('simple', "
    output_field = BooleanField()


def _words(search: str) -> set[str]:
    return {phrase or word for phrase, minus, word in WORD.findall(search) if not minus}


def _after(cursor: str) -> Q:
    at, _tilde, pk = cursor.partition("~")
    time = _time(at)
    if time is None or not pk.isdecimal():
        return Q()
    return Q(submitted_at__lt=time) | Q(submitted_at=time, pk__lt=int(pk))


def _time(text: str) -> datetime | None:
    try:
        return parse_datetime(text)
    except ValueError:
        return None
