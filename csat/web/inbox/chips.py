"""The inbox's chips: filters of one press, each with how many conversations it shows."""

from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import User
from django.db.models import Exists, IntegerField, QuerySet, Subquery
from django.utils.translation import gettext as _

from csat.people.models import Agent
from csat.sessions.models import Session
from csat.surveys.visibility import Visibility
from csat.web.inbox import search
from csat.web.inbox.forms import InboxFilters
from csat.web.paging import Page

MOST = 99  # counted on a chip: whoever has more has enough to do
HITS = 500  # counted of a search: a longer list is narrowed down, not read


@dataclass(frozen=True)
class Chip:
    name: str
    label: str
    icon: str
    count: str
    help: str = ""


class _UpTo(Subquery):
    """How many rows there are; counting ends one after `most`, so that a long list costs no more."""

    template = "(SELECT count(*) FROM (%(subquery)s) AS found)"
    output_field = IntegerField()
    empty_result_set_value = 0  # of what a reader without teams may see

    def __init__(self, sessions: QuerySet[Session], most: int) -> None:
        super().__init__(sessions.order_by().values("pk")[: most + 1])


def chips(filters: InboxFilters, visibility: Visibility) -> list[Chip]:
    """Each counts by itself, whatever else is chosen; all of them in one query."""
    labels = [
        ("mine", _("Mine"), "person", _("Assigned to you")),
        ("needs_follow_up", _("Needs follow-up"), "flag", ""),
        ("overdue", _("Overdue"), "clock", _("To be followed up, and late")),
        ("low", _("Low"), "warning", _("Rated 1 or 2")),
        ("unanswered", _("Unanswered"), "eye", _("The survey has arrived and is not answered yet")),
    ]
    values: dict[str, Any] = {"mine": filters.reader}
    found = {
        name: _UpTo(search.matching({name: values.get(name, True)}, visibility), MOST)
        for name, *_rest in labels
    }
    is_agent = Exists(Agent.objects.filter(user=filters.reader.pk))
    row: Any = (
        User.objects.filter(pk=filters.reader.pk).values("pk").annotate(is_agent=is_agent, **found).get()
    )
    return [
        Chip(name, label, icon, _in_words(row[name], MOST), help)
        for name, label, icon, help in labels
        if name != "mine" or row["is_agent"]
    ]


def hits(chosen: dict[str, Any], visibility: Visibility, page: Page) -> str:
    """How many conversations pass these filters, of which this is the first page; nothing without a filter,
    `500+` for more than are counted.
    """
    if not chosen:
        return ""
    if not page.older:
        return _in_words(len(page.rows), HITS)
    return _in_words(search.matching(chosen, visibility).order_by()[: HITS + 1].count(), HITS)


def _in_words(count: int, most: int) -> str:
    return f"{most}+" if count > most else str(count)
