"""Filters: the question of a report, read from and written to the address of a page; its days, weeks and
months.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import TextChoices
from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from csat.channels.kinds import Channel
from csat.lib.clock import zones
from csat.lib.refusal import Problems
from csat.lib.text import as_uuid
from csat.people import brands
from csat.people.models import Agent, Organization
from csat.scale import SCORES
from csat.sessions.models import HandoffReason
from csat.surveys.choices import About

NONE = "none"  # the key of those without an agent, team, reason, tag ...
CREDIT = ("resolver", "last_human", "most_replies")
LISTS = (
    "channel", "agent", "agent_kind", "team", "brand", "language", "handoff_reason", "tag", "about", "score",
    "imported", "theme", "time_to_resolve", "follow_up",
)  # fmt: skip
SPLIT = set(LISTS) - {"team", "tag"}  # may come with commas, too
YEARS = range(1970, 2101)


class Imported(TextChoices):
    """Whether a rating came from a file of past ratings."""

    YES = "true", gettext_lazy("Imported ratings only")
    NO = "false", gettext_lazy("Without imported ratings")


class TimeToResolve(TextChoices):
    """From the beginning of a conversation until it was resolved, the last time."""

    QUARTER = "15m", gettext_lazy("under 15 minutes")
    HOUR = "1h", gettext_lazy("15 minutes to 1 hour")
    HOURS = "4h", gettext_lazy("1 to 4 hours")
    DAY = "1d", gettext_lazy("4 hours to 1 day")
    DAYS = "3d", gettext_lazy("1 to 3 days")
    LONGER = "longer", gettext_lazy("3 days and more")


class FollowUpFilter(TextChoices):
    """How far the team has come in looking after a low score."""

    REOPENED = "reopened", gettext_lazy("Reopened by the customer")
    OPEN = "open", gettext_lazy("Follow-up open")
    OVERDUE = "overdue", gettext_lazy("Follow-up overdue")
    DONE = "done", gettext_lazy("Follow-up done")
    TOLD = "told", gettext_lazy("Customer told")


@dataclass(frozen=True)
class Filters:
    """From `start` to before `end`. An empty tuple does not filter; the values of one are alternatives."""

    start: datetime
    end: datetime
    zone: ZoneInfo
    channel: tuple[str, ...] = ()
    agent: tuple[str, ...] = ()  # uuids
    agent_kind: tuple[str, ...] = ()
    team: tuple[str, ...] = ()  # names
    brand: tuple[str, ...] = ()  # slugs
    language: tuple[str, ...] = ()
    handoff_reason: tuple[str, ...] = ()
    tag: tuple[str, ...] = ()
    about: tuple[str, ...] = ()
    score: tuple[str, ...] = ()
    theme: tuple[str, ...] = ()  # slugs; none: a comment without any
    imported: tuple[str, ...] = ()  # true, false
    time_to_resolve: tuple[str, ...] = ()
    follow_up: tuple[str, ...] = ()
    credit: str = "resolver"
    quarantined: bool = False  # count what is in quarantine, too
    # ids of the teams whose conversations the reader may see; None: all. Nobody chooses or leaves it
    scope: tuple[int, ...] | None = None

    @property
    def chosen(self) -> dict[str, tuple[str, ...]]:
        """The lists that do filter."""
        return {name: getattr(self, name) for name in LISTS if getattr(self, name)}

    @property
    def days(self) -> tuple[date, date] | None:
        """First day and the day after the last, when the window is whole days in its zone."""
        start, end = self.start.astimezone(self.zone), self.end.astimezone(self.zone)
        whole = all(midnight(at.date(), self.zone) == at for at in (start, end))
        return (start.date(), end.date()) if whole else None


def parse(
    mapping: Mapping[str, Any],
    *,
    scope: tuple[int, ...] | None = None,
    default_days: int = 30,
    now: datetime | None = None,
) -> Filters:
    """Read a query string or a dict of strings and lists. Raises Invalid with every field that is wrong.

    Without `from` and `to`: the last days up to and with today. `scope`: the reader's `visible_teams`.
    """
    problems = Problems()
    zone = _zone(mapping, problems)
    start, end = _window(mapping, zone, default_days, now or timezone.now(), problems)
    lists = {name: _list(mapping, name, problems) for name in LISTS}
    credit = _text(mapping, "credit") or CREDIT[0]
    if credit not in CREDIT:
        problems.add("credit", _("Choose from: %(names)s.") % {"names": ", ".join(CREDIT)})
    quarantined = _text(mapping, "quarantined").lower()
    if quarantined not in YES | NO:
        problems.add("quarantined", _("Use true or false."))
    problems.check()
    return Filters(
        start=start, end=end, zone=zone, credit=credit, quarantined=quarantined in YES, scope=scope, **lists
    )


def to_query(filters: Filters) -> dict[str, list[str]]:
    """What `parse` reads back to the same filters, of the same scope."""
    edges = {
        "from": [_edge(filters.start, filters.zone)],
        "to": [_edge(filters.end, filters.zone)],
        "timezone": [filters.zone.key],
    }
    lists = {name: list(values) for name, values in filters.chosen.items()}
    credit = {} if filters.credit == CREDIT[0] else {"credit": [filters.credit]}
    return edges | lists | credit | ({"quarantined": ["1"]} if filters.quarantined else {})


def previous(filters: Filters) -> Filters:
    """The period before, of the same length: as many days, when the window is whole days."""
    if days := filters.days:
        first = days[0] - (days[1] - days[0])
        return replace(filters, start=midnight(first, filters.zone), end=filters.start)
    return replace(filters, start=filters.start - (filters.end - filters.start), end=filters.start)


def midnight(day: date, zone: ZoneInfo) -> datetime:
    """The first moment of a day, in UTC: where a clock change leaves midnight out,
    the moment of the change."""
    return datetime.combine(day, time(), tzinfo=zone).astimezone(UTC)


def first_of(by: str, day: date) -> date:
    """The day a day's week (Monday) or month begins."""
    return {"day": day, "week": day - timedelta(days=day.weekday()), "month": day.replace(day=1)}[by]


