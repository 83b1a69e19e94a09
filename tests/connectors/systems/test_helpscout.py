"""Help Scout: whole conversations in webhooks, and an API that replaces lists and signs in for two days."""

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
from csat.connectors.payloads import Form
from csat.connectors.systems.helpscout import EVENTS, HelpScout
from csat.lib.outcomes import Never, Retry
from tests.connectors.fakes import PAYLOADS, Answers, FakeApi, Settings, payload, raw
from tests.connectors.mangling import mangled

HELPSCOUT = HelpScout()
CONFIG = Settings(base_url="", token_user="app", own_user="30")
URL = "https://csat.example.com/connect/helpscout/abc"
BODY = b'{"a":1}'
SIGNATURE = "2aAU1m3xoHzOI22rLeKOSICl7co="
FILES = sorted(path.stem for path in PAYLOADS.glob("helpscout-*.json"))
PATH = "/v2/conversations/77001"
THREADS = f"{PATH}/threads"
FIELDS = "/v2/mailboxes/1/fields"

CLOSED_AT = datetime(2026, 11, 20, 11, 1, 40, tzinfo=UTC)
SAM = Person("9", "Sam Agent", "sam.agent@example.com")
ANA = Customer("ana.example@example.com", name="Ana Example", external_id="75")
CLOSED = Change(
    external_id="77001",
    at=CLOSED_AT,
    status="closed",
    channel="email",
    inbox="1",
    subject="Invoice is wrong",
    customer=ANA,
    assignee=SAM,
    tags=("billing",),
    actor=SAM,
    closed_by=ClosedBy.HUMAN,
    created_at=datetime(2026, 11, 20, 10, tzinfo=UTC),
    url="https://secure.helpscout.net/conversation/77001/2088",
)
RATING = Rating(
    external_id="77001",
    score=4,
    label="Good",
    comment="quick & friendly",
    at=datetime(2026, 11, 20, 12, 30, tzinfo=UTC),
    url="https://csat.example.com/inbox/7/",
)
NOTE = "CSAT 4/5 Good - &quot;quick &amp; friendly&quot;<br>https://csat.example.com/inbox/7/"


def conversation(**more: Any) -> dict[str, Any]:
    return payload("helpscout-convo.status") | more


def thread(
    number: int, kind: str, words: str, by: str = "user", minute: int = 0, **more: Any
) -> dict[str, Any]:
    people = {
        "user": {"id": 9, "type": "user", "first": "Sam", "last": "Agent", "email": "sam.agent@example.com"},
        "customer": {"id": 75, "type": "customer", "first": "Ana", "last": "Example"},
        "us": {"id": 30, "type": "user", "first": "CSAT", "email": "csat@example.com"},
    }
    return {
        "id": number, "type": kind, "state": "published", "body": words, "createdBy": people[by],
        "createdAt": f"2026-11-20T11:{minute:02}:00Z",
    } | more  # fmt: skip


def listed(*threads: dict[str, Any]) -> dict[str, Any]:
    return {"_embedded": {"threads": list(threads)}}


def read(
    body: Any, event: str = "convo.status", fetch: FakeApi | None = None, config: Settings = CONFIG
) -> Change:
    [change] = HELPSCOUT.read(config, {"x-helpscout-event": event}, body, fetch)
    return change


def look_up(api: FakeApi) -> Change:
    found = HELPSCOUT.look_up(CONFIG, api, "77001")
    assert found
    return found


def verify(signature: str | None, body: bytes = BODY, secrets: tuple[str, ...] = ("test-secret",)) -> None:
    headers = {} if signature is None else {"x-helpscout-signature": signature}
    HELPSCOUT.verify(Settings(inbound_secrets=secrets), headers, body, URL)


# signatures


def test_the_vector_of_the_design_is_verified() -> None:
    verify(SIGNATURE)


@pytest.mark.parametrize(
    "signature",
    [None, "", "nonsense", SIGNATURE[:-8], "3" + SIGNATURE[1:], f"sha1={SIGNATURE}", "sïg", "\udcff"],
)
def test_a_wrong_missing_truncated_prefixed_or_odd_signature_is_refused(signature: str | None) -> None:
    with pytest.raises(BadSignature):
        verify(signature)


