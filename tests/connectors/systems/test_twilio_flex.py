"""Twilio Flex: forms that sign their address, several tasks for one conversation, attributes as JSON."""

import base64
import hashlib
import hmac
import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import given, settings
from twilio.request_validator import RequestValidator

from csat.connectors import registry
from csat.connectors.base import Rating
from csat.connectors.changes import Change, ChangeType, ClosedBy, Customer, FoundBy, Person, SaidThere
from csat.connectors.errors import BadSignature, CannotRead
from csat.connectors.payloads import Form
from csat.connectors.systems.twilio_flex import TwilioFlex
from csat.lib.outcomes import Never, Retry
from tests.connectors.fakes import PAYLOADS, FakeApi, Settings, payload
from tests.connectors.mangling import mangled

TWILIO = TwilioFlex()
WORKSPACE = "WS00000000000000000000000000000001"
TASK = "WT00000000000000000000000000000001"
OTHER_TASK = "WT00000000000000000000000000000002"
CONVERSATION = "CH00000000000000000000000000000001"
CONFIG = Settings(base_url="", account=WORKSPACE, token_user="AC1", inbound_secrets=("12345",))
URL = "https://csat.example.com/connect/twilio_flex/abc"
FILES = sorted(path.stem for path in PAYLOADS.glob("twilio-*.json"))
TASKS = f"/v1/Workspaces/{WORKSPACE}/Tasks"
EVENTS = f"/v1/Workspaces/{WORKSPACE}/Events"

AT = datetime(2026, 11, 20, 11, 1, 40, 123000, tzinfo=UTC)
SAM = Person("WK00000000000000000000000000000009", "Sam Agent", "sam.agent@example.com")
ANA = Customer(phone="+4915112345678", name="Ana Example")
COMPLETED = Change(
    external_id=CONVERSATION,
    at=AT,
    status="completed",
    channel="whatsapp",
    inbox="Support",
    inbox_name="Support",
    customer=ANA,
    assignee=SAM,
    actor=SAM,
    closed_by=ClosedBy.HUMAN,
)
RATING = Rating(
    external_id=CONVERSATION,
    score=4,
    label="Good",
    comment="quick & friendly",
    at=datetime(2026, 11, 20, 12, 30, tzinfo=UTC),
    url="https://csat.example.com/inbox/7/",
)
OURS = {
    "csat_score": 4,
    "csat_label": "Good",
    "csat_comment": "quick & friendly",
    "csat_at": "2026-11-20T12:30:00+00:00",
    "csat_url": "https://csat.example.com/inbox/7/",
}


def form(name: str = "twilio-taskrouter-task.completed", **more: Any) -> dict[str, Any]:
    """The fields as they arrive; the file says besides that they are a form."""
    fields = payload(name)
    del fields["_form_encoded"]
    return fields | more


def attributes(**more: Any) -> str:
    return json.dumps(json.loads(form()["TaskAttributes"]) | more)


def said(**more: str) -> dict[str, str]:
    """A message, as the post-event webhook of Conversations sends it."""
    return {
        "EventType": "onMessageAdded", "ConversationSid": CONVERSATION,
        "MessageSid": "IM00000000000000000000000000000001", "Author": "whatsapp:+4915112345678",
        "Body": "My invoice is wrong", "DateCreated": "2026-11-20T10:00:05.000Z", "Source": "WHATSAPP",
    } | more  # fmt: skip


def task(sid: str = TASK, status: str = "completed", **more: Any) -> dict[str, Any]:
    """As their API gives it."""
    return {
        "sid": sid, "assignment_status": status, "attributes": form()["TaskAttributes"],
        "task_channel_unique_name": "chat", "date_created": "2026-11-20T10:00:00Z",
        "date_updated": "2026-11-20T11:01:40Z",
    } | more  # fmt: skip


def read(body: Any, config: Settings = CONFIG, fetch: FakeApi | None = None) -> Change:
    [change] = TWILIO.read(config, {}, body, fetch)
    return change


def sign(fields: dict[str, str], url: str = URL, token: str = "12345") -> str:
    return RequestValidator(token).compute_signature(url, fields)


def verify(signature: str | None, body: bytes, url: str = URL, secrets: tuple[str, ...] = ("12345",)) -> None:
    headers = {} if signature is None else {"x-twilio-signature": signature}
    TWILIO.verify(Settings(inbound_secrets=secrets), headers, body, url)


