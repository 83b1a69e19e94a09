"""What a manager asks of the reports, read from the address of the page: periods by name, days in the reader's time zone."""

from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cached_property
from typing import Any
from urllib.parse import parse_qsl, urlencode

from django.http import QueryDict
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.translation import gettext_lazy as _

from csat.lib.refusal import Invalid
from csat.reports import filters as reading
from csat.reports.filters import CREDIT, LISTS, Filters

PERIODS = [
    ("7", _("Last 7 days")), ("30", _("Last 30 days")), ("90", _("Last 90 days")), ("365", _("Last 365 days")),
    ("month", _("This month")), ("last-month", _("Last month")), ("custom", _("From … to …")),
]  # fmt: skip
STEPS = ("day", "week", "month")
A_POINT = 5  # ratings a point should have on average, or it says little
KEPT = ("period", "from", "until", "to", "timezone", *LISTS, "credit", "quarantined", "compare", "step", "show", "search")


@dataclass(frozen=True)
class Question:
    filters: Filters
    period: str
    first: date
    last: date  # the last day, with
    step: str
    compare: bool
    address: str  # what was asked, as a query string that asks it again
    problems: dict[str, list[str]]

    def link(self, **narrow: Any) -> str:
        """The address of the sessions behind a figure of this report; `by` and `key` name the group, `did` what they did."""
        return f"{self._behind}&{urlencode({name: value for name, value in narrow.items() if value not in ('', None)})}"

    def without(self, name: str, value: str = "") -> str:
        """The address of this report without a filter, or without one of its values."""
        parts = parse_qsl(self.address)
        kept = [other for other in self.filters.chosen.get(name, ()) if other != value] if value else []
        return urlencode([*((one, two) for one, two in parts if one != name), *((name, other) for other in kept)])

    @cached_property
    def _behind(self) -> str:
        """What is the same in every link: a page has over a hundred."""
        return f"{reverse('report-sessions')}?{urlencode(reading.to_query(self.filters) | self._shown(), doseq=True)}"

    def _shown(self) -> dict[str, list[str]]:
        """What of the page is no filter, so that the way back leads to the same."""
        return {name: [value] for name, value in parse_qsl(self.address) if name in ("show", "step", "compare")}


def ask(given: QueryDict) -> Question:
    """Never raises: what cannot be read is told in `problems`, and the usual report stands in for it."""
    problems: dict[str, list[str]] = {}
    period = _period(given)
    try:
        filters = reading.parse(_plain(given, period))
    except Invalid as invalid:
        problems, period = invalid.fields, "30"
        filters = reading.parse({"timezone": timezone.get_current_timezone_name()})
    first = filters.start.astimezone(filters.zone).date()
    last = (filters.end - timedelta(microseconds=1)).astimezone(filters.zone).date()
    step = given.get("step", "")
    return Question(
        filters, period, first, last, step if step in STEPS else _step(first, last), bool(given.get("compare")), address(given), problems
    )


def coarser(question: Question, ratings: int) -> Question:
    """By the week where there are too few ratings for every day."""
    days = (question.last - question.first).days + 1
    few = question.step == "day" and days > 14 and ratings < A_POINT * days
    return replace(question, step="week") if few else question


def address(given: QueryDict, **changes: str) -> str:
    """The query string without what is empty; a change to "" takes a part away."""
    parts = [(name, value) for name in KEPT if name not in changes for value in given.getlist(name) if value]
    if given.get("period") and given.get("period") != "custom":
        parts = [(name, value) for name, value in parts if name not in ("from", "until", "to")]
    return urlencode([*parts, *((name, value) for name, value in changes.items() if value)])


def _period(given: QueryDict) -> str:
    named = given.get("period", "")
    if named in dict(PERIODS):
        return named
    return "custom" if given.get("from") or given.get("until") or given.get("to") else "30"


def _plain(given: QueryDict, period: str) -> dict[str, Any]:
    """As `filters.parse` reads it, in the reader's zone unless the address names one."""
    plain: dict[str, Any] = {name: given.getlist(name) for name in LISTS}
    plain |= {name: given.get(name, "") for name in ("credit", "quarantined")}
    plain["timezone"] = given.get("timezone") or timezone.get_current_timezone_name()
    edges = {"from": given.get("from", ""), "to": _until(given)} if period == "custom" else _edges(period)
    return plain | edges


def _until(given: QueryDict) -> str:
    try:
        last = parse_date(given.get("until", ""))
    except ValueError:
        last = None
    return (last + timedelta(days=1)).isoformat() if last and last < date.max else given.get("until") or given.get("to", "")


def _edges(period: str) -> dict[str, str]:
    tomorrow = timezone.localdate() + timedelta(days=1)
    this = timezone.localdate().replace(day=1)
    if period == "month":
        return {"from": this.isoformat(), "to": tomorrow.isoformat()}
    if period == "last-month":
        return {"from": (this - timedelta(days=1)).replace(day=1).isoformat(), "to": this.isoformat()}
    return {"from": (tomorrow - timedelta(days=int(period))).isoformat(), "to": tomorrow.isoformat()}


def _step(first: date, last: date) -> str:
    days = (last - first).days
    return "day" if days <= 31 else "week" if days <= 190 else "month"


CREDITS = dict(zip(CREDIT, (_("who resolved"), _("the last human"), _("who replied most")), strict=True))
