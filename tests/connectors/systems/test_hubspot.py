"""HubSpot: arrays of ids made into changes, with what its API tells of tickets, contacts and threads."""

import base64
import hashlib
import hmac
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
import time_machine
from hypothesis import given, settings

from csat.connectors import registry
from csat.connectors.base import Rating
from csat.connectors.changes import Change, ChangeType, ClosedBy, Customer, FoundBy, Person, SaidThere
from csat.connectors.errors import BadSignature, CannotRead
from csat.connectors.systems.hubspot import CONTACT, PROPERTIES, HubSpot
from csat.lib.outcomes import Never, Retry
from tests.connectors.fakes import PAYLOADS, Answers, FakeApi, Settings, payload, raw
from tests.connectors.mangling import mangled

HUBSPOT = HubSpot()
CONFIG = Settings(base_url="", account="891472211")
URL = "https://csat.example.com/connect/hubspot/abc"
BODY = b'{"a":1}'
STAMP = "1764345600000"
SIGNED_AT = datetime.fromtimestamp(1764345600, UTC)
SIGNATURE = "sZbIp6cZ18ztGVHnV4tevKtHiIm+jtcF1HTNMMXDZ5E="
FILES = sorted(path.stem for path in PAYLOADS.glob("hubspot-*.json"))

TICKETS = "/crm/v3/objects/tickets"
BATCH = f"POST {TICKETS}/batch/read"
LINKS = "POST /crm/v4/associations/tickets/contacts/batch/read"
CONTACTS = "POST /crm/v3/objects/contacts/batch/read"
OWNER = "GET /crm/v3/owners/55512345"
SEARCH = f"POST {TICKETS}/search"
THREAD = "GET /conversations/v3/conversations/threads/5534020121"
MESSAGE = f"{THREAD}/messages/aabbccddeeff00112233"
NOTES = "/crm/v3/objects/notes"
NOTE_LINKS = "GET /crm/v4/objects/tickets/847297356/associations/notes"
NOTE_BODIES = f"POST {NOTES}/batch/read"

AT = datetime(2026, 11, 20, 11, 1, 40, 123000, tzinfo=UTC)
TICKET_URL = "https://app.hubspot.com/contacts/891472211/record/0-5/847297356"
BY_USER = Person(id="882761034")
ANA = Customer("ana.example@example.com", "+4915112345678", "Ana Example", "501", "de")
SAM = Person("55512345", "Sam Agent", "sam.agent@example.com")
STAGE = Change(
    external_id="847297356",
    at=AT,
    status="4",
    actor=BY_USER,
    closed_by=ClosedBy.HUMAN,
    url=TICKET_URL,
)
ASSIGNED = Change(
    external_id="847297356",
    at=AT,
    type=ChangeType.ASSIGNED,
    assignee=Person(id="55512345"),
    actor=BY_USER,
    url=TICKET_URL,
)
LOOKED_UP = Change(
    external_id="847297356",
    at=datetime(2026, 11, 20, 12, tzinfo=UTC),
    status="4",
    channel="email",
    inbox="0",
    subject="Invoice is wrong",
    customer=ANA,
    assignee=SAM,
    created_at=datetime(2026, 11, 20, 10, tzinfo=UTC),
    url=TICKET_URL,
)
RATING = Rating(
    external_id="847297356",
    score=4,
    label="Good",
    comment='quick & "friendly"',
    at=datetime(2026, 11, 20, 12, 30, tzinfo=UTC),
    url="https://csat.example.com/inbox/7/",
)
NOTE = "CSAT 4/5 Good - &quot;quick &amp; &quot;friendly&quot;&quot;<br>https://csat.example.com/inbox/7/"


def ticket(number: str = "847297356", **properties: Any) -> dict[str, Any]:
    return {
        "id": number,
        "properties": {
            "subject": "Invoice is wrong",
            "hs_pipeline": "0",
            "hs_pipeline_stage": "4",
            "hubspot_owner_id": "55512345",
            "source_type": "EMAIL",
            "createdate": "2026-11-20T10:00:00.000Z",
            "hs_lastmodifieddate": "2026-11-20T12:00:00.000Z",
            **properties,
        },
    }