# signatures

FIELDS = {"CallSid": "CA1234567890ABCDE", "Caller": "+14158675309", "Digits": "1234", "From": "+14158675309",
          "To": "+18005551212"}  # fmt: skip
RAW = urlencode(FIELDS).encode()
SIGNATURE = "RSOYDt4T1cUTdK1PDd93/VVr8B8="  # of Twilio's own documentation
DOCUMENTED = "https://mycompany.com/myapp.php?foo=1&bar=2"


def test_twilios_own_vector_is_verified() -> None:
    verify(SIGNATURE, RAW, DOCUMENTED)


@pytest.mark.parametrize("name", FILES)
def test_what_their_library_signs_is_verified(name: str) -> None:
    fields = form(name)
    verify(sign(fields), urlencode(fields).encode())
    more = fields | {"Grüße": "ä/b", "A": "z", "Ab": "c"}  # by name, not by name and value in one
    verify(sign(more), urlencode(more).encode())


def test_a_field_that_comes_twice_and_one_without_a_value_are_signed() -> None:
    signed = URL + "AddOn1AddOn2Empty"
    signature = base64.b64encode(hmac.new(b"12345", signed.encode(), hashlib.sha1).digest()).decode()
    verify(signature, b"AddOn=2&Empty=&AddOn=1&AddOn=2")


@pytest.mark.parametrize(
    "signature",
    [None, "", "nonsense", SIGNATURE[:-8], "S" + SIGNATURE[1:], f"sha1={SIGNATURE}", "sïg", "\udcff"],
)
def test_a_wrong_missing_truncated_prefixed_or_odd_signature_is_refused(signature: str | None) -> None:
    with pytest.raises(BadSignature):
        verify(signature, RAW, DOCUMENTED)


@pytest.mark.parametrize(
    "body", [b"", RAW + b"&More=1", RAW.replace(b"1234", b"1235"), json.dumps(FIELDS).encode()]
)
def test_a_changed_body_is_refused(body: bytes) -> None:
    with pytest.raises(BadSignature):
        verify(SIGNATURE, body, DOCUMENTED)


def test_an_empty_body_is_signed_by_its_address_alone() -> None:
    verify(sign({}), b"")


def test_another_token_is_refused_and_both_are_accepted_while_one_replaces_the_other() -> None:
    with pytest.raises(BadSignature):
        verify(SIGNATURE, RAW, DOCUMENTED, ("other",))
    verify(SIGNATURE, RAW, DOCUMENTED, ("new", "12345"))
    verify(None, RAW, DOCUMENTED, ())  # without a secret the address alone is the proof


def test_another_address_is_refused_but_for_its_port() -> None:
    with_port = URL.replace(".com", ".com:8443")
    verify(sign(FIELDS, with_port), RAW, with_port)
    verify(sign(FIELDS), RAW, with_port)
    for told in (URL.replace("https", "http"), URL + "/", URL + "?x=1"):
        with pytest.raises(BadSignature):
            verify(sign(FIELDS, told), RAW)


def test_of_event_streams_the_address_is_signed_and_holds_the_hash_of_the_body() -> None:
    body = b'[{"a":1}]'
    url = f"{URL}?bodySHA256={hashlib.sha256(body).hexdigest()}"
    verify(sign({}, url), body, url)
    with pytest.raises(BadSignature, match="body"):
        verify(sign({}, url), b'[{"a":2}]', url)
    with pytest.raises(BadSignature, match="body"):
        verify(sign({}, f"{URL}?bodySHA256=ä"), body, f"{URL}?bodySHA256=ä")
    with pytest.raises(BadSignature):
        verify(sign({}), body, url)


# events


def test_a_form_is_read_as_its_fields_and_event_streams_as_json() -> None:
    fields = form()
    assert TWILIO.parse({}, urlencode(fields).encode()) == fields
    assert TWILIO.parse({}, b' [{"id": 1}]') == [{"id": 1}]
    with pytest.raises(CannotRead):
        TWILIO.parse({}, b'[{"id"')


def test_a_completed_task_is_read_whole() -> None:
    assert read(form()) == COMPLETED


def test_a_closed_conversation_is_read_whole() -> None:
    assert read(form("twilio-conversations-onConversationStateUpdated")) == Change(
        external_id=CONVERSATION, at=AT, status="closed"
    )


