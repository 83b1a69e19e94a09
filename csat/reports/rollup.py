"""Keeping the rollup true: days that changed are marked in the change's own transaction, and counted anew
from the base rows.
"""

import json
import time
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import structlog
from django.db import connection, transaction
from django.db.models.functions import TruncDate
from django.utils import timezone

from csat.lib import advisory_lock
from csat.people.models import Organization
from csat.reports import lookup, rollup_sql
from csat.reports.filters import ranges
from csat.reports.models import DirtyDay, Rollup
from csat.surveys.models import Survey
from csat.timeline.kinds import Kind
from csat.timeline.models import Event

log = structlog.get_logger(__name__)

LOCK = "rollup"
AT_A_TIME = 31  # days in one transaction
COMPARED = 7  # days of one comparison
REST = 19  # times what a count took
MOVING = {
    Kind.CSAT_REQUESTED, Kind.CSAT_DELIVERED, Kind.CSAT_DELIVERY_FAILED, Kind.CSAT_SKIPPED,
    Kind.CSAT_WITHDRAWN, Kind.CSAT_SUBMITTED,
    Kind.SESSION_ASSIGNED, Kind.SESSION_HANDED_OFF, Kind.SESSION_TAGGED, Kind.MESSAGE_SENT, Kind.AUDIT,
}  # fmt: skip  # facts after which a survey may count elsewhere; a resolution comes by its own signal

# A survey counts on the day of its first rating until it was asked for, so both days; in the rollup's zone,
# too, whose days hold again when the organisation's comes back
MARK = """INSERT INTO csat_mark (day) SELECT DISTINCT {day} FROM (
  SELECT counted_at AS at FROM csat_survey WHERE session_id {ids}
  UNION ALL SELECT created_at FROM csat_score WHERE session_id {ids}
) AS moved, (
  SELECT timezone AS zone FROM csat_organization UNION SELECT rollup_timezone FROM csat_organization
) AS zones WHERE at IS NOT NULL AND zone <> '' ORDER BY 1"""
DIALECTS = {
    "postgresql": {"day": "(at AT TIME ZONE zone)::date", "ids": "= ANY(%s)"},
    "sqlite": {
        "day": "django_datetime_cast_date(at, zone, 'UTC')",
        "ids": "IN (SELECT value FROM json_each(%s))",
    },
}


def mark_events(events: list[Event], **_: Any) -> None:
    """Facts were recorded: mark what they may have moved."""
    mark_sessions(event.session_id for event in events if event.session_id and event.kind in MOVING)


def mark_sessions(session_ids: Iterable[int], **_: Any) -> None:
    """The surveys of these sessions count differently now. Call it inside the transaction of the change.

    One statement, which reads their days and marks them.
    """
    if ids := sorted(set(session_ids)):
        given: Any = json.dumps(ids) if connection.vendor == "sqlite" else ids
        with connection.cursor() as cursor:
            cursor.execute(MARK.format(**DIALECTS[connection.vendor]), [given, given])


def recount(*, seconds: float = 20) -> int:
    """Count marked days anew until none is left or the time is over; how many days."""
    until, total = time.monotonic() + seconds, 0
    if zone_counted() != zone_now().key:
        recount_everything()
    elif earlier := lookup.earlier_editions()[:AT_A_TIME]:
        DirtyDay.objects.bulk_create(DirtyDay(day=day) for day in earlier)
    while time.monotonic() < until:
        days = _recount_some()
        total += days
        if not days:
            break
    return total


def recount_in_proportion(*, seconds: float = 20) -> int:
    """As `recount`, but resting afterwards for 19 times as long as it took: at most a twentieth of one core.

    Meanwhile reports count the marked days from the base rows, so that no figure is late.
    """
    organization, now = Organization.current(), timezone.now()
    if organization.rollup_rests_until and now < organization.rollup_rests_until:
        return 0
    started = time.monotonic()
    days = recount(seconds=seconds)
    if days:
        rest = timedelta(seconds=(time.monotonic() - started) * REST)
        Organization.objects.update(rollup_rests_until=timezone.now() + rest)
    return days