def answers(**more: Any) -> dict[str, Any]:
    """Their API with one ticket, its contact and its owner."""
    contact = {
        "email": "ana.example@example.com",
        "phone": "0151 12345678",
        "mobilephone": "+4915112345678",
        "firstname": "Ana",
        "lastname": "Example",
        "hs_language": "de",
    }
    owner = {"id": "55512345", "email": "sam.agent@example.com", "firstName": "Sam", "lastName": "Agent"}
    return {
        BATCH: {"results": [ticket()]},
        LINKS: {"results": [{"from": {"id": "847297356"}, "to": [{"toObjectId": 501}, {"toObjectId": 502}]}]},
        CONTACTS: {"results": [{"id": "501", "properties": contact}]},
        OWNER: owner,
        **more,
    }


def event(**more: Any) -> dict[str, Any]:
    [body] = payload("hubspot-ticket.propertyChange")
    return body | more


def read(body: Any, fetch: FakeApi | None = None, config: Settings = CONFIG) -> list[Change]:
    return HUBSPOT.read(config, {}, body, fetch)


def sign(url: str, body: bytes, stamp: str = STAMP, secret: str = "test-secret") -> str:
    signed = b"POST" + url.encode() + body + stamp.encode()
    return base64.b64encode(hmac.new(secret.encode(), signed, hashlib.sha256).digest()).decode()


def verify(
    signature: str = SIGNATURE,
    *,
    body: bytes = BODY,
    stamp: str = STAMP,
    url: str = URL,
    secrets: tuple[str, ...] = ("test-secret",),
) -> None:
    headers = {"x-hubspot-signature-v3": signature, "x-hubspot-request-timestamp": stamp}
    HUBSPOT.verify(Settings(inbound_secrets=secrets), headers, body, url)


# signatures


@time_machine.travel(SIGNED_AT, tick=False)
def test_the_vector_of_the_design_is_verified() -> None:
    verify()


@time_machine.travel(datetime.fromtimestamp(1693657560, UTC), tick=False)
def test_hubspots_own_vector_is_verified() -> None:
    verify(
        "K36dawei4A+QBNolUOqo7s91KQDWQ5MXZ/QufNYuk/Y=",
        body=b"{'example_field':'example_value'}",
        stamp="1693657560000",
        url="https://www.example.com/webhook_uri",
        secrets=("yyyyyyyy-yyyy-yyyy-yyyy-yyyyyyyyyyyy",),
    )


@time_machine.travel(SIGNED_AT, tick=False)
@pytest.mark.parametrize(
    "signature",
    ["", "nonsense", SIGNATURE[:-8], "A" + SIGNATURE[1:], f"sha256={SIGNATURE}", "sïgnature", "\udcff"],
)
def test_a_wrong_missing_truncated_prefixed_or_odd_signature_is_refused(signature: str) -> None:
    with pytest.raises(BadSignature):
        verify(signature)


@time_machine.travel(SIGNED_AT, tick=False)
@pytest.mark.parametrize("body", [b'{"a": 1}', b"", b'{"a":2}'])
def test_a_body_that_was_written_anew_is_refused(body: bytes) -> None:
    with pytest.raises(BadSignature):
        verify(body=body)


@time_machine.travel(SIGNED_AT, tick=False)
def test_a_body_with_umlauts_and_escaped_slashes_is_verified_as_the_bytes_it_is() -> None:
    body = '[{"propertyValue":"Grüße","x":"a\\/b"}]'.encode()
    verify(sign(URL, body), body=body)
    verify(sign(URL, b""), body=b"")


@time_machine.travel(SIGNED_AT, tick=False)
def test_another_secret_is_refused_and_both_are_accepted_while_one_replaces_the_other() -> None:
    with pytest.raises(BadSignature):
        verify(secrets=("other",))
    verify(secrets=("new", "test-secret"))
    verify(secrets=())  # without a secret the address alone is the proof


@pytest.mark.parametrize("seconds", [-301, 301])
def test_a_timestamp_more_than_five_minutes_away_is_refused(seconds: int) -> None:
    with time_machine.travel(1764345600 + seconds, tick=False), pytest.raises(BadSignature):
        verify()


