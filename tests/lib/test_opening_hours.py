"""Opening hours by the clock on the wall, wherever that hangs and whatever it does in spring and autumn."""

from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from itertools import islice, pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from csat.lib.opening_hours import WEEKDAYS, OpeningHours, to_span

BERLIN, NEW_YORK = ZoneInfo("Europe/Berlin"), ZoneInfo("America/New_York")
OFFICE = OpeningHours.of({day: [["09:00", "18:00"]] for day in WEEKDAYS[:5]})
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


def there(*at: int, zone: ZoneInfo = BERLIN, fold: int = 0) -> datetime:
    return datetime(*at, tzinfo=zone, fold=fold).astimezone(UTC)  # type: ignore[arg-type, misc]


def nights(start: int, end: int) -> OpeningHours:
    return OpeningHours().without(time(start), time(end))


@pytest.mark.parametrize(
    ("local", "is_open"),
    [
        ((2026, 11, 30, 8, 59), False),
        ((2026, 11, 30, 9), True),
        ((2026, 11, 30, 17, 59, 59), True),
        ((2026, 11, 30, 18), False),
        ((2026, 11, 29, 12), False),
    ],
    ids=["before", "at opening", "the last second", "at closing", "Sunday"],
)
def test_the_first_moment_is_open_and_the_last_is_not(local, is_open):
    assert OFFICE.is_open(there(*local), BERLIN) is is_open


def test_by_day_nobody_waits():
    noon = there(2026, 11, 30, 12)
    assert OFFICE.next_open(noon, BERLIN) is noon


def test_what_is_late_on_friday_waits_until_monday():
    assert OFFICE.next_open(there(2026, 11, 27, 18), BERLIN) == there(2026, 11, 30, 9)


def test_of_several_spans_the_next_one_counts():
    split = OpeningHours.of({"mon": [["09:00", "12:00"], ["13:00", "24:00"]]})
    assert split.next_open(there(2026, 11, 30, 12, 30), BERLIN) == there(2026, 11, 30, 13)
    assert split.is_open(there(2026, 11, 30, 23, 59, 59), BERLIN)
    assert split.next_open(there(2026, 12, 1), BERLIN) == there(2026, 12, 7, 9)


def test_a_holiday_is_a_day_there_and_not_here():
    christmas = OpeningHours.of(None, ["2026-12-25"])
    assert not christmas.is_open(there(2026, 12, 25, 0, zone=NEW_YORK), NEW_YORK)
    assert christmas.is_open(there(2026, 12, 24, 23, 59, zone=NEW_YORK), NEW_YORK)
    assert christmas.next_open(there(2026, 12, 25, 0, zone=NEW_YORK), NEW_YORK) == there(
        2026, 12, 26, zone=NEW_YORK
    )


def test_holidays_in_a_row_are_waited_for_together():
    hours = OpeningHours.of({"fri": [["09:00", "18:00"]]}, ["2026-12-25", "2027-01-01"])
    assert hours.next_open(there(2026, 12, 20), BERLIN) == there(2027, 1, 8, 9)


@pytest.mark.parametrize(
    ("hour", "minute", "quiet"),
    [(20, 59, False), (21, 0, True), (23, 59, True), (0, 0, True), (7, 59, True), (8, 0, False)],
)
def test_a_pause_runs_over_midnight(hour, minute, quiet):
    assert nights(21, 8).is_open(there(2026, 6, 10, hour, minute), BERLIN) is not quiet


def test_a_pause_of_no_length_is_none():
    assert OpeningHours().without(time(21), time(21)).always


def test_a_pause_may_split_a_span_and_leave_nothing_of_another():
    hours = OpeningHours.of({"mon": [["06:00", "07:00"], ["09:00", "18:00"]]}).without(time(5), time(10))
    assert hours.week[0] == (to_span(["10:00", "18:00"]),)
    assert hours.without(time(12), time(13)).week[0] == (
        to_span(["10:00", "12:00"]),
        to_span(["13:00", "18:00"]),
    )
    assert hours.without(time(10), time(9)).never


def test_what_is_never_open_cannot_be_waited_for():
    with pytest.raises(ValueError, match="never open"):
        OpeningHours.of({}).next_open(there(2026, 11, 30), BERLIN)