@pytest.mark.parametrize("body", [b'{"a": 1}', b"", b'{"a":2}'])
def test_a_body_that_was_written_anew_is_refused(body: bytes) -> None:
    with pytest.raises(BadSignature):
        verify(SIGNATURE, body)


@pytest.mark.parametrize("body", ['{"subject":"Grüße","x":"a\\/b"}'.encode(), b""])
def test_the_bytes_are_signed_as_they_are(body: bytes) -> None:
    verify(base64.b64encode(hmac.new(b"test-secret", body, hashlib.sha1).digest()).decode(), body)


def test_another_secret_is_refused_and_both_are_accepted_while_one_replaces_the_other() -> None:
    with pytest.raises(BadSignature):
        verify(SIGNATURE, secrets=("other",))
    verify(SIGNATURE, secrets=("new", "test-secret"))
    verify(None, secrets=())  # without a secret the address alone is the proof


# events


def test_a_closed_conversation_is_read_whole() -> None:
    assert read(conversation()) == CLOSED


def test_their_own_rating_says_that_their_survey_is_on_and_is_no_message() -> None:
    """Trap 19."""
    at = datetime(2026, 11, 20, 12, 31, tzinfo=UTC)
    rated = payload("helpscout-satisfaction.ratings")
    assert read(rated, "satisfaction.ratings") == Change("77001", at, their_survey=True)
    lost = read(rated | {"ticketId": None}, "satisfaction.ratings")
    assert lost.not_used == "a rating without a conversation"


@pytest.mark.parametrize(("event", "kind"), EVENTS.items())
def test_every_event_tells_the_state(event: str, kind: ChangeType) -> None:
    """Trap 6: "send and close" may come as a reply only."""
    change = read(conversation(), event)
    assert (change.type, change.status, change.not_used) == (kind, "closed", "")


@pytest.mark.parametrize(
    ("event", "why"),
    [("customer.created", "customer.created is not used"), ("", "an event without a name is not used")],
)
def test_an_unknown_event_is_shown_with_its_reason(event: str, why: str) -> None:
    """Trap 13."""
    assert read(conversation(), event).not_used == why


@time_machine.travel(CLOSED_AT, tick=False)
def test_a_deleted_conversation_is_an_id_alone() -> None:
    """Trap 7."""
    assert read({"id": 77001}, "convo.deleted") == Change("77001", CLOSED_AT, type=ChangeType.DELETED)
    assert read({}, "convo.deleted").not_used == "a conversation without an id"


def test_spam_is_closed_without_an_answer() -> None:
    assert read(conversation(status="spam")).status in HELPSCOUT.unresolved


def test_an_unknown_status_or_channel_stays_their_word() -> None:
    change = read(conversation(status="dreaming", type="pigeon"))
    assert (change.status, change.channel, change.source_channel) == ("dreaming", "api", "pigeon")


@pytest.mark.parametrize(("kind", "channel"), [("email", "email"), ("chat", "web"), ("phone", "phone_voice")])
def test_the_channel_is_ours(kind: str, channel: str) -> None:
    assert read(conversation(type=kind)).channel == channel


@pytest.mark.parametrize(
    ("closed_by", "user", "expected"),
    [
        (9, {"id": 9}, ClosedBy.HUMAN),
        (0, None, ClosedBy.AUTOMATIC),
        (None, None, ClosedBy.AUTOMATIC),
        (0, {"id": 0}, ClosedBy.AUTOMATIC),
        (None, {"id": 9}, ClosedBy.HUMAN),
    ],
)
def test_a_conversation_that_nobody_closed_was_closed_by_a_workflow(
    closed_by: int | None, user: dict[str, int] | None, expected: ClosedBy
) -> None:
    """Trap 8."""
    assert read(conversation(closedBy=closed_by, closedByUser=user)).closed_by == expected


def test_who_closed_is_not_known_of_an_open_one_or_when_they_do_not_say() -> None:
    assert read(conversation(status="active")).closed_by is None
    body = conversation()
    del body["closedBy"], body["closedByUser"]
    assert read(body).closed_by is None


