"""Keeping the rollup true: days that changed are marked in the change's own transaction, and counted anew from the base rows."""

import time
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import structlog
from django.db import transaction
from django.db.models import Subquery, Value
from django.db.models.functions import TruncDate

from csat.lib import locks
from csat.people.models import Organization
from csat.reports import cells
from csat.reports.models import Mark, Rollup
from csat.surveys.models import Survey
from csat.timeline.kinds import Kind
from csat.timeline.models import Event

log = structlog.get_logger(__name__)

LOCK = "rollup"
AT_A_TIME = 31  # days in one transaction
EPOCH = date(1970, 1, 1)  # the row that names the zone the days are in
MOVING = {
    Kind.CSAT_REQUESTED, Kind.CSAT_DELIVERED, Kind.CSAT_DELIVERY_FAILED, Kind.CSAT_SKIPPED, Kind.CSAT_WITHDRAWN, Kind.CSAT_SUBMITTED,
    Kind.SESSION_ASSIGNED, Kind.SESSION_HANDED_OFF, Kind.SESSION_TAGGED, Kind.MESSAGE_SENT, Kind.AUDIT,
}  # fmt: skip  # facts after which a survey may count elsewhere; a resolution comes by its own signal


def note(events: list[Event]) -> None:
    """Facts were recorded: mark what they may have moved."""
    mark(event.session_id for event in events if event.session_id and event.kind in MOVING)


def mark(session_ids: Iterable[int]) -> None:
    """The surveys of these sessions count differently now. Call it inside the transaction of the change."""
    zone_name = Subquery(Organization.objects.values("timezone")[:1])  # one query for all three
    days: set[date] = set()
    if ids := set(session_ids):
        for *known, zone in Survey.objects.filter(session__in=ids).values_list("counted_at", "score__created_at", zone_name):
            days |= {_day(at, ZoneInfo(zone or "UTC")) for at in known if at}  # by its first rating until it was asked for, so both days
    Mark.objects.bulk_create(Mark(day=day) for day in sorted(days))


def recount(*, seconds: float = 20) -> int:
    """Count marked days anew until none is left or the time is over; how many days."""
    until, done = time.monotonic() + seconds, 0
    if zone_counted() != zone_now().key:
        start_over()
    while time.monotonic() < until:
        days = _recount_some()
        done += days
        if not days:
            break
    return done


@transaction.atomic
def start_over() -> int:
    """Mark every day there is, in the organisation's zone; how many. Readers count these days themselves until `recount` has."""
    locks.hold([LOCK])
    zone = zone_now()
    days = set(Survey.objects.filter(counted_at__isnull=False).order_by().values_list(TruncDate("counted_at", tzinfo=zone)).distinct())
    old = set(Rollup.objects.exclude(day=EPOCH).order_by().values_list("day").distinct())
    Mark.objects.bulk_create(Mark(day=day) for (day,) in sorted(days | old))
    Rollup.objects.filter(day=EPOCH).delete()
    Rollup.objects.create(day=EPOCH, dim1="zone", key1=zone.key)
    return len(days | old)


def compare(*, seconds: float = float("inf")) -> list[dict[str, Any]]:
    """Where the rollup and the base rows differ though no mark says so: reported, and marked to be counted anew.

    With less time than it takes it begins somewhere else every night.
    """
    until, zone, wrong = time.monotonic() + seconds, zone_now(), []
    if zone_counted() != zone.key:
        return []
    span = _span(zone)
    months = list(_months(*span)) if span else []
    turn = datetime.now(zone).toordinal() % (len(months) or 1)
    for first, end in months[turn:] + months[:turn]:
        if time.monotonic() < until:
            wrong += _differences(first, end, zone)
    if wrong:
        log.error("the rollup differs from the base rows", cells=len(wrong), first=wrong[0])
        Mark.objects.bulk_create(Mark(day=day) for day in sorted({one["day"] for one in wrong}))
    return wrong


