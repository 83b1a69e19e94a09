"""Chatwoot: webhooks read and verified, its API asked, the score written without loss of others' work."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from hypothesis import given, settings

from csat.connectors import registry
from csat.connectors.base import Rating
from csat.connectors.changes import Change, ChangeType, ClosedBy, Customer, FoundBy, Person, SaidThere
from csat.connectors.errors import BadSignature, CannotRead
from csat.connectors.payloads import dig
from csat.connectors.systems.chatwoot import Chatwoot
from csat.lib.outcomes import Never, Outcome, Retry
from tests.connectors.fakes import PAYLOADS, Answers, FakeApi, Settings, payload, raw
from tests.connectors.mangling import mangled

CHATWOOT = Chatwoot()
CONFIG = Settings(base_url="https://chat.example.com", own_user="30")
PATH = "/api/v1/accounts/1/conversations/4021"
BODY = b'{"a":1}'
SIGNED = "sha256=3e4978c2085bd0b52febb7f4c542559e736fde4cc0de455bbfb4f0ab29b2f4b7"
HEADERS = {"x-chatwoot-signature": SIGNED, "x-chatwoot-timestamp": "1764345600"}
SIGNED_AT = datetime.fromtimestamp(1764345600, UTC)
FILES = sorted(path.stem for path in PAYLOADS.glob("chatwoot-*.json"))
RATING = Rating(
    external_id="4021",
    score=4,
    label="Good",
    comment="quick and friendly",
    at=datetime(2026, 11, 20, 12, 30, tzinfo=UTC),
    url="https://csat.example.com/inbox/7",
)
ANA = Customer("ana.example@example.com", "+4915112345678", "Ana Example", "51")
SAM = Person("9", "Sam Agent")
CHANGED_AT = datetime(2026, 11, 20, 11, 1, 40, 123000, tzinfo=UTC)
THANKS = SaidThere(
    id="90112",
    sender="contact",
    text="Thanks, that works now",
    at=datetime(2026, 11, 20, 11, tzinfo=UTC),
    author=Person("51", "Ana Example", "ana.example@example.com", "customer"),
)
RESOLVED = Change(
    external_id="4021",
    at=CHANGED_AT,
    type=ChangeType.STATUS,
    status="resolved",
    channel="web",
    source_channel="Channel::WebWidget",
    inbox="3",
    customer=ANA,
    assignee=SAM,
    team="support",
    tags=("billing",),
    language="de",
    messages=(THANKS,),
    created_at=datetime(2026, 11, 20, 10, tzinfo=UTC),
    url="https://chat.example.com/app/accounts/1/conversations/4021",
)


def read(body: Any, config: Settings = CONFIG) -> Change:
    [change] = CHATWOOT.read(config, {}, body, None)
    return change


def verify(headers: dict[str, str], body: bytes = BODY, secrets: tuple[str, ...] = ("test-secret",)) -> None:
    CHATWOOT.verify(Settings(inbound_secrets=secrets), headers, body, "https://csat.example.com/connect/x")


def conversation(**more: Any) -> dict[str, Any]:
    """As their API gives it: the channel stands in `meta`, and the assignee has an email."""
    body = payload("chatwoot-conversation_status_changed")
    channel = body.pop("channel")
    for key in ("event", "changed_attributes", "account", "contact_inbox"):
        del body[key]
    body["meta"]["channel"] = channel
    body["meta"]["assignee"]["email"] = "sam.agent@example.com"
    return body | {"account_id": 1} | more


def listed(*conversations: dict[str, Any]) -> dict[str, Any]:
    return {"data": {"meta": {"all_count": len(conversations)}, "payload": list(conversations)}}


# who may speak


@pytest.mark.parametrize("secrets", [("test-secret",), ("new-secret", "test-secret"), ("test-secret", "new")])
def test_their_signature_over_timestamp_and_body_is_accepted_also_while_the_secret_is_rotated(secrets):
    with time_machine.travel(SIGNED_AT, tick=False):
        verify(HEADERS, secrets=secrets)


BAD = SIGNED[:-1] + ("0" if SIGNED[-1] != "0" else "1")


@pytest.mark.parametrize(
    "given",
    [
        pytest.param(BAD, id="wrong"),
        pytest.param("", id="empty"),
        pytest.param(SIGNED[:-8], id="truncated"),
        pytest.param(SIGNED.removeprefix("sha256="), id="without its prefix"),
        pytest.param(SIGNED.replace("sha256=", "sha1="), id="with another prefix"),
        pytest.param("sha256=ü" + SIGNED[8:], id="not ASCII"),
        pytest.param("sha256=179bf20a8b9040a32368814a68b0dc270823b5968498e0a73796c4202708ed8d",
                     id="of the body without the timestamp (chatwoot#13809)"),
    ],
)  # fmt: skip
def test_another_signature_is_refused(given):
    with time_machine.travel(SIGNED_AT, tick=False), pytest.raises(BadSignature):
        verify(HEADERS | {"x-chatwoot-signature": given})


def test_a_missing_signature_is_refused_once_a_secret_is_set():
    with time_machine.travel(SIGNED_AT, tick=False), pytest.raises(BadSignature, match="missing"):
        verify({"x-chatwoot-timestamp": "1764345600"})
    with time_machine.travel(SIGNED_AT, tick=False), pytest.raises(BadSignature, match="missing"):
        verify({})


def test_another_secret_is_refused():
    with time_machine.travel(SIGNED_AT, tick=False), pytest.raises(BadSignature, match="another secret"):
        verify(HEADERS, secrets=("the secret of connection B",))


@pytest.mark.parametrize("body", [b"", b'{"a": 1}', b'{"a":1}\n', b'{"a":2}'])
def test_a_body_that_was_written_again_or_is_empty_is_refused(body):
    with time_machine.travel(SIGNED_AT, tick=False), pytest.raises(BadSignature):
        verify(HEADERS, body)


@pytest.mark.parametrize(
    ("seconds", "accepted"), [(0, True), (299, True), (301, False), (-299, True), (-301, False)]
)
def test_the_signed_timestamp_may_be_five_minutes_away_and_no_more(seconds, accepted):
    with time_machine.travel(SIGNED_AT + timedelta(seconds=seconds), tick=False):
        if accepted:
            verify(HEADERS)
        else:
            with pytest.raises(BadSignature, match="five minutes"):
                verify(HEADERS)


@pytest.mark.parametrize("at", ["", "now", "1764345600.5", "-1", "²", "1764345600\ud83d", "9" * 400])
def test_a_timestamp_that_is_none_is_refused_even_when_it_is_signed(at):
    import hashlib
    import hmac

    signed = at.encode(errors="surrogatepass") + b"." + BODY
    signature = "sha256=" + hmac.new(b"test-secret", signed, hashlib.sha256).hexdigest()
    with time_machine.travel(SIGNED_AT, tick=False), pytest.raises(BadSignature):
        verify({"x-chatwoot-signature": signature, "x-chatwoot-timestamp": at})


def test_before_4_12_they_sign_nothing_and_the_address_alone_is_the_proof():
    verify({}, secrets=())
    verify({}, secrets=("",))


# what they tell


def test_a_conversation_resolved_is_read_in_full():
    assert read(payload("chatwoot-conversation_status_changed")) == RESOLVED


def test_a_conversation_created_is_read_in_full():
    assert read(payload("chatwoot-conversation_created")) == replace(
        RESOLVED,
        at=datetime(2026, 11, 20, 10, 0, 0, 500000, tzinfo=UTC),
        type=ChangeType.CREATED,
        status="open",
        assignee=None,
        team="",
        tags=(),
        messages=(),
    )


def test_an_update_tells_the_status_too_in_case_the_event_about_it_is_missing():
    """Trap 6, chatwoot#9277."""
    assert read(payload("chatwoot-conversation_updated-resolved")) == RESOLVED


