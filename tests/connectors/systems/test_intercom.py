"""Intercom: any topic tells a conversation's state, contacts are looked up, notes and attributes go back."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings

from csat.connectors.base import Rating
from csat.connectors.changes import Change, ChangeType, ClosedBy, Customer, FoundBy, Person, SaidThere
from csat.connectors.errors import BadSignature, CannotRead
from csat.connectors.systems.intercom import Intercom
from csat.lib.outcomes import Never, Retry
from tests.connectors.fakes import FakeApi, Settings, payload, raw
from tests.connectors.mangling import mangled

SYSTEM = Intercom()
CONFIG = Settings(base_url="https://api.intercom.io", account="abc123ex", own_user="77")
BODY, SIGNATURE = b'{"a":1}', "sha1=d9a014d66df1a07cce236dab2de28e4880a5edca"
CLOSED, BY_BOT, PING = (
    payload("intercom-conversation.admin.closed"),
    payload("intercom-conversation.admin.closed-bot"),
    payload("intercom-ping"),
)
ITEM = CLOSED["data"]["item"]
ANA_ID = "6762f1261bb69f9f2193bba7"
ANA = Customer("ana.example@example.com", name="Ana Example", external_id=ANA_ID)
ANA_WRITES = Person(ANA_ID, "Ana Example", "ana.example@example.com", "customer")
SAM = Person("991267715", "Sam Agent", "sam.agent@example.com")
FIN = Person("991260000", "Fin", "operator+abc123ex@intercom.io", "ai")
BEGAN, ENDED = datetime.fromtimestamp(1795168800, UTC), datetime.fromtimestamp(1795172500, UTC)
ASKED = SaidThere("403918334", "contact", "My invoice is wrong", BEGAN, ANA_WRITES)
PATH, CONTACT = "/conversations/1295", f"/contacts/{ANA_ID}"
EXPECTED = Change(
    external_id="1295",
    at=ENDED,
    type=ChangeType.STATUS,
    status="closed",
    channel="web",
    source_channel="conversation",
    inbox="5017691",
    subject="Invoice is wrong",
    customer=ANA,
    assignee=SAM,
    tags=("billing",),
    messages=(ASKED,),
    actor=SAM,
    closed_by=ClosedBy.HUMAN,
    created_at=BEGAN,
    url="https://app.intercom.com/a/inbox/abc123ex/inbox/conversation/1295",
)
RATING = Rating(
    external_id="1295",
    score=4,
    label="Good",
    comment="quick & friendly",
    at=datetime(2026, 11, 20, 12, tzinfo=UTC),
    url="https://csat.example.com/inbox/7",
)
NOTE = '<p>CSAT 4/5 Good - "quick &amp; friendly"</p><p>https://csat.example.com/inbox/7</p>'


def verify(given_: str | None, body: bytes = BODY, secrets: tuple[str, ...] = ("test-secret",)) -> None:
    headers = {} if given_ is None else {"x-hub-signature": given_}
    SYSTEM.verify(Settings(inbound_secrets=secrets), headers, body, "https://csat.example.com/connect/x")


def read(body: Any, config: Settings = CONFIG, fetch: Any = None) -> Change:
    [change] = SYSTEM.read(config, {}, body, fetch)
    return change


def told(topic: str = "conversation.admin.closed", **item: Any) -> dict[str, Any]:
    """A notification about the conversation."""
    return CLOSED | {"topic": topic, "data": {"type": "notification_event_data", "item": ITEM | item}}


def part(author: str = "991267715", type_: str = "admin", **values: Any) -> dict[str, Any]:
    by = {"type": type_, "id": author, "name": "Sam Agent", "email": "sam.agent@example.com"}
    default = {"id": "9", "part_type": "comment", "body": "<p>Corrected.</p>", "created_at": 1795172600}
    return default | {"author": by} | values


def parts(*found: dict[str, Any]) -> dict[str, Any]:
    return {"conversation_parts": list(found)}


# signatures


@pytest.mark.parametrize("secrets", [("test-secret",), ("new", "test-secret"), ("test-secret", "old")])
def test_a_right_signature_is_accepted_also_while_secrets_are_changed(secrets):
    verify(SIGNATURE, secrets=secrets)


@pytest.mark.parametrize(
    "given_",
    [
        None,
        "",
        "sha1=",
        SIGNATURE[:-2],
        SIGNATURE[:-2] + "00",
        SIGNATURE.removeprefix("sha1="),
        SIGNATURE.replace("sha1=", "sha256="),
        "sha1=ünsinn",
        "\ud83d",
    ],
)
def test_a_wrong_missing_truncated_or_odd_signature_is_refused(given_):
    with pytest.raises(BadSignature):
        verify(given_)


def test_the_secret_of_another_app_is_refused():
    """Trap 21."""
    with pytest.raises(BadSignature):
        verify(SIGNATURE, secrets=("secret of B",))


@pytest.mark.parametrize("body", [b"", b'{"a": 1}', b'{"a":2}', b'{"a":"\\/"}', '{"a":"ü"}'.encode()])
def test_a_body_that_was_changed_written_anew_or_emptied_is_refused(body):
    with pytest.raises(BadSignature):
        verify(SIGNATURE, body)


def test_without_a_secret_the_address_alone_is_the_proof():
    verify(None, secrets=())


def test_their_ping_is_answered_and_nothing_else():
    assert SYSTEM.handshake(CONFIG, {}, raw(PING)) == "pong"
    assert SYSTEM.handshake(CONFIG, {}, raw(CLOSED)) is None
    assert SYSTEM.handshake(CONFIG, {}, b"nonsense") is None
    assert read(PING).not_used == "no conversation in it: ping"


# reading


def test_a_conversation_closed_by_an_admin_is_read_in_full():
    assert read(CLOSED) == EXPECTED


def test_a_conversation_closed_by_the_bot_on_a_guess_is_read_in_full():
    """Trap 8."""
    change = read(BY_BOT)
    assert change == replace(EXPECTED, assignee=None, actor=FIN, closed_by=ClosedBy.AUTOMATIC)


@pytest.mark.parametrize(
    ("resolution", "closed_by"),
    [
        ("confirmed_resolution", ClosedBy.AI),
        ("assumed_resolution", ClosedBy.AUTOMATIC),
        ("routed_to_team", ClosedBy.HANDED_OFF),
        ("something_new", ClosedBy.AI),
    ],
)
def test_intercom_says_how_its_agent_ended(resolution, closed_by):
    bot_closed = BY_BOT["data"]["item"]
    body = told(**(bot_closed | {"ai_agent": bot_closed["ai_agent"] | {"resolution_state": resolution}}))
    assert read(body).closed_by == closed_by


def test_a_person_who_closes_outweighs_what_the_bot_assumed_but_not_that_it_handed_off():
    assert read(told(ai_agent={"resolution_state": "assumed_resolution"})).closed_by == ClosedBy.HUMAN
    assert read(told(ai_agent={"resolution_state": "routed_to_team"})).closed_by == ClosedBy.HANDED_OFF


def test_a_workflow_closes_automatically_and_nobody_knows_who_closed_without_its_part():
    operator = part("1", "bot", part_type="close", body=None)
    assert read(told(conversation_parts=parts(operator))).closed_by == ClosedBy.AUTOMATIC
    assert read(told(conversation_parts=parts())).closed_by is None


@pytest.mark.parametrize(
    ("topic", "type_"),
    [
        ("conversation.user.created", ChangeType.CREATED),
        ("conversation.admin.single.created", ChangeType.CREATED),
        ("conversation.user.replied", ChangeType.MESSAGE),
        ("conversation.admin.replied", ChangeType.MESSAGE),
        ("conversation.admin.assigned", ChangeType.ASSIGNED),
        ("conversation.admin.noted", ChangeType.STATUS),
        ("conversation.admin.opened", ChangeType.STATUS),
        ("conversation_part.tag.created", ChangeType.STATUS),
        ("conversation.something.new", ChangeType.STATUS),
    ],
)
def test_any_topic_of_a_conversation_tells_its_state(topic, type_):
    """Trap 6: reply and close need not come as closed (PipedreamHQ#354)."""
    change = read(told(topic))
    assert (change.type, change.status) == (type_, "closed")


def test_a_customer_s_reply_opens_it_again():
    again = part(ANA_ID, "user", id="11", body="<p>It happened again</p>")
    change = read(
        told(
            "conversation.user.replied",
            state="open",
            open=True,
            updated_at=1795172600,
            conversation_parts=parts(again),
        )
    )
    assert (change.status, change.closed_by) == ("open", None)
    assert change.at == datetime.fromtimestamp(1795172600, UTC)
    assert [(said.sender, said.text) for said in change.messages] == [
        ("contact", "My invoice is wrong"),
        ("contact", "It happened again"),
    ]


def test_a_tag_on_a_conversation_closed_long_ago_does_not_look_like_closing_it():
    assert read(told("conversation_part.tag.created", updated_at=1799000000)).at == ENDED
    assert read(told(updated_at=1799000000, statistics=None)).at == datetime.fromtimestamp(1799000000, UTC)


def test_a_deleted_conversation_has_a_body_of_its_id_only():
    """Trap 7."""
    item = {"type": "conversation", "conversation_id": "456"}
    change = read(CLOSED | {"topic": "conversation.deleted", "data": {"item": item}})
    assert (change.external_id, change.type, change.status) == ("456", ChangeType.DELETED, "deleted")
    assert change.at == datetime.fromtimestamp(1795172501, UTC)
    assert "deleted" in SYSTEM.unresolved


@pytest.mark.parametrize("state", ["resolved", {"type": "ticket_state", "category": "resolved", "id": "3"}])
def test_a_resolved_ticket_is_resolved(state):
    item = {"type": "ticket", "id": "631", "ticket_state": state, "updated_at": 1795172500, "open": False}
    body = CLOSED | {"topic": "ticket.state.updated", "data": {"item": item}}
    assert read(body).status == "resolved"
    assert "resolved" in SYSTEM.resolved


def test_events_of_another_workspace_are_not_used():
    """The subscription belongs to the app."""
    change = read(CLOSED | {"app_id": "other"})
    assert (change.external_id, change.not_used) == ("1295", "of another workspace: other")
    assert read(CLOSED, replace(CONFIG, account="")).not_used == ""


def test_notes_and_the_words_of_an_assignment_are_no_messages():
    """Rule 7."""
    hidden = [part(part_type=kind) for kind in ("note", "assignment", "note_and_reopen", "something_new")]
    assert read(told(conversation_parts=parts(*hidden))).messages == (ASKED,)


def test_words_said_while_closing_are_a_message_and_a_bot_s_are_the_bot_s():
    closing = part(id="12", part_type="close")
    bot = part("991260000", "bot", id="13")
    said = read(told(conversation_parts=parts(closing, bot))).messages
    assert [(one.id, one.sender) for one in said] == [("403918334", "contact"), ("12", "agent"), ("13", "ai")]


def test_their_own_survey_is_noticed_as_soon_as_they_asked():
    """Trap 19."""
    asked = {"rating": None, "remark": None, "created_at": 1795172500}
    assert read(told(conversation_rating=asked)).their_survey
    assert read(told(ai_agent={"rating": 4})).their_survey
    rated = part(part_type="conversation_rating_changed", body="4")
    assert read(told(conversation_parts=parts(rated))).messages == (ASKED,)


def test_our_own_note_and_survey_come_back_and_are_dropped():
    """Trap 5."""
    for ours in (part("77", part_type="note", body=NOTE), part("77"), part("77", part_type="close")):
        assert read(told("conversation.admin.noted", conversation_parts=parts(ours))).ours
    tagged = told("conversation_part.tag.created", tags_added={"tags": [{"name": "csat_good"}]})
    assert read(tagged).ours


def test_what_the_same_teammate_does_to_the_state_counts():
    closing = part("77", part_type="close", body=None)
    change = read(told(conversation_parts=parts(closing)))
    assert not change.ours
    assert change.closed_by == ClosedBy.HUMAN
    assert not read(told(conversation_parts=parts(part("77", "user")))).ours


def test_the_email_is_asked_for_where_a_customer_did_not_begin():
    """Rule 3: contacts are references."""
    by_admin = told(source=ITEM["source"] | {"author": {"type": "admin", "id": "991267715", "name": "Sam"}})
    assert read(by_admin).customer == Customer(external_id=ANA_ID)
    contact = {"id": ANA_ID, "email": "ana@example.com", "phone": "+4915112345678", "name": "Ana"}
    api = FakeApi({f"GET {CONTACT}": contact | {"language_override": None, "browser_language": "de"}})
    change = read(by_admin, fetch=api)
    assert change.customer == Customer("ana@example.com", "+4915112345678", "Ana", ANA_ID, "de")
    assert change.language == "de"
    assert read(by_admin, fetch=FakeApi()).customer == Customer(external_id=ANA_ID)
    assert read(CLOSED, fetch=FakeApi()) == EXPECTED


def test_of_two_contacts_the_one_who_wrote_is_asked():
    """Trap 9."""
    two = {"contacts": [{"type": "contact", "id": "other"}, {"type": "contact", "id": ANA_ID}]}
    assert read(told(contacts=two)).customer == ANA
    assert read(told(contacts=two, source=None)).customer == Customer(external_id="other")
    assert read(told(contacts={"contacts": []}, source=None)).customer is None


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        ("push", "web"),
        ("email", "email"),
        ("phone_call", "phone_voice"),
        ("phone_switch", "phone_voice"),
        ("whatsapp", "whatsapp"),
        ("sms", "sms"),
        ("instagram", "instagram"),
        ("facebook", "messenger"),
        ("twitter", "api"),
    ],
)
def test_channels_are_ours_and_others_keep_their_word(theirs, ours):
    """Trap 13."""
    change = read(told(source=ITEM["source"] | {"type": theirs}))
    assert (change.channel, change.source_channel) == (ours, theirs)


