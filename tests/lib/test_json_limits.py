"""How deep and how large JSON from outside may be."""

import pytest

from csat.lib.json_limits import MAX_DEPTH, clean_object, merge, refuse_excess
from csat.lib.refusal import Invalid


def test_what_is_within_the_bounds_is_cleaned() -> None:
    assert clean_object({"a\x00": [1, None, {"b": "c\x00"}]}) == {"a": [1, None, {"b": "c"}]}


@pytest.mark.parametrize("value", [None, "text", 5, [{}]])
def test_anything_but_an_object_is_refused(value: object) -> None:
    with pytest.raises(Invalid):
        clean_object(value)


@pytest.mark.parametrize("depth", [MAX_DEPTH + 1, 900, 100_000])
def test_no_depth_of_input_is_a_depth_of_ours(depth: int) -> None:
    """owasp-modsecurity/ModSecurity#2647 (CVE-2021-42717)"""
    value: object = 1
    for level in range(depth):
        value = [value] if level % 2 else {"in": value}
    with pytest.raises(Invalid, match="nested too deeply"):
        clean_object({"in": value})


def test_twenty_levels_and_64_kb_are_fine() -> None:
    refuse_excess({"in": {"in": ["x" * 65_000]}})
    value: object = 1
    for _level in range(MAX_DEPTH):
        value = {"in": value}
    refuse_excess(value)


def test_a_null_takes_its_name_away_and_other_names_stay() -> None:
    assert merge({"a": 1, "b": 2}, {"b": None, "c": 3, "d": None}) == {"a": 1, "c": 3}
    assert merge({"a": None}, {}) == {"a": None}


def test_many_small_ones_do_not_become_a_large_one() -> None:
    old = {"a": "x" * 40_000}
    with pytest.raises(Invalid) as refused:
        merge(old, {"b": "x" * 40_000})
    assert list(refused.value.fields) == ["custom_data"]


def test_what_was_larger_before_there_were_bounds_keeps_nobody_from_other_changes() -> None:
    large = {"a": "x" * 70_000}
    assert merge(large, {}) == large