@time_machine.travel(SIGNED_AT, tick=False)
@pytest.mark.parametrize("stamp", ["", "soon", "1764345600000.5", "²", "\udcff"])
def test_a_timestamp_that_is_no_number_is_refused_although_it_is_signed(stamp: str) -> None:
    signature = base64.b64encode(
        hmac.new(
            b"test-secret", b"POST" + URL.encode() + BODY + stamp.encode(errors="replace"), "sha256"
        ).digest()
    ).decode()
    with pytest.raises(BadSignature):
        verify(signature, stamp=stamp)


@time_machine.travel(SIGNED_AT, tick=False)
def test_what_is_signed_is_the_public_address_and_no_other_scheme_or_slash() -> None:
    """Trap 11: behind a TLS proxy the request looks like http; ours is the address they were told."""
    for told in (URL.replace("https", "http"), URL + "/"):
        with pytest.raises(BadSignature):
            verify(sign(told, BODY))


@time_machine.travel(SIGNED_AT, tick=False)
def test_a_query_counts_when_they_were_told_it_and_not_when_it_was_added_on_the_way() -> None:
    verify(url=URL + "?added=1")
    verify(sign(URL + "?event=closed", BODY), url=URL + "?event=closed")
    with pytest.raises(BadSignature):
        verify(sign(URL + "?event=closed", BODY))


@time_machine.travel(SIGNED_AT, tick=False)
def test_twelve_escapes_are_decoded_before_signing_and_nothing_else() -> None:
    escaped, told = URL + "?x=%3A%2f%3F%40%21%24%27%28%29%2A%2C%3B%20", URL + "?x=:/?@!$'()*,;%20"
    verify(sign(told, BODY), url=escaped)


# events


def test_a_change_of_the_stage_is_read_whole() -> None:
    assert read(payload("hubspot-ticket.propertyChange")) == [STAGE]


def test_the_newer_events_named_object_are_read_the_same_and_the_owner_is_an_assignment() -> None:
    assert read(payload("hubspot-object.propertyChange")) == [STAGE, ASSIGNED]


def test_a_new_message_without_a_token_is_its_thread_and_no_more() -> None:
    at = datetime(2026, 11, 20, 10, 0, 5, tzinfo=UTC)
    assert read(payload("hubspot-conversation.newMessage")) == [
        Change("thread-5534020121", at, type=ChangeType.MESSAGE)
    ]


def test_with_a_token_every_event_gets_what_its_ticket_tells_by_one_call_for_all_of_them() -> None:
    api = FakeApi(answers())
    stage, assigned = read(payload("hubspot-object.propertyChange"), api)
    assert stage == replace(LOOKED_UP, at=AT, actor=BY_USER, closed_by=ClosedBy.HUMAN)
    assert assigned == replace(LOOKED_UP, at=AT, actor=BY_USER, type=ChangeType.ASSIGNED, status="")
    assert api.calls == [
        ("POST", f"{TICKETS}/batch/read", {"inputs": [{"id": "847297356"}], "properties": PROPERTIES}),
        ("POST", LINKS.removeprefix("POST "), {"inputs": [{"id": "847297356"}]}),
        ("POST", CONTACTS.removeprefix("POST "), {"inputs": [{"id": "501"}], "properties": CONTACT}),
        ("GET", OWNER.removeprefix("GET "), {}),
    ]


def test_the_state_is_the_events_own_and_never_the_newer_one_of_the_ticket() -> None:
    """Else an event that comes late would tell a later state with an earlier time."""
    api = FakeApi(answers(**{BATCH: {"results": [ticket(hs_pipeline_stage="1")]}}))
    assert [change.status for change in read(payload("hubspot-object.propertyChange"), api)] == ["4", ""]


def test_a_ticket_that_is_gone_leaves_its_event_as_it_came() -> None:
    assert read(payload("hubspot-ticket.propertyChange"), FakeApi()) == [STAGE]


def test_trouble_of_their_api_is_told_as_it_is() -> None:
    with pytest.raises(Retry):
        read(payload("hubspot-ticket.propertyChange"), FakeApi({BATCH: Retry("429", code="429", after=3)}))