def test_a_customers_message_is_read_in_full():
    said = SaidThere(
        "90100", "contact", "My invoice is wrong", datetime(2026, 11, 20, 10, 0, 5, tzinfo=UTC), THANKS.author
    )
    assert read(payload("chatwoot-message_created-incoming")) == replace(
        RESOLVED,
        type=ChangeType.MESSAGE,
        status="open",
        inbox_name="Website",
        messages=(said,),
        actor=THANKS.author,
    )


def test_an_agents_message_is_read_in_full_and_tells_the_agents_email():
    sam = Person("9", "Sam Agent", "sam.agent@example.com")
    said = SaidThere(
        "90105", "agent", "We have corrected it.", datetime(2026, 11, 20, 10, 5, tzinfo=UTC), sam
    )
    assert read(payload("chatwoot-message_created-outgoing")) == replace(
        RESOLVED, type=ChangeType.MESSAGE, status="open", inbox_name="Website", messages=(said,), actor=sam
    )


def test_a_blocked_contacts_conversation_is_created_resolved_and_counts_as_spam():
    assert read(payload("chatwoot-conversation_created-blocked_contact")) == replace(
        RESOLVED, type=ChangeType.DELETED, assignee=None, team="", messages=(), ended_at=RESOLVED.created_at
    )


def test_a_blocked_contacts_message_that_comes_first_is_spam_as_well():
    body = payload("chatwoot-message_created-incoming")
    body["conversation"]["status"] = "resolved"
    body["conversation"]["meta"]["sender"]["blocked"] = True
    assert read(body).type == ChangeType.DELETED


