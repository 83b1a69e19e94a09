"""The questions of a report: figures, groups, the heat map, and the sessions behind any of them."""

from datetime import date
from typing import Any

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from csat.lib.refusal import Invalid
from csat.reports import cohort, groups, reading
from csat.reports.caring import REACHED, Recovery, low_scores, quarantined, recovered, recovery
from csat.reports.comments import Comment, Comments, comments
from csat.reports.filters import LISTS, NONE, Filters, midnight
from csat.reports.groups import Group
from csat.reports.scores import Counts
from csat.sessions.models import Session

__all__ = [
    "BY", "DID", "REACHED", "Comment", "Comments", "Group", "Recovery", "comments", "figures", "grouped", "heat", "low_scores",
    "quarantined", "recovery", "sessions",
]  # fmt: skip
BY = ("channel", "agent", "agent_kind", "team", "language", "handoff_reason", "tag", "about", "day", "week", "month")
DID = {
    "requested": Q(requested_at__isnull=False),
    "delivered": Q(delivered_at__isnull=False),
    "answered": Q(rated__isnull=False),
    "replied": Q(delivered_at__isnull=False, rated__isnull=False),  # what the response rate counts
    "satisfied": Q(rated__gte=4),
    "low": Q(rated__lte=2),
    "waiting": cohort.WAITING,
}


def figures(filters: Filters) -> Counts:
    """The whole of it."""
    return reading.whole(filters)


def grouped(filters: Filters, by: str) -> list[Group]:
    """The same by one dimension; trends (day, week, month) without a gap. A session with two reasons or tags is in both groups."""
    if by not in BY:
        raise Invalid(_("There is no such grouping."), fields={"group_by": [_("Choose from: %(names)s.") % {"names": ", ".join(BY)}]})
    found = reading.parts(filters, by)
    return groups.periods(by, found, filters) if by in cohort.PERIOD else groups.named(by, found)


def heat(filters: Filters) -> list[Group]:
    """Handoff reasons with their scores, the most low ones first: where training the AI pays most."""
    reasons = [group for group in grouped(filters, "handoff_reason") if group.key != NONE]
    return sorted(reasons, key=lambda group: (-sum(group.counts.scores[:2]), group.label))


def sessions(filters: Filters, *, recovery: str = "", **narrow: Any) -> QuerySet[Session]:
    """The sessions behind a bar, a cell or a point, the newest first.

    `narrow`: a list filter's name with a key (or several), day, week or month with its key, and requested, delivered,
    answered, replied, waiting, satisfied or low with True or False. `recovery`: a step of it.
    """
    rows = recovered(filters, recovery) if recovery else cohort.surveys(filters)
    for name, value in narrow.items():
        rows = rows.filter(_narrowed(name, value, filters))
    return Session.objects.filter(pk__in=rows.values("session")).order_by("-survey__counted_at", "-pk")


def _narrowed(name: str, value: Any, filters: Filters) -> Q:
    if name in LISTS:
        return cohort.where(name, [str(one) for one in value] if isinstance(value, list | tuple) else [str(value)], credit=filters.credit)
    if name in DID:
        return DID[name] if value else ~DID[name]
    if name in cohort.PERIOD:
        first = _day(name, value)
        return Q(counted_at__gte=midnight(first, filters.zone), counted_at__lt=midnight(groups.after(name, first), filters.zone))
    raise TypeError(name)


def _day(name: str, value: Any) -> date:
    try:
        return groups.first_of(name, date.fromisoformat(str(value)))
    except ValueError:
        raise Invalid(_("Give a date."), fields={name: [_("Give a date.")]}) from None
