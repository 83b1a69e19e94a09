"""Opening hours: the hours of each weekday and days off, on the clock of any time zone.

Open is what a clock on the wall there reads as open: an hour that spring skips is none, one that autumn
repeats is open twice.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import lru_cache
from itertools import count

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
MIDNIGHT = "24:00"  # the end of a day; what `time` cannot say
DAY = timedelta(days=1)
Span = tuple[timedelta, timedelta]  # since midnight; the end is not open any more
ALL_DAY: tuple[Span, ...] = ((timedelta(), DAY),)


@dataclass(frozen=True)
class OpeningHours:
    """`week`: the spans of each day from Monday on, in order, not overlapping."""

    week: tuple[tuple[Span, ...], ...] = (ALL_DAY,) * 7
    days_off: frozenset[date] = frozenset()

    @classmethod
    def of(
        cls, week: Mapping[str, Sequence[Sequence[str]]] | None, days_off: Collection[str] = ()
    ) -> "OpeningHours":
        """From {"mon": [["09:00", "18:00"]], ...}; a day that is not named is closed. None: always open."""
        days = frozenset(map(date.fromisoformat, days_off))
        if week is None:
            return cls(days_off=days)
        return cls(tuple(tuple(map(to_span, week.get(day, ()))) for day in WEEKDAYS), days)

    @property
    def always(self) -> bool:
        return not self.days_off and all(day == ALL_DAY for day in self.week)

    @property
    def never(self) -> bool:
        """No minute of a week is left."""
        return not any(self.week)

    def without(self, start: time, end: time) -> "OpeningHours":
        """Closed from start to end each day as well; over midnight when start is the later."""
        if start == end:
            return self
        pause = _since_midnight(start), _since_midnight(end)
        pauses = (pause,) if start < end else ((timedelta(), pause[1]), (pause[0], DAY))
        week = self.week
        for pause in pauses:
            week = tuple(tuple(_cut(day, pause)) for day in week)
        return replace(self, week=week)

    def is_open(self, at: datetime, zone: tzinfo) -> bool:
        local = at.astimezone(zone)
        if local.date() in self.days_off:
            return False
        clock = _since_midnight(local.time())
        return any(start <= clock < end for start, end in self.week[local.weekday()])

    def next_open(self, at: datetime, zone: tzinfo) -> datetime:
        """`at` when it is open there, else the moment (UTC) it opens. There must be open hours."""
        return at if self.is_open(at, zone) else next(self._spans(at, zone))[0]

    def after(self, wait: timedelta, at: datetime, zone: tzinfo) -> datetime:
        """The moment at which so much open time has passed and it is still open, or open again."""
        if self.always or not wait:
            return at + wait
        for start, end in self._spans(at, zone):
            if wait < end - start:
                return start + wait
            wait -= end - start
        raise AssertionError("there is always another week")

    def _spans(self, at: datetime, zone: tzinfo) -> Iterator[tuple[datetime, datetime]]:
        """The open times from here on, one after another, in UTC."""
        if self.never:
            raise ValueError("never open")
        at = at.astimezone(UTC)
        today = at.astimezone(zone).date()
        for day in (today + timedelta(days=n) for n in count()):
            for start, end in self._spans_of(day, zone):
                if end > at:
                    yield max(start, at), end

    def _spans_of(self, day: date, zone: tzinfo) -> Iterator[tuple[datetime, datetime]]:
        if day in self.days_off:
            return
        midnight = datetime.combine(day, time(), UTC)
        for begin, until, offset in _stretches(day, zone):
            for start, end in self.week[day.weekday()]:
                first, last = max(begin, midnight + start - offset), min(until, midnight + end - offset)
                if first < last:
                    yield first, last


def to_span(hours: Sequence[str]) -> Span:
    """Of "09:00" and "18:00". Raises ValueError."""
    start, end = hours
    return _since_midnight(time.fromisoformat(start)), (
        DAY if end == MIDNIGHT else _since_midnight(time.fromisoformat(end))
    )


def _since_midnight(clock: time) -> timedelta:
    return timedelta(
        hours=clock.hour, minutes=clock.minute, seconds=clock.second, microseconds=clock.microsecond
    )


def _cut(spans: Sequence[Span], pause: Span) -> Iterator[Span]:
    for start, end in spans:
        for left in ((start, min(end, pause[0])), (max(start, pause[1]), end)):
            if left[0] < left[1]:
                yield left


@lru_cache(10_000)
def _stretches(day: date, zone: tzinfo) -> tuple[tuple[datetime, datetime, timedelta], ...]:
    """The times (UTC) around this day in which clocks there keep one distance from UTC: one, or two."""
    begin = datetime.combine(day, time(), UTC) - timedelta(hours=15)
    end = begin + timedelta(hours=52)
    first, last = _offset(begin, zone), _offset(end, zone)
    if first == last:
        return ((begin, end, first),)
    before, change = begin, end
    while change - before > timedelta(seconds=1):
        middle = (before + (change - before) / 2).replace(microsecond=0)
        if _offset(middle, zone) == first:
            before = middle
        else:
            change = middle
    return (begin, change, first), (change, end, last)


def _offset(at: datetime, zone: tzinfo) -> timedelta:
    return at.astimezone(zone).utcoffset() or timedelta()