def test_our_own_note_attribute_and_label_come_back_as_ours():
    """Trap 5, chatwoot#15914."""
    note, attribute = (
        read(payload(name))
        for name in ("chatwoot-message_created-own_note", "chatwoot-conversation_updated-writeback_echo")
    )
    assert (note.ours, note.messages) == (True, ())
    assert attribute.ours
    labels = payload("chatwoot-conversation_updated-writeback_echo")
    labels["changed_attributes"] = [
        {"label_list": {"previous_value": ["billing"], "current_value": ["billing", "csat_good"]}},
        {"cached_label_list": {"previous_value": "billing", "current_value": "billing, csat_good"}},
        {"updated_at": {"previous_value": 1, "current_value": 2}},
    ]
    assert read(labels).ours


def test_a_hundred_rounds_of_our_own_echo_say_nothing_new():
    """Trap 5: what comes back is ours each time, whatever the score was before."""
    body = payload("chatwoot-conversation_updated-writeback_echo")
    for round_ in range(100):
        body["changed_attributes"][0]["custom_attributes"] = {
            "previous_value": {"plan": "gold", "csat_score": round_},
            "current_value": {"plan": "gold", "csat_score": round_ + 1},
        }
        assert read(body).ours


@pytest.mark.parametrize(
    "changed",
    [
        {"custom_attributes": {"previous_value": {}, "current_value": {"csat_score": 4, "plan": "gold"}}},
        {"custom_attributes": {"previous_value": {"plan": "gold"}, "current_value": {"csat_score": 4}}},
        {"label_list": {"previous_value": [], "current_value": ["csat_good", "vip"]}},
        {"status": {"previous_value": "open", "current_value": "resolved"}},
        {"updated_at": {"previous_value": 1, "current_value": 2}},
        {"custom_attributes": None},
    ],
)
def test_what_somebody_else_changed_is_not_ours(changed):
    body = payload("chatwoot-conversation_updated-writeback_echo")
    body["changed_attributes"] = [changed]
    assert not read(body).ours


def test_a_status_that_changed_together_with_our_attribute_is_not_dropped():
    body = payload("chatwoot-conversation_updated-writeback_echo")
    body["changed_attributes"].append({"status": {"previous_value": "open", "current_value": "resolved"}})
    assert not read(body).ours


def test_a_contact_with_the_same_number_as_our_user_is_not_us():
    body = payload("chatwoot-message_created-incoming")
    body["sender"]["id"] = 30
    change = read(body)
    assert not change.ours
    assert [said.sender for said in change.messages] == ["contact"]


def test_our_user_is_known_by_email_too():
    config = replace(CONFIG, own_user="CSAT-bot@example.com")
    assert read(payload("chatwoot-message_created-own_note"), config).ours


def test_without_our_users_id_our_note_is_still_no_message():
    """Rule 7: private notes are never messages."""
    change = read(payload("chatwoot-message_created-own_note"), replace(CONFIG, own_user=""))
    assert (change.messages, change.status, change.ours) == ((), "resolved", False)


def test_our_link_among_the_messages_of_a_conversation_is_no_reply_of_an_agent():
    body = payload("chatwoot-conversation_status_changed")
    body["messages"] = [
        {
            "id": 5,
            "message_type": 1,
            "content": "Rate us",
            "private": False,
            "sender": {"id": 30, "type": "user"},
        }
    ]
    assert read(body).messages == ()


@pytest.mark.parametrize("name", ["chatwoot-message_created-incoming", "chatwoot-message_created-outgoing"])
def test_their_own_survey_is_no_message_and_is_noticed(name):
    """Trap 19: neither the customer nor an agent said it."""
    change = read(payload(name) | {"content_type": "input_csat", "message_type": "template", "sender": None})
    assert (change.messages, change.their_survey, change.actor) == ((), True, None)
    answered = read(payload(name) | {"content_type": "input_csat"})
    assert (answered.messages, answered.their_survey) == ((), True)


@pytest.mark.parametrize(
    "more",
    [
        {"message_type": "template", "sender": None},  # a greeting
        {"message_type": "activity"},
        {"message_type": 2},
        {"message_type": 3},
        {"message_type": True},
        {"private": True},
        {"content_attributes": {"deleted": True}},
        {"id": None},
    ],
)
def test_what_nobody_said_to_the_other_side_is_no_message(more):
    assert read(payload("chatwoot-message_created-outgoing") | more).messages == ()


@pytest.mark.parametrize(
    ("more", "sender"),
    [
        ({"sender": {"id": 4, "name": "Bot", "type": "agent_bot"}}, "ai"),
        ({"sender": {"id": 4, "name": "Captain", "type": "captain_assistant"}}, "ai"),
        ({"sender": None, "content_attributes": {"automation_rule_id": 3}}, "ai"),
        ({"sender": None}, "agent"),  # typed on the phone that holds the number
    ],
)
def test_a_bots_message_is_the_bots(more, sender):
    [said] = read(payload("chatwoot-message_created-outgoing") | more).messages
    assert said.sender == sender


