from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from babel.core import get_global

from csat.lib.clock import back_off, end_of_quiet_hours, in_quiet_hours, zone_name

STEPS = (timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=30), timedelta(hours=2))
BERLIN, NEW_YORK = ZoneInfo("Europe/Berlin"), ZoneInfo("America/New_York")
EVENING, MORNING = time(21), time(8)


def test_each_failure_waits_its_own_step():
    assert [back_off(attempt, steps=STEPS) for attempt in (1, 2, 3, 4)] == list(STEPS)


def test_after_the_last_step_there_is_no_other():
    assert back_off(5, steps=STEPS) is None


def test_jitter_only_ever_adds():
    waits = [back_off(2, steps=STEPS, jitter=0.1) for _ in range(200)]
    assert all(STEPS[1] <= wait <= STEPS[1] * 1.1 for wait in waits if wait)
    assert len(set(waits)) > 100


@pytest.mark.parametrize(
    ("local", "quiet"),
    [
        (time(20, 59), False),
        (time(21), True),
        (time(23, 59), True),
        (time(0), True),
        (time(7, 59), True),
        (time(8), False),
    ],
)
def test_quiet_hours_run_over_midnight(local: time, quiet: bool):
    now = datetime.combine(datetime(2026, 6, 10), local, tzinfo=BERLIN)
    assert in_quiet_hours(now.astimezone(UTC), start=EVENING, end=MORNING, zone=BERLIN) is quiet


def test_by_day_nobody_waits():
    noon = datetime(2026, 6, 10, 10, tzinfo=UTC)
    assert end_of_quiet_hours(noon, EVENING, MORNING, BERLIN) is noon


@pytest.mark.parametrize("hour", [20, 23, 3])
def test_at_night_one_waits_for_the_morning_there(hour: int):
    now = datetime(2026, 6, 10, hour, tzinfo=UTC)
    morning = end_of_quiet_hours(now, EVENING, MORNING, BERLIN)
    assert morning.astimezone(BERLIN).time() == MORNING
    assert timedelta(0) < morning - now < timedelta(hours=11)


def test_equal_hours_are_no_quiet_hours():
    now = datetime(2026, 6, 10, 21, tzinfo=UTC)
    assert end_of_quiet_hours(now, EVENING, EVENING, ZoneInfo("UTC")) == now


def test_the_night_of_spring_is_an_hour_shorter():
    evening = datetime(2026, 3, 28, 22, tzinfo=NEW_YORK).astimezone(UTC)
    spring = datetime(2026, 3, 7, 22, tzinfo=NEW_YORK).astimezone(UTC)
    assert end_of_quiet_hours(evening, EVENING, MORNING, NEW_YORK) - evening == timedelta(hours=10)
    assert end_of_quiet_hours(spring, EVENING, MORNING, NEW_YORK) - spring == timedelta(hours=9)


def test_an_end_that_spring_skips_comes_after_the_gap():
    now = datetime(2026, 3, 8, 1, tzinfo=NEW_YORK).astimezone(UTC)
    assert end_of_quiet_hours(now, EVENING, time(2, 30), NEW_YORK).astimezone(NEW_YORK).time() == time(3, 30)


def test_an_end_that_autumn_repeats_is_the_second_one():
    now = datetime(2026, 11, 1, 1, 10, tzinfo=NEW_YORK, fold=1).astimezone(UTC)
    later = end_of_quiet_hours(now, EVENING, time(1, 30), NEW_YORK)
    assert later - now == timedelta(minutes=20)


@pytest.mark.parametrize(
    ("given", "known"),
    [
        ("Europe/Berlin", "Europe/Berlin"),
        ("Eastern Standard Time", "America/New_York"),
        ("W. Europe Standard Time", "Europe/Berlin"),
        ("Middle Earth Standard Time", ""),
        ("", ""),
    ],
)
def test_a_zone_has_the_name_that_windows_gives_it_too(given: str, known: str) -> None:
    """khal#714, icalparser#5"""
    assert zone_name(given) == known


def test_every_zone_of_windows_is_one_of_ours() -> None:
    assert [name for name in get_global("windows_zone_mapping") if not zone_name(name)] == []