def test_the_same_event_by_event_streams_is_the_same() -> None:
    event = {
        "sid": "EV00000000000000000000000000000001", "eventtype": "task.completed", "task_sid": TASK,
        "timestamp": "2026-11-20T11:01:40.123Z", "task_attributes": form()["TaskAttributes"],
        "task_assignment_status": "completed", "task_channel_unique_name": "chat",
        "task_queue_name": "Support", "worker_sid": SAM.id, "worker_name": "sam.agent@example.com",
        "worker_attributes": form()["WorkerAttributes"],
    }  # fmt: skip
    body = [
        {"specversion": "1.0", "type": "com.twilio.taskrouter.task.completed", "data": {"payload": event}}
    ]
    assert read(body) == COMPLETED
    assert TWILIO.event_name({}, body) == "task.completed"
    assert TWILIO.duplicate_key({}, body, b"") == TWILIO.duplicate_key({}, form(), b"")


@pytest.mark.parametrize(
    ("name", "status", "kind"),
    [
        ("task.created", "pending", ChangeType.CREATED),
        ("task.updated", "assigned", ChangeType.STATUS),
        ("task.wrapup", "wrapping", ChangeType.STATUS),
        ("task.canceled", "canceled", ChangeType.STATUS),
        ("reservation.accepted", "assigned", ChangeType.ASSIGNED),
        ("task.transfer-completed", "assigned", ChangeType.ASSIGNED),
    ],
)
def test_every_other_event_of_a_task_tells_its_state(name: str, status: str, kind: ChangeType) -> None:
    """Wrapping is not the end: flex-plugins#937."""
    change = read(form(EventType=name, TaskAssignmentStatus=status))
    assert change == replace(COMPLETED, type=kind, status=status, closed_by=None)
    assert status not in TWILIO.resolved


def test_completed_and_closed_mean_resolved_and_canceled_does_not() -> None:
    assert TWILIO.resolved == ("completed", "closed")
    assert TWILIO.unresolved == ("canceled",)


@pytest.mark.parametrize(
    ("state", "reason", "closed_by"),
    [("closed", "TIMER", ClosedBy.AUTOMATIC), ("closed", "API", None), ("active", "EVENT", None)],
)
def test_a_conversation_closed_by_its_timer_was_closed_by_nobody(
    state: str, reason: str, closed_by: ClosedBy | None
) -> None:
    """Trap 8."""
    change = read(form("twilio-conversations-onConversationStateUpdated", StateTo=state, Reason=reason))
    assert (change.status, change.closed_by) == (state, closed_by)


def test_a_task_completed_without_a_worker_was_closed_by_nobody() -> None:
    """Trap 8."""
    change = read(form(WorkerSid="", WorkerName="", WorkerAttributes="{}"))
    assert (change.closed_by, change.assignee) == (ClosedBy.AUTOMATIC, None)


@pytest.mark.parametrize(
    ("odd", "why"),
    [
        ({"EventType": "task.deleted"}, "task.deleted is not used"),
        ({"EventType": "reservation.created"}, "reservation.created is not used"),
        ({"EventType": "worker.activity.update"}, "worker.activity.update is not used"),
        ({"EventType": ""}, "an event without a name is not used"),
        ({"TaskSid": "", "TaskAttributes": "{}"}, "an event without a conversation, call or task"),
        (
            {"TaskSid": "../Workers", "TaskAttributes": "oops"},
            "an event without a conversation, call or task",
        ),
    ],
)
def test_what_is_not_understood_is_shown_with_its_reason(odd: dict[str, str], why: str) -> None:
    """Trap 13. TaskRouter deletes what was completed: that is no deleted conversation."""
    assert read(form(**odd)).not_used == why


@pytest.mark.parametrize(
    ("told", "external_id"),
    [
        ({"conversationSid": CONVERSATION}, CONVERSATION),
        ({"call_sid": "CA00000000000000000000000000000001"}, "CA00000000000000000000000000000001"),
        ({}, TASK),
    ],
)
def test_a_conversation_is_known_by_its_sid_its_call_or_else_its_task(
    told: dict[str, str], external_id: str
) -> None:
    """Trap 23: a transfer makes two tasks for one conversation."""
    assert read(form(TaskAttributes=json.dumps(told))).external_id == external_id