@transaction.atomic
def recount_everything() -> int:
    """Mark every day there is, in the organisation's zone; how many. Readers count these days themselves
    until `recount` has.
    """
    advisory_lock.acquire([LOCK])
    zone = zone_now()
    days = set(
        Survey.objects.filter(counted_at__isnull=False)
        .order_by()
        .values_list(TruncDate("counted_at", tzinfo=zone))
        .distinct()
    )
    old = set(Rollup.objects.order_by().values_list("day").distinct())
    DirtyDay.objects.bulk_create(DirtyDay(day=day) for (day,) in sorted(days | old))
    Organization.objects.update(rollup_timezone=zone.key)
    return len(days | old)


def verify(*, seconds: float = float("inf")) -> list[dict[str, Any]]:
    """Where the rollup and the base rows differ though no mark says so: reported, and marked to be counted
    anew.

    With less time than it takes it begins somewhere else every night.
    """
    until, zone, differences = time.monotonic() + seconds, zone_now(), []
    if zone_counted() != zone.key:
        return []
    span = _span(zone)
    weeks = list(_weeks(*span)) if span else []
    turn = datetime.now(zone).toordinal() % (len(weeks) or 1)
    for first, end in weeks[turn:] + weeks[:turn]:
        if time.monotonic() < until:
            differences += _differences(first, end, zone)
    if differences:
        log.error("the rollup differs from the base rows", cells=len(differences), first=differences[0])
        days = sorted({difference["day"] for difference in differences})
        DirtyDay.objects.bulk_create(DirtyDay(day=day) for day in days)
    return differences


def dirty_days(first: date, end: date) -> set[date]:
    """The days from `first` to before `end` that the rollup does not know well."""
    return set(DirtyDay.objects.filter(day__gte=first, day__lt=end).values_list("day", flat=True).distinct())


def zone_now() -> ZoneInfo:
    return ZoneInfo(Organization.current().timezone)


def zone_counted() -> str:
    """The zone whose days the rollup holds; "" before it was ever counted."""
    return Organization.current().rollup_timezone


@transaction.atomic
def _recount_some() -> int:
    """Exactly the marks read here are deleted: a change that commits meanwhile leaves its own."""
    advisory_lock.acquire([LOCK])
    days = list(DirtyDay.objects.order_by("day").values_list("day", flat=True).distinct()[:AT_A_TIME])
    marks = list(DirtyDay.objects.filter(day__in=days).values_list("pk", flat=True))
    zone = zone_now()
    for first, end in ranges(days):
        Rollup.objects.filter(day__gte=first, day__lt=end).delete()
        rollup_sql.write(first, end, zone)
    for start in range(0, len(marks), 500):
        DirtyDay.objects.filter(pk__in=marks[start : start + 500]).delete()
    return len(days)


def _differences(first: date, end: date, zone: ZoneInfo) -> list[dict[str, Any]]:
    stored = {
        rollup_sql.place(cell): _numbers(cell) for cell in Rollup.objects.filter(day__gte=first, day__lt=end)
    }
    counted = {rollup_sql.place(cell): _numbers(cell) for cell in rollup_sql.cells(first, end, zone)}
    differing = [place for place in stored.keys() | counted.keys() if stored.get(place) != counted.get(place)]
    dirty = dirty_days(first, end)  # read last: whatever changed while we looked has its mark by now
    return [
        {"day": place[0], "cell": place[1:], "rollup": stored.get(place), "base": counted.get(place)}
        for place in sorted(differing)
        if place[0] not in dirty
    ]


def _numbers(cell: Rollup) -> tuple[int, ...]:
    return tuple(getattr(cell, name) for name in rollup_sql.NUMBERS)


def _span(zone: ZoneInfo) -> tuple[date, date] | None:
    """First day and the day after the last that either of the two knows."""
    surveys = (
        Survey.objects.filter(counted_at__isnull=False)
        .order_by("counted_at")
        .values_list("counted_at", flat=True)
    )
    rollup = Rollup.objects.order_by("day").values_list("day", flat=True)
    days = [_day(at, zone) for at in (surveys.first(), surveys.last()) if at]
    days += [day for day in (rollup.first(), rollup.last()) if day]
    return (min(days), max(days) + timedelta(days=1)) if days else None


def _day(at: datetime, zone: ZoneInfo) -> date:
    return at.astimezone(zone).date()


def _weeks(first: date, end: date) -> Iterable[tuple[date, date]]:
    while first < end:
        yield first, min(first + timedelta(days=COMPARED), end)
        first += timedelta(days=COMPARED)