def test_what_is_not_understood_stays_visible():
    """Trap 13."""
    assert read(told(state="paused")).status == "paused"
    assert read(CLOSED | {"topic": "contact.user.created"}).not_used
    assert read({}).not_used == "no conversation in it: no topic"


def test_a_notification_is_one_by_its_id_however_often_it_comes():
    """Trap 1."""
    key = SYSTEM.duplicate_key({}, CLOSED, b"")
    assert key == "notif_00000000-0000-4000-8000-000000000001"
    assert SYSTEM.duplicate_key({}, PING, b"") == ""
    assert SYSTEM.event_name({}, CLOSED) == "conversation.admin.closed"


@pytest.mark.parametrize(
    ("base_url", "host"),
    [
        ("", "app.intercom.com"),
        ("https://api.eu.intercom.io", "app.eu.intercom.com"),
        ("https://api.au.intercom.io", "app.au.intercom.com"),
    ],
)
def test_teammates_work_in_their_region(base_url, host):
    assert read(CLOSED, replace(CONFIG, base_url=base_url)).url.startswith(f"https://{host}/")


def test_signed_addresses_of_attachments_are_not_kept():
    """Trap 24."""
    url = "https://downloads.intercomcdn.com/i/o/1/a.png?expires=1795172500&signature=abcdef&req=1"
    body = told(conversation_parts=parts(part(body=f'<img src="{url}">', attachments=[{"url": url}])))
    kept = raw(SYSTEM.redact(body))
    assert b"abcdef" not in kept
    assert b"My invoice is wrong" in kept
    assert b"abcdef" in raw(body)