@pytest.mark.parametrize(
    ("told", "channel", "word"),
    [
        ({"channelType": "web"}, "web", ""), ({"channelType": "sms"}, "sms", ""),
        ({"channelType": "messenger"}, "messenger", ""), ({"channelType": "email"}, "email", ""),
        ({"channelType": "pigeon"}, "api", "pigeon"),
        ({"channelType": None}, "whatsapp", ""),  # by its address
        ({"channelType": None, "customerAddress": None, "from": "+4915112345678"}, "web", ""),  # chat
    ],
)  # fmt: skip
def test_the_channel_is_ours_or_their_word(told: dict[str, Any], channel: str, word: str) -> None:
    change = read(form(TaskAttributes=attributes(**told)))
    assert (change.channel, change.source_channel) == (channel, word)


def test_a_call_is_the_phone() -> None:
    call = {"call_sid": "CA00000000000000000000000000000001", "from": "+4915112345678"}
    change = read(form(TaskAttributes=json.dumps(call), TaskChannelUniqueName="voice"))
    assert (change.channel, change.customer) == ("phone_voice", Customer(phone="+4915112345678"))
    nothing = read(form(TaskAttributes="{}", TaskChannelUniqueName=""))
    assert (nothing.channel, nothing.customer) == ("", None)


@pytest.mark.parametrize(
    ("address", "email", "phone"),
    [
        ("whatsapp:+4915112345678", "", "+4915112345678"),
        ("0151 12345678", "", "0151 12345678"),
        ("ana@example.com", "ana@example.com", ""),
        ("messenger:1234567890123", "", "1234567890123"),
        ("FX0123456789abcdef", "", ""),
        ("", "", ""),
    ],
)
def test_the_address_is_a_number_an_email_or_neither(address: str, email: str, phone: str) -> None:
    """Trap 9."""
    told = attributes(customerAddress=address, **{"from": ""})
    customer = read(form(TaskAttributes=told)).customer
    assert customer == Customer(email=email, phone=phone, name="Ana Example")


def test_language_and_tags_are_attributes() -> None:
    change = read(form(TaskAttributes=attributes(language="de", tags=["billing", 5])))
    assert (change.language, change.tags) == ("de", ("billing",))
    assert change.customer == replace(ANA, language="de")


@pytest.mark.parametrize(
    "told", [{"TaskChannelUniqueName": "survey"}, {"TaskAttributes": attributes(isSurveyTask=True)}]
)
def test_the_task_of_their_own_survey_says_that_it_is_on_and_ends_nothing(told: dict[str, str]) -> None:
    """Trap 19."""
    change = read(form(**told))
    assert change == Change(CONVERSATION, AT, their_survey=True)


def test_our_own_attributes_come_back_and_are_dropped() -> None:
    """Trap 5."""
    echo = form(EventType="task.updated", TaskAttributes=attributes(csat_score=4))
    assert read(echo).ours
    assert not read(
        form(TaskAttributes=attributes(csat_score=4))
    ).ours  # the end counts, whatever stands there
    assert not read(form(EventType="task.updated")).ours


# messages


@pytest.mark.parametrize(
    ("author", "sender", "person"),
    [
        ("whatsapp:+4915112345678", "contact", None),
        ("messenger:123", "contact", None),
        ("+4915112345678", "contact", None),
        ("FX0123456789abcdef", "contact", None),
        (
            "sam_2Eagent_40example_2Ecom",
            "agent",
            Person("sam_2Eagent_40example_2Ecom", "sam.agent@example.com"),
        ),
        ("sam.agent@example.com", "agent", Person("sam.agent@example.com", "sam.agent@example.com")),
    ],
)
def test_customers_and_workers_are_told_apart_by_how_they_are_spelled(
    author: str, sender: str, person: Person | None
) -> None:
    at = datetime(2026, 11, 20, 10, 0, 5, tzinfo=UTC)
    change = read(said(Author=author))
    message = SaidThere("IM00000000000000000000000000000001", sender, "My invoice is wrong", at, person)
    assert change == Change(CONVERSATION, at, type=ChangeType.MESSAGE, messages=(message,), actor=person)