def test_a_message_that_is_only_a_file_is_a_message():
    body = payload("chatwoot-message_created-incoming") | {"content": None, "attachments": [{"id": 1}]}
    assert [said.text for said in read(body).messages] == ["(attachment)"]


def test_who_was_assigned_comes_as_an_update():
    body = payload("chatwoot-conversation_updated-resolved") | {"status": "open"}
    body["changed_attributes"] = [{"assignee_id": {"previous_value": None, "current_value": 9}}]
    change = read(body)
    assert (change.type, change.assignee) == (ChangeType.ASSIGNED, SAM)


@pytest.mark.parametrize(
    ("word", "slug"),
    [
        ("Channel::WebWidget", "web"),
        ("Channel::Email", "email"),
        ("Channel::Whatsapp", "whatsapp"),
        ("Channel::TwilioSms", "sms"),
        ("Channel::Sms", "sms"),
        ("Channel::Instagram", "instagram"),
        ("Channel::FacebookPage", "messenger"),
        ("Channel::Api", "api"),
        ("Channel::Telegram", "api"),
        ("Channel::Line", "api"),
        ("Channel::NewThing", "api"),
    ],
)
def test_each_channel_of_theirs_is_one_of_ours_and_keeps_its_word(word, slug):
    change = read(payload("chatwoot-conversation_created") | {"channel": word})
    assert (change.channel, change.source_channel) == (slug, word)


def test_whatsapp_by_twilio_is_whatsapp():
    body = payload("chatwoot-conversation_created") | {"channel": "Channel::TwilioSms"}
    body["contact_inbox"]["source_id"] = "whatsapp:+4915112345678"
    assert read(body).channel == "whatsapp"


def test_a_phone_call_is_a_phone_call():
    body = payload("chatwoot-message_created-incoming") | {"content_type": "voice_call"}
    assert read(body).channel == "phone_voice"


def test_the_language_of_the_browser_counts_when_none_was_chosen():
    body = payload("chatwoot-conversation_created")
    body["additional_attributes"] = {"browser": {"browser_language": "pt-BR"}, "conversation_language": ""}
    assert read(body).language == "pt-BR"


@pytest.mark.parametrize(
    ("more", "closed_by"),
    [
        ({"performed_by": {"type": "user", "id": 9}}, ClosedBy.HUMAN),
        ({"performed_by": {"type": "agent_bot", "id": 2}}, ClosedBy.AI),
        ({"labels": ["no-answer"]}, ClosedBy.AUTOMATIC),
        ({}, None),
        ({"performed_by": {"type": "user", "id": 9}, "status": "open"}, None),
    ],
)
def test_who_resolved_it_is_told_as_far_as_they_say(more, closed_by):
    """Trap 8."""
    config = replace(CONFIG, fields={"auto_resolve_label": "no-answer"})
    assert read(payload("chatwoot-conversation_status_changed") | more, config).closed_by == closed_by


def test_a_conversation_that_a_bot_held_was_closed_by_it():
    body = payload("chatwoot-conversation_status_changed")
    body["meta"] |= {"assignee_type": "AgentBot", "assignee": {"id": 2, "name": "Bot"}}
    change = read(body)
    assert (change.closed_by, change.assignee) == (ClosedBy.AI, Person("2", "Bot", kind="ai"))


@pytest.mark.parametrize(
    ("contact", "told"),
    [
        ({"email": None, "phone_number": "+4915112345678"}, ("", "+4915112345678")),
        ({"email": "", "phone_number": "0151 12345678"}, ("", "0151 12345678")),
        ({"email": None, "phone_number": None}, ("", "")),
    ],
)
def test_a_customer_without_an_address_is_told_as_such(contact, told):
    """Trap 9."""
    body = payload("chatwoot-conversation_status_changed")
    body["meta"]["sender"] |= contact
    customer = read(body).customer
    assert customer is not None
    assert (customer.email, customer.phone) == told


