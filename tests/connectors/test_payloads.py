"""Reading other people's JSON: whatever is missing, null or odd is empty and raises nothing."""

import json
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from csat.connectors.errors import CannotRead
from csat.connectors.payloads import (
    dig,
    hidden,
    items,
    moment,
    objects,
    parse_form,
    parse_json,
    parse_pasted,
    plain,
    text,
    unsigned,
)
from tests.connectors.mangling import ODD

BODY = {"a": {"b": [{"c": " x "}, {"c": 7}, None]}, "n": 4, "f": 1.5, "t": True, "none": None}
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


def test_json_is_parsed():
    assert parse_json(b'{"a": [1, null]}') == {"a": [1, None]}
    assert parse_json('{"a": "ü \\/"}'.encode()) == {"a": "ü /"}


@pytest.mark.parametrize(
    "raw", [b"", b"{", b"a=1", b"\xff\xfe\x00", b"[" * 100_000, b"1" * 10_000, b'{"a": 1} x']
)
def test_what_is_no_json_says_so_in_a_few_words(raw):
    with pytest.raises(CannotRead, match="not JSON") as raised:
        parse_json(raw)
    assert len(str(raised.value)) <= 200


@given(st.binary(max_size=200))
def test_any_bytes_are_json_or_cannot_be_read(raw):
    for parse in (parse_json, parse_pasted):
        try:
            parse(raw)
        except CannotRead:
            pass
    parse_form(raw)


def test_a_text_pasted_into_json_as_it_is_is_read_all_the_same():
    raw = b'{"id": 7, "subject": "He said "no", and\nleft", "path": "C:\\temp", "end": "x"}'
    assert parse_pasted(raw) == {
        "id": 7,
        "subject": 'He said "no", and\nleft',
        "path": "C:\temp",  # what looks escaped is taken as escaped
        "end": "x",
    }
    with pytest.raises(CannotRead):
        parse_pasted(b"<xml>")


def test_a_form_is_a_flat_object_and_the_last_of_a_repeated_field_counts():
    assert parse_form(b"a=1&b=&a=%C3%BC&c") == {"a": "ü", "b": "", "c": ""}


def test_a_path_leads_through_objects_and_lists():
    assert dig(BODY, "a", "b", 1, "c") == 7
    assert dig(BODY, "a", "b", -1) is None
    assert dig(BODY) is BODY


@pytest.mark.parametrize(
    "path",
    [("x",), ("a", "x"), ("a", 0), ("a", "b", 3), ("a", "b", -4), ("a", "b", "c"), ("n", "x"), ("none", "x")],
)
def test_a_path_that_leads_nowhere_is_none(path):
    assert dig(BODY, *path) is None


def test_texts_are_stripped_and_numbers_are_texts():
    assert text(BODY, "a", "b", 0, "c") == "x"
    assert (text(BODY, "n"), text(BODY, "f")) == ("4", "1.5")
    assert [text(BODY, key) for key in ("t", "none", "a", "missing")] == ["", "", "", ""]


def test_lists_are_lists_and_their_objects_objects():
    assert len(items(BODY, "a", "b")) == 3
    assert objects(BODY, "a", "b") == [{"c": " x "}, {"c": 7}]
    assert items(BODY, "a") == items(BODY, "n") == objects(BODY, "none") == []


AT = datetime(2026, 11, 20, 11, 1, 40, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "at"),
    [
        ("2026-11-20T11:01:40Z", AT),
        ("2026-11-20T11:01:40.000Z", AT),
        ("2026-11-20T12:01:40+01:00", AT),
        ("2026-11-20T11:01:40", AT),
        ("2026-11-20 11:01:40 UTC", AT),
        ("2026-11-20", AT.replace(hour=0, minute=0, second=0)),
        (" 2026-11-20T11:01:40Z ", AT),
        (1795172500, AT),
        (1795172500.0, AT),
        (1795172500000, AT),
        ("1795172500", AT),
        ("1795172500.5", AT + timedelta(seconds=0.5)),
    ],
)
def test_a_moment_is_read_in_each_way_they_write_it(value, at):
    found = moment({"at": value}, "at")
    assert found == at
    assert found.tzinfo is not None


def test_a_moment_keeps_its_zone():
    found = moment("2026-11-20T12:01:40+01:00")
    assert found is not None
    assert found.utcoffset() == timezone(timedelta(hours=1)).utcoffset(None)


@pytest.mark.parametrize(
    "value",
    [None, "", "now", True, False, 0, -1, "0", "-5", [], {}, float("nan"), float("inf"), -float("inf"),
     10**30, 10**400, "9" * 400, "2026-13-45T99:99:99Z", "11/20/2026", "²", "2026-11-20T11:01:40+99:99",
     "0001-01-01T00:00:00Z", "9999-12-31T23:59:59"],
)  # fmt: skip
def test_what_is_no_moment_is_none(value):
    assert moment(value) is None


@given(JSON)
def test_no_value_makes_any_of_them_raise(value):
    for path in ((), (0,), ("a",), (0, "a")):
        found = moment(value, *path)
        assert found is None or found.tzinfo
        text(value, *path), items(value, *path), objects(value, *path), dig(value, *path)
    unsigned(value)
    hidden(value, frozenset({"a"}))


@pytest.mark.parametrize("value", ODD)
def test_odd_values_are_empty_or_what_they_are(value):
    moment(value), text(value), items(value), objects(value)


def test_html_becomes_text_with_a_line_for_each_paragraph():
    assert plain("<p>One &amp; two</p><p>three<br/>four</p>") == "One & two\nthree\nfour"
    assert plain("no tags") == "no tags"


@given(st.text(alphabet="<>[]!-/=&;ab\"' \n", max_size=60))
def test_broken_html_raises_nothing(found):
    plain(found)


def test_secrets_in_addresses_are_removed():
    assert unsigned("https://x/f?id=3&token=abc&b=1") == "https://x/f?id=3&token=removed&b=1"
    assert unsigned("see https://x/f?signature=abc.") == "see https://x/f?signature=removed"
    assert unsigned(None) is None


def test_values_under_secret_names_are_removed_at_any_depth_and_the_body_itself_stays():
    body = {
        "token": "abc",
        "a": [{"token": "def", "b": 1}],
        "deep": {"token": {"x": 1}},
        "empty": {"token": ""},
    }
    before = json.dumps(body)
    assert hidden(body, frozenset({"token"})) == {
        "token": "[removed]",
        "a": [{"token": "[removed]", "b": 1}],
        "deep": {"token": "[removed]"},
        "empty": {"token": ""},
    }
    assert json.dumps(body) == before


def test_what_is_nested_without_end_is_cut():
    body: object = "end"
    for _level in range(900):
        body = [body]
    assert "[removed]" in json.dumps(hidden(body, frozenset()))