def test_of_a_hundred_events_with_a_bad_one_ninety_nine_are_read_and_the_bad_one_is_shown() -> None:
    """Trap 12."""
    events: list[Any] = [event(objectId=1000 + number) for number in range(100)]
    events[42] = {"occurredAt": "never", "objectId": None}
    changes = read(events)
    assert len(changes) == 100
    assert len([change for change in changes if not change.not_used]) == 99
    assert [change.not_used for change in changes if change.not_used] == [
        "an event without its kind or its object"
    ]


def test_events_are_told_in_the_order_they_happened() -> None:
    """Trap 2: HubSpot promises no order."""
    later, earlier = event(), event(propertyValue="1", occurredAt=1795172400000)
    assert [change.status for change in read([later, earlier])] == ["1", "4"]


@pytest.mark.parametrize(
    ("source", "closed_by"),
    [
        ("CRM_UI", ClosedBy.HUMAN),
        ("AUTOMATION_PLATFORM", ClosedBy.AUTOMATIC),
        ("INTEGRATION", None),
        ("SOMETHING_NEW", None),
    ],
)
def test_who_closed_is_told_by_the_source_of_the_change(source: str, closed_by: ClosedBy | None) -> None:
    """Trap 8."""
    [change] = read([event(changeSource=source, sourceId="17")])
    assert (change.closed_by, change.actor) == (closed_by, Person("17", kind="system"))


@pytest.mark.parametrize(
    "echo",
    [
        {"propertyName": "csat_score", "propertyValue": "4"},
        {"propertyName": "csat_tag", "propertyValue": "csat_good"},
        {"changeSource": "INTEGRATION", "sourceId": "7906213"},
        {"sourceId": "userId:77"},
    ],
)
def test_what_we_wrote_comes_back_and_is_dropped(echo: dict[str, str]) -> None:
    """Trap 5."""
    [change] = read([event(**echo)], config=replace(CONFIG, own_user="77"))
    assert change.ours


def test_merged_tickets_are_gone_and_the_one_they_went_into_goes_on() -> None:
    """Trap 7."""
    merge = event(
        subscriptionType="ticket.merge", primaryObjectId=1, mergedObjectIds=[2, 3], newObjectId=1, objectId=1
    )
    gone = read([merge])
    assert [(change.external_id, change.type) for change in gone] == [
        ("2", ChangeType.MERGED),
        ("3", ChangeType.MERGED),
    ]


def test_when_a_merge_makes_a_new_ticket_the_first_one_is_gone_too() -> None:
    merge = event(subscriptionType="ticket.merge", primaryObjectId=1, mergedObjectIds=[2], newObjectId=9)
    assert [change.external_id for change in read([merge])] == ["2", "1"]


@pytest.mark.parametrize(
    ("name", "kind"),
    [("creation", ChangeType.CREATED), ("deletion", ChangeType.DELETED), ("restore", ChangeType.STATUS)],
)
def test_a_ticket_is_created_deleted_and_restored(name: str, kind: ChangeType) -> None:
    [old] = read([event(subscriptionType=f"ticket.{name}")])
    [new] = read([event(subscriptionType=f"object.{name}", objectTypeId="0-5")])
    assert old == new
    assert (old.type, old.status, old.not_used) == (kind, "", "")


@pytest.mark.parametrize(
    ("odd", "why"),
    [
        ({"subscriptionType": "contact.creation"}, "contact.creation is not about a ticket"),
        (
            {"subscriptionType": "object.creation", "objectTypeId": "0-1"},
            "object.creation is not about a ticket",
        ),
        ({"subscriptionType": "ticket.associationChange"}, "ticket.associationChange is not used"),
        ({"propertyName": "hs_ticket_priority"}, "the property hs_ticket_priority is not used"),
        ({"subscriptionType": "ticket.merge"}, "a merge that names no ticket"),
        ({"subscriptionType": "conversation.mood"}, "conversation.mood is not used"),
        ({"portalId": 5}, "of another HubSpot account, 5"),
        ({"objectId": "../contacts/1"}, "an event without its kind or its object"),
    ],
)
def test_what_is_not_understood_is_shown_with_its_reason(odd: dict[str, Any], why: str) -> None:
    """Trap 13. The events of all accounts that installed the app come to one address."""
    assert [change.not_used for change in read([event(**odd)])] == [why]