@pytest.mark.parametrize("status", ["snoozed", "pending", "something new"])
def test_another_status_stays_their_word_and_means_nothing_to_us(status):
    """Trap 13."""
    change = read(payload("chatwoot-conversation_status_changed") | {"status": status})
    assert change.status == status
    assert status not in CHATWOOT.resolved + CHATWOOT.unresolved


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ({"event": "webwidget_triggered", "id": 1}, "unknown event webwidget_triggered"),
        ({"event": "contact_updated", "id": 51}, "unknown event contact_updated"),
        ({"event": "message_created", "id": 1}, "no conversation in it"),
        ({"event": "conversation_created"}, "no conversation in it"),
        ({"event": "conversation_created", "id": "1/../../agents"}, "no conversation in it"),
        ({"event": "conversation_created", "id": "9" * 5000}, "no conversation in it"),
        ({"event": "conversation_created", "id": 1, "account": {"id": 7}}, "of another account, 7"),
        ({"id": 4021}, "unknown event "),
        ({}, "unknown event "),
    ],
)
def test_what_is_not_understood_says_why_it_is_not_used(body, why):
    """Trap 13."""
    change = read(body)
    assert (change.not_used, change.status, change.messages) == (why, "", ())


@pytest.mark.parametrize("body", [[], [{}], None, "x", 1, True])
def test_a_body_that_is_no_object_cannot_be_read(body):
    with pytest.raises(CannotRead):
        CHATWOOT.read(CONFIG, {}, body, None)


def test_an_old_version_without_the_time_of_change_is_ordered_by_its_last_activity():
    body = payload("chatwoot-conversation_status_changed")
    del body["updated_at"]
    assert read(body).at == datetime(2026, 11, 20, 11, tzinfo=UTC)


def test_the_same_body_with_another_delivery_id_is_one_event():
    """Trap 1, chatwoot#11901 and #7402: the body decides, not their id of the delivery."""
    body = payload("chatwoot-message_created-incoming")
    keys = {CHATWOOT.duplicate_key({"x-chatwoot-delivery": id_}, body, raw(body)) for id_ in ("a", "b")}
    assert keys == {""}
    assert CHATWOOT.event_name({}, body) == "message_created"


def test_tokens_and_signed_addresses_are_removed_before_anything_is_stored():
    """Trap 24."""
    for name in FILES:
        body = payload(name)
        body["attachments"] = [{"data_url": "https://x/signed", "thumb_url": "https://x/thumb", "id": 1}]
        stored = CHATWOOT.redact(body)
        assert "REDACT-ON-RECEIPT" not in json.dumps(stored)
        assert stored["attachments"] == [{"data_url": "[removed]", "thumb_url": "[removed]", "id": 1}]
        assert read(stored).external_id == "4021"


@pytest.mark.parametrize("name", FILES)
def test_a_body_with_anything_missing_null_or_odd_is_read_or_refused_and_never_more(name):
    @settings(max_examples=50, deadline=None)
    @given(mangled(payload(name)))
    def check(body: Any) -> None:
        CHATWOOT.event_name({}, body)
        CHATWOOT.redact(body)
        try:
            changes = CHATWOOT.read(CONFIG, {}, body, None)
        except CannotRead:
            return
        assert all(change.at.tzinfo for change in changes)

    check()


# their API

AGENTS = [
    {"id": 9, "name": "Sam Agent", "email": "sam.agent@example.com"},
    {"id": 10, "name": "Kim Agent", "email": "kim.agent@example.com"},
]


def test_the_agents_email_is_looked_up_when_a_conversation_is_assigned_and_otherwise_nobody_is_told():
    """By name alone it would be another agent here than the one whose messages have an email."""
    api = FakeApi({"GET /api/v1/accounts/1/agents": AGENTS})
    body = payload("chatwoot-conversation_updated-resolved")
    [resolved] = CHATWOOT.read(CONFIG, {}, body, api)
    assert (resolved, api.calls) == (replace(RESOLVED, assignee=None), [])
    body["changed_attributes"] = [{"assignee_id": {"previous_value": None, "current_value": 9}}]
    [assigned] = CHATWOOT.read(CONFIG, {}, body, api)
    assert assigned.assignee == Person("9", "Sam Agent", "sam.agent@example.com")
    body["meta"]["assignee"]["id"] = 77
    [unknown] = CHATWOOT.read(CONFIG, {}, body, api)
    assert unknown.assignee == Person("77", "Sam Agent")


@pytest.mark.parametrize("odd", [None, {}, [None], [{"id": None}]])
def test_agents_of_another_shape_are_nobody(odd):
    body = payload("chatwoot-conversation_updated-resolved")
    body["changed_attributes"] = [{"assignee_id": {"previous_value": None, "current_value": 9}}]
    [change] = CHATWOOT.read(CONFIG, {}, body, FakeApi({"GET /api/v1/accounts/1/agents": odd}))
    assert change.assignee == SAM


def test_a_look_up_tells_the_conversation_with_its_messages_and_the_agents_email():
    spoken = [
        payload("chatwoot-conversation_status_changed")["messages"][0],
        {"id": 90120, "message_type": 1, "private": True, "content": "a note", "sender": {"id": 9}},
        {"id": 90121, "message_type": 2, "private": False, "content": "Sam resolved it"},
    ]
    api = FakeApi({f"GET {PATH}": conversation(), f"GET {PATH}/messages": {"meta": {}, "payload": spoken}})
    assert CHATWOOT.look_up(CONFIG, api, "4021") == replace(
        RESOLVED,
        assignee=Person("9", "Sam Agent", "sam.agent@example.com"),
        found_by=FoundBy.POLL,
        ended_at=RESOLVED.messages[-1].at,
    )


