"""Lengths of time and sizes in words."""

from datetime import timedelta

import pytest
from django.utils import timezone

from csat.diagnosis import words


@pytest.mark.parametrize(
    ("length", "text"),
    [
        (timedelta(seconds=-5), "0 s"), (timedelta(seconds=59), "59 s"), (timedelta(minutes=12), "12 min"),
        (timedelta(hours=23, minutes=59), "23 h"), (timedelta(days=1), "1 day"),
        (timedelta(days=9), "9 days"),
    ],
)  # fmt: skip
def test_a_span_has_its_largest_unit(length: timedelta, text: str) -> None:
    assert words.span(length) == text


def test_since_counts_from_now() -> None:
    assert words.since(timezone.now() - timedelta(minutes=3, seconds=1)) == "3 min"


@pytest.mark.parametrize(
    ("number", "text"), [(0, "0 B"), (65_536, "66 kB"), (870_000_000, "870 MB"), (3.4e12, "3.4 TB")]
)
def test_a_size_goes_by_thousands(number: float, text: str) -> None:
    assert words.size(number) == text