def test_messages_are_what_the_customer_and_the_agents_said_to_each_other() -> None:
    threads = listed(
        thread(6, "lineitem", "Sam closed it", minute=6),
        thread(5, "message", "not sent yet", minute=5, state="draft"),
        thread(4, "note", "he is angry", minute=4),
        thread(3, "message", "<p>We have corrected it.</p><p>Sam &amp; team</p>", minute=3),
        thread(2, "customer", "My invoice is wrong", "customer", minute=2),
    )
    change = read(conversation(status="active", **threads), "convo.agent.reply.created")
    asked = datetime(2026, 11, 20, 11, 2, tzinfo=UTC)
    assert change.messages == (
        SaidThere("2", "contact", "My invoice is wrong", asked),
        SaidThere("3", "agent", "We have corrected it.\nSam & team", asked.replace(minute=3), SAM),
    )
    assert change.actor == SAM
    assert change.at == datetime(2026, 11, 20, 11, 6, tzinfo=UTC)


def test_threads_that_are_missing_are_fetched_for_a_reply_and_for_nothing_else() -> None:
    api = FakeApi({f"GET {THREADS}": listed(thread(2, "customer", "Thanks", "customer", 30))})
    change = read(conversation(status="active"), "convo.customer.reply.created", api)
    assert [message.text for message in change.messages] == ["Thanks"]
    assert change.at == datetime(2026, 11, 20, 11, 30, tzinfo=UTC)
    assert change.actor == Person("75", "Ana Example", kind="customer")
    api.calls.clear()
    read(conversation(), "convo.status", api)
    assert api.calls == []


def test_our_own_note_comes_back_and_is_dropped() -> None:
    """Trap 5."""
    note = read(conversation(**listed(thread(4, "note", NOTE, "us", 4))), "convo.note.created")
    assert note.ours
    assert note.messages == ()
    theirs = read(conversation(**listed(thread(4, "note", "call her", "user", 4))), "convo.note.created")
    assert not theirs.ours
    by_mail = replace(CONFIG, own_user="csat@example.com")
    reply = read(
        conversation(**listed(thread(4, "message", "x", "us", 4))),
        "convo.agent.reply.created",
        config=by_mail,
    )
    assert reply.ours


def test_an_old_closing_that_comes_after_a_reply_is_older_by_their_clock() -> None:
    """Trap 3."""
    waiting = {"time": "2026-11-20T11:30:00Z", "latestReplyFrom": "customer"}
    reopened = read(
        conversation(status="active", customerWaitingSince=waiting), "convo.customer.reply.created"
    )
    assert read(conversation()).at < reopened.at


def test_a_closed_conversation_is_of_the_time_it_was_closed_whatever_came_later() -> None:
    """Trap 16: a note or a tag a month later must not look like a new end."""
    later = listed(thread(4, "note", "seen", minute=59))
    for event in ("convo.note.created", "convo.tags"):
        assert read(conversation(userUpdatedAt="2026-12-24T10:00:00Z", **later), event).at == CLOSED_AT


def test_of_a_merge_the_conversation_that_is_still_there_goes_on() -> None:
    """Trap 7: the old id answers 301."""
    assert read(conversation(), "convo.merged").type == ChangeType.MERGED
    gone = FakeApi({f"GET {PATH}": Never("301 Moved Permanently", code="301")})
    assert read(conversation(), "convo.merged", gone).type == ChangeType.MERGED
    there = FakeApi({f"GET {PATH}": conversation(status="active")})
    change = read(conversation(), "convo.merged", there)
    assert (change.type, change.status) == (ChangeType.STATUS, "active")


def test_links_to_files_are_not_kept() -> None:
    """Trap 24."""
    files = [{"_links": {"web": {"href": "https://x.example.com/f?sig=secret"}}}]
    body = conversation(**listed(thread(1, "customer", "see", "customer", _embedded={"attachments": files})))
    assert "secret" not in str(HELPSCOUT.redact(body))
    assert HELPSCOUT.redact(conversation()) == conversation()


