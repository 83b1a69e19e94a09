"""From bodies of any shape to changes, by rows."""

from datetime import UTC, datetime
from typing import Any

import pytest
import time_machine
from hypothesis import given

from csat.connectors.changes import Change, ChangeType, ClosedBy, Customer, Person, SaidThere
from csat.connectors.mapping import reader
from csat.connectors.mapping.rows import parse
from csat.lib.refusal import Invalid
from tests.connectors.fakes import payload
from tests.connectors.mangling import mangled

NOW = datetime(2026, 11, 29, 8, tzinfo=UTC)
LIBREDESK = {name: value for name, value in payload("generic-mapping").items() if name != "name"}
BODY: dict[str, Any] = {
    "event": "conversation.status_changed",
    "timestamp": "2026-11-20T11:01:40Z",
    "payload": {
        "conversation": {
            "uuid": "0b1c",
            "status": "Resolved",
            "inbox_channel": "livechat",
            "contact": {"email": "Ana.Example@Example.com", "first_name": "Ana", "last_name": "Example"},
            "assigned_user": {"email": "sam.agent@example.com"},
            "tags": [{"name": "billing"}, {"name": "vip"}, {"name": "billing"}],
        }
    },
}
CHANGE = Change(
    external_id="0b1c",
    at=datetime(2026, 11, 20, 11, 1, 40, tzinfo=UTC),
    status="closed_resolved",
    channel="web",
    source_channel="livechat",
    customer=Customer("ana.example@example.com", "", "Ana Example"),
    assignee=Person(email="sam.agent@example.com"),
    tags=("billing", "vip"),
)
ROW = {"to": "external_id", "path": "id"}


@pytest.fixture(autouse=True)
def now():
    with time_machine.travel(NOW, tick=False):
        yield


def read(body: Any, *rows: dict[str, Any], event: str = "", **more: Any) -> Change:
    given_mapping = {"rows": [ROW, *rows]} | more.pop("mapping", {})
    return reader.read(parse(given_mapping), body, event=event, **more)


def test_the_example_of_libredesk_is_read_in_full():
    assert reader.read(parse(LIBREDESK), BODY) == CHANGE


def test_a_preview_shows_the_change_and_what_every_row_found():
    change, results = reader.preview(LIBREDESK, BODY)
    assert change == CHANGE
    told = {result.to: result for result in results}
    assert told["status"].found == ("Resolved",)
    assert told["status"].value == "closed_resolved"
    assert told["contact.name"].found == ("Ana", "Example")
    assert told["contact.name"].value == "Ana Example"
    assert told["occurred_at"].value == CHANGE.at
    assert not any(result.problem for result in results)


def test_a_preview_without_the_id_shows_which_row_found_nothing():
    change, results = reader.preview(LIBREDESK, {"event": "message.created"})
    assert change is None
    assert results[0].problem == "required, and nothing was found"


def test_a_preview_of_a_mapping_with_mistakes_names_them():
    with pytest.raises(Invalid) as refused:
        reader.preview({"rows": [ROW, {"to": "subject", "path": "["}]}, BODY)
    assert list(refused.value.fields) == ["rows.1.path"]


def test_a_body_without_the_conversation_is_not_used_and_says_so():
    change = read({"subject": "x"})
    assert change == Change("", NOW, not_used="nothing found for external_id")


def test_a_required_row_that_finds_nothing_makes_the_body_unused():
    change = read({"id": 7}, {"to": "contact.email", "path": "email", "required": True})
    assert change.not_used == "nothing found for contact.email"


def test_of_several_paths_the_first_that_holds_something_counts():
    rows = {"to": "language", "paths": ["a", "b", "c"], "transform": "language"}
    assert read({"id": 7, "a": "", "b": None, "c": "pt_BR"}, rows).language == "pt-BR"