def marked(first: date, end: date) -> set[date]:
    """The days from `first` to before `end` that the rollup does not know well."""
    return set(Mark.objects.filter(day__gte=first, day__lt=end).values_list("day", flat=True).distinct())


def ranges(days: Iterable[date]) -> list[tuple[date, date]]:
    """Days put together: (first, day after the last) of each row of them."""
    found: list[tuple[date, date]] = []
    for day in sorted(days):
        if found and found[-1][1] == day:
            found[-1] = (found[-1][0], day + timedelta(days=1))
        else:
            found.append((day, day + timedelta(days=1)))
    return found


def zone_now() -> ZoneInfo:
    return ZoneInfo(Organization.current().timezone)


def zone_counted() -> str:
    """The zone whose days the rollup holds; "" before it was ever counted."""
    return Rollup.objects.filter(day=EPOCH).values_list("key1", flat=True).first() or ""


def known(start: datetime, end: datetime) -> tuple[ZoneInfo | None, set[date]]:
    """The zone whose days the rollup holds, None if it is not the organisation's, and the days around this time it does not know well."""
    present = Subquery(Organization.objects.values("timezone")[:1])
    zone = Rollup.objects.filter(day=EPOCH, dim1="zone", key1=present).values_list("key1", "day")
    around = (start.date() - timedelta(days=1), end.date() + timedelta(days=1))
    marks = Mark.objects.filter(day__range=around).annotate(zone=Value("")).values_list("zone", "day")
    found = list(zone.union(marks))
    return next((ZoneInfo(name) for name, _day in found if name), None), {day for name, day in found if not name}


@transaction.atomic
def _recount_some() -> int:
    """Exactly the marks read here are deleted: a change that commits meanwhile leaves its own."""
    locks.hold([LOCK])
    days = list(Mark.objects.order_by("day").values_list("day", flat=True).distinct()[:AT_A_TIME])
    marks = list(Mark.objects.filter(day__in=days).values_list("pk", flat=True))
    zone = zone_now()
    for first, end in ranges(days):
        Rollup.objects.filter(day__gte=first, day__lt=end).delete()
        cells.write(first, end, zone)
    for start in range(0, len(marks), 500):
        Mark.objects.filter(pk__in=marks[start : start + 500]).delete()
    return len(days)


def _differences(first: date, end: date, zone: ZoneInfo) -> list[dict[str, Any]]:
    stored = {cells.place(cell): _numbers(cell) for cell in Rollup.objects.filter(day__gte=first, day__lt=end).exclude(day=EPOCH)}
    counted = {cells.place(cell): _numbers(cell) for cell in cells.cells(first, end, zone)}
    differing = [place for place in stored.keys() | counted.keys() if stored.get(place) != counted.get(place)]
    dirty = marked(first, end)  # read last: whatever changed while we looked has its mark by now
    return [
        {"day": place[0], "cell": place[1:], "rollup": stored.get(place), "base": counted.get(place)}
        for place in sorted(differing)
        if place[0] not in dirty
    ]


def _numbers(cell: Rollup) -> tuple[int, ...]:
    return tuple(getattr(cell, name) for name in cells.NUMBERS)


def _span(zone: ZoneInfo) -> tuple[date, date] | None:
    """First day and the day after the last that either of the two knows."""
    surveys = Survey.objects.filter(counted_at__isnull=False).order_by("counted_at").values_list("counted_at", flat=True)
    rollup = Rollup.objects.exclude(day=EPOCH).order_by("day").values_list("day", flat=True)
    known = [_day(at, zone) for at in (surveys.first(), surveys.last()) if at] + [day for day in (rollup.first(), rollup.last()) if day]
    return (min(known), max(known) + timedelta(days=1)) if known else None


def _day(at: datetime, zone: ZoneInfo) -> date:
    return at.astimezone(zone).date()


def _months(first: date, end: date) -> Iterable[tuple[date, date]]:
    while first < end:
        yield first, min(first + timedelta(days=AT_A_TIME), end)
        first += timedelta(days=AT_A_TIME)