@pytest.mark.parametrize("body", [[], [CLOSED], "text", 5, None])
def test_another_shape_cannot_be_read(body):
    with pytest.raises(CannotRead):
        read(body)


@pytest.mark.parametrize("body", [CLOSED, BY_BOT, PING], ids=["closed", "bot", "ping"])
def test_whatever_is_missing_null_or_odd_nothing_breaks(body):
    contact = {"id": ANA_ID, "email": "ana@example.com", "phone": "+49", "language_override": "de"}

    @hypothesis_settings(max_examples=50, deadline=None)
    @given(mangled(body), mangled(contact))
    def check(variant: Any, answer: Any) -> None:
        SYSTEM.redact(variant)
        SYSTEM.duplicate_key({}, variant, b"")
        SYSTEM.event_name({}, variant)
        for fetch in (None, FakeApi({f"GET {CONTACT}": answer})):
            try:
                changes = SYSTEM.read(CONFIG, {}, variant, fetch)
            except CannotRead:
                assert not isinstance(variant, dict)
            else:
                assert all(change.at.tzinfo for change in changes)

    check()


# their API


def test_a_conversation_is_looked_up_with_contact_and_admin():
    contact = {
        "id": ANA_ID,
        "email": "ana@example.com",
        "phone": None,
        "name": "Ana",
        "language_override": "fr",
    }
    first, last = part(id="8", created_at=1795172000), part("5", id="9", part_type="close", body=None)
    api = FakeApi(
        {
            f"GET {PATH}": ITEM | {"conversation_parts": parts(first, last)},
            f"GET {CONTACT}": contact,
            "GET /admins/991267715": {
                "id": "991267715",
                "name": "Sam Agent",
                "email": "sam.agent@example.com",
            },
        }
    )
    answered = SaidThere("8", "agent", "Corrected.", datetime.fromtimestamp(1795172000, UTC), SAM)
    assert SYSTEM.look_up(CONFIG, api, "1295") == replace(
        EXPECTED,
        found_by=FoundBy.POLL,
        customer=Customer("ana@example.com", "", "Ana", ANA_ID, "fr"),
        language="fr",
        messages=(ASKED, answered),
        actor=Person("5", "Sam Agent", "sam.agent@example.com"),
    )


