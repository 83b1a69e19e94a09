"""Whole days in an iCalendar file, such as a list of public holidays (RFC 5545)."""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import Any

from dateutil.rrule import rrulestr
from django.utils.translation import gettext as _
from icalendar import Calendar, Event, vDDDLists, vDDDTypes, vDuration, vRecur

from csat.lib.refusal import Invalid

LARGEST = 1024 * 1024  # bytes
MOST_EVENTS = 5000
LONGEST = timedelta(days=366)  # of one event
AHEAD = timedelta(days=3 * 365)  # so far an event that comes back each year is followed
OF_DAYS = {"FREQ", "INTERVAL", "COUNT", "BYMONTH", "BYMONTHDAY", "BYYEARDAY", "BYWEEKNO", "BYDAY", "BYSETPOS"}


def read(raw: bytes, *, today: date) -> list[date]:
    """The days of all whole-day events from today on, each once, in order. Raises Invalid with words."""
    if len(raw) > LARGEST:
        raise Invalid(_("The calendar is too large: at most %(n)d KB.") % {"n": LARGEST // 1024})
    until = today + AHEAD
    days = {
        day
        for event in _events(raw)
        for first in _beginnings(event, until)
        for day in _days(event, first)
        if today <= day <= until
    }
    if not days:
        raise Invalid(_("The calendar has no whole day from today on."))
    return sorted(days)


def _events(raw: bytes) -> list[Event]:
    try:
        calendars = Calendar.from_ical(raw, multiple=True)
    except (ValueError, KeyError, TypeError, IndexError):
        calendars = []
    if not calendars:
        raise Invalid(_("This is no calendar file (.ics)."))
    events: list[Any] = [event for calendar in calendars for event in calendar.walk("VEVENT")]
    if len(events) > MOST_EVENTS:
        raise Invalid(_("The calendar has too many events: at most %(n)d.") % {"n": MOST_EVENTS})
    return [event for event in events if _day(event.get("DTSTART")) and event.get("STATUS") != "CANCELLED"]


def _beginnings(event: Event, until: date) -> Iterator[date]:
    """The first days of an event: its own, and those of each year in which it comes back."""
    begins, rule = _value(event["DTSTART"]), event.get("RRULE")
    if not isinstance(rule, vRecur) or rule.get("FREQ") != ["YEARLY"] or begins > until:
        yield begins
        return
    ends = [*(end.date() if isinstance(end, datetime) else end for end in rule.get("UNTIL", [])), until]
    by_days: Any = vRecur({name: value for name, value in rule.items() if name.upper() in OF_DAYS})
    left_out = set(_dates(event.get("EXDATE")))
    first, last = (datetime.combine(day, time()) for day in (begins, min(ends)))
    try:
        repeated = rrulestr(by_days.to_ical().decode(), dtstart=first).between(first, last, inc=True)
    except ValueError:
        repeated = []
    if not repeated:  # such as the 30th of February, for which many would search for a long time
        raise Invalid(_("An event of the calendar comes back by a rule that cannot be read."))
    yield from (at.date() for at in repeated if at.date() not in left_out)


def _days(event: Event, first: date) -> Iterator[date]:
    """All days of the event when it begins on this one. The day it ends on is not one of them."""
    ends = _day(event.get("DTEND"))
    length = ends - _value(event["DTSTART"]) if ends else _value(event.get("DURATION"))
    length = min(length, LONGEST) if isinstance(length, timedelta) else timedelta(days=1)
    yield from (first + timedelta(days=n) for n in range(max(length.days, 1)))


def _day(value: Any) -> date | None:
    """None for a moment, and for what cannot be read."""
    day = _value(value)
    return day if type(day) is date else None


def _value(value: Any) -> Any:
    return value.dt if isinstance(value, vDDDTypes | vDuration) else None


def _dates(lists: Any) -> Iterator[date]:
    """Of a property that may stand there several times, each time with several values."""
    for one in lists if isinstance(lists, list) else [lists]:
        if isinstance(one, vDDDLists):
            yield from (day for value in one.dts if (day := _day(value)))
