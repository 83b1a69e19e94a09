"""Figures as people read them: rounded, grouped, and "no data" where there is none."""

from datetime import date

from django.utils import formats
from django.utils.translation import gettext as _

from csat.reports.scores import Counts, Interval


def told(counts: Counts) -> str:
    """`67 % (55–77 %, n 64)`."""
    return f"{percent(counts.csat)} ({between(counts.csat_interval)}, n {number(counts.n)})"


def number(value: int) -> str:
    return formats.number_format(value, force_grouping=True)


def percent(value: float | None) -> str:
    return _("no data") if value is None else _("%(number)s\u00a0%%") % {"number": round(value * 100)}


def between(interval: Interval | None) -> str:
    """`83–90 %`."""
    if interval is None:
        return ""
    return _("%(low)s–%(high)s\u00a0%%") % {"low": round(interval.low * 100), "high": round(interval.high * 100)}


def around(interval: Interval | None) -> str:
    """Of an average: `3.9–4.4`."""
    return f"{decimal(interval.low)}–{decimal(interval.high)}" if interval else ""


def decimal(value: float | None) -> str:
    return _("no data") if value is None else formats.number_format(round(value, 1), 1)


def signed(value: int) -> str:
    return f"+{number(value)}" if value > 0 else f"−{number(-value)}" if value < 0 else "±0"


def period(key: str, step: str) -> str:
    """A day, the day a week begins, or a month."""
    day = date.fromisoformat(key)
    return formats.date_format(day, "M Y" if step == "month" else "j M")