def test_a_stage_nobody_chose_stays_their_word() -> None:
    assert read([event(propertyValue="9871")])[0].status == "9871"
    assert HUBSPOT.resolved == ()


# threads of the inbox


def test_a_message_of_a_thread_belongs_to_the_threads_ticket() -> None:
    thread = {"id": "5534020121", "status": "OPEN", "threadAssociations": {"associatedTicketId": "847297356"}}
    message = {
        "type": "MESSAGE", "id": "aabbccddeeff00112233", "createdAt": "2026-11-20T10:00:04Z",
        "direction": "INCOMING", "text": "My invoice is wrong", "senders": [{"actorId": "V-501"}],
    }  # fmt: skip
    [change] = read(
        payload("hubspot-conversation.newMessage"), FakeApi(answers(**{THREAD: thread, MESSAGE: message}))
    )
    said = SaidThere(
        "aabbccddeeff00112233", "contact", "My invoice is wrong", datetime(2026, 11, 20, 10, 0, 4, tzinfo=UTC)
    )
    at = datetime(2026, 11, 20, 10, 0, 5, tzinfo=UTC)
    assert change == replace(LOOKED_UP, at=at, type=ChangeType.MESSAGE, status="", messages=(said,))


@pytest.mark.parametrize(
    ("actor", "sender", "author"),
    [("A-55", "agent", Person("55", "Sam Agent")), ("B-3", "ai", Person("3", "Sam Agent", kind="ai"))],
)
def test_agents_and_bots_are_told_apart_by_their_actor(actor: str, sender: str, author: Person) -> None:
    message = {
        "type": "MESSAGE", "direction": "OUTGOING", "text": "Hello", "createdAt": "2026-11-20T10:00:04Z",
        "senders": [{"actorId": actor, "name": "Sam Agent"}],
    }  # fmt: skip
    api = FakeApi({THREAD: {"id": "5534020121", "status": "OPEN"}, MESSAGE: message})
    [said] = read(payload("hubspot-conversation.newMessage"), api)[0].messages
    assert (said.sender, said.author) == (sender, author)


def test_an_internal_comment_is_no_message() -> None:
    [body] = payload("hubspot-conversation.newMessage")
    assert read([body | {"messageType": "COMMENT"}])[0].not_used == "an internal comment"
    api = FakeApi({THREAD: {"status": "OPEN"}, MESSAGE: {"type": "COMMENT", "text": "secret"}})
    assert read([body], api)[0].messages == ()


def test_a_thread_without_a_ticket_is_a_conversation_of_its_own() -> None:
    thread = {
        "id": "5534020121", "status": "CLOSED", "associatedContactId": "501", "inboxId": "77",
        "createdAt": "2026-11-20T10:00:00Z", "latestMessageTimestamp": "2026-11-20T10:30:00Z", "spam": False,
    }  # fmt: skip
    api = FakeApi(answers(**{THREAD: thread}))
    expected = Change(
        external_id="thread-5534020121",
        at=datetime(2026, 11, 20, 10, 30, tzinfo=UTC),
        status="closed",
        inbox="77",
        customer=ANA,
        created_at=datetime(2026, 11, 20, 10, tzinfo=UTC),
    )
    assert HUBSPOT.look_up(CONFIG, api, "thread-5534020121") == expected
    assert HUBSPOT.look_up(CONFIG, FakeApi(), "thread-5534020121") is None
    ticketed = FakeApi({THREAD: thread | {"threadAssociations": {"associatedTicketId": "847297356"}}})
    assert HUBSPOT.look_up(CONFIG, ticketed, "thread-5534020121") is None
    api.answers[THREAD]["spam"] = True
    spam = HUBSPOT.look_up(CONFIG, api, "thread-5534020121")
    assert spam
    assert spam.status in HUBSPOT.unresolved


