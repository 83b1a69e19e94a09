"""Paths into other people's JSON: what they find, and what is no path."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from csat.connectors.mapping import json_paths
from csat.lib.refusal import Invalid
from tests.connectors.mangling import mangled

BODY: dict[str, Any] = {
    "event": "closed",
    "ticket": {"tags": [{"name": "vip"}, {"name": "billing"}, {}], "odd key": {"a.b": 1}, "none": None},
    "list": [[1, 2], [3]],
}


def found(path: str) -> list[Any]:
    return json_paths.find(BODY, json_paths.parse(path))


@pytest.mark.parametrize(
    ("path", "values"),
    [
        ("event", ["closed"]),
        ("ticket.tags[1].name", ["billing"]),
        ("ticket.tags[*].name", ["vip", "billing"]),
        ("list[*][*]", [1, 2, 3]),
        ("ticket['odd key']['a.b']", [1]),
        ("ticket.odd key['a.b']", [1]),
        ("ticket.none", [None]),
        ("['event']", ["closed"]),
    ],
)
def test_a_path_finds_what_stands_there(path, values):
    assert found(path) == values


@pytest.mark.parametrize(
    "path", ["nowhere", "event.more", "event[0]", "list.a", "ticket[*]", "ticket.tags[9]", "ticket[0]", "[0]"]
)
def test_a_path_that_leads_nowhere_finds_nothing(path):
    assert found(path) == []


@pytest.mark.parametrize(
    "path",
    [
        "",
        ".a",
        "a.",
        "a..b",
        "a[",
        "a[]",
        "a[-1]",
        "a[x]",
        "a['x'",
        "a['']",
        "a[?(@.x)]",
        "a[0:2]",
        "..a",
        "a[*",
        'a["b"]',
    ],
)
def test_what_is_no_path_is_refused_and_filters_and_code_are_none(path):
    with pytest.raises(Invalid, match="not a path"):
        json_paths.parse(path)


def test_a_path_leads_at_most_twenty_levels_deep():
    json_paths.parse(".".join("a" * 20))
    with pytest.raises(Invalid, match="20 levels"):
        json_paths.parse(".".join("a" * 21))


def test_at_most_a_hundred_values_are_found_however_many_there_are():
    body = {"a": [{"b": list(range(1000))} for _ in range(1000)]}
    assert len(json_paths.find(body, json_paths.parse("a[*].b[*]"))) == 100


@given(
    mangled(BODY),
    st.sampled_from(["event", "ticket.tags[*].name", "list[*][*]", "list[0][1]", "[*]", "['x'].y"]),
)
def test_no_body_makes_a_path_raise(body, path):
    json_paths.find(body, json_paths.parse(path))


@given(st.text(max_size=60))
def test_a_text_is_a_path_or_refused_and_nothing_else(text):
    try:
        json_paths.find({"a": [1]}, json_paths.parse(text))
    except Invalid:
        pass
