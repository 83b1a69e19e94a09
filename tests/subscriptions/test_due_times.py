"""When a digest is due, and of which days it tells: on the reader's clock, over both clock changes."""

import itertools
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from csat.subscriptions.due_times import next_due, period
from csat.subscriptions.models import Rhythm

BERLIN, ST_JOHNS, APIA = ZoneInfo("Europe/Berlin"), ZoneInfo("America/St_Johns"), ZoneInfo("Pacific/Apia")


def due(rhythm: str, after: str, *, zone: ZoneInfo = BERLIN, weekday: int = 0, hour: int = 8) -> str:
    at = datetime.fromisoformat(after).replace(tzinfo=zone)
    return next_due(rhythm, weekday=weekday, hour=hour, zone=zone, after=at).astimezone(zone).isoformat()


@pytest.mark.parametrize(
    ("rhythm", "after", "expected"),
    [
        ("daily", "2026-11-29T07:59", "2026-11-29T08:00:00+01:00"),
        ("daily", "2026-11-29T08:00", "2026-11-30T08:00:00+01:00"),
        ("weekly", "2026-11-29T12:00", "2026-11-30T08:00:00+01:00"),  # a Sunday
        ("weekly", "2026-11-30T08:00", "2026-12-07T08:00:00+01:00"),
        ("weekly", "2026-03-28T12:00", "2026-03-30T08:00:00+02:00"),  # over the change in spring
        ("weekly", "2026-10-24T12:00", "2026-10-26T08:00:00+01:00"),  # and in autumn
        ("monthly", "2026-11-29T12:00", "2026-12-01T08:00:00+01:00"),
        ("monthly", "2026-12-01T07:00", "2026-12-01T08:00:00+01:00"),
        ("monthly", "2026-12-01T09:00", "2027-01-01T08:00:00+01:00"),
    ],
)
def test_it_is_due_at_the_hour_of_the_readers_clock(rhythm: str, after: str, expected: str) -> None:
    assert due(rhythm, after) == expected


def test_an_hour_that_spring_skips_is_the_one_behind_the_gap() -> None:
    assert due("daily", "2026-03-28T12:00", hour=2) == "2026-03-29T03:00:00+02:00"


def test_an_hour_that_autumn_repeats_comes_once() -> None:
    first = next_due(
        Rhythm.DAILY, weekday=0, hour=2, zone=BERLIN, after=datetime(2026, 10, 24, 12, tzinfo=BERLIN)
    )
    following = next_due(Rhythm.DAILY, weekday=0, hour=2, zone=BERLIN, after=first)
    assert (first.isoformat(), following - first) == ("2026-10-25T00:00:00+00:00", timedelta(hours=25))


@pytest.mark.parametrize("zone", [BERLIN, ST_JOHNS, APIA, ZoneInfo("UTC")])
@pytest.mark.parametrize("rhythm", Rhythm.values)
def test_over_two_years_each_is_due_once_and_later_than_the_one_before(rhythm: str, zone: ZoneInfo) -> None:
    at, periods = datetime(2025, 1, 1, tzinfo=UTC), []
    while at.year < 2027:
        following = next_due(rhythm, weekday=0, hour=2, zone=zone, after=at)
        assert following > at
        at = following
        periods.append(period(rhythm, at.astimezone(zone).date()))
    assert len(set(periods)) == len(periods)
    assert all(end == first for (_first, end), (first, _end) in itertools.pairwise(periods))


@pytest.mark.parametrize(
    ("rhythm", "day", "expected"),
    [
        ("daily", date(2026, 3, 1), (date(2026, 2, 28), date(2026, 3, 1))),
        ("weekly", date(2026, 11, 30), (date(2026, 11, 23), date(2026, 11, 30))),
        ("weekly", date(2026, 12, 3), (date(2026, 11, 23), date(2026, 11, 30))),
        ("monthly", date(2026, 1, 1), (date(2025, 12, 1), date(2026, 1, 1))),
    ],
)
def test_it_tells_of_the_whole_period_that_ended_before(
    rhythm: str, day: date, expected: tuple[date, date]
) -> None:
    assert period(rhythm, day) == expected