def test_a_table_is_asked_exactly_then_in_any_case_then_by_its_star():
    rows = {"to": "status", "path": "s", "map": {"Done": "closed_resolved", "DONE": "x", "*": "open"}}
    assert [read({"id": 7, "s": word}, rows).status for word in ("Done", "DONE", "dOnE", "waiting")] == [
        "closed_resolved", "x", "x", "open",
    ]  # fmt: skip


def test_an_unknown_status_stays_their_own_word():
    rows = {"to": "status", "path": "s", "map": {"Done": "closed_resolved"}}
    assert read({"id": 7, "s": "Awaiting parts"}, rows).status == "Awaiting parts"


def test_a_yes_and_a_number_are_looked_up_as_text():
    rows = {"to": "status", "path": "s", "map": {"true": "closed", "5": "closed", "*": "open"}}
    assert [read({"id": 7, "s": word}, rows).status for word in (True, 5, 5.0, False)] == [
        "closed", "closed", "closed", "open",
    ]  # fmt: skip


def test_a_channel_that_is_none_of_ours_is_api_with_their_word_beside_it():
    change = read({"id": 7, "c": "telegram"}, {"to": "channel", "path": "c"})
    assert (change.channel, change.source_channel) == ("api", "telegram")


def test_a_channel_that_is_not_told_stays_open_or_takes_the_default():
    assert read({"id": 7}, {"to": "channel", "path": "c"}).channel == ""
    assert read({"id": 7}, {"to": "channel", "path": "c", "default": "email"}).channel == "email"


@pytest.mark.parametrize(
    ("event", "type_", "status"),
    [
        ("created", ChangeType.CREATED, "new"),
        ("message", ChangeType.MESSAGE, "new"),
        ("assigned", ChangeType.ASSIGNED, "new"),
        ("status", ChangeType.STATUS, "new"),
        ("resolved", ChangeType.STATUS, "closed_resolved"),
        ("closed", ChangeType.STATUS, "closed_resolved"),
        ("reopened", ChangeType.STATUS, "open"),
        ("merged", ChangeType.MERGED, "new"),
        ("deleted", ChangeType.DELETED, "new"),
    ],
)
def test_the_event_of_the_address_says_what_a_body_without_one_means(event, type_, status):
    change = read({"id": 7, "s": "new"}, {"to": "status", "path": "s"}, event=event)
    assert (change.type, change.status, change.not_used) == (type_, status, "")


def test_an_unknown_event_is_not_used_and_is_named():
    change = read(
        {"id": 7, "e": "ticket.rated"}, mapping={"event": {"path": "e", "values": {"closed": "resolved"}}}
    )
    assert change.not_used == "unknown event ticket.rated"
    assert change.external_id == "7"


def test_an_event_that_means_nothing_to_us_is_not_used():
    change = read({"id": 7, "e": "rated"}, mapping={"event": {"path": "e", "values": {"rated": "ignored"}}})
    assert change.not_used == "event rated"


def test_the_event_may_tell_a_status_of_its_own():
    event = {"path": "e", "values": {"x": "resolved"}, "statuses": {"resolved": "Resolved"}}
    assert read({"id": 7, "e": "x"}, mapping={"event": event}).status == "Resolved"


def test_our_own_user_is_recognised_by_id_and_by_email():
    rows = [{"to": "actor.id", "path": "by"}, {"to": "actor.email", "path": "mail"}]
    assert read({"id": 7, "by": 9}, *rows, own_user="9").ours
    assert read({"id": 7, "mail": "CSAT@example.com"}, *rows, own_user="csat@example.com").ours
    assert not read({"id": 7, "by": 9}, *rows, own_user="").ours
    assert not read({"id": 7}, *rows, own_user="9").ours


MESSAGE = [
    {"to": "message.id", "path": "m.id"},
    {"to": "message.text", "path": "m.text", "transform": "strip_html"},
    {"to": "message.sender", "path": "m.by", "map": {"customer": "contact", "user": "agent"}},
    {"to": "message.at", "path": "m.at"},
    {"to": "message.private", "path": "m.private"},
    {"to": "actor.name", "path": "who"},
]