def test_a_ticket_is_looked_up_as_such_and_what_is_gone_is_none():
    api = FakeApi(
        {"GET /tickets/1295": {"type": "ticket", "id": "1295", "ticket_state": {"category": "resolved"}}}
    )
    change = SYSTEM.look_up(CONFIG, api, "1295")
    assert change is not None
    assert change.status == "resolved"
    assert SYSTEM.look_up(CONFIG, FakeApi(), "1295") is None


def test_the_sweep_searches_by_time_of_change_page_by_page():
    """Trap 15; a closed one's contact is read, as the sweep asks without another look."""
    unknown = ITEM | {"id": "1296", "source": None, "conversation_parts": None}
    page = {"conversations": [ITEM, unknown], "pages": {"next": {"page": 2, "starting_after": "xyz"}}}
    contact = {"id": ANA_ID, "email": "ana@example.com"}
    api = FakeApi({"POST /conversations/search": page, f"GET {CONTACT}": contact})
    changes, cursor = SYSTEM.poll(CONFIG, api, BEGAN, "")
    assert cursor == "xyz"
    assert changes[0] == replace(EXPECTED, found_by=FoundBy.POLL)
    assert changes[1].customer == Customer("ana@example.com", external_id=ANA_ID)
    search = {"operator": "AND", "value": [{"field": "updated_at", "operator": ">", "value": 1795168800}]}
    assert api.calls[0] == (
        "POST",
        "/conversations/search",
        {"query": search, "pagination": {"per_page": 50}},
    )
    api.answers["POST /conversations/search"] = {"conversations": [], "pages": {"next": None}}
    assert SYSTEM.poll(CONFIG, api, BEGAN, "xyz") == ([], "")
    assert api.calls[-1][2]["pagination"] == {"per_page": 50, "starting_after": "xyz"}


