"""FreeScout: every event brings the whole conversation, whose state counts; note, fields and tag go back."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings

from csat.connectors.base import Rating
from csat.connectors.changes import Change, ChangeType, ClosedBy, Customer, FoundBy, Person, SaidThere
from csat.connectors.errors import BadSignature, CannotRead
from csat.connectors.systems.freescout import SUBSCRIBED, FreeScout
from csat.lib.outcomes import Never, Retry
from tests.connectors.fakes import FakeApi, Settings, payload, raw
from tests.connectors.mangling import mangled

SYSTEM = FreeScout()
APP_KEY = "base64:dGVzdC1hcHAta2V5"
KEY = "be52ee6b92f7c37ed89190365d653716"
BODY, SIGNATURE = b'{"a":1}', "qsZ+H/YTIpiY8C8Je+8wU7MwSFA="
CONFIG = Settings(fields={"agent": "12"}, own_user="12")
CLOSED, SENT_AND_CLOSED, REOPENED = (
    payload("freescout-convo.status-closed"),
    payload("freescout-convo.agent.reply.created-send_and_close"),
    payload("freescout-convo.customer.reply.created-reopened"),
)
ANA = Customer(email="ana.example@example.com", name="Ana Example", external_id="75")
ANA_WRITES = Person("75", "Ana Example", "ana.example@example.com", "customer")
SAM = Person("9", "Sam Agent", "sam.agent@example.com")
PATH = "/api/conversations/301"
WRITES = [("PUT", "custom_fields"), ("PUT", "tags"), ("POST", "threads")]
RATING = Rating(
    external_id="301",
    score=4,
    label="Good",
    comment="quick & friendly",
    at=datetime(2026, 11, 20, 12, tzinfo=UTC),
    url="https://csat.example.com/inbox/7",
)
NOTE = 'CSAT 4/5 Good - "quick &amp; friendly"<br>https://csat.example.com/inbox/7'


def at(hour: int, minute: int = 0, second: int = 0) -> datetime:
    return datetime(2026, 11, 20, hour, minute, second, tzinfo=UTC)


ASKED = SaidThere("900", "contact", "My invoice is wrong", at(10), ANA_WRITES)
ANSWERED = SaidThere("901", "agent", "We have corrected it.", at(11, 1, 40), SAM)
EXPECTED = Change(
    external_id="301",
    at=at(11, 1, 40),
    type=ChangeType.STATUS,
    status="closed",
    channel="email",
    source_channel="email",
    inbox="1",
    subject="Invoice is wrong",
    customer=ANA,
    assignee=SAM,
    messages=(ASKED, ANSWERED),
    actor=SAM,
    closed_by=ClosedBy.HUMAN,
    created_at=at(10),
    url="https://desk.example.com/conversation/301",
)


def verify(given_: str | None, body: bytes = BODY, secrets: tuple[str, ...] = (KEY,)) -> None:
    headers = {} if given_ is None else {"x-freescout-signature": given_}
    SYSTEM.verify(Settings(inbound_secrets=secrets), headers, body, "https://csat.example.com/connect/x")


def read(body: Any, event: str = "convo.status", config: Settings = CONFIG, fetch: Any = None) -> Change:
    [change] = SYSTEM.read(config, {"x-freescout-event": event}, body, fetch)
    return change


def thread(**values: Any) -> dict[str, Any]:
    """A thread of our own user, made by the API."""
    ours = {"id": 12, "type": "user", "firstName": "CSAT", "email": "csat@example.com"}
    default = {"id": 950, "type": "note", "state": "published", "body": NOTE, "createdBy": ours}
    return default | {"source": {"type": "api"}, "createdAt": "2026-11-20T12:05:00Z"} | values


def with_thread(body: dict[str, Any], /, **values: Any) -> dict[str, Any]:
    threads = [thread(**values), *body["_embedded"]["threads"]]
    return body | {"_embedded": body["_embedded"] | {"threads": threads}}


# signatures


@pytest.mark.parametrize("secrets", [(KEY,), (APP_KEY,), (f"APP_KEY={APP_KEY}",), ("old", KEY), (KEY, "new")])
def test_the_key_or_the_app_key_it_is_made_of_is_accepted_also_while_keys_are_changed(secrets):
    verify(SIGNATURE, secrets=secrets)


@pytest.mark.parametrize(
    "given_",
    [
        None,
        "",
        "nonsense",
        SIGNATURE[:-4],
        "sha1=" + SIGNATURE,
        "AAAA" + SIGNATURE[4:],
        "schlüssel",
        "\ud83d",
    ],
)
def test_a_wrong_missing_truncated_or_odd_signature_is_refused(given_):
    with pytest.raises(BadSignature):
        verify(given_)


def test_a_signature_with_another_key_is_refused():
    with pytest.raises(BadSignature):
        verify(SIGNATURE, secrets=("be52ee6b92f7c37ed89190365d653717",))


@pytest.mark.parametrize("body", [b"", b'{"a": 1}', b'{"a":2}', '{"a":"ü"}'.encode(), b'{"a":"\\/"}'])
def test_a_body_that_was_changed_written_anew_or_emptied_is_refused(body):
    with pytest.raises(BadSignature):
        verify(SIGNATURE, body)


def test_without_a_key_the_address_alone_is_the_proof():
    verify(None, secrets=())


# reading


def test_a_closed_conversation_is_read_in_full():
    assert read(CLOSED) == EXPECTED


def test_send_and_close_tells_it_in_the_reply_alone():
    """Trap 6: resolved inside a reply event only (freescout#4305)."""
    change = read(SENT_AND_CLOSED, "convo.agent.reply.created")
    assert change == replace(EXPECTED, type=ChangeType.MESSAGE)


def test_a_reply_of_the_customer_opens_it_again():
    change = read(REOPENED, "convo.customer.reply.created")
    again = SaidThere("905", "contact", "It happened again", at(13), ANA_WRITES)
    assert change == replace(
        EXPECTED,
        at=at(13),
        type=ChangeType.MESSAGE,
        status="active",
        messages=(ASKED, ANSWERED, again),
        actor=ANA_WRITES,
        closed_by=None,
    )


def test_an_old_closed_sent_again_after_a_reopen_is_older_by_their_clock():
    """Trap 3: FreeScout sends the stored body again, for up to two hours."""
    assert read(CLOSED).at < read(REOPENED, "convo.customer.reply.created").at


def test_the_note_of_somebody_on_a_conversation_closed_long_ago_does_not_look_like_closing_it():
    later = CLOSED | {"updatedAt": "2027-02-01T09:00:00Z"}
    assert read(later, "convo.note.created").at == at(11, 1, 40)


def test_closed_without_a_time_of_closing_counts_from_its_last_change():
    assert read(CLOSED | {"closedAt": None, "updatedAt": "2026-11-20T12:00:00Z"}).at == at(12)


@pytest.mark.parametrize(
    "values",
    [
        {"closedBy": None, "closedByUser": None},
        {"closedBy": 3, "closedByUser": {"id": 3, "type": "user", "email": "fsworkflow@example.org"}},
    ],
)
def test_a_workflow_closes_automatically(values):
    """Trap 8, freescout#5042."""
    assert read(CLOSED | values).closed_by == ClosedBy.AUTOMATIC


@pytest.mark.parametrize(
    ("event", "values", "status"),
    [
        ("convo.deleted", {"state": "deleted"}, "deleted"),
        ("convo.deleted_forever", {}, "deleted"),
        ("convo.status", {"status": "spam"}, "spam"),
        ("convo.status", {"state": "deleted"}, "deleted"),
    ],
)
def test_deleted_and_spam_end_without_an_answer(event, values, status):
    """Trap 7."""
    change = read(CLOSED | values, event)
    assert (change.type, change.status, change.closed_by) == (ChangeType.DELETED, status, None)
    assert status in SYSTEM.unresolved


def test_an_event_of_a_workflow_s_own_name_tells_the_state_too():
    assert read(CLOSED, "custom.webhook.event") == EXPECTED


@pytest.mark.parametrize(
    ("event", "type_"),
    [
        ("convo.created", ChangeType.CREATED),
        ("convo.assigned", ChangeType.ASSIGNED),
        ("convo.restored", ChangeType.STATUS),
        ("convo.moved", ChangeType.STATUS),
        ("convo.note.created", ChangeType.STATUS),
        ("", ChangeType.STATUS),
    ],
)
def test_each_event_says_what_it_was_about(event, type_):
    assert read(CLOSED, event).type == type_


def test_a_customer_is_no_conversation():
    body = {"id": 75, "firstName": "Ana", "_embedded": {"emails": []}}
    change = read(body, "customer.updated")
    assert (change.external_id, change.not_used) == ("", "not a conversation: customer.updated")


def test_an_unknown_status_and_channel_stay_visible_as_their_words():
    """Trap 13."""
    change = read(CLOSED | {"status": "waiting", "type": "telegram"})
    assert (change.status, change.channel, change.source_channel) == ("waiting", "api", "telegram")


@pytest.mark.parametrize(
    ("theirs", "ours"), [("email", "email"), ("custom", "email"), ("phone", "phone_voice"), ("chat", "web")]
)
def test_channels_are_ours(theirs, ours):
    assert read(CLOSED | {"type": theirs}).channel == ours


def test_notes_drafts_and_changes_of_state_are_no_messages():
    for values in ({"type": "note"}, {"type": "lineitem"}, {"type": "message", "state": "draft"}):
        other = {"createdBy": {"id": 9, "type": "user", "firstName": "Sam"}}
        assert read(with_thread(CLOSED, **values, **other)).messages == (ASKED, ANSWERED)


def test_the_reply_of_a_workflow_is_no_reply_of_an_agent():
    robot = {"id": 3, "type": "user", "email": "fsworkflow@example.org"}
    assert read(with_thread(CLOSED, type="message", createdBy=robot)).messages == (ASKED, ANSWERED)


def test_html_becomes_text_and_an_attachment_alone_is_told():
    by_ana = {"id": 960, "type": "customer", "createdBy": {"id": 75, "type": "customer"}}
    odd = with_thread(CLOSED, **by_ana, body="<p>Hello &amp; welcome</p><p>a < b</p>")
    assert read(odd).messages[-1].text == "Hello & welcome\na < b"
    broken = with_thread(CLOSED, **by_ana, body="<p>Hello</p><![odd[ thing")
    assert "Hello" in read(broken).messages[-1].text
    files = {"_embedded": {"attachments": [{"id": 1, "fileUrl": "https://x/?token=1"}]}}
    assert read(with_thread(CLOSED, **by_ana, body="", **files)).messages[-1].text == "(attachment)"


def test_our_own_note_and_message_come_back_and_are_dropped():
    """Trap 5."""
    assert read(with_thread(CLOSED), "convo.note.created").ours
    assert read(with_thread(CLOSED, type="message"), "convo.agent.reply.created").ours
    assert read(with_thread(CLOSED, type="message")).messages == (ASKED, ANSWERED)


def test_what_our_user_does_in_the_browser_or_to_the_state_counts():
    by_hand = with_thread(CLOSED, type="message", source={"type": "web"})
    assert not read(by_hand, "convo.agent.reply.created").ours
    assert not read(with_thread(CLOSED), "convo.status").ours


def test_the_telephone_number_is_asked_for_where_there_is_no_email():
    """Trap 9."""
    nobody = CLOSED | {"customer": CLOSED["customer"] | {"email": None}}
    api = FakeApi({"GET /api/customers/75": {"_embedded": {"phones": [{"value": "0151 123456"}]}}})
    change = read(nobody, fetch=api)
    assert change.customer == Customer(phone="0151 123456", name="Ana Example", external_id="75")
    assert read(nobody, fetch=FakeApi()).customer == replace(ANA, email="")
    assert read(CLOSED, fetch=FakeApi()) == EXPECTED


@pytest.mark.parametrize("body", [[], [CLOSED], "text", 5, None])
def test_another_shape_cannot_be_read(body):
    with pytest.raises(CannotRead):
        read(body)


@pytest.mark.parametrize("body", [CLOSED, SENT_AND_CLOSED, REOPENED], ids=["closed", "sent", "reopened"])
def test_whatever_is_missing_null_or_odd_nothing_breaks(body):
    @hypothesis_settings(max_examples=50, deadline=None)
    @given(mangled(body))
    def check(variant: Any) -> None:
        SYSTEM.redact(variant)
        SYSTEM.duplicate_key({}, variant, b"")
        for event in ("convo.agent.reply.created", "convo.note.created", ""):
            try:
                changes = SYSTEM.read(CONFIG, {"x-freescout-event": event}, variant, None)
            except CannotRead:
                assert not isinstance(variant, dict)
            else:
                assert all(change.at.tzinfo for change in changes)

    check()


def test_odd_answers_of_their_api_break_nothing():
    @hypothesis_settings(max_examples=40, deadline=None)
    @given(mangled(desk().answers[f"GET {PATH}"]))
    def check(variant: Any) -> None:
        api = FakeApi(
            {f"GET {PATH}": variant, "GET /api/conversations": {"_embedded": {"conversations": [variant]}}}
        )
        SYSTEM.look_up(CONFIG, api, "301")
        SYSTEM.poll(CONFIG, api, at(11), "")
        api.answers |= {f"{verb} {PATH}/{end}": variant for verb, end in WRITES}
        SYSTEM.write_back(CONFIG, api, replace(RATING, tag=True))

    check()


def test_tokens_of_attachments_are_not_kept():
    """Trap 24."""
    url = "https://desk.example.com/storage/attachment/7/3/1/example.pdf?id=71&token=c5135450"
    files = {"_embedded": {"attachments": [{"id": 71, "fileUrl": url}]}}
    body = with_thread(CLOSED, body=f'<img src="{url.replace("&", "&amp;")}">', **files)
    kept = raw(SYSTEM.redact(body))
    assert b"c5135450" not in kept
    assert b"My invoice is wrong" in kept
    assert b"c5135450" in raw(body)


# their API


def test_a_conversation_is_looked_up_with_tags_and_telephone_number():
    tagged = CLOSED | {"_embedded": CLOSED["_embedded"] | {"tags": [{"id": 57, "name": "overdue"}]}}
    phone = {"_embedded": {"phones": [{"value": "+4915112345678"}]}}
    api = FakeApi({f"GET {PATH}": tagged, "GET /api/customers/75": phone})
    change = SYSTEM.look_up(CONFIG, api, "301")
    customer = replace(ANA, phone="+4915112345678")
    assert change == replace(EXPECTED, tags=("overdue",), customer=customer, found_by=FoundBy.POLL)
    assert api.calls[0] == ("GET", PATH, {"embed": "threads,tags"})


def test_a_conversation_that_is_gone_is_none_and_trouble_passes():
    assert SYSTEM.look_up(CONFIG, FakeApi(), "301") is None
    with pytest.raises(Retry):
        SYSTEM.look_up(CONFIG, FakeApi({f"GET {PATH}": Retry("429", code="429", after=7)}), "301")


def test_the_sweep_reads_page_by_page_in_every_status():
    """Trap 15."""
    page = {"_embedded": {"conversations": [CLOSED, {"id": None}]}, "page": {"totalPages": 2, "number": 1}}
    api = FakeApi({"GET /api/conversations": page})
    changes, cursor = SYSTEM.poll(CONFIG, api, at(11) + timedelta(seconds=0.5), "")
    assert (changes, cursor) == ([replace(EXPECTED, found_by=FoundBy.POLL)], "2")
    assert SYSTEM.poll(CONFIG, api, at(11), "2")[1] == ""
    assert [call[2]["page"] for call in api.calls] == [1, 2]
    assert api.calls[0][2] == {
        "status": "active,pending,closed,spam",
        "sortField": "updatedAt",
        "sortOrder": "desc",
        "embed": "threads,tags",
        "page": 1,
        "pageSize": 50,
        "updatedSince": "2026-11-20T11:00:00Z",
    }


def test_a_test_shows_the_last_five_closed():
    api = FakeApi({"GET /api/conversations": {"_embedded": {"conversations": [CLOSED]}}})
    assert SYSTEM.latest(CONFIG, api) == [replace(EXPECTED, found_by=FoundBy.POLL)]
    assert (api.calls[0][2]["pageSize"], api.calls[0][2]["status"]) == (5, "closed")
    assert SYSTEM.auth(CONFIG) == {"X-FreeScout-API-Key": "token"}


# writing


def desk(**values: Any) -> FakeApi:
    """The conversation with fields and tags of others, and answers to every write."""
    fields = [{"id": 5, "name": "Order", "value": "A1"}, {"id": 6, "name": "CSAT score", "value": ""}]
    embedded = CLOSED["_embedded"] | {"tags": [{"id": 1, "name": "overdue"}, {"id": 2, "name": "csat_bad"}]}
    conversation = CLOSED | {"customFields": fields, "_embedded": embedded} | values
    return FakeApi(
        {
            f"GET {PATH}": conversation,
            f"PUT {PATH}/custom_fields": None,
            f"PUT {PATH}/tags": None,
            f"POST {PATH}/threads": {"id": 950},
        }
    )


def test_the_score_is_written_as_note_field_and_tag_and_the_status_is_left_alone():
    """Trap 17: fields and tags of others survive."""
    api = desk()
    assert SYSTEM.write_back(CONFIG, api, replace(RATING, tag=True)) == "950"
    assert api.sent("PUT", f"{PATH}/custom_fields") == {"customFields": [{"id": 6, "value": "4"}]}
    assert api.sent("PUT", f"{PATH}/tags") == {"tags": ["overdue", "csat_good"]}
    assert api.sent("POST", f"{PATH}/threads") == {"type": "note", "text": NOTE, "user": 12}


def test_what_is_switched_off_or_not_there_is_not_written():
    api = desk(customFields=None, _embedded={"threads": []})
    SYSTEM.write_back(CONFIG, api, replace(RATING, note=False, tag=True))
    assert [call[0] for call in api.calls] == ["GET"]


def test_what_stands_there_already_is_not_written_again():
    """A cut connection hid the answer to the first try."""
    api = desk(_embedded={"threads": [thread()], "tags": [{"name": "csat_good"}]}, customFields=[])
    assert SYSTEM.write_back(CONFIG, api, replace(RATING, tag=True, uncertain=True)) == "950"
    assert [call[0] for call in api.calls] == ["GET"]


def test_a_second_note_is_written_only_when_the_score_changed_side():
    api = desk()
    assert SYSTEM.write_back(CONFIG, api, replace(RATING, note_id="940")) == "940"
    assert not [call for call in api.calls if call[0] == "POST"]
    bad = desk(_embedded={"threads": [thread(id=940, body=NOTE.replace("4/5", "2/5"))]})
    assert SYSTEM.write_back(CONFIG, bad, replace(RATING, note_id="940", changed_side=True)) == "950"


def test_a_withdrawn_rating_clears_field_and_tag_and_cannot_take_the_note():
    api = desk(customFields=[{"id": 6, "name": "csat_score", "value": "4"}])
    withdrawn = replace(RATING, note_id="950", tag=True, withdrawn=True)
    assert SYSTEM.write_back(CONFIG, api, withdrawn) == "950"
    assert api.sent("PUT", f"{PATH}/custom_fields") == {"customFields": [{"id": 6, "value": ""}]}
    assert api.sent("PUT", f"{PATH}/tags") == {"tags": ["overdue"]}
    assert not [call for call in api.calls if call[0] == "POST"]


def test_without_the_id_of_a_user_no_note_is_written_and_the_admin_is_told():
    with pytest.raises(Never, match="enter the user's id"):
        SYSTEM.write_back(Settings(), desk(), RATING)


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
    api.answers[f"POST {PATH}/threads"] = trouble
    with pytest.raises(type(trouble)) as raised:
        SYSTEM.write_back(CONFIG, api, RATING)
    assert raised.value is trouble


def test_the_survey_is_sent_as_a_reply_that_keeps_the_status():
    api = desk()
    assert SYSTEM.send(CONFIG, api, "301", "How was it?\nhttps://csat.example.com/s/1") == "950"
    assert api.sent("POST", f"{PATH}/threads") == {
        "type": "message",
        "text": "How was it?<br>https://csat.example.com/s/1",
        "user": 12,
        "status": "closed",
    }


def test_the_survey_is_not_sent_twice_nor_into_spam():
    sent = thread(type="message", body="How was it?<br>https://csat.example.com/s/1")
    api = desk(_embedded={"threads": [sent]})
    assert SYSTEM.send(CONFIG, api, "301", "How was it?\nhttps://csat.example.com/s/1") == "950"
    assert [call[0] for call in api.calls] == ["GET"]
    with pytest.raises(Never, match="spam"):
        SYSTEM.send(CONFIG, desk(status="spam"), "301", "How was it?")


def test_the_webhook_is_made_once():
    url = "https://csat.example.com/connect/freescout/x"
    api = FakeApi({"GET /api/webhooks": {"_embedded": {"webhooks": []}}, "POST /api/webhooks": {"id": 1}})
    assert SYSTEM.set_up(CONFIG, api, url) == ""
    assert api.sent("POST", "/api/webhooks") == {"url": url, "events": SUBSCRIBED}
    api.answers["GET /api/webhooks"] = {"_embedded": {"webhooks": [{"id": 1, "url": url}]}}
    SYSTEM.set_up(CONFIG, api, url)
    assert len([call for call in api.calls if call[0] == "POST"]) == 1


def test_the_set_up_has_five_steps_that_switch_off_their_survey():
    assert len(SYSTEM.steps) == 5
    assert "Satisfaction Ratings" in str(SYSTEM.steps[-1].text)
    assert [step.copy for step in SYSTEM.steps if step.copy] == ["url"]
