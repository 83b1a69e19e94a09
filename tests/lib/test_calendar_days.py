"""Holidays out of a calendar file, as calendars of several makers write them."""

from datetime import date

import pytest

from csat.lib import calendar_days
from csat.lib.refusal import Invalid

TODAY = date(2026, 11, 29)
CHRISTMAS = "DTSTART;VALUE=DATE:20261225"


def calendar(*events: str) -> bytes:
    inside = [f"BEGIN:VEVENT\r\nUID:{n}\r\n{event}\r\nEND:VEVENT\r\n" for n, event in enumerate(events)]
    return f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\n{''.join(inside)}END:VCALENDAR\r\n".encode()


def days(*events: str) -> list[str]:
    return [day.isoformat() for day in calendar_days.read(calendar(*events), today=TODAY)]


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        (CHRISTMAS, ["2026-12-25"]),
        (f"{CHRISTMAS}\r\nDTEND;VALUE=DATE:20261226", ["2026-12-25"]),
        (f"{CHRISTMAS}\r\nDTEND;VALUE=DATE:20261228", ["2026-12-25", "2026-12-26", "2026-12-27"]),
        (f"{CHRISTMAS}\r\nDURATION:P2D", ["2026-12-25", "2026-12-26"]),
        (f"{CHRISTMAS}\r\nDTEND;VALUE=DATE:20261225", ["2026-12-25"]),
        (
            "DTSTART;VALUE=DATE:20200101\r\nRRULE:FREQ=YEARLY",
            ["2027-01-01", "2028-01-01", "2029-01-01"],
        ),
        (
            "DTSTART;VALUE=DATE:20191226\r\nDTEND;VALUE=DATE:20191228\r\nRRULE:FREQ=YEARLY;UNTIL=20271231T000000Z",
            ["2026-12-26", "2026-12-27", "2027-12-26", "2027-12-27"],
        ),
        (
            "DTSTART;VALUE=DATE:20221124\r\nRRULE:FREQ=YEARLY;BYMONTH=11;BYDAY=4TH",
            ["2027-11-25", "2028-11-23", "2029-11-22"],
        ),
        (
            f"{CHRISTMAS}\r\nRRULE:FREQ=YEARLY\r\nEXDATE;VALUE=DATE:20271225",
            ["2026-12-25", "2028-12-25"],
        ),
        (f"{CHRISTMAS}\r\nRRULE:FREQ=YEARLY;COUNT=2", ["2026-12-25", "2027-12-25"]),
        (f"{CHRISTMAS}\r\nRRULE:FREQ=YEARLY;BYHOUR=1,2;BYSECOND=1,2,3;COUNT=1", ["2026-12-25"]),
    ],
    ids=[
        "no end", "the next day as its end", "three days", "a length", "no length", "each year",
        "two days a year, for some years", "the fourth Thursday", "but not that year", "twice", "hours",
    ],
)  # fmt: skip
def test_whole_days_are_read(event: str, expected: list[str]) -> None:
    assert days(event) == expected


def test_meetings_cancelled_days_and_the_past_are_left_out():
    meeting = "DTSTART:20261224T100000Z\r\nDTEND:20261224T110000Z"
    assert days(
        meeting, f"{CHRISTMAS}\r\nSTATUS:CANCELLED", "DTSTART;VALUE=DATE:20260101", CHRISTMAS, CHRISTMAS
    ) == ["2026-12-25"]


def test_an_event_of_centuries_is_followed_for_a_year_only():
    assert len(days("DTSTART;VALUE=DATE:20261201\r\nDTEND;VALUE=DATE:29991231")) == 366


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b"", "no calendar file"),
        (b"2026-12-25;Christmas", "no calendar file"),
        (b"\xff\xfe\x00\x01", "no calendar file"),
        (b"\x89PNG\r\n\x1a\n", "no calendar file"),
        (calendar(), "no whole day"),
        (calendar("DTSTART:yesterday"), "no whole day"),
        (calendar("DTSTART;VALUE=DATE:20250101"), "no whole day"),
        (calendar(f"{CHRISTMAS}\r\nRRULE:FREQ=YEARLY;BYMONTHDAY=99"), "rule that cannot be read"),
        (b"BEGIN:VCALENDAR" + b"x" * calendar_days.LARGEST, "too large"),
        (calendar(*[CHRISTMAS] * (calendar_days.MOST_EVENTS + 1)), "too many events"),
    ],
    ids=["empty", "a table", "bytes", "a picture", "no event", "no date", "past", "no rule", "large", "many"],
)
def test_what_is_no_list_of_holidays_is_refused_in_words(raw: bytes, words: str) -> None:
    with pytest.raises(Invalid, match=words):
        calendar_days.read(raw, today=TODAY)