def after(by: str, first: date) -> date:
    """The first day of the next period."""
    if by == "month":
        return (first + timedelta(days=32)).replace(day=1)
    return first + timedelta(days=7 if by == "week" else 1)


def steps(by: str, filters: Filters) -> list[date]:
    """The first days of the days, weeks or months that the window touches."""
    last = (filters.end - timedelta(microseconds=1)).astimezone(filters.zone).date()
    days = [first_of(by, filters.start.astimezone(filters.zone).date())]
    while (day := after(by, days[-1])) <= last:
        days.append(day)
    return days


def ranges(days: Iterable[date]) -> list[tuple[date, date]]:
    """Neighbouring days put together: (first, day after the last) of each run."""
    runs: list[tuple[date, date]] = []
    for day in sorted(days):
        if runs and runs[-1][1] == day:
            runs[-1] = (runs[-1][0], day + timedelta(days=1))
        else:
            runs.append((day, day + timedelta(days=1)))
    return runs


def _window(
    mapping: Mapping[str, Any], zone: ZoneInfo, days: int, now: datetime, problems: Problems
) -> tuple[datetime, datetime]:
    start, end = _moment(mapping, "from", zone, problems), _moment(mapping, "to", zone, problems)
    end = end or midnight(now.astimezone(zone).date() + timedelta(days=1), zone)
    start = start or midnight(end.astimezone(zone).date() - timedelta(days=days), zone)
    if start == end and (first := parse_day(_text(mapping, "to"))):
        following = {"first": first.isoformat(), "next": (first + timedelta(days=1)).isoformat()}
        words = _("“to” is not part of the window: for the whole of %(first)s give %(next)s.") % following
        problems.add("to", words)
    elif start >= end:
        problems.add("to", _("The end must come after the beginning."))
    return start, end


def parse_day(text: str) -> date | None:
    """The date that a text spells; None for a time and for anything else."""
    try:
        return parse_date(text)
    except ValueError:
        return None


def _moment(mapping: Mapping[str, Any], name: str, zone: ZoneInfo, problems: Problems) -> datetime | None:
    text = _text(mapping, name)
    if not text:
        return None
    try:
        day = parse_date(text)
        at = None if day else parse_datetime(text.replace(" ", "+") if "T" in text else text)
    except ValueError:
        day = at = None
    year = day.year if day else at.year if at else 0
    if year not in YEARS:
        problems.add(name, _("Give a date or a time, such as 2026-03-29 or 2026-03-29T12:00:00Z."))
        return None
    if day:
        return midnight(day, zone)
    assert at
    return (at if at.tzinfo else at.replace(tzinfo=zone)).astimezone(UTC)


def _zone(mapping: Mapping[str, Any], problems: Problems) -> ZoneInfo:
    name = _text(mapping, "timezone") or Organization.current().timezone
    if name not in zones():
        problems.add("timezone", _("There is no such time zone. Use a name such as Europe/Berlin."))
        return ZoneInfo("UTC")
    return ZoneInfo(name)


def _list(mapping: Mapping[str, Any], name: str, problems: Problems) -> tuple[str, ...]:
    value = mapping.getlist(name) if hasattr(mapping, "getlist") else mapping.get(name)
    texts = [value] if isinstance(value, str | int) else list(value or [])
    parts = [  # a name may have a comma in it
        part.strip()
        for text in map(str, texts)
        for part in (text.split(",") if name in SPLIT else text.splitlines())
    ]
    values = tuple(dict.fromkeys(part for part in parts if part))
    values = tuple(value.lower() for value in values) if name == "imported" else values
    check = CHECKS.get(name)
    if check and not all(check(value) for value in values):
        problems.add(name, _("There is no such choice."))
    if any("\0" in value for value in values):
        problems.add(name, _("There is no such choice."))
    if len(values) > 200 or any(len(value) > 200 for value in values):
        problems.add(name, _("These are too many values, or one is too long."))
    return tuple(value.lower() for value in values) if name == "agent" else values


def _text(mapping: Mapping[str, Any], name: str) -> str:
    value = mapping.get(name)
    if isinstance(value, list | tuple):
        value = value[-1] if value else ""
    return "" if value is None else str(value).strip()


def _uuid(text: str) -> bool:
    return text == NONE or str(as_uuid(text)) == text.lower()


def _one_of(choices: Any) -> Callable[[str], bool]:
    return {str(choice) for choice in choices}.__contains__


def _edge(at: datetime, zone: ZoneInfo) -> str:
    local = at.astimezone(zone)
    return (
        local.date().isoformat()
        if midnight(local.date(), zone) == at
        else at.astimezone(UTC).isoformat().replace("+00:00", "Z")
    )


YES, NO = {"1", "true", "yes", "on"}, {"", "0", "false", "no", "off"}
CHECKS: dict[str, Callable[[str], bool]] = {
    "channel": _one_of(Channel.values),
    "agent": _uuid,
    "agent_kind": _one_of([*Agent.Kind.values, NONE]),
    "handoff_reason": _one_of([*HandoffReason.Reason.values, NONE]),
    "about": _one_of([*About.values, NONE]),
    "score": _one_of(SCORES),
    "imported": _one_of(Imported.values),
    "time_to_resolve": _one_of([*TimeToResolve.values, NONE]),
    "follow_up": _one_of([*FollowUpFilter.values, NONE]),
    "brand": brands.exists,
}
