"""Figures in words, the same on pages, in mails and in messages."""

from django.utils import formats
from django.utils.translation import gettext as _

from csat.reports.scores import Counts, Interval


def number(value: int) -> str:
    return formats.number_format(value, force_grouping=True)


def signed(value: int) -> str:
    return f"+{number(value)}" if value > 0 else f"−{number(-value)}" if value < 0 else "±0"


def percent(value: float | None) -> str:
    return _("no data") if value is None else _("%(number)s\u00a0%%") % {"number": round(value * 100)}


def percent_range(interval: Interval | None) -> str:
    """`83–90 %`."""
    if interval is None:
        return ""
    return _("%(low)s–%(high)s\u00a0%%") % {
        "low": round(interval.low * 100),
        "high": round(interval.high * 100),
    }


def csat_and_interval(counts: Counts) -> str:
    """`67 % (55–77 %, n 64)`; nothing without ratings."""
    if not counts.n:
        return ""
    return f"{percent(counts.csat)} ({percent_range(counts.csat_interval)}, n {number(counts.n)})"


def decimal(value: float | None) -> str:
    return _("no data") if value is None else formats.number_format(round(value, 1), 1)