def test_the_events_name_is_in_a_header_that_is_kept() -> None:
    assert HELPSCOUT.headers_kept == ("x-helpscout-event",)
    assert HELPSCOUT.event_name({"x-helpscout-event": "convo.status"}, {}) == "convo.status"
    assert HELPSCOUT.duplicate_key({}, conversation(), raw(conversation())) == ""


# their API


def test_a_conversation_is_looked_up_with_its_messages() -> None:
    api = FakeApi({f"GET {PATH}": conversation(**listed(thread(2, "customer", "Hello", "customer", 1)))})
    said = SaidThere("2", "contact", "Hello", datetime(2026, 11, 20, 11, 1, tzinfo=UTC))
    assert look_up(api) == replace(CLOSED, actor=None, messages=(said,))
    assert api.calls == [("GET", PATH, {"embed": "threads"})]


def test_without_an_email_the_phone_number_is_looked_up() -> None:
    """Trap 9."""
    body = conversation(primaryCustomer={"id": 75, "first": "Ana", "email": ""})
    phones = {"_embedded": {"phones": [{"id": 1, "value": "0151 12345678"}]}}
    api = FakeApi({f"GET {PATH}": body, "GET /v2/customers/75/phones": phones})
    assert look_up(api).customer == Customer(phone="0151 12345678", name="Ana", external_id="75")
    del api.answers["GET /v2/customers/75/phones"]
    assert look_up(api).customer == Customer(name="Ana", external_id="75")


@pytest.mark.parametrize("code", ["404", "410", "301"])
def test_a_conversation_that_is_gone_or_merged_is_none(code: str) -> None:
    assert HELPSCOUT.look_up(CONFIG, FakeApi({f"GET {PATH}": Never(code, code=code)}), "77001") is None


def test_a_deleted_one_that_still_answers_is_deleted() -> None:
    assert look_up(FakeApi({f"GET {PATH}": conversation(state="deleted")})).type == ChangeType.DELETED


def test_what_changed_is_polled_page_after_page() -> None:
    """Trap 15."""
    page = {"_embedded": {"conversations": [conversation(), {"id": None}]}, "page": {"totalPages": 2}}
    api = FakeApi({"GET /v2/conversations": Answers(page, {"page": {"totalPages": 2}})})
    since = datetime(2026, 11, 20, 9, 0, 0, 5000, tzinfo=UTC)
    changes, cursor = HELPSCOUT.poll(CONFIG, api, since, "")
    assert changes == [replace(CLOSED, actor=None, found_by=FoundBy.POLL)]
    asked = api.sent("GET", "/v2/conversations")
    assert (asked["modifiedSince"], asked["page"], asked["status"]) == ("2026-11-20T09:00:00Z", 1, "all")
    assert HELPSCOUT.poll(CONFIG, api, since, cursor) == ([], "")
    assert api.sent("GET", "/v2/conversations")["page"] == 2


def test_the_latest_conversations_are_shown_as_they_would_arrive() -> None:
    page = {"_embedded": {"conversations": [conversation()] * 9}}
    assert (
        HELPSCOUT.latest(CONFIG, FakeApi({"GET /v2/conversations": page}))
        == [replace(CLOSED, actor=None)] * 5
    )


def test_it_signs_in_with_a_form_by_client_credentials() -> None:
    api = FakeApi({"POST /v2/oauth2/token": {"access_token": "abc", "expires_in": 172800}})
    assert HELPSCOUT.sign_in(CONFIG, api) == {"Authorization": "Bearer abc"}
    sent = api.sent("POST", "/v2/oauth2/token")
    assert isinstance(sent, Form)
    assert sent == {"grant_type": "client_credentials", "client_id": "app", "client_secret": "token"}
    assert HELPSCOUT.auth(CONFIG) == {}


def test_a_sign_in_that_gives_no_token_pauses_the_connection() -> None:
    with pytest.raises(Never) as raised:
        HELPSCOUT.sign_in(CONFIG, FakeApi({"POST /v2/oauth2/token": {"error": "x"}}))
    assert raised.value.account