def test_an_author_who_may_be_anybody_is_shown_and_not_guessed() -> None:
    assert read(said(Author="sam")).not_used == "who sam is cannot be told"
    assert read(said(Author="")).not_used == "who wrote a message is cannot be told"
    assert read(said(Author="csat"), replace(CONFIG, own_user="csat")).ours


def test_a_picture_without_words_is_an_event_without_a_message() -> None:
    assert read(said(Body="")).messages == ()


def test_a_new_conversation_is_created() -> None:
    body = {
        "EventType": "onConversationAdded",
        "ConversationSid": CONVERSATION,
        "DateCreated": "2026-11-20T10:00:05Z",
    }
    at = datetime(2026, 11, 20, 10, 0, 5, tzinfo=UTC)
    assert read(body) == Change(CONVERSATION, at, type=ChangeType.CREATED)


def test_a_retry_has_the_same_key() -> None:
    """Trap 1."""
    assert TWILIO.duplicate_key({}, form(), b"") == "EV00000000000000000000000000000001"
    assert TWILIO.duplicate_key({}, said(), b"") == "IM00000000000000000000000000000001"
    state = form("twilio-conversations-onConversationStateUpdated")
    assert TWILIO.duplicate_key({"i-twilio-idempotency-token": "abc"}, state, b"") == "abc"
    assert TWILIO.duplicate_key({}, state, b"") == ""


# their API


def test_a_conversation_is_over_when_the_last_of_its_tasks_is_completed() -> None:
    """Trap 23: a transfer ends one task while the other runs."""
    both = [task(OTHER_TASK, "assigned", date_created="2026-11-20T10:30:00Z"), task()]
    api = FakeApi({f"GET {TASKS}": {"tasks": both}})
    assert read(form(), fetch=api) == replace(COMPLETED, status="assigned", closed_by=None)
    assert api.calls == [("GET", TASKS, {"EvaluateTaskAttributes": f'conversationSid == "{CONVERSATION}"'})]
    both[0]["assignment_status"] = "completed"
    assert read(form(), fetch=api) == COMPLETED


@pytest.mark.parametrize("api", [FakeApi(), FakeApi({f"GET {TASKS}": {"tasks": []}})])
def test_tasks_that_twilio_has_dropped_were_all_completed(api: FakeApi) -> None:
    assert read(form(), fetch=api) == COMPLETED


def test_a_survey_task_is_no_task_of_the_conversation() -> None:
    survey = task(OTHER_TASK, "assigned", attributes=attributes(isSurveyTask=True))
    assert read(form(), fetch=FakeApi({f"GET {TASKS}": {"tasks": [task(), survey]}})) == COMPLETED


def test_a_call_is_looked_for_by_its_own_sid_and_a_task_alone_has_no_other() -> None:
    api = FakeApi({f"GET {TASKS}": {"tasks": []}})
    call = "CA00000000000000000000000000000001"
    read(form(TaskAttributes=json.dumps({"call_sid": call})), fetch=api)
    assert api.sent("GET", TASKS)["EvaluateTaskAttributes"] == f'call_sid == "{call}"'
    api.calls.clear()
    read(form(TaskAttributes="{}"), fetch=api)
    read(form(EventType="task.wrapup", TaskAssignmentStatus="wrapping"), fetch=api)
    assert api.calls == []


def test_trouble_of_their_api_is_told_as_it_is() -> None:
    with pytest.raises(Retry):
        read(form(), fetch=FakeApi({f"GET {TASKS}": Retry("429", code="429", after=3)}))


def test_it_is_not_looked_up_before_asking_as_its_tasks_may_be_dropped_by_then() -> None:
    assert not TWILIO.can("look_up")


def logged(**more: Any) -> dict[str, Any]:
    data = {
        "task_sid": TASK, "task_attributes": form()["TaskAttributes"], "task_assignment_status": "completed",
        "task_channel_unique_name": "chat", "task_queue_name": "Support", "worker_sid": SAM.id,
        "worker_name": "sam.agent@example.com", "worker_attributes": form()["WorkerAttributes"],
    }  # fmt: skip
    return {
        "sid": "EV1", "event_type": "task.completed", "event_data": data,
        "event_date": "2026-11-20T11:01:40Z", "event_date_ms": 1795172500123,
    } | more  # fmt: skip


