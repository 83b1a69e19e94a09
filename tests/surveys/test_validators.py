"""What a setting may be, where Django has no validator for it."""

import pytest
from django.core.exceptions import ValidationError

from csat.surveys import validators


def test_languages_are_those_that_are_shipped() -> None:
    validators.shipped_languages(["en", "de"])
    validators.shipped_languages([])
    for value in ("en", ["xx"], [5], None):
        with pytest.raises(ValidationError, match=r"Choose from: .*en"):
            validators.shipped_languages(value)


def test_hours_may_touch_and_end_at_midnight() -> None:
    validators.hours_by_weekday({"mon": [["09:00", "12:00"], ["12:00", "24:00"]], "tue": []})
    with pytest.raises(ValidationError, match=r"Monday: 09:00–12:00 and 11:59–13:00 overlap"):
        validators.hours_by_weekday({"mon": [["11:59", "13:00"], ["09:00", "12:00"]]})


def test_days_of_the_week_have_their_names() -> None:
    assert (validators.weekday_label("mon"), validators.weekday_label("sun")) == ("Monday", "Sunday")


def test_holidays_are_days_of_the_calendar() -> None:
    validators.holidays(["2028-02-29", "2026-12-25"])
    with pytest.raises(ValidationError, match="2027-02-29 is no day"):
        validators.holidays(["2027-02-29"])


def test_choices_are_named_in_one_sentence() -> None:
    assert str(validators.choose_from([1, "b"])) == "Choose from: 1, b."
