from datetime import timedelta

import pytest
from babel.core import get_global

from csat.lib.clock import back_off, zone_name

STEPS = (timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=30), timedelta(hours=2))


def test_each_failure_waits_its_own_step():
    assert [back_off(attempt, steps=STEPS) for attempt in (1, 2, 3, 4)] == list(STEPS)


def test_after_the_last_step_there_is_no_other():
    assert back_off(5, steps=STEPS) is None


def test_jitter_only_ever_adds():
    waits = [back_off(2, steps=STEPS, jitter=0.1) for _ in range(200)]
    assert all(STEPS[1] <= wait <= STEPS[1] * 1.1 for wait in waits if wait)
    assert len(set(waits)) > 100


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
