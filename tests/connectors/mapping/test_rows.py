"""Mappings as people write them: what is taken, and how a mistake is named."""

from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given

from csat.connectors.mapping import rows
from csat.connectors.mapping.rows import Row
from csat.lib.refusal import Invalid
from tests.connectors.fakes import payload
from tests.connectors.mangling import mangled

LIBREDESK = payload("generic-mapping")
LIBREDESK.pop("name")
ID = {"to": "external_id", "path": "id"}


def mistakes(mapping: object) -> dict[str, list[str]]:
    try:
        rows.parse(mapping, "https://desk.example.com")
    except Invalid as refused:
        return refused.fields
    return {}


def row(**changes: Any) -> dict[str, list[str]]:
    return mistakes({"rows": [ID, {"to": "subject", "path": "a"} | changes]})


def test_the_example_is_taken_apart():
    mapping = rows.parse(LIBREDESK)
    assert mapping.rows[0] == Row("external_id", (("payload", "conversation", "uuid"),), required=True)
    assert mapping.rows[4].paths[1] == ("payload", "conversation", "contact", "last_name")
    assert mapping.event.values["message.created"] == "message"
    assert mapping.dedupe == (("event",), ("payload", "conversation", "uuid"), ("timestamp",))
    assert mapping.auth.header == "X-Signature-256"
    assert mapping.write_back
    assert mapping.write_back.method == "POST"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"to": "nothing"}, "rows.1.to"),
        ({"to": None}, "rows.1.to"),
        ({"to": ["subject"]}, "rows.1.to"),
        ({"to": "external_id"}, "rows.1.to"),
        ({"path": ""}, "rows.1.path"),
        ({"path": "a..b"}, "rows.1.path"),
        ({"path": 5}, "rows.1.path"),
        ({"path": None}, "rows.1.path"),
        ({"paths": ["b"]}, "rows.1.path"),
        ({"map": []}, "rows.1.map"),
        ({"map": {"a": 5}}, "rows.1.map"),
        ({"transform": "eval"}, "rows.1.transform"),
        ({"transform": 5}, "rows.1.transform"),
        ({"transform": "iso8601"}, "rows.1.transform"),
        ({"transform": "split_comma"}, "rows.1.transform"),
        ({"to": "occurred_at", "transform": "lower"}, "rows.1.transform"),
        ({"default": 5}, "rows.1.default"),
        ({"required": "yes"}, "rows.1.required"),
        ({"filter": "x"}, "rows.1.filter"),
    ],
)
def test_a_mistake_is_named_by_its_row_and_field(changes, field):
    assert list(row(**changes)) == [field]


@pytest.mark.parametrize(
    ("mapping", "field"),
    [
        (None, "mapping"),
        ([], "mapping"),
        ({}, "rows"),
        ({"rows": {}}, "rows"),
        ({"rows": []}, "rows"),
        ({"rows": [{"to": "subject", "path": "a"}]}, "rows"),
        ({"rows": [ID] * 61}, "rows"),
        ({"rows": [ID, "x"]}, "rows.1"),
        ({"rows": [ID], "event": []}, "event"),
        ({"rows": [ID], "event": {"path": "["}}, "event.path"),
        ({"rows": [ID], "event": {"values": {"a": "nonsense"}}}, "event.values"),
        ({"rows": [ID], "event": {"values": {"a": None}}}, "event.values"),
        ({"rows": [ID], "event": {"statuses": 5}}, "event.statuses"),
        ({"rows": [ID], "event": {"else": 5}}, "event.else"),
        ({"rows": [ID], "dedupe": ["a", "b["]}, "dedupe"),
        ({"rows": [ID], "url": "javascript:alert(1)"}, "url"),
        ({"rows": [ID], "url": 5}, "url"),
        ({"rows": [ID], "auth": {"kind": "x"}}, "auth.kind"),
        ({"rows": [ID], "write_back": {"url": "https://evil.example.com/"}}, "write_back.url"),
        ({"rows": [ID], "withdraw": {"url": "/x", "method": "GET"}}, "withdraw.method"),
    ],
)
def test_a_mistake_outside_of_the_rows_is_named_too(mapping, field):
    assert field in mistakes(mapping)


def test_all_mistakes_are_told_at_once():
    told = mistakes({"rows": [{"to": "x", "path": "["}, {"to": "y", "map": 5}], "url": "x"})
    assert {
        "rows.0.to",
        "rows.0.path",
        "rows.1.to",
        "rows.1.path",
        "rows.1.map",
        "rows",
        "url",
    } <= told.keys()


def test_a_row_may_be_nothing_but_a_default():
    mapping = rows.parse({"rows": [ID, {"to": "channel", "default": "web"}]})
    assert mapping.rows[1] == Row("channel", (), default="web")


@given(mangled(LIBREDESK))
def test_whatever_stands_in_a_mapping_it_is_taken_or_refused(mapping):
    mistakes(deepcopy(mapping))