def test_a_conversation_that_is_gone_is_none():
    assert CHATWOOT.look_up(CONFIG, FakeApi(), "4021") is None


@pytest.mark.parametrize("answer", [{}, [], {"id": "x"}])
def test_an_answer_that_is_no_conversation_is_told_as_a_refusal(answer):
    with pytest.raises(Never, match="no conversation"):
        CHATWOOT.look_up(CONFIG, FakeApi({f"GET {PATH}": answer}), "4021")


def test_the_inbox_says_whether_twilio_is_whatsapp():
    told = conversation()
    told["meta"]["channel"] = "Channel::TwilioSms"
    inboxes = {"payload": [{"id": 3, "name": "WhatsApp Support", "medium": "whatsapp"}]}
    api = FakeApi(
        {
            f"GET {PATH}": told,
            f"GET {PATH}/messages": {"payload": []},
            "GET /api/v1/accounts/1/inboxes": inboxes,
        }
    )
    change = CHATWOOT.look_up(CONFIG, api, "4021")
    assert change is not None
    assert (change.channel, change.inbox_name) == ("whatsapp", "WhatsApp Support")


LIST = "GET /api/v1/accounts/1/conversations"
INBOXES = {"GET /api/v1/accounts/1/inboxes": {"payload": [{"id": 3, "name": "Website"}]}}


def test_a_sweep_asks_for_what_changed_since_the_last_one():
    """Trap 15: webhooks lost, the sweep finds them."""
    since = CHANGED_AT - timedelta(minutes=10)
    older = conversation(id=4000, updated_at=since.timestamp() - 1)
    said = {"payload": [payload("chatwoot-message_created-incoming") | {"message_type": 0}]}
    api = FakeApi({LIST: listed(conversation(), older), f"GET {PATH}/messages": said} | INBOXES)
    with time_machine.travel(CHANGED_AT + timedelta(minutes=5), tick=False):
        changes, cursor = CHATWOOT.poll(CONFIG, api, since, "")
    assert [(change.external_id, change.status, change.inbox_name) for change in changes] == [
        ("4021", "resolved", "Website")
    ]
    assert (cursor, changes[0].found_by, changes[0].customer) == ("", FoundBy.POLL, ANA)
    assert [said.text for said in changes[0].messages] == ["My invoice is wrong"]
    assert api.sent("GET", "/api/v1/accounts/1/conversations") == {"status": "all", "updated_within": 901}


def test_a_sweep_after_a_long_outage_reads_page_by_page_until_nothing_newer_comes():
    since = CHANGED_AT - timedelta(days=2)
    recent = conversation()
    old = conversation(id=7, last_activity_at=int(since.timestamp()) - 60, updated_at=since.timestamp() - 60)
    api = FakeApi({LIST: Answers(listed(recent, recent), listed(recent, old))} | INBOXES)  # messages: gone
    with time_machine.travel(CHANGED_AT, tick=False):
        first, cursor = CHATWOOT.poll(CONFIG, api, since, "")
        second, end = CHATWOOT.poll(CONFIG, api, since, cursor)
    assert (len(first), cursor, len(second), end) == (2, "2", 1, "")
    asked = [params for verb, path, params in api.calls if (verb, path) == ("GET", LIST[4:])]
    assert asked == [{"status": "all", "sort_by": "last_activity_at_desc", "page": page} for page in (1, 2)]


def test_a_sweep_without_anything_new_makes_one_call():
    api = FakeApi({LIST: listed()})
    with time_machine.travel(CHANGED_AT, tick=False):
        assert CHATWOOT.poll(CONFIG, api, CHANGED_AT - timedelta(days=2), "") == ([], "")
        assert CHATWOOT.poll(CONFIG, api, CHANGED_AT, "") == ([], "")
    assert len(api.calls) == 2


def test_a_test_shows_the_last_five():
    api = FakeApi({LIST: listed(*(conversation(id=number) for number in range(1, 26)))} | INBOXES)
    assert [change.external_id for change in CHATWOOT.latest(CONFIG, api)] == ["1", "2", "3", "4", "5"]


@pytest.mark.parametrize("odd", [None, [], {}, {"data": None}, {"data": {"payload": [None, {"id": None}]}}])
def test_a_list_of_another_shape_holds_nothing(odd):
    api = FakeApi({LIST: odd, "GET /api/v1/accounts/1/inboxes": odd})
    assert CHATWOOT.latest(CONFIG, api) == []
    assert CHATWOOT.poll(CONFIG, api, CHANGED_AT, "") == ([], "")