def test_the_end_of_a_thread_counts_only_where_no_ticket_decides() -> None:
    closed = event(
        subscriptionType="conversation.propertyChange", objectId=5534020121, propertyName="status",
        propertyValue="CLOSED",
    )  # fmt: skip
    thread: dict[str, Any] = {"id": "5534020121", "status": "CLOSED"}
    assert [change.status for change in read([closed])] == ["closed"]
    assert [change.status for change in read([closed], FakeApi({THREAD: thread}))] == ["closed"]
    thread["threadAssociations"] = {"associatedTicketId": "847297356"}
    [change] = read([closed], FakeApi({THREAD: thread}))
    assert change.not_used == "its ticket's status decides"


# one request twice


def test_a_retry_has_the_same_key_although_its_attempt_and_event_id_differ() -> None:
    """Trap 1: eventId is not unique."""
    first, again = [event()], [event(attemptNumber=3, eventId=99)]
    other = [event(propertyValue="1")]
    keys = [HUBSPOT.duplicate_key({}, body, raw(body)) for body in (first, again, other)]
    assert keys[0] == keys[1] != keys[2]
    assert HUBSPOT.duplicate_key({}, [], b"[]") == ""


def test_the_name_of_a_request_is_its_first_events() -> None:
    assert HUBSPOT.event_name({}, payload("hubspot-ticket.propertyChange")) == "ticket.propertyChange"
    assert HUBSPOT.event_name({}, payload("hubspot-object.propertyChange")) == "object.propertyChange +1"
    assert HUBSPOT.event_name({}, []) == ""


# their API


def test_a_ticket_is_looked_up_whole() -> None:
    assert HUBSPOT.look_up(CONFIG, FakeApi(answers()), "847297356") == LOOKED_UP


def test_a_ticket_that_is_gone_and_an_id_that_is_none_are_none() -> None:
    api = FakeApi(answers(**{BATCH: {"status": "COMPLETE", "results": [], "errors": [{}]}}))
    assert HUBSPOT.look_up(CONFIG, api, "847297356") is None
    assert HUBSPOT.look_up(CONFIG, FakeApi(), "847297356") is None
    api = FakeApi()
    assert HUBSPOT.look_up(CONFIG, api, "../../settings") is None
    assert not api.calls


def test_without_the_scope_for_owners_the_owner_is_an_id() -> None:
    api = FakeApi(answers(**{OWNER: Never("403 Forbidden", code="403")}))
    found = HUBSPOT.look_up(CONFIG, api, "847297356")
    assert found
    assert found.assignee == Person("55512345")


def test_an_expired_token_is_told_while_owners_are_read() -> None:
    api = FakeApi(answers(**{OWNER: Never("401", code="401", account=True)}))
    with pytest.raises(Never, match="401"):
        HUBSPOT.look_up(CONFIG, api, "847297356")


def test_a_contact_without_email_keeps_its_number_in_national_form() -> None:
    """Trap 9."""
    contact = {"id": "501", "properties": {"email": None, "phone": "0151 12345678"}}
    found = HUBSPOT.look_up(CONFIG, FakeApi(answers(**{CONTACTS: {"results": [contact]}})), "847297356")
    assert found
    assert found.customer == Customer(phone="0151 12345678", external_id="501")
    found = HUBSPOT.look_up(CONFIG, FakeApi(answers(**{LINKS: {"results": []}})), "847297356")
    assert found
    assert found.customer is None


@pytest.mark.parametrize(
    ("source", "channel", "source_channel"),
    [
        ("EMAIL", "email", ""), ("CHAT", "web", ""), ("FORM", "web", ""), ("PHONE", "phone_voice", ""),
        ("WHATSAPP", "whatsapp", ""), ("FB_MESSENGER", "messenger", ""), ("PIGEON", "api", "PIGEON"),
        (None, "", ""),
    ],
)  # fmt: skip
def test_the_channel_is_ours_or_their_word(source: str | None, channel: str, source_channel: str) -> None:
    found = HUBSPOT.look_up(
        CONFIG, FakeApi(answers(**{BATCH: {"results": [ticket(source_type=source)]}})), "847297356"
    )
    assert found
    assert (found.channel, found.source_channel) == (channel, source_channel)


