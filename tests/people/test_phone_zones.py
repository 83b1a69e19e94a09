"""What time it is where a phone number belongs to."""

from datetime import UTC, datetime

import pytest

from csat.people import phone_zones

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("phone", "hours"),
    [
        ("+819012345678", 9),
        ("+4915123456789", 1),
        ("+12125550123", -4),
        ("+5511988887777", -3),
        ("+447911123456", 0),  # four zones, one clock
    ],
)
def test_one_clock_is_the_numbers_own(phone: str, hours: int) -> None:
    zone = phone_zones.find(phone, at=NOW)
    assert zone is not None
    offset = NOW.astimezone(zone).utcoffset()
    assert offset is not None
    assert offset.total_seconds() == hours * 3600


@pytest.mark.parametrize(
    "phone", ["+79161234567", "+61412345678", "+18005551234", "+34600123456", "", "x", "+999"]
)
def test_several_clocks_or_no_number_are_none(phone: str) -> None:
    assert phone_zones.find(phone, at=NOW) is None