@settings(max_examples=40, deadline=None)
@given(mangled({"one": conversation(), "messages": {"payload": conversation()["messages"]}}))
def test_an_odd_answer_of_their_api_is_read_or_refused_and_never_more(body):
    one, messages = dig(body, "one"), dig(body, "messages")
    api = FakeApi({f"GET {PATH}": one, f"GET {PATH}/messages": messages, LIST: listed(one)} | INBOXES)
    for ask in (
        lambda: CHATWOOT.look_up(CONFIG, api, "4021"),
        lambda: CHATWOOT.latest(CONFIG, api),
        lambda: CHATWOOT.poll(CONFIG, api, CHANGED_AT, ""),
        lambda: CHATWOOT.poll(CONFIG, api, CHANGED_AT, "2"),
        lambda: CHATWOOT.write_back(CONFIG, api, replace(RATING, tag=True)),
    ):
        try:
            ask()
        except Outcome:
            pass


def test_calls_are_signed_in_by_a_header_that_nginx_lets_through():
    assert CHATWOOT.auth(Settings(token="abc")) == {"Api-Access-Token": "abc"}


# the score on its way back


def answers(**more: Any) -> FakeApi:
    return FakeApi(
        {
            f"GET {PATH}": conversation(custom_attributes={"plan": "gold"}, labels=["billing", "csat_bad"]),
            f"GET {PATH}/messages": {"payload": []},
            f"POST {PATH}/custom_attributes": {},
            f"POST {PATH}/labels": {},
            f"POST {PATH}/messages": {"id": 90130},
        }
        | more
    )


VALUES = {
    "csat_score": 4,
    "csat_label": "Good",
    "csat_comment": "quick and friendly",
    "csat_at": "2026-11-20T12:30:00+00:00",
    "csat_url": "https://csat.example.com/inbox/7",
}


def test_the_score_is_written_as_note_attributes_and_label_and_what_others_wrote_survives():
    """Trap 17: the union is sent, for versions that do not know `merge`; the other label of ours goes."""
    api = answers()
    assert CHATWOOT.write_back(CONFIG, api, replace(RATING, tag=True)) == "90130"
    assert api.sent("POST", f"{PATH}/custom_attributes") == {
        "custom_attributes": {"plan": "gold"} | VALUES,
        "merge": True,
    }
    assert api.sent("POST", f"{PATH}/labels") == {"labels": ["billing", "csat_good"]}
    assert api.sent("POST", f"{PATH}/messages") == {
        "content": 'CSAT 4/5 Good - "quick and friendly"\nhttps://csat.example.com/inbox/7',
        "message_type": "outgoing",
        "private": True,
    }


def test_only_what_the_connection_writes_is_written():
    api = answers()
    assert CHATWOOT.write_back(CONFIG, api, replace(RATING, note=False, fields=False)) == ""
    assert api.calls == []
    assert CHATWOOT.write_back(CONFIG, api, replace(RATING, fields=False)) == "90130"
    assert [call[:2] for call in api.calls] == [("GET", f"{PATH}/messages"), ("POST", f"{PATH}/messages")]


def test_written_again_after_a_cut_connection_nothing_stands_there_twice():
    note = {"id": 90130, "private": True, "message_type": 1, "content": RATING.line, "sender": {"id": 30}}
    api = answers(
        **{
            f"GET {PATH}": conversation(custom_attributes={"plan": "gold"} | VALUES, labels=["csat_good"]),
            f"GET {PATH}/messages": {"payload": [note]},
        }
    )
    assert CHATWOOT.write_back(CONFIG, api, replace(RATING, tag=True)) == "90130"
    assert {verb for verb, _path, _body in api.calls} == {"GET"}


def test_a_changed_score_on_the_same_side_changes_the_attributes_and_adds_no_note():
    api = answers()
    assert CHATWOOT.write_back(CONFIG, api, replace(RATING, score=5, note_id="90130")) == "90130"
    assert api.sent("POST", f"{PATH}/custom_attributes")["custom_attributes"]["csat_score"] == 5
    assert not [path for verb, path, _body in api.calls if path.endswith("/messages")]


def test_a_score_that_changed_side_is_a_second_note_even_when_it_reads_like_the_first():
    first = {"id": 90130, "private": True, "content": RATING.line}
    api = answers(**{f"GET {PATH}/messages": {"payload": [first]}, f"POST {PATH}/messages": {"id": 90199}})
    changed = replace(RATING, note_id="90130", changed_side=True)
    assert CHATWOOT.write_back(CONFIG, api, changed) == "90199"