def test_what_changed_is_polled_page_after_page() -> None:
    """Trap 15."""
    pages = Answers({"results": [ticket()], "paging": {"next": {"after": "100"}}}, {"results": []})
    api = FakeApi(answers(**{SEARCH: pages}))
    since = datetime(2026, 11, 20, 9, tzinfo=UTC)
    changes, cursor = HUBSPOT.poll(CONFIG, api, since, "")
    assert changes == [replace(LOOKED_UP, found_by=FoundBy.POLL)]
    first = api.sent("POST", f"{TICKETS}/search")
    assert first["filterGroups"][0]["filters"][0]["value"] == "1795165200000"
    assert "after" not in first
    assert HUBSPOT.poll(CONFIG, api, since, cursor) == ([], "")
    assert api.sent("POST", f"{TICKETS}/search")["after"] == "100"


@pytest.mark.parametrize(
    ("closed_at", "status"),
    [("2026-10-01T09:00:00Z", ""), ("2026-11-20T11:00:00Z", "4"), (None, "4"), ("", "4")],
)
def test_a_ticket_closed_long_ago_and_edited_now_does_not_end_anew(
    closed_at: str | None, status: str
) -> None:
    """Trap 16: only what ended since the last sweep can end now."""
    api = FakeApi(answers(**{SEARCH: {"results": [ticket(closed_date=closed_at)]}}))
    [change], _cursor = HUBSPOT.poll(CONFIG, api, datetime(2026, 11, 20, 9, tzinfo=UTC), "")
    assert change.status == status


def test_a_poll_beyond_what_their_search_gives_goes_on_from_the_last_change() -> None:
    page = {"results": [ticket()], "paging": {"next": {"after": "10000"}}}
    _changes, cursor = HUBSPOT.poll(CONFIG, FakeApi(answers(**{SEARCH: page})), AT, "1:9900")
    assert cursor == "1795176000000:0"


def test_the_latest_tickets_are_shown_as_they_would_arrive() -> None:
    api = FakeApi(answers(**{SEARCH: {"results": [ticket()]}}))
    assert HUBSPOT.latest(CONFIG, api) == [LOOKED_UP]
    assert api.sent("POST", f"{TICKETS}/search")["limit"] == 5


def test_a_call_carries_the_token() -> None:
    assert HUBSPOT.auth(CONFIG) == {"Authorization": "Bearer token"}


# the score on its way back


def test_the_score_is_written_as_a_note_and_as_properties() -> None:
    api = FakeApi({f"POST {NOTES}": {"id": "7"}, f"PATCH {TICKETS}/847297356": {}})
    assert HUBSPOT.write_back(CONFIG, api, RATING) == "7"
    assert api.sent("POST", NOTES) == {
        "properties": {"hs_timestamp": "2026-11-20T12:30:00+00:00", "hs_note_body": NOTE},
        "associations": [
            {
                "to": {"id": "847297356"},
                "types": [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 228}],
            }
        ],
    }
    assert api.sent("PATCH", f"{TICKETS}/847297356") == {
        "properties": {
            "csat_score": "4",
            "csat_label": "Good",
            "csat_comment": 'quick & "friendly"',
            "csat_at": "2026-11-20T12:30:00+00:00",
            "csat_url": "https://csat.example.com/inbox/7/",
        }
    }


def test_only_what_the_connection_writes_is_written() -> None:
    api = FakeApi({f"PATCH {TICKETS}/847297356": {}})
    assert HUBSPOT.write_back(CONFIG, api, replace(RATING, note=False, fields=False, tag=True)) == ""
    assert api.calls == [("PATCH", f"{TICKETS}/847297356", {"properties": {"csat_tag": "csat_good"}})]
    api = FakeApi()
    HUBSPOT.write_back(CONFIG, api, replace(RATING, note=False, fields=False, note_id="7"))
    assert api.calls == []


def test_a_changed_score_edits_the_note() -> None:
    api = FakeApi({f"PATCH {NOTES}/7": {}})
    assert HUBSPOT.write_back(CONFIG, api, replace(RATING, note_id="7", fields=False)) == "7"
    assert api.calls == [("PATCH", f"{NOTES}/7", {"properties": {"hs_note_body": NOTE}})]


