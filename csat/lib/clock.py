"""Time to wait: back-off between attempts, and quiet hours in a person's own zone."""

import random
from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta, tzinfo
from functools import cache
from zoneinfo import available_timezones

from babel.core import get_global

zones = cache(
    available_timezones
)  # the names of every time zone; asked afresh it walks through a folder each time


def zone_name(name: str) -> str:
    """The name of a time zone; Windows and Outlook have names of their own. Empty for one nobody knows."""
    if name in zones():
        return name
    translated = get_global("windows_zone_mapping").get(name, "")  # CLDR's windowsZones
    return translated if translated in zones() else ""


def back_off(attempt: int, *, steps: Sequence[timedelta], jitter: float = 0.0) -> timedelta | None:
    """How long to wait after the `attempt`-th failure (from 1); None when the steps are used up.

    `jitter` 0.1: up to a tenth more, so that what failed together does not come back together.
    """
    if not 1 <= attempt <= len(steps):
        return None
    return steps[attempt - 1] * (1 + random.uniform(0, jitter))  # noqa: S311


def in_quiet_hours(now: datetime, *, start: time, end: time, zone: tzinfo) -> bool:
    """Is it between start (inclusive) and end (exclusive) there? Over midnight when start is the later; never
    when equal.
    """
    local = now.astimezone(zone).time()
    if start <= end:
        return start <= local < end
    return local >= start or local < end


def end_of_quiet_hours(now: datetime, start: time, end: time, zone: tzinfo) -> datetime:
    """`now` when nobody is disturbed, else the moment (UTC) the quiet hours end there."""
    if not in_quiet_hours(now, start=start, end=end, zone=zone):
        return now
    local = now.astimezone(zone)
    day = local.date() if local.time() < end else local.date() + timedelta(days=1)
    # where clocks change at that very hour there are two readings of it: the later one disturbs nobody
    ends = (datetime.combine(day, end.replace(fold=fold), tzinfo=zone).astimezone(UTC) for fold in (0, 1))
    return max(ends)