def test_a_withdrawn_rating_takes_our_note_attributes_and_label_away_and_nothing_else():
    """`merge` cannot take a key away: the rest is sent to replace all. A note that was written twice, or that
    nobody knows of because the connection was cut, goes too; one that somebody deleted is no trouble.
    """
    spoken = [
        {"id": 90131, "private": True, "content": RATING.line},
        {"id": 90132, "private": True, "content": "somebody else's note"},
        {"id": 90133, "private": False, "content": f"rated: {RATING.url}"},
    ]
    told = conversation(custom_attributes={"plan": "gold"} | VALUES, labels=["vip", "csat_good"])
    api = answers(
        **{
            f"GET {PATH}": told,
            f"GET {PATH}/messages": {"payload": spoken},
            f"DELETE {PATH}/messages/90130": Never("gone", code="404"),
            f"DELETE {PATH}/messages/90131": None,
        }
    )
    withdrawn = replace(RATING, note_id="90130", fields=False, note=False, withdrawn=True)
    assert CHATWOOT.write_back(CONFIG, api, withdrawn) == "90130"
    assert api.sent("POST", f"{PATH}/custom_attributes") == {
        "custom_attributes": {"plan": "gold"},
        "merge": False,
    }
    assert api.sent("POST", f"{PATH}/labels") == {"labels": ["vip"]}
    deleted = [path for verb, path, _body in api.calls if verb == "DELETE"]
    assert deleted == [f"{PATH}/messages/{id_}" for id_ in (90131, 90130)]


@pytest.mark.parametrize(
    "answer", [None, {}, [], {"id": 1, "labels": []}, {"id": 1, "custom_attributes": {}}]
)
def test_without_knowing_what_others_wrote_nothing_is_written(answer):
    api = answers(**{f"GET {PATH}": answer})
    with pytest.raises(Never, match="no attributes or labels"):
        CHATWOOT.write_back(CONFIG, api, replace(RATING, tag=True))
    assert {verb for verb, _path, _body in api.calls} == {"GET"}


@pytest.mark.parametrize(
    "outcome",
    [
        Retry("429", code="429", after=7),
        Never("401", code="401", account=True),
        Never("404", code="404"),
    ],
)
@pytest.mark.parametrize("call", [f"GET {PATH}", f"POST {PATH}/custom_attributes", f"POST {PATH}/messages"])
def test_a_refusal_is_passed_on_as_it_came(call, outcome):
    """Trap 18."""
    with pytest.raises(type(outcome)) as raised:
        CHATWOOT.write_back(CONFIG, answers(**{call: outcome}), RATING)
    assert raised.value is outcome


def test_the_survey_can_go_out_as_a_public_reply():
    api = FakeApi({f"GET {PATH}": conversation(), f"POST {PATH}/messages": {"id": 90140}})
    assert CHATWOOT.send(CONFIG, api, "4021", "Rate us: https://x") == "90140"
    assert api.sent("POST", f"{PATH}/messages") == {
        "content": "Rate us: https://x",
        "message_type": "outgoing",
        "private": False,
    }


def test_a_conversation_that_takes_no_replies_any_more_is_refused_before_anything_is_sent():
    api = FakeApi({f"GET {PATH}": conversation(can_reply=False)})
    with pytest.raises(Never, match="no longer takes replies"):
        CHATWOOT.send(CONFIG, api, "4021", "Rate us")


def test_the_webhook_is_made_by_their_api_and_found_when_it_is_there():
    path = "/api/v1/accounts/1/webhooks"
    url = "https://csat.example.com/connect/chatwoot/abc"
    made = {"id": 1, "url": url, "secret": "s3cret"}
    api = FakeApi(
        {
            f"GET {path}": Answers({"payload": {"webhooks": []}}, {"payload": {"webhooks": [made]}}),
            f"POST {path}": {"payload": {"webhook": made}},
        }
    )
    assert CHATWOOT.set_up(CONFIG, api, url) == "s3cret"
    assert api.sent("POST", path) == {
        "webhook": {
            "name": "CSAT",
            "url": url,
            "subscriptions": [
                "conversation_created",
                "conversation_status_changed",
                "conversation_updated",
                "message_created",
            ],
        }
    }
    assert CHATWOOT.set_up(CONFIG, api, url) == "s3cret"
    assert len([call for call in api.calls if call[0] == "POST"]) == 1


def test_a_set_up_has_five_steps_and_the_system_stands_in_the_gallery():
    assert len(CHATWOOT.steps) == 5
    assert [step.copy for step in CHATWOOT.steps if step.copy] == ["url"]
    assert isinstance(registry.find("chatwoot"), Chatwoot)
    verbs = ("look_up", "poll", "latest", "write_back", "send", "set_up")
    assert all(CHATWOOT.can(verb) for verb in verbs)