def test_after_a_cut_connection_the_note_is_found_and_not_written_twice() -> None:
    links = {"results": [{"toObjectId": 8}, {"toObjectId": 30}, {"toObjectId": "x"}]}
    bodies = {
        "results": [
            {"id": "30", "properties": {"hs_note_body": f"<div>{NOTE}</div>"}},
            {"id": "8", "properties": {"hs_note_body": "Please call her back"}},
        ]
    }
    api = FakeApi({NOTE_LINKS: links, NOTE_BODIES: bodies, f"PATCH {NOTES}/30": {}})
    assert HUBSPOT.write_back(CONFIG, api, replace(RATING, fields=False)) == "30"
    assert api.sent("POST", f"{NOTES}/batch/read")["inputs"] == [{"id": "8"}, {"id": "30"}]
    again = replace(RATING, fields=False, note_id="5", changed_side=True)
    assert HUBSPOT.write_back(CONFIG, api, again) == "30"


def test_a_withdrawn_score_leaves_no_word_of_the_customer_there() -> None:
    links = {"results": [{"toObjectId": 8}]}
    bodies = {"results": [{"id": "8", "properties": {"hs_note_body": NOTE}}]}
    api = FakeApi(
        {NOTE_LINKS: links, NOTE_BODIES: bodies, f"PATCH {NOTES}/8": {}, f"PATCH {TICKETS}/847297356": {}}
    )
    withdrawn = replace(RATING, withdrawn=True, note_id="7", tag=True)
    HUBSPOT.write_back(CONFIG, api, withdrawn)
    assert api.sent("PATCH", f"{NOTES}/8") == {"properties": {"hs_note_body": "CSAT rating withdrawn"}}
    assert set(api.sent("PATCH", f"{TICKETS}/847297356")["properties"].values()) == {""}


@pytest.mark.parametrize(
    "trouble",
    [Retry("429", code="429", after=7), Never("401", code="401", account=True), Never("404", code="404")],
)
def test_their_refusal_of_a_write_is_told_as_it_is(trouble: Exception) -> None:
    """Trap 18."""
    api = FakeApi({f"POST {NOTES}": {"id": "7"}, f"PATCH {TICKETS}/847297356": trouble})
    with pytest.raises(type(trouble)) as raised:
        HUBSPOT.write_back(CONFIG, api, RATING)
    assert raised.value is trouble


def test_a_made_up_id_reaches_nothing_of_theirs() -> None:
    api = FakeApi()
    with pytest.raises(Never):
        HUBSPOT.write_back(CONFIG, api, replace(RATING, external_id="1/../../contacts/2"))
    assert api.calls == []


# odd bodies


@pytest.mark.parametrize("body", ["text", 5, None, True])
def test_a_body_that_is_neither_an_array_nor_an_object_cannot_be_read(body: Any) -> None:
    with pytest.raises(CannotRead):
        read(body)


def check_odd(body: Any) -> None:
    thread = {"id": "5534020121", "status": "OPEN"}
    HUBSPOT.event_name({}, body)
    HUBSPOT.duplicate_key({}, body, b"")
    HUBSPOT.redact(body)
    for fetch in (None, FakeApi(answers(**{THREAD: thread}))):
        try:
            changes = read(body, fetch)
        except CannotRead:
            assert not isinstance(body, dict | list)
            continue
        assert all(isinstance(change, Change) for change in changes)


@pytest.mark.parametrize("name", FILES)
def test_whatever_is_missing_null_extra_or_of_another_type_raises_nothing(name: str) -> None:
    @settings(max_examples=50, deadline=None)
    @given(body=mangled(payload(name)))
    def check(body: Any) -> None:
        check_odd(body)

    check()


@settings(max_examples=40, deadline=None)
@given(body=mangled(answers(**{THREAD: {"id": "1", "threadAssociations": {"associatedTicketId": "2"}}})))
def test_odd_answers_of_their_api_raise_nothing(body: Any) -> None:
    api = FakeApi(body if isinstance(body, dict) else {})
    read(payload("hubspot-object.propertyChange"), api)
    read(payload("hubspot-conversation.newMessage"), api)


def test_it_stands_in_the_gallery_with_five_steps() -> None:
    assert isinstance(registry.get("hubspot"), HubSpot)
    assert len(HUBSPOT.steps) == 5
    assert [verb for verb in ("look_up", "poll", "latest", "write_back") if not HUBSPOT.can(verb)] == []
