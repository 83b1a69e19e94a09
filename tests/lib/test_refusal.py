"""A "no" that a person may be told, with every field that is wrong."""

import pytest

from csat.lib import refusal
from csat.lib.refusal import Invalid, Problems, Refused


def test_fields_are_told_each_with_its_name() -> None:
    fields = {"url": ["Enter an address."], "events": ["Choose one.", "No doubles."]}
    assert refusal.by_field(fields) == "url: Enter an address. events: Choose one. No doubles."
    assert Invalid("Not saved.", fields=fields).words == refusal.by_field(fields)
    assert Refused("Not now.").words == "Not now."


def test_problems_are_collected_and_told_at_once() -> None:
    problems = Problems()
    with problems.of("email"):
        raise Invalid("This is not an email address.")
    problems.add("name", "Give a name.")
    problems.add("name", "A short one.")
    with pytest.raises(Invalid) as invalid:
        problems.check()
    assert invalid.value.fields == {
        "email": ["This is not an email address."],
        "name": ["Give a name.", "A short one."],
    }


def test_without_problems_there_is_nothing_to_raise() -> None:
    problems = Problems()
    with problems.of("email"):
        pass
    problems.check()


def test_another_refusal_is_not_a_wrong_field() -> None:
    with pytest.raises(Refused), Problems().of("email"):
        raise Refused("Not now.")