def test_a_webhook_is_made_with_a_secret_of_forty_characters() -> None:
    api = FakeApi({"POST /v2/webhooks": None})
    secret = HELPSCOUT.set_up(CONFIG, api, URL)
    sent = api.sent("POST", "/v2/webhooks")
    assert len(secret) == 40
    assert (sent["url"], sent["secret"]) == (URL, secret)
    assert {"convo.status", "satisfaction.ratings"} <= set(sent["events"])


# the score on its way back


def test_the_note_is_written_and_its_id_looked_up() -> None:
    written = listed(thread(8, "note", NOTE, "us", 9), thread(3, "note", "call her", minute=3))
    api = FakeApi({f"GET {THREADS}": Answers(listed(), written), f"POST {PATH}/notes": None})
    assert HELPSCOUT.write_back(CONFIG, api, replace(RATING, fields=False)) == "8"
    assert api.sent("POST", f"{PATH}/notes") == {"text": NOTE}


def test_after_a_cut_connection_the_note_is_found_and_not_written_twice() -> None:
    there = listed(thread(8, "note", NOTE, "us", 9))
    api = FakeApi({f"GET {THREADS}": there, f"PATCH {THREADS}/8": None})
    assert HELPSCOUT.write_back(CONFIG, api, replace(RATING, fields=False)) == "8"
    assert api.sent("PATCH", f"{THREADS}/8") == {"op": "replace", "path": "/text", "value": NOTE}


def test_a_score_that_changed_side_gets_a_second_note() -> None:
    old = thread(8, "note", "CSAT 2/5 Bad<br>https://csat.example.com/inbox/7/", "us", 9)
    new = thread(9, "note", NOTE, "us", 10)
    api = FakeApi({f"GET {THREADS}": Answers(listed(old), listed(new, old)), f"POST {PATH}/notes": None})
    changed = replace(RATING, fields=False, note_id="8", changed_side=True)
    assert HELPSCOUT.write_back(CONFIG, api, changed) == "9"


def test_fields_of_others_survive_ours() -> None:
    """Trap 17: PUT replaces the whole list."""
    names = {1: "Plan", 2: "csat_score", 3: "CSAT_Comment", 4: "csat_tone"}
    fields = {"_embedded": {"fields": [{"id": key, "name": name} for key, name in names.items()]}}
    before = [{"id": 1, "name": "Plan", "value": "77", "text": "Gold"}, {"id": 2, "value": "1"}]
    api = FakeApi(
        {
            f"GET {PATH}": conversation(customFields=before),
            f"GET {FIELDS}": fields,
            f"PUT {PATH}/fields": None,
        }
    )
    HELPSCOUT.write_back(CONFIG, api, replace(RATING, note=False))
    assert api.sent("PUT", f"{PATH}/fields") == {
        "fields": [
            {"id": 1, "value": "77"},
            {"id": 2, "value": "4"},
            {"id": 3, "value": "quick & friendly"},
        ]
    }
    HELPSCOUT.write_back(CONFIG, api, replace(RATING, note=False, withdrawn=True))
    assert api.sent("PUT", f"{PATH}/fields") == {"fields": [{"id": 1, "value": "77"}]}


def test_an_inbox_without_our_fields_is_left_alone() -> None:
    api = FakeApi({f"GET {PATH}": conversation(), f"GET {FIELDS}": {"_embedded": {"fields": []}}})
    HELPSCOUT.write_back(CONFIG, api, replace(RATING, note=False))
    assert [method for method, *_ in api.calls] == ["GET", "GET"]


@pytest.mark.parametrize(
    ("before", "rating", "after"),
    [
        (["billing"], {}, ["billing", "csat_good"]),
        (["csat_bad", "billing"], {}, ["billing", "csat_good"]),
        (["billing", "csat_good"], {}, None),
        (["billing", "csat_good"], {"score": 2}, ["billing", "csat_bad"]),
        (["billing", "csat_good"], {"withdrawn": True}, ["billing"]),
        (["billing"], {"withdrawn": True}, None),
    ],
)
def test_tags_of_others_survive_ours(
    before: list[str], rating: dict[str, Any], after: list[str] | None
) -> None:
    """Trap 17: PUT replaces all of them."""
    tags = [{"id": 1, "tag": tag} for tag in before]
    api = FakeApi({f"GET {PATH}": conversation(tags=tags), f"PUT {PATH}/tags": None})
    HELPSCOUT.write_back(CONFIG, api, replace(RATING, note=False, fields=False, tag=True, **rating))
    sent = [body for method, _path, body in api.calls if method == "PUT"]
    assert sent == ([] if after is None else [{"tags": after}])


