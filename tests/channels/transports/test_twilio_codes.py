"""Twilio's error codes, by what they mean for a message that was taken and then not delivered."""

import pytest

from csat.channels.transports import twilio_codes


@pytest.mark.parametrize(
    ("code", "tries"),
    [("30003", 1), ("30008", 1), ("30001", 4), ("20429", 4), ("30005", 0), ("", 0), ("x", 0), ("٣", 0)],
)
def test_how_often_it_is_worth_trying_again(code: str, tries: int) -> None:
    assert twilio_codes.tries(code, most=4) == tries


def test_only_who_opted_out_or_blocked_us_is_never_written_to_again() -> None:
    assert [code for code in ("21610", "30004", "30005", "30003", "") if twilio_codes.suppresses(code)] == [
        "21610",
        "30004",
    ]


def test_no_code_means_two_things() -> None:
    groups = [twilio_codes.NEVER, twilio_codes.LATER, twilio_codes.ONCE, twilio_codes.ACCOUNT]
    assert len(set().union(*groups)) == sum(map(len, groups))
    assert twilio_codes.SUPPRESSING <= twilio_codes.NEVER
