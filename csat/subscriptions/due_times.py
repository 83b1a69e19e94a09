"""When a digest is due, on the clock of its reader, and the days that it tells of."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from csat.reports.filters import first_of
from csat.subscriptions.models import Rhythm

STEP = {Rhythm.DAILY: "day", Rhythm.WEEKLY: "week", Rhythm.MONTHLY: "month"}


def next_due(rhythm: str, *, weekday: int, hour: int, zone: ZoneInfo, after: datetime) -> datetime:
    """The first time after `after`, in UTC: every day, every week on `weekday` (0 is Monday), or on the first
    of every month, at `hour` (0 to 23) in `zone`.

    An hour that spring skips is the one behind the gap, one that autumn repeats is the first of the two.
    """
    day = after.astimezone(zone).date()
    if rhythm == Rhythm.WEEKLY:
        day += timedelta(days=(weekday - day.weekday()) % 7)
    elif rhythm == Rhythm.MONTHLY and day.day > 1:
        day = _next_month(day)
    due = _at(day, hour, zone)
    while due <= after:
        day = _next_month(day) if rhythm == Rhythm.MONTHLY else day + _days(rhythm)
        due = _at(day, hour, zone)
    return due


def period(rhythm: str, day: date) -> tuple[date, date]:
    """The first day and the day after the last of the whole day, week (from Monday on) or month that ended
    last before `day`, or with the day before it.
    """
    step = STEP[Rhythm(rhythm)]
    end = first_of(step, day)
    return first_of(step, end - timedelta(days=1)), end


def _days(rhythm: str) -> timedelta:
    return timedelta(days=7 if rhythm == Rhythm.WEEKLY else 1)


def _next_month(day: date) -> date:
    return (day.replace(day=1) + timedelta(days=32)).replace(day=1)


def _at(day: date, hour: int, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(hour), tzinfo=zone).astimezone(UTC)