def test_a_test_shows_the_last_five():
    api = FakeApi({"POST /conversations/search": {"conversations": [ITEM] * 7}})
    assert SYSTEM.latest(CONFIG, api) == [replace(EXPECTED, found_by=FoundBy.POLL)] * 5
    assert SYSTEM.auth(CONFIG) == {"Authorization": "Bearer token", "Intercom-Version": "2.14"}


# writing


def desk(*found: dict[str, Any], **values: Any) -> FakeApi:
    """A conversation with these parts, and what Intercom answers to every write."""
    note, said = (
        part("77", id="50", part_type="note", body=NOTE),
        part("77", id="51", body="<p>How was it?</p>"),
    )
    attributes = [{"name": "csat_score"}, {"name": "csat_comment"}, {"name": "Language"}]
    return FakeApi(
        {
            f"GET {PATH}": ITEM | {"conversation_parts": parts(*found)} | values,
            "GET /data_attributes": {"data": attributes},
            f"PUT {PATH}": ITEM,
            f"POST {PATH}/reply": ITEM | {"conversation_parts": parts(*found, note, said)},
            f"POST {PATH}/parts": ITEM | {"conversation_parts": parts(*found, said | {"part_type": "close"})},
            "POST /conversations/redact": ITEM,
        }
    )


def test_the_score_is_written_as_note_and_into_the_attributes_there_are():
    """Trap 17: only ours are named, so that others' stay."""
    api = desk()
    assert SYSTEM.write_back(CONFIG, api, RATING) == "50"
    assert api.sent("PUT", PATH) == {
        "custom_attributes": {"csat_score": 4, "csat_comment": "quick & friendly"}
    }
    assert api.sent("GET", "/data_attributes") == {"model": "conversation"}
    assert api.sent("POST", f"{PATH}/reply") == {
        "message_type": "note",
        "type": "admin",
        "admin_id": "77",
        "body": NOTE,
    }


def test_who_writes_is_the_teammate_of_the_token_when_nobody_was_entered():
    api = desk()
    api.answers["GET /me"] = {"type": "admin", "id": "88"}
    SYSTEM.write_back(replace(CONFIG, own_user=""), api, RATING)
    assert api.sent("POST", f"{PATH}/reply")["admin_id"] == "88"
    api.answers["GET /me"] = {}
    with pytest.raises(Never, match="whose token"):
        SYSTEM.write_back(replace(CONFIG, own_user=""), api, RATING)


