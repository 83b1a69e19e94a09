"""Their scales on ours, as their documents have it."""

import pytest

from csat.imports import scales
from csat.lib.refusal import Invalid


@pytest.mark.parametrize(
    ("scale", "values"),
    [
        ("five", {"1": 1, "5": 5, "4/5": 4, "4.5": 5, "3,0": 3, "4 stars": 4, "2★": 2}),
        (
            "words",
            {"good": 5, "Bad": 1, "goodwithcomment": 5, "Good, I'm satisfied": 5, "bad_with_comment": 1},
        ),
        ("words", {"Great": 5, "Okay": 3, "Not good": 1, "👍": 5, "neutral": 3}),
        ("freshdesk", {"103": 5, "102": 4, "101": 4, "100": 3, "-101": 2, "-102": 2, "-103": 1}),
        ("freshdesk", {"Extremely Happy": 5, "Happy": 4, "Very Unhappy": 2, "Extremely unhappy": 1}),
        ("thumbs", {"0": 1, "1": 5}),
        ("two", {"1": 1, "2": 5}),
        ("three", {"1": 1, "2": 3, "3": 5}),
        ("three_reversed", {"1": 5, "2": 3, "3": 1}),
        ("four", {"1": 1, "2": 2, "3": 4, "4": 5}),
        ("seven", {"1": 1, "4": 3, "7": 5}),
        ("ten", {"0": 1, "1": 1, "5": 3, "6": 3, "7": 4, "8": 4, "9": 5, "10": 5, "8/10": 4}),
        ("hundred", {"0": 1, "50": 3, "75 %": 4, "100%": 5}),
    ],
)
def test_a_value_on_our_scale(scale, values):
    assert {value: scales.convert(value, scale) for value in values} == values


@pytest.mark.parametrize("value", ["", "offered", "Unoffered", "-", "N/A"])
def test_asked_but_not_answered_is_no_rating(value):
    assert scales.convert(value, "words") is None


@pytest.mark.parametrize(
    ("scale", "value"),
    [
        ("five", "0"), ("five", "6"), ("five", "4/10"), ("five", "good"), ("words", "5"),
        ("five", "5/" + "9" * 5000),
    ],
)  # fmt: skip
def test_what_is_not_on_the_scale_is_refused_with_the_scale_named(scale, value):
    with pytest.raises(Invalid, match=str(scales.SCALES[scale].label)):
        scales.convert(value, scale)


@pytest.mark.parametrize(
    ("kind", "values", "scale"),
    [
        ("zendesk", ["good", "bad", "offered"], "words"),
        ("zendesk", ["4", "5"], "five"),
        ("freshdesk", ["103", "-103"], "freshdesk"),
        ("nicereply", ["8", "10", "3", "9"], "ten"),
        ("simplesat", ["85", "90"], "hundred"),
        ("generic", ["5", "1", "3"], "five"),
        ("generic", ["happy", "sad"], "five"),
        ("chatwoot", [], "five"),
    ],
)
def test_the_narrowest_scale_is_guessed(kind, values, scale):
    assert scales.guess(kind, values) == scale


def test_one_slip_does_not_halve_everybody_elses_rating():
    assert scales.guess("generic", ["5", "4", "3"] * 10 + ["9"]) == "five"


def test_examples_show_what_the_values_become():
    values = ["good", "bad", "good", "", "offered"]
    assert scales.examples(values, "words") == [("good", 5), ("bad", 1), ("offered", None)]
    assert len(scales.examples(map(str, range(50)), "five")) == 12


def test_a_scale_is_chosen_by_its_name():
    assert scales.check("ten") == "ten"
    with pytest.raises(Invalid):
        scales.check("eleven")


def test_every_scale_of_a_kind_exists():
    assert {name for names in scales.OF_KIND.values() for name in names} <= set(scales.SCALES)


@pytest.mark.parametrize("name", ["six", ["five"], {}, None, 5])
def test_a_scale_that_there_is_not_is_refused_whatever_it_is(name):
    with pytest.raises(Invalid) as refused:
        scales.check(name)
    assert list(refused.value.fields) == ["scale"]