def test_completed_tasks_are_polled_from_their_log_page_after_page() -> None:
    """Trap 15."""
    following = f"{EVENTS}?PageSize=100&Page=1&PageToken=PT1"
    first = {
        "events": [logged(), logged(event_data=json.dumps(logged()["event_data"]))],
        "meta": {"next_page_url": f"https://taskrouter.twilio.com{following}"},
    }
    api = FakeApi(
        {f"GET {EVENTS}": first, f"GET {following}": {"events": [], "meta": {"next_page_url": None}}}
    )
    since = datetime(2026, 11, 20, 9, tzinfo=UTC)
    changes, cursor = TWILIO.poll(CONFIG, api, since, "")
    assert changes == [replace(COMPLETED, found_by=FoundBy.POLL)] * 2
    assert cursor == following
    asked = {"EventType": "task.completed", "StartDate": "2026-11-20T09:00:00Z", "PageSize": 50}
    assert api.sent("GET", EVENTS) == asked
    assert TWILIO.poll(CONFIG, api, since, cursor) == ([], "")


def test_of_a_polled_transfer_the_state_is_the_running_tasks() -> None:
    """Trap 23."""
    tasks = {"tasks": [task(OTHER_TASK, "assigned")]}
    api = FakeApi({f"GET {EVENTS}": {"events": [logged()]}, f"GET {TASKS}": tasks})
    [change], _cursor = TWILIO.poll(CONFIG, api, AT, "")
    assert (change.status, change.closed_by) == ("assigned", None)


def test_the_latest_conversations_are_shown_as_they_would_arrive() -> None:
    api = FakeApi({f"GET {EVENTS}": {"events": [logged()]}})
    assert TWILIO.latest(CONFIG, api) == [replace(COMPLETED, found_by=FoundBy.POLL)]
    assert api.sent("GET", EVENTS)["PageSize"] == 5


def test_a_call_signs_in_with_the_account_and_its_token() -> None:
    assert TWILIO.auth(CONFIG) == {"Authorization": "Basic " + base64.b64encode(b"AC1:token").decode()}


def test_the_callback_is_set_and_never_taken_from_somebody_else() -> None:
    path = f"/v1/Workspaces/{WORKSPACE}"
    api = FakeApi({f"GET {path}": {"event_callback_url": None}, f"POST {path}": {}})
    assert TWILIO.set_up(CONFIG, api, URL) == "token"
    sent = api.sent("POST", path)
    assert isinstance(sent, Form)
    assert sent["EventCallbackUrl"] == URL
    assert "task.completed" in sent["EventsFilter"]
    assert "onMessageAdded" not in sent["EventsFilter"]
    api = FakeApi({f"GET {path}": {"event_callback_url": "https://other.example.com"}})
    with pytest.raises(Never) as raised:
        TWILIO.set_up(CONFIG, api, URL)
    assert raised.value.code == "taken"


# the score on its way back


def written(api: FakeApi, rating: Rating = RATING, sid: str = TASK) -> dict[str, Any]:
    assert TWILIO.write_back(CONFIG, api, rating) == ""
    sent = api.sent("POST", f"{TASKS}/{sid}")
    assert isinstance(sent, Form)
    assert set(sent) == {"Attributes"}
    return json.loads(sent["Attributes"])


def test_the_score_is_written_beside_the_attributes_that_are_there() -> None:
    """Trap 17: attributes are replaced as a whole."""
    api = FakeApi({f"GET {TASKS}": {"tasks": [task()]}, f"POST {TASKS}/{TASK}": {}})
    before = json.loads(form()["TaskAttributes"])
    insights = {"conversation_id": TASK, "csat": 4}
    assert written(api) == before | OURS | {"conversations": insights}


def test_of_several_tasks_the_last_one_gets_the_score() -> None:
    both = [task(OTHER_TASK, date_created="2026-11-20T10:30:00Z"), task()]
    api = FakeApi({f"GET {TASKS}": {"tasks": both}, f"POST {TASKS}/{OTHER_TASK}": {}})
    assert written(api, sid=OTHER_TASK)["csat_score"] == 4


def test_a_withdrawn_score_leaves_no_word_of_the_customer_there() -> None:
    before = json.loads(form()["TaskAttributes"])
    rated = before | OURS | {"conversations": {"conversation_id": TASK, "csat": 4}}
    api = FakeApi(
        {f"GET {TASKS}": {"tasks": [task(attributes=json.dumps(rated))]}, f"POST {TASKS}/{TASK}": {}}
    )
    assert written(api, replace(RATING, withdrawn=True)) == before


