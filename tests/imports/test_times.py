"""Times as exports write them."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from csat.imports import times
from csat.lib.refusal import Invalid

NOON = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "2026-03-04 12:00:00 UTC", "2026-03-04T12:00:00Z", "2026-03-04T13:00:00+01:00",
        "2026-03-04 13:00:00 +0100", "1772625600", "1772625600000", "2026-03-04 12:00", "4 Mar 2026 12:00",
        "Mar 04, 2026 12:00 PM", "March 4, 2026 12:00 PM", "3/4/2026 12:00 PM", "3/4/2026 12:00:00",
        "2026/03/04 12:00", "46085.5",
    ],
)  # fmt: skip
def test_a_time_however_it_is_written(text):
    assert times.read(text, zone=ZoneInfo("UTC")) == NOON


def test_a_time_without_a_zone_is_the_installations():
    assert times.read("2026-03-04 13:00", zone=ZoneInfo("Europe/Berlin")) == NOON


def test_a_day_may_come_first():
    assert times.read("4.3.2026 12:00", zone=UTC, day_first=True) == NOON
    assert times.read("04/03/2026 12:00", zone=UTC, day_first=True) == NOON
    assert times.read("25/12/2025", zone=UTC).month == 12  # there is no 25th month


@pytest.mark.parametrize(
    ("texts", "day_first"),
    [
        (["3/4/2026", "25/4/2026"], True),
        (["3/4/2026", "4/25/2026"], False),
        (["3.4.2026"], True),
        (["3/4/2026"], False),
        (["2026-03-04"], False),
    ],
)
def test_the_whole_column_tells_which_comes_first(texts, day_first):
    assert times.is_day_first(texts) is day_first


@pytest.mark.parametrize(
    "text", ["", "yesterday", "31/31/2026", "2026-02-30", "1970-01-01", "99999999999999999", "9" * 400]
)
def test_what_is_no_date_is_refused(text):
    with pytest.raises(Invalid) as refused:
        times.read(text, zone=UTC)
    assert list(refused.value.fields) == ["when"]


def test_a_rating_out_of_the_future_is_refused():
    with pytest.raises(Invalid, match="future"):
        times.read((timezone.now() + timedelta(days=1)).isoformat(), zone=UTC)