def test_a_withdrawn_score_leaves_no_word_of_the_customer_there() -> None:
    there = listed(thread(8, "note", NOTE, "us", 9))
    api = FakeApi({f"GET {THREADS}": there, f"PATCH {THREADS}/8": None})
    HELPSCOUT.write_back(CONFIG, api, replace(RATING, withdrawn=True, note_id="8", fields=False))
    assert api.sent("PATCH", f"{THREADS}/8")["value"] == "CSAT rating withdrawn"


@pytest.mark.parametrize(
    "trouble",
    [
        Retry("429", code="429", after=7),
        Never("401", code="401", account=True),
        Never("412 too old", code="412"),
    ],
)
def test_their_refusal_of_a_write_is_told_as_it_is(trouble: Exception) -> None:
    """Trap 18."""
    api = FakeApi({f"GET {THREADS}": listed(), f"POST {PATH}/notes": trouble})
    with pytest.raises(type(trouble)) as raised:
        HELPSCOUT.write_back(CONFIG, api, RATING)
    assert raised.value is trouble


def test_a_conversation_that_is_gone_refuses_the_score() -> None:
    with pytest.raises(Never) as raised:
        HELPSCOUT.write_back(CONFIG, FakeApi(), RATING)
    assert raised.value.code == "404"


def test_a_made_up_id_reaches_nothing_of_theirs() -> None:
    api = FakeApi()
    with pytest.raises(Never):
        HELPSCOUT.write_back(CONFIG, api, replace(RATING, external_id="1/../../users/2"))
    assert api.calls == []


def test_a_reply_to_the_customer_leaves_the_status_as_it_is() -> None:
    sent = listed(thread(9, "message", "How was it?<br>https://csat.example.com/r/x", "us", 20))
    api = FakeApi({f"GET {PATH}": conversation(), f"POST {PATH}/reply": None, f"GET {THREADS}": sent})
    assert HELPSCOUT.send(CONFIG, api, "77001", "How was it?\nhttps://csat.example.com/r/x") == "9"
    assert api.sent("POST", f"{PATH}/reply") == {
        "customer": {"id": 75},
        "text": "How was it?<br>https://csat.example.com/r/x",
        "status": "closed",
    }


# odd bodies


@pytest.mark.parametrize("body", ["text", 5, None, True, []])
def test_a_body_that_is_no_object_cannot_be_read(body: Any) -> None:
    with pytest.raises(CannotRead):
        read(body)


def check_odd(body: Any) -> None:
    HELPSCOUT.redact(body)
    there = body if isinstance(body, dict) else {}
    api = FakeApi({f"GET {PATH}": there, f"GET {THREADS}": there})
    for event in (*EVENTS, "satisfaction.ratings", "tag.created", ""):
        for fetch in (None, api):
            try:
                assert isinstance(read(body, event, fetch), Change)
            except CannotRead:
                assert not isinstance(body, dict)
    HELPSCOUT.look_up(CONFIG, api, "77001")


@pytest.mark.parametrize("name", FILES)
def test_whatever_is_missing_null_extra_or_of_another_type_raises_nothing(name: str) -> None:
    body = payload(name) | listed(thread(3, "message", "Hello"), thread(2, "customer", "Hi", "customer"))

    @settings(max_examples=80, deadline=None)
    @given(body=mangled(body))
    def check(body: Any) -> None:
        check_odd(body)

    check()


def test_it_stands_in_the_gallery_with_five_steps() -> None:
    assert isinstance(registry.get("helpscout"), HelpScout)
    assert len(HELPSCOUT.steps) == 5
    verbs = ("look_up", "poll", "latest", "write_back", "send", "set_up", "sign_in")
    assert [verb for verb in verbs if not HELPSCOUT.can(verb)] == []
