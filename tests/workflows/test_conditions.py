import time

import pytest

from csat.lib.refusal import Invalid
from csat.workflows import conditions

SCORE = {"var": "csat.score"}


@pytest.mark.parametrize("operator", ["<", "<=", ">", ">="])
@pytest.mark.parametrize("facts", [{}, {"csat": {}}, {"csat": {"score": None}}, {"csat": {"score": "often"}}])
def test_a_comparison_with_a_missing_value_is_false(operator, facts):
    assert conditions.holds({operator: [SCORE, 3]}, facts) is False
    assert conditions.holds({operator: [3, SCORE]}, facts) is False


def test_a_low_score_is_lower_than_three():
    assert conditions.holds({"<": [SCORE, 3]}, {"csat": {"score": 2}})
    assert not conditions.holds({"<": [SCORE, 3]}, {"csat": {"score": 3}})


def test_between_takes_three_operands():
    assert conditions.holds({"<=": [2, SCORE, 4]}, {"csat": {"score": 3}})
    assert not conditions.holds({"<=": [2, SCORE, 4]}, {"csat": {"score": 5}})
    assert not conditions.holds({"<=": [2, SCORE, 4]}, {})


def test_an_empty_condition_is_always_true():
    assert conditions.holds({}, {})


def test_a_tag_is_found_in_the_tags_and_not_where_there_are_none():
    assert conditions.holds({"in": ["vip", {"var": "session.tags"}]}, {"session": {"tags": ["vip"]}})
    assert not conditions.holds({"in": ["vip", {"var": "session.tags"}]}, {})


def test_a_word_is_found_in_a_comment_whatever_its_case():
    assert conditions.holds(
        {"in": ["refund", {"var": "csat.comment"}]}, {"csat": {"comment": "Where is my REFUND?"}}
    )


def test_things_of_different_kinds_are_not_equal_and_nothing_breaks():
    assert not conditions.holds(
        {"==": [{"var": "contact.custom_data"}, 5]}, {"contact": {"custom_data": {"a": 1}}}
    )
    assert not conditions.holds({"==": [{"var": "contact.name"}, None]}, {"contact": {"name": "Ana"}})


def test_an_unknown_operator_is_named():
    assert "“frobnicate”" in conditions.problems({"frobnicate": [1, 2]})[0]


@pytest.mark.parametrize("broken", ["<", 5, ["and"], {"and": [{"<": [1, 2], ">": [1, 2]}]}])
def test_what_is_not_json_logic_is_refused(broken):
    assert conditions.problems(broken)


def test_a_condition_nested_without_end_is_refused():
    logic = {"!": [True]}
    for _ in range(30):
        logic = {"!": [logic]}
    assert "deep" in conditions.problems(logic)[0]


def test_a_good_condition_has_no_problem():
    assert conditions.problems({"and": [{"<": [SCORE, 3]}, {"in": ["vip", {"var": "session.tags"}]}]}) == []


KNOWN = {"csat.score", "csat.comment", "session.tags", "session.custom_data", "score"}


class TestAConditionCannotEatTheMachine:
    """novuhq/novu#12502, jwadhams/json-logic-js#86: a tiny rule that allocates without end."""

    @pytest.mark.parametrize(
        "logic",
        [
            {"reduce": [[1] * 26, {"cat": [{"var": "accumulator"}, {"var": "accumulator"}]}, "x"]},
            {"map": [[1] * 10, {"map": [[1] * 10, {"var": ""}]}]},
            {"cat": ["a", "b"]},
            {"merge": [[1], [2]]},
            {"substr": ["abc", 1]},
            {"some": [[1], True]},
            {"log": "secret"},
            {"method": ["x", "y"]},
        ],
    )
    def test_what_repeats_or_grows_is_no_operator(self, logic):
        assert "There is no operator" in conditions.problems({"==": [logic, "y"]})[0]
        with pytest.raises(Invalid):
            conditions.holds({"==": [logic, "y"]}, {})

    @pytest.mark.parametrize(
        ("logic", "words"),
        [
            ({"in": ["a", ["b"] * 500]}, "more than 500 parts"),
            ({"and": [{"!!": [{"var": "a"}]}] * 250}, "more than 500 parts"),
            ({"in": ["a", "b" * 1001]}, "longer than 1000 characters"),
            ({"+": [1, 2, 3]}, "“+” takes two values"),
        ],
    )
    def test_its_size_has_bounds(self, logic, words):
        assert words in " ".join(conditions.problems(logic))

    @pytest.mark.parametrize("depth", [21, 900, 50_000])
    def test_its_depth_has_bounds_whatever_it_is(self, depth):
        logic: object = True
        for _level in range(depth):
            logic = {"!": logic}
        assert conditions.problems(logic) == ["The condition is nested too deeply."]

    def test_the_largest_one_allowed_takes_no_time(self):
        text = "x" * conditions.MAX_TEXT
        logic = {"or": [{"in": [text, {"var": "csat.comment"}]}] * 120}
        assert conditions.problems(logic) == []
        began = time.monotonic()
        assert not conditions.holds(logic, {"csat": {"comment": "x" * 900 + "y" * 4100}})
        assert time.monotonic() - began < 1

    @pytest.mark.parametrize(
        "logic",
        [
            {"==": [{"%": [{"var": "csat.score"}, 2]}, 0]},
            {">=": [{"min": [{"var": "csat.score"}, 3]}, 2]},
            {"if": [{"missing": ["csat.comment"]}, True, False]},
        ],
    )
    def test_arithmetic_and_the_rest_are_there(self, logic):
        assert conditions.problems(logic) == []
        assert conditions.holds(logic, {"csat": {"score": 4}})


class TestUnknownFacts:
    """A condition on a fact that does not exist is never met, and nobody is told (horilla-hr#852)."""

    @pytest.mark.parametrize(
        "logic",
        [
            {"<": [{"var": "csat.score"}, 3]},
            {"<": [{"var": ["csat.score", 5]}, 3]},
            {"in": ["vip", {"var": "session.tags"}]},
            {"==": [{"var": "session.custom_data.order.country"}, "DE"]},
            {">": [{"var": "csat.comment.length"}, 100]},
            {"==": [{"var": "session.tags.0"}, "vip"]},
            {"missing": ["csat.score", "csat.comment"]},
        ],
    )
    def test_known_ones(self, logic):
        assert conditions.unknown_facts(logic, KNOWN) == []

    @pytest.mark.parametrize(
        ("logic", "words"),
        [
            ({"<": [{"var": "csat.scor"}, 3]}, "Did you mean “csat.score”?"),
            ({"<": [{"var": "rating.score"}, 3]}, "Did you mean “csat.score”?"),
            ({"and": [True, {"!": [{"var": ["csat.mood"]}]}]}, "“csat.mood”"),
            ({"missing": ["csat.scor"]}, "“csat.scor”"),
            ({"<": [{"var": {"if": [True, "csat.score"]}}, 3]}, "“var”"),
            ({"<": [{"var": ""}, 3]}, "“”"),
            ({"!!": [{"var": "csat"}]}, "“csat”"),
            ({"==": [{"var": "csat.score.value"}, 3]}, "“csat.score.value”"),
        ],
    )
    def test_unknown_ones_are_named(self, logic, words):
        [sentence] = conditions.unknown_facts(logic, KNOWN)
        assert words in sentence
