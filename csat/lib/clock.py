"""Time to wait between attempts, and the names of time zones."""

import random
from collections.abc import Sequence
from datetime import timedelta
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