def test_what_is_switched_off_is_not_written():
    api = desk()
    assert SYSTEM.write_back(CONFIG, api, replace(RATING, note=False, fields=False)) == ""
    assert api.calls == []


def test_a_note_that_an_earlier_try_wrote_is_found_again():
    api = desk(part("77", id="50", part_type="note", body=NOTE))
    assert SYSTEM.write_back(CONFIG, api, replace(RATING, fields=False, uncertain=True)) == "50"
    assert [call[0] for call in api.calls] == ["GET"]


def test_a_second_note_is_written_only_when_the_score_changed_side():
    old = part("77", id="40", part_type="note", body=NOTE.replace("4/5", "2/5"))
    api = desk(old)
    assert SYSTEM.write_back(CONFIG, api, replace(RATING, note_id="40", fields=False)) == "40"
    assert api.calls == []
    changed = replace(RATING, note_id="40", fields=False, changed_side=True)
    assert SYSTEM.write_back(CONFIG, api, changed) == "50"


def test_a_withdrawn_rating_redacts_every_note_and_clears_the_attributes():
    notes = [part("77", id=number, part_type="note", body=NOTE) for number in ("40", "50")]
    api = desk(*notes, part(id="60", part_type="note", body="psst"))
    assert SYSTEM.write_back(CONFIG, api, replace(RATING, note_id="50", withdrawn=True)) == "50"
    assert api.sent("PUT", PATH) == {"custom_attributes": {"csat_score": None, "csat_comment": None}}
    redacted = [call[2] for call in api.calls if call[1] == "/conversations/redact"]
    assert redacted == [
        {"type": "conversation_part", "conversation_id": "1295", "conversation_part_id": number}
        for number in ("50", "40")
    ]
    assert not [call for call in api.calls if call[1].endswith("/reply")]


@pytest.mark.parametrize(
    "trouble",
    [
        Retry("429", code="429", after=30),
        Never("401", code="401", account=True),
        Never("404", code="404"),
    ],
)
def test_trouble_with_a_write_passes_as_it_is(trouble):
    """Trap 18."""
    api = desk()
    api.answers[f"POST {PATH}/reply"] = trouble
    with pytest.raises(type(trouble)) as raised:
        SYSTEM.write_back(CONFIG, api, RATING)
    assert raised.value is trouble


def test_odd_answers_of_their_api_break_nothing():
    note = part("77", id="50", part_type="note", body=NOTE)

    @hypothesis_settings(max_examples=40, deadline=None)
    @given(mangled(ITEM | {"conversation_parts": parts(note, part())}))
    def check(answer: Any) -> None:
        search = {"conversations": [answer], "pages": answer}
        api = FakeApi({f"GET {PATH}": answer, f"GET {CONTACT}": answer, "POST /conversations/search": search})
        SYSTEM.look_up(CONFIG, api, "1295")
        SYSTEM.poll(CONFIG, api, BEGAN, "")
        api.answers |= {"GET /data_attributes": answer, f"POST {PATH}/reply": answer}
        SYSTEM.write_back(CONFIG, api, RATING)

    check()


def test_the_survey_is_sent_to_a_closed_conversation_without_opening_it():
    api = desk()
    assert SYSTEM.send(CONFIG, api, "1295", "How was it?") == "51"
    assert api.sent("POST", f"{PATH}/parts") == {
        "message_type": "close",
        "type": "admin",
        "admin_id": "77",
        "body": "<p>How was it?</p>",
    }


def test_the_survey_is_sent_to_an_open_one_as_a_reply_and_only_once():
    api = desk(state="open")
    assert SYSTEM.send(CONFIG, api, "1295", "How was it?") == "51"
    assert api.sent("POST", f"{PATH}/reply")["message_type"] == "comment"
    again = desk(part("77", id="51", body="<p>How was it?</p>"))
    assert SYSTEM.send(CONFIG, again, "1295", "How was it?") == "51"
    assert [call[0] for call in again.calls] == ["GET"]


def test_the_set_up_has_five_steps_that_switch_off_their_survey():
    assert len(SYSTEM.steps) == 5
    assert "rating" in str(SYSTEM.steps[-1].text)
    assert [step.copy for step in SYSTEM.steps if step.copy] == ["url"]
    assert not SYSTEM.can("set_up")