def test_a_task_that_twilio_has_dropped_refuses_the_score_in_words() -> None:
    with pytest.raises(Never, match="no longer there") as raised:
        TWILIO.write_back(CONFIG, FakeApi({f"GET {TASKS}": {"tasks": []}}), RATING)
    assert raised.value.code == "404"


@pytest.mark.parametrize(
    "trouble",
    [Retry("429", code="429", after=7), Never("401", code="401", account=True), Never("404", code="404")],
)
def test_their_refusal_of_a_write_is_told_as_it_is(trouble: Exception) -> None:
    """Trap 18."""
    api = FakeApi({f"GET {TASKS}": {"tasks": [task()]}, f"POST {TASKS}/{TASK}": trouble})
    with pytest.raises(type(trouble)) as raised:
        TWILIO.write_back(CONFIG, api, RATING)
    assert raised.value is trouble


def test_nothing_is_written_where_fields_are_not_wanted() -> None:
    api = FakeApi({f"GET {TASKS}": {"tasks": [task()]}})
    TWILIO.write_back(CONFIG, api, replace(RATING, fields=False))
    assert [method for method, *_ in api.calls] == ["GET"]


def test_a_made_up_id_reaches_nothing_of_theirs() -> None:
    api = FakeApi()
    for made_up in (f'{CONVERSATION}" OR 1==1', "../Workers", ""):
        with pytest.raises(Never):
            TWILIO.write_back(CONFIG, api, replace(RATING, external_id=made_up))
    with pytest.raises(Never):
        TWILIO.write_back(replace(CONFIG, account="../Accounts"), api, RATING)
    assert api.calls == []


# odd bodies


@pytest.mark.parametrize("body", ["text", 5, None, True])
def test_a_body_that_is_neither_a_form_nor_a_list_cannot_be_read(body: Any) -> None:
    with pytest.raises(CannotRead):
        read(body)


def check_odd(body: Any) -> None:
    TWILIO.event_name({}, body)
    TWILIO.duplicate_key({}, body, b"")
    TWILIO.redact(body)
    try:
        changes = TWILIO.read(CONFIG, {}, body, None)
    except CannotRead:
        assert not isinstance(body, dict | list)
    else:
        assert all(isinstance(change, Change) for change in changes)


@pytest.mark.parametrize("name", FILES)
def test_whatever_is_missing_null_extra_or_of_another_type_raises_nothing(name: str) -> None:
    @settings(max_examples=50, deadline=None)
    @given(body=mangled(form(name)))
    def check(body: Any) -> None:
        check_odd(body)

    check()


@settings(max_examples=50, deadline=None)
@given(told=mangled(json.loads(form()["TaskAttributes"])), worker=mangled({"full_name": "x", "email": "y"}))
def test_odd_attributes_raise_nothing(told: Any, worker: Any) -> None:
    check_odd(form(TaskAttributes=json.dumps(told), WorkerAttributes=json.dumps(worker)))
    check_odd(form(TaskAttributes=told, WorkerAttributes=worker))


@settings(max_examples=40, deadline=None)
@given(body=mangled(said()), stream=mangled([{"data": {"payload": {"eventtype": "task.completed"}}}]))
def test_odd_messages_and_streams_raise_nothing(body: Any, stream: Any) -> None:
    check_odd(body)
    check_odd(stream)


@settings(max_examples=40, deadline=None)
@given(
    body=mangled({"tasks": [task(), task(OTHER_TASK)], "events": [logged()], "meta": {"next_page_url": "x"}})
)
def test_odd_answers_of_their_api_raise_nothing(body: Any) -> None:
    api = FakeApi({f"GET {TASKS}": body, f"GET {TASKS}/{TASK}": body, f"GET {EVENTS}": body})
    read(form(), fetch=api)
    TWILIO.poll(CONFIG, api, AT, "")


def test_it_stands_in_the_gallery_with_five_steps() -> None:
    assert isinstance(registry.get("twilio_flex"), TwilioFlex)
    assert len(TWILIO.steps) == 5
    assert TWILIO.writes == ("fields",)
    assert not TWILIO.can_send
    verbs = ("poll", "latest", "write_back", "set_up")
    assert [verb for verb in verbs if not TWILIO.can(verb)] == []
