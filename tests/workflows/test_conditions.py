import pytest

from csat.workflows import conditions

SCORE = {"var": "csat.score"}


@pytest.mark.parametrize("operator", ["<", "<=", ">", ">="])
@pytest.mark.parametrize("facts", [{}, {"csat": {}}, {"csat": {"score": None}}, {"csat": {"score": "often"}}])
def test_a_comparison_with_nothing_is_false(operator, facts):
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


def test_a_tag_is_found_in_the_tags_and_nothing_is_in_nothing():
    assert conditions.holds({"in": ["vip", {"var": "session.tags"}]}, {"session": {"tags": ["vip"]}})
    assert not conditions.holds({"in": ["vip", {"var": "session.tags"}]}, {})


def test_a_word_is_found_in_a_comment_whatever_its_case():
    assert conditions.holds({"in": ["refund", {"var": "csat.comment"}]}, {"csat": {"comment": "Where is my REFUND?"}})


def test_things_of_different_kinds_are_not_equal_and_nothing_breaks():
    assert not conditions.holds({"==": [{"var": "contact.custom_data"}, 5]}, {"contact": {"custom_data": {"a": 1}}})
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
