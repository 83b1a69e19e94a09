"""Any other tool: what its JSON means is written in a mapping, how it signs too."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
import time_machine
from hypothesis import given

from csat.connectors import registry
from csat.connectors.base import Rating
from csat.connectors.changes import Change, ChangeType, Customer, Person
from csat.connectors.errors import BadSignature, CannotRead
from csat.connectors.mapping import reader
from csat.connectors.systems.generic import Generic
from csat.lib.outcomes import Never, Retry
from tests.connectors.fakes import FakeApi, Settings, payload, raw
from tests.connectors.mangling import mangled

GENERIC = Generic()
NOW = datetime(2026, 11, 29, 8, tzinfo=UTC)
LIBREDESK = payload("generic-mapping")
CONFIG = Settings(mapping=LIBREDESK)
ROWS = {"rows": [{"to": "external_id", "path": "id"}, {"to": "status", "path": "status"}]}
NOTES = "https://desk.example.com/api/v1/conversations/42/notes"
BODY: dict[str, Any] = {
    "event": "conversation.status_changed",
    "timestamp": "2026-11-20T11:01:40Z",
    "payload": {
        "conversation": {
            "uuid": "0b1c",
            "status": "Resolved",
            "inbox_channel": "email",
            "contact": {"email": "Ana.Example@example.com", "first_name": "Ana", "last_name": "Example"},
            "assigned_user": {"email": "sam.agent@example.com"},
            "tags": [{"name": "billing"}],
        }
    },
}
RATING = Rating(
    external_id="42",
    score=4,
    label="Good",
    comment='quick "and" friendly',
    at=datetime(2026, 11, 20, 12, 30, tzinfo=UTC),
    url="https://csat.example.com/inbox/7",
)


def read(
    body: Any, given_mapping: Any = ROWS, headers: dict[str, str] | None = None, **more: Any
) -> list[Change]:
    with time_machine.travel(NOW, tick=False):
        return GENERIC.read(Settings(mapping=given_mapping, **more), headers or {}, body, None)


def test_it_stands_last_in_the_gallery():
    assert registry.all()[-1].kind == "generic"
    assert len(GENERIC.steps) == 5


def test_the_example_is_read_in_full():
    assert read(BODY, LIBREDESK) == [
        Change(
            external_id="0b1c",
            at=datetime(2026, 11, 20, 11, 1, 40, tzinfo=UTC),
            status="closed_resolved",
            channel="email",
            source_channel="email",
            customer=Customer("ana.example@example.com", "", "Ana Example"),
            assignee=Person(email="sam.agent@example.com"),
            tags=("billing",),
        )
    ]


def test_the_example_verifies_by_its_own_settings():
    signed = "sha256=179bf20a8b9040a32368814a68b0dc270823b5968498e0a73796c4202708ed8d"
    GENERIC.verify(
        CONFIG, {"x-signature-256": signed}, b'{"a":1}', "https://csat.example.com/connect/generic/x"
    )
    for headers in ({}, {"x-signature-256": signed[:-1]}, {"x-csat-token": "test-secret"}):
        with pytest.raises(BadSignature):
            GENERIC.verify(CONFIG, headers, b'{"a":1}', "")


def test_the_first_body_is_verified_before_there_are_any_rows():
    config = Settings(mapping={})
    GENERIC.verify(config, {"x-csat-token": "test-secret"}, b"{}", "")
    for token in ("", "test-secre", "TEST-SECRET", "ü", "\udcff"):
        with pytest.raises(BadSignature):
            GENERIC.verify(config, {"x-csat-token": token}, b"{}", "")


def test_a_secret_during_a_rotation_is_either_of_two():
    config = Settings(mapping={}, inbound_secrets=("new", "old"))
    for token in ("new", "old"):
        GENERIC.verify(config, {"x-csat-token": token}, b"{}", "")


def test_settings_of_the_signature_that_cannot_be_used_let_nobody_in():
    config = Settings(mapping=ROWS | {"auth": {"kind": "nonsense"}})
    with pytest.raises(BadSignature):
        GENERIC.verify(config, {"x-csat-token": "test-secret"}, b"{}", "")


def test_a_tool_that_cannot_say_what_happened_has_an_address_for_each_event():
    (change,) = read({"id": 42, "status": "whatever"}, headers={"x-csat-event": "closed"})
    assert (change.status, change.type) == ("closed_resolved", ChangeType.STATUS)
    (change,) = read({"id": 42}, headers={"x-csat-event": "deleted"})
    assert change.type == ChangeType.DELETED
    assert "x-csat-event" in GENERIC.headers_kept


def test_the_event_is_named_by_the_address_or_by_the_body():
    assert GENERIC.event_name({"x-csat-event": "closed"}, {"event": "x"}) == "closed"
    assert GENERIC.event_name({}, {"event": "x"}) == "x"
    assert GENERIC.event_name({}, {"type": "y"}) == "y"
    assert GENERIC.event_name({}, [1]) == ""


def test_a_hundred_bodies_with_a_bad_one_are_ninety_nine_changes_and_one_that_says_why():
    bodies: list[Any] = [{"id": number, "status": "open"} for number in range(100)]
    bodies[7] = {"status": "open"}
    changes = read(bodies)
    assert [change.not_used for change in changes].count("nothing found for external_id") == 1
    assert len({change.external_id for change in changes}) == 100


def test_what_is_no_object_in_a_list_is_left_out():
    assert [change.external_id for change in read([None, 5, {"id": 1}, "x"])] == ["1"]


@pytest.mark.parametrize("body", [None, 5, "text", True])
def test_a_body_of_another_shape_cannot_be_read(body):
    with pytest.raises(CannotRead):
        read(body)


@pytest.mark.parametrize("wrong", [{}, {"rows": "x"}, {"rows": [{"to": "subject"}]}, [], [5]])
def test_without_a_usable_mapping_it_says_what_is_wrong_with_it(wrong):
    with pytest.raises(CannotRead, match="mapping cannot be used"):
        read(BODY, wrong)


def test_rows_alone_are_a_mapping():
    assert [change.external_id for change in read({"id": 42}, ROWS["rows"])] == ["42"]


def test_an_unknown_event_is_visible_and_not_used():
    assert (
        read(BODY | {"event": "conversation.rated"}, LIBREDESK)[0].not_used
        == "unknown event conversation.rated"
    )


def test_what_our_own_user_did_is_ours():
    rows = {"rows": [*ROWS["rows"], {"to": "actor.id", "path": "by"}]}
    assert read({"id": 42, "by": 9}, rows, own_user="9")[0].ours


def test_a_body_that_a_template_broke_is_mended():
    broken = (
        b'{\n "subject": "Say "hi"\nto C:\\share", \n "tags": "a",\n'
        b' "who": {\n "name": "A "B" C"\n },\n "id": "42"\n}'
    )
    assert GENERIC.parse({}, broken) == {
        "subject": 'Say "hi"\nto C:\\share', "tags": "a", "who": {"name": 'A "B" C'}, "id": "42",
    }  # fmt: skip
    assert GENERIC.parse({}, '{"a":"ü\\/\\n"}'.encode()) == {"a": "ü/\n"}


@pytest.mark.parametrize("body", [b"", b"nonsense", b"{", b'{"a": }', b"\xff", b"[" * 100_000])
def test_what_is_no_json_even_so_cannot_be_read(body):
    with pytest.raises(CannotRead):
        GENERIC.parse({}, body)


def test_tokens_and_signed_addresses_are_removed_before_anything_is_stored():
    signed = "https://files.example.com/a.pdf?X-Amz-Signature=abc&X-Amz-Expires=60"
    body = {
        "token": "t",
        "a": [{"Api": 1, "api_key": "k", "file": signed}],
        "url": "https://x.example.com/?page=2",
    }
    assert GENERIC.redact(body) == {
        "token": "[removed]",
        "a": [{"Api": 1, "api_key": "[removed]", "file": "https://files.example.com/a.pdf"}],
        "url": "https://x.example.com/?page=2",
    }


def test_the_score_is_written_by_the_template():
    api = FakeApi({f"POST {NOTES}": {"id": 7}})
    assert GENERIC.write_back(CONFIG, api, RATING) == "7"
    assert api.sent("POST", NOTES) == {"content": 'CSAT 4/5 Good: quick "and" friendly'}
    assert GENERIC.auth(CONFIG) == {"Authorization": "Bearer token"}


def test_a_second_note_is_written_only_for_a_score_that_changed_side():
    api = FakeApi({f"POST {NOTES}": {"id": 8}})
    assert GENERIC.write_back(CONFIG, api, replace(RATING, note_id="7")) == "7"
    assert api.calls == []
    assert GENERIC.write_back(CONFIG, api, replace(RATING, note_id="7", changed_side=True)) == "8"


def test_a_tool_that_tells_no_id_of_the_note_gets_no_second_one_either():
    api = FakeApi({f"POST {NOTES}": None})
    note = GENERIC.write_back(CONFIG, api, RATING)
    assert note
    assert GENERIC.write_back(CONFIG, api, replace(RATING, note_id=note)) == note
    assert len(api.calls) == 1


def test_a_field_is_written_with_every_score():
    call = {"method": "PATCH", "url": "/t/{external_id}", "body": {"score": "{score}"}}
    api = FakeApi({"PATCH /t/42": {}})
    config = Settings(mapping=ROWS | {"write_back": call})
    note = GENERIC.write_back(config, api, RATING)
    GENERIC.write_back(config, api, replace(RATING, score=5, note_id=note))
    assert [body for _verb, _path, body in api.calls] == [{"score": 4}, {"score": 5}]


def test_a_rating_that_was_withdrawn_blanks_our_note_where_a_template_says_how():
    call = {"method": "PUT", "url": "/notes/{note_id}", "body": {"content": "(removed)"}}
    config = Settings(mapping=LIBREDESK | {"withdraw": call})
    api = FakeApi({"PUT /notes/7": {}})
    assert GENERIC.write_back(config, api, replace(RATING, note_id="7", withdrawn=True)) == "7"
    assert api.sent("PUT", "/notes/7") == {"content": "(removed)"}


def test_else_a_withdrawn_rating_writes_nothing_and_so_does_one_that_is_off_or_has_no_template():
    api = FakeApi()
    assert GENERIC.write_back(CONFIG, api, replace(RATING, note_id="7", withdrawn=True)) == "7"
    assert GENERIC.write_back(CONFIG, api, replace(RATING, note=False)) == ""
    assert GENERIC.write_back(Settings(mapping=ROWS), api, RATING) == ""
    assert api.calls == []


def test_a_template_of_another_host_is_never_called():
    config = Settings(mapping=LIBREDESK, base_url="https://other.example.com")
    api = FakeApi()
    with pytest.raises(CannotRead, match="another host"):
        GENERIC.write_back(config, api, RATING)
    assert api.calls == []


@pytest.mark.parametrize(
    "outcome",
    [Retry("429", code="429", after=30), Never("401", code="401", account=True), Never("404", code="404")],
)
def test_what_their_api_answers_is_told(outcome):
    with pytest.raises(type(outcome)) as raised:
        GENERIC.write_back(CONFIG, FakeApi({f"POST {NOTES}": outcome}), RATING)
    assert raised.value is outcome


def test_a_call_is_signed_in_by_the_template_or_by_a_bearer_token():
    assert GENERIC.auth(Settings(mapping=ROWS)) == {"Authorization": "Bearer token"}
    assert GENERIC.auth(Settings(mapping=ROWS, token="")) == {}
    assert GENERIC.auth(Settings(mapping={})) == {}


def test_a_preview_of_the_screen_is_what_is_read():
    change, _results = reader.preview({name: LIBREDESK[name] for name in LIBREDESK if name != "name"}, BODY)
    assert [change] == read(BODY, LIBREDESK)


@given(mangled(BODY))
def test_no_body_makes_it_raise_but_for_one_of_another_shape(body):
    GENERIC.redact(body)
    GENERIC.event_name({}, body)
    GENERIC.duplicate_key({}, body, raw({}))
    try:
        changes = read(body, LIBREDESK)
    except CannotRead:
        assert not isinstance(body, dict | list)
    else:
        assert all(isinstance(change, Change) for change in changes)


@pytest.mark.timeout(5)
@pytest.mark.parametrize("part", ["https://", "https://a?", "https://a?sig", "a=&", '"a":"', '",', '" '])
def test_a_body_made_to_be_slow_is_not(part):
    GENERIC.redact({"x": "https://a?" + part * 50_000})
    with pytest.raises(CannotRead):
        GENERIC.parse({}, b'{"a":"' + part.encode() * 25_000)


class TestWhatIsTheSameEvent:
    """`dedupe` and the event's path of the connection's own mapping, known at the door."""

    MAPPING = {
        "event": {"path": "what"},
        "dedupe": ["what", "ticket.id"],
        "rows": [{"to": "external_id", "path": "ticket.id", "required": True}],
    }

    def identify(self, body, mapping=MAPPING, **headers):
        return GENERIC.identify(Settings(mapping=mapping), headers, body, raw(body))

    def test_its_name_and_its_key_are_where_the_mapping_says(self):
        name, key = self.identify({"what": "ticket.closed", "ticket": {"id": 7}, "try": 1})
        assert name == "ticket.closed"
        assert key == self.identify({"what": "ticket.closed", "ticket": {"id": 7}, "try": 2})[1] != ""
        assert key != self.identify({"what": "ticket.closed", "ticket": {"id": 8}})[1]

    def test_before_there_is_a_mapping_that_can_be_used_the_body_decides(self):
        body = {"event": "closed", "ticket": {"id": 7}}
        assert self.identify(body, mapping={}) == ("closed", "")
        assert self.identify(body, mapping={"rows": "none"}) == ("closed", "")
