"""Lengths of time and sizes in words."""

from datetime import datetime, timedelta

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext


def since(at: datetime) -> str:
    """How long ago that was: `12 min`."""
    return span(timezone.now() - at)


def span(length: timedelta) -> str:
    """In its largest unit: `40 s`, `12 min`, `3 h`, `2 days`; nothing is negative."""
    seconds = max(0, int(length.total_seconds()))
    if seconds < 60:
        return _("%(n)d s") % {"n": seconds}
    if seconds < 3600:
        return _("%(n)d min") % {"n": seconds // 60}
    if seconds < 86400:
        return _("%(n)d h") % {"n": seconds // 3600}
    days = seconds // 86400
    return ngettext("%(n)d day", "%(n)d days", days) % {"n": days}


def size(number: float) -> str:
    """Bytes, by thousands: `870 MB`."""
    for unit in ("B", "kB", "MB", "GB"):
        if number < 1000:
            return f"{number:.0f} {unit}"
        number /= 1000
    return f"{number:.1f} TB"