def test_a_message_is_read_with_its_author():
    body = {"id": 7, "who": "Sam", "m": {"id": 1, "text": "<b>Hi</b>", "by": "user", "at": 1795172500}}
    said = SaidThere("1", "agent", "Hi", datetime(2026, 11, 20, 11, 1, 40, tzinfo=UTC), Person(name="Sam"))
    assert read(body, *MESSAGE).messages == (said,)


@pytest.mark.parametrize(
    "changes",
    [{"private": True}, {"private": "1"}, {"by": "system"}, {"by": None}, {"text": ""}, {"text": "<p></p>"}],
)
def test_a_private_note_and_what_has_no_text_or_unknown_sender_is_no_message(changes):
    body = {"id": 7, "m": {"id": 1, "text": "Hi", "by": "customer"} | changes}
    assert read(body, *MESSAGE).messages == ()


def test_a_message_without_an_id_is_known_by_what_it_says():
    def number(text: str) -> str:
        return read({"id": 7, "m": {"text": text, "by": "customer"}}, *MESSAGE).messages[0].id

    assert number("Hi") == number("Hi") != number("Hello")


def test_who_closed_it_is_one_of_our_words_or_a_problem():
    rows = {"to": "closed_by", "path": "by", "map": {"rule": "automatic"}}
    assert read({"id": 7, "by": "rule"}, rows).closed_by == ClosedBy.AUTOMATIC
    assert read({"id": 7, "by": "somebody"}, rows).closed_by is None
    _change, results = reader.preview({"rows": [ROW, rows]}, {"id": 7, "by": "somebody"})
    assert "must be one of" in results[1].problem


def test_a_time_that_cannot_be_read_is_a_problem_and_the_time_of_arrival_counts():
    change, results = reader.preview(
        {"rows": [ROW, {"to": "occurred_at", "path": "t"}]}, {"id": 7, "t": "soon"}
    )
    assert change
    assert change.at == NOW
    assert results[1].problem == "what stands there could not be read"


def test_tags_that_are_not_told_differ_from_none_at_all():
    rows = {"to": "tags", "path": "tags", "transform": "split_comma"}
    assert read({"id": 7}, rows).tags is None
    assert read({"id": 7, "tags": ""}, rows).tags == ()
    assert read({"id": 7, "tags": "a, b"}, rows).tags == ("a", "b")


def test_the_address_for_staff_is_made_or_read_and_is_only_ever_a_web_address():
    template = {"url": "{base_url}/tickets/{external_id}"}
    assert read({"id": "a/b"}, mapping=template, base_url="https://x.example.com").url == (
        "https://x.example.com/tickets/a%2Fb"
    )
    assert read({"id": 7}, mapping=template).url == ""
    rows = {"to": "url", "path": "u"}
    assert read({"id": 7, "u": "https://y.example.com/7"}, rows).url == "https://y.example.com/7"
    assert read({"id": 7, "u": "javascript:alert(1)"}, rows).url == ""


def test_a_key_is_made_of_its_paths_and_only_when_all_of_them_hold_something():
    parsed = parse(LIBREDESK)
    later = BODY | {"timestamp": "2026-11-20T11:01:41Z"}
    assert reader.key(parsed, BODY) == reader.key(parsed, BODY | {"more": 1}) != reader.key(parsed, later)
    assert reader.key(parsed, {"event": "x"}) == ""
    assert reader.key(parse({"rows": [ROW]}), BODY) == ""


def test_what_is_right_is_valid_and_what_is_wrong_is_named():
    reader.validate(LIBREDESK, "https://desk.example.com")
    with pytest.raises(Invalid) as refused:
        reader.validate(LIBREDESK, "https://other.example.com")
    assert list(refused.value.fields) == ["write_back.url"]


@given(mangled(BODY))
def test_no_body_makes_the_reading_raise(body):
    change = reader.read(parse(LIBREDESK), body, base_url="https://x.example.com", own_user="9")
    assert isinstance(change, Change)
    reader.preview(LIBREDESK, body)