class TestWhenClocksChange:
    def test_the_night_of_spring_is_an_hour_shorter(self):
        evening, spring = there(2026, 3, 21, 22), there(2026, 3, 28, 22)
        assert nights(21, 8).next_open(evening, BERLIN) - evening == 10 * HOUR
        assert nights(21, 8).next_open(spring, BERLIN) - spring == 9 * HOUR

    def test_a_span_that_begins_in_the_hour_spring_skips_opens_after_it(self):
        hours = OpeningHours.of({"sun": [["02:30", "04:00"]]})
        opened = hours.next_open(there(2026, 3, 8, zone=NEW_YORK), NEW_YORK)
        assert opened.astimezone(NEW_YORK).time() == time(3)

    def test_one_that_lies_in_it_is_left_out_that_day(self):
        hours = OpeningHours.of({"sun": [["02:10", "02:40"]]})
        opened = hours.next_open(there(2026, 3, 8, zone=NEW_YORK), NEW_YORK)
        assert opened == there(2026, 3, 15, 2, 10, zone=NEW_YORK)

    def test_the_hour_autumn_repeats_is_open_twice(self):
        hours = OpeningHours.of({"sun": [["01:30", "01:45"]]})
        first, second = (there(2026, 11, 1, 1, 30, zone=NEW_YORK, fold=fold) for fold in (0, 1))
        assert hours.next_open(there(2026, 11, 1, zone=NEW_YORK), NEW_YORK) == first
        assert hours.next_open(first + 15 * MINUTE, NEW_YORK) == second == first + HOUR

    def test_clocks_may_fall_back_into_a_span(self):
        hours = OpeningHours.of({"sun": [["00:30", "01:30"]]})
        closing = there(2026, 11, 1, 1, 30, zone=NEW_YORK)
        assert hours.next_open(closing, NEW_YORK) == there(2026, 11, 1, 1, zone=NEW_YORK, fold=1)

    def test_a_day_that_an_island_left_out_is_no_day(self):
        apia = ZoneInfo("Pacific/Apia")  # it went from the 29th to the 31st of December 2011
        hours = OpeningHours.of({day: [["09:00", "10:00"]] for day in WEEKDAYS})
        evening = datetime(2011, 12, 29, 20, tzinfo=apia).astimezone(UTC)
        assert hours.next_open(evening, apia).astimezone(apia).date() == date(2011, 12, 31)


class TestWaitingInOpenHours:
    def test_an_hour_at_closing_time_ends_an_hour_after_opening(self):
        assert OFFICE.after(HOUR, there(2026, 11, 27, 18), BERLIN) == there(2026, 11, 30, 10)

    def test_it_goes_on_where_it_stopped(self):
        assert OFFICE.after(HOUR, there(2026, 11, 27, 17, 30), BERLIN) == there(2026, 11, 30, 9, 30)

    def test_it_ends_when_it_is_open(self):
        assert OFFICE.after(HOUR, there(2026, 11, 27, 17), BERLIN) == there(2026, 11, 30, 9)

    def test_always_open_it_is_a_wait_as_any_other(self):
        at = there(2026, 3, 29, 1, 30)
        assert OpeningHours().after(HOUR, at, BERLIN) == at + HOUR

    def test_no_wait_is_none_even_when_closed(self):
        at = there(2026, 11, 29)
        assert OFFICE.after(timedelta(), at, BERLIN) == at


ZONES = [
    ZoneInfo(name)
    for name in (
        "UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "America/Nuuk",
        "Africa/Cairo", "Pacific/Apia", "Atlantic/Azores", "America/St_Johns", "Pacific/Kiritimati",
    )
]  # fmt: skip
MINUTES = st.integers(0, 24 * 60)
YEAR = [datetime(2026, 1, 1, tzinfo=UTC) + n * HOUR for n in range(365 * 24)]


def is_open(week: list[list[tuple[int, int]]], days_off: set[date], at: datetime, zone: ZoneInfo) -> bool:
    """By the minute, read from the wall."""
    wall = at.astimezone(zone)
    minute = wall.hour * 60 + wall.minute
    return wall.date() not in days_off and any(a <= minute < b for a, b in week[wall.weekday()])


@st.composite
def spans(draw: st.DrawFn) -> list[tuple[int, int]]:
    edges = sorted(draw(st.sets(MINUTES, max_size=6)))
    return list(pairwise(edges))[::2]


@st.composite
def moments(draw: st.DrawFn, zone: ZoneInfo) -> datetime:
    """More often than not some hours before clocks change there."""
    near = draw(st.sampled_from([*changes_of(zone), draw(st.sampled_from(YEAR))]))
    return near + draw(st.integers(-3 * 24 * 60, 24 * 60)) * MINUTE


@cache
def changes_of(zone: ZoneInfo) -> list[datetime]:
    offsets = {hour: hour.astimezone(zone).utcoffset() for hour in YEAR}
    return [after for before, after in pairwise(YEAR) if offsets[before] != offsets[after]]


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_it_agrees_with_whoever_reads_the_clock_minute_by_minute(data: st.DataObject) -> None:
    zone = data.draw(st.sampled_from(ZONES))
    week = data.draw(st.lists(spans(), min_size=7, max_size=7).filter(any))
    at = data.draw(moments(zone))
    days_off = {at.date() + timedelta(days=n) for n in data.draw(st.sets(st.integers(-1, 3), max_size=3))}
    wait = data.draw(st.integers(1, 300))
    hours = OpeningHours(
        tuple(tuple((a * MINUTE, b * MINUTE) for a, b in day) for day in week), frozenset(days_off)
    )
    walk = (at + n * MINUTE for n in range(15 * 24 * 60))
    opened = list(islice((moment for moment in walk if is_open(week, days_off, moment, zone)), wait + 1))
    if opened:
        assert hours.next_open(at, zone) == opened[0]
    if len(opened) > wait:
        assert hours.after(wait * MINUTE, at, zone) == opened[wait]
