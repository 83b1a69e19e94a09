"""Times as exports write them."""

import re
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta, tzinfo

from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _

from csat.lib.refusal import Invalid

EARLIEST = 1990
SKEW = timedelta(minutes=5)
EXCEL_EPOCH = datetime(1899, 12, 30)  # noqa: DTZ001 (a zone comes later)
SERIAL = range(20_000, 80_000)  # days since then: 1954 to 2119
EPOCH = re.compile(r"^\d{10}(?:\d{3})?(?:\.\d+)?$")  # seconds or milliseconds
NUMERIC = re.compile(
    r"^(\d{1,2})([./-])(\d{1,2})\2(\d{4})"
    r"(?:[ ,T]+(\d{1,2}):(\d{2})(?::(\d{2}))?(?:\.\d+)?\s*([ap])?\.?m?\.?)?$",
    re.IGNORECASE,
)
ZONE_NAME = re.compile(r"\s*(?:UTC|GMT|Z)$", re.IGNORECASE)
WRITTEN = (
    "%d %b %Y %H:%M:%S", "%d %b %Y %H:%M", "%d %b %Y", "%b %d, %Y %I:%M %p", "%b %d, %Y %H:%M", "%b %d, %Y",
    "%B %d, %Y %I:%M %p", "%B %d, %Y", "%d %B %Y %H:%M", "%d %B %Y", "%a, %d %b %Y %H:%M:%S", "%b %d %Y",
    "%b %d, %Y, %I:%M %p", "%Y/%m/%d %H:%M:%S", "%Y/%m/%d %H:%M", "%Y/%m/%d",
)  # fmt: skip


def read(text: str, *, zone: tzinfo, day_first: bool = False) -> datetime:
    """The time; one without a zone of its own is in `zone`. Raises Invalid with the field `when`."""
    at = _read(text.strip(), day_first)
    if at is None:
        raise _invalid(_("This is not a date. Write it as 2026-03-29 or 2026-03-29 12:00:00."))
    if timezone.is_naive(at):
        at = at.replace(tzinfo=zone)
    if at.year < EARLIEST:
        raise _invalid(_("This is too long ago."))
    if at > timezone.now() + SKEW:
        raise _invalid(_("This is in the future."))
    return at.astimezone(UTC)


def is_day_first(texts: Iterable[str]) -> bool:
    """Whether 3/4/2026 is in April: a day above 12 in one of them tells, else the separator."""
    matches = [match for text in texts if (match := NUMERIC.match(text.strip()))]
    if any(int(match[1]) > 12 for match in matches):
        return True
    if any(int(match[3]) > 12 for match in matches):
        return False
    return any(match[2] == "." for match in matches)


def _read(text: str, day_first: bool) -> datetime | None:
    if EPOCH.match(text):
        number = float(text)
        return datetime.fromtimestamp(number / 1000 if number > 1e11 else number, UTC)
    if match := NUMERIC.match(text):
        return _numeric(match, day_first)
    try:
        if text.replace(".", "", 1).isdecimal() and int(float(text)) in SERIAL:
            return EXCEL_EPOCH + timedelta(days=float(text))
        plain, zones = ZONE_NAME.subn("", text)
        at = _iso(plain) or _written(plain)
    except (ValueError, OverflowError):  # a cell of a thousand digits is no date either
        return None
    return at.replace(tzinfo=UTC) if at and zones and timezone.is_naive(at) else at


def _iso(text: str) -> datetime | None:
    """`2026-01-02`, with a time, with an offset that may stand behind a blank."""
    if at := parse_datetime(re.sub(r"\s+([+-]\d{2}:?\d{2})$", r"\1", text)):
        return at
    try:
        return datetime.combine(date.fromisoformat(text), datetime.min.time())
    except ValueError:
        return None


def _written(text: str) -> datetime | None:
    for form in WRITTEN:
        try:
            return datetime.strptime(text, form)  # noqa: DTZ007 (a zone comes later)
        except ValueError:
            continue
    return None


def _numeric(match: re.Match[str], day_first: bool) -> datetime | None:
    first, second, year = int(match[1]), int(match[3]), int(match[4])
    day, month = (first, second) if day_first or first > 12 else (second, first)
    hour, minute, second = (int(match[group] or 0) for group in (5, 6, 7))
    if match[8]:
        hour = hour % 12 + (12 if match[8].lower() == "p" else 0)
    try:
        return datetime(year, month, day, hour, minute, second)  # noqa: DTZ001 (a zone comes later)
    except ValueError:
        return None


def _invalid(text: str) -> Invalid:
    return Invalid(text, fields={"when": [text]})
