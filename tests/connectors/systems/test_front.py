"""Front: the same events by a rule's and an application's webhook; fields and tags that replace others."""

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
from csat.connectors.systems.front import EVENTS, UNANSWERED, Front
from csat.lib.outcomes import Never, Retry
from tests.connectors.fakes import PAYLOADS, Answers, FakeApi, Settings, payload, raw
from tests.connectors.mangling import mangled

FRONT = Front()
CONFIG = Settings(base_url="")
URL = "https://csat.example.com/connect/front/abc"
BODY = b'{"a":1}'
RULE = "2aAU1m3xoHzOI22rLeKOSICl7co="
APPLICATION = "Dqyj/m/jOGg/WBBkoOxgPNedrXR4WJ1nG2vg0Ph7JFw="
STAMP = "1764345600000"
SIGNED_AT = datetime.fromtimestamp(1764345600, UTC)
FILES = sorted(path.stem for path in PAYLOADS.glob("front-*.json"))
PATH = "/conversations/cnv_77ex"

AT = datetime(2026, 11, 20, 11, 1, 40, 123000, tzinfo=UTC)
SAM = Person("tea_9ex", "Sam Agent", "sam.agent@example.com")
ANA = Customer("ana.example@example.com", name="Ana Example", external_id="crd_5ex")
ARCHIVED = Change(
    external_id="cnv_77ex",
    at=AT,
    status="archived",
    subject="Invoice is wrong",
    customer=ANA,
    assignee=SAM,
    tags=("billing",),
    actor=SAM,
    closed_by=ClosedBy.HUMAN,
    created_at=datetime(2026, 11, 20, 10, tzinfo=UTC),
    url="https://app.frontapp.com/open/cnv_77ex",
)
RATING = Rating(
    external_id="cnv_77ex",
    score=4,
    label="Good",
    comment="quick & friendly",
    at=datetime(2026, 11, 20, 12, 30, tzinfo=UTC),
    url="https://csat.example.com/inbox/7/",
)
FIELDS = {
    "csat_score": 4,
    "csat_label": "Good",
    "csat_comment": "quick & friendly",
    "csat_at": "2026-11-20T12:30:00+00:00",
    "csat_url": "https://csat.example.com/inbox/7/",
}


def event(**more: Any) -> dict[str, Any]:
    return payload("front-rule-archive") | more


def conversation(**more: Any) -> dict[str, Any]:
    return payload("front-rule-archive")["conversation"] | more


def message(number: int, *, inbound: bool, **more: Any) -> dict[str, Any]:
    author = (
        None if inbound else {"id": "tea_9ex", "first_name": "Sam", "last_name": "Agent", "email": SAM.email}
    )
    return {
        "id": f"msg_{number}", "type": "email", "is_inbound": inbound, "is_draft": False, "author": author,
        "created_at": 1795168800.0 + number, "text": f"Message {number}", "body": f"<p>Message {number}</p>",
    } | more  # fmt: skip


def said(number: int, *, inbound: bool) -> SaidThere:
    at = datetime.fromtimestamp(1795168800 + number, UTC)
    sender, author = ("contact", None) if inbound else ("agent", SAM)
    return SaidThere(f"msg_{number}", sender, f"Message {number}", at, author)


LOOKED_UP = replace(
    ARCHIVED,
    channel="email",
    inbox="inb_1",
    inbox_name="Support",
    messages=(said(1, inbound=True), said(2, inbound=False)),
    actor=None,
    closed_by=None,
)


def answers(**more: Any) -> dict[str, Any]:
    """Their API with one conversation, a question and an answer in it."""
    return {
        f"GET {PATH}": conversation(),
        f"GET {PATH}/messages": {"_results": [message(2, inbound=False), message(1, inbound=True)]},
        f"GET {PATH}/inboxes": {"_results": [{"id": "inb_1", "name": "Support"}]},
        **more,
    }


def read(body: Any, fetch: FakeApi | None = None, config: Settings = CONFIG) -> Change:
    [change] = FRONT.read(config, {}, body, fetch)
    return change


def look_up(**more: Any) -> Change:
    found = FRONT.look_up(CONFIG, FakeApi(answers(**more)), "cnv_77ex")
    assert found
    return found


def verify(
    signature: str | None,
    stamp: str | None = None,
    body: bytes = BODY,
    secrets: tuple[str, ...] = ("test-secret",),
) -> None:
    given = {"x-front-signature": signature, "x-front-request-timestamp": stamp}
    headers = {name: value for name, value in given.items() if value is not None}
    FRONT.verify(Settings(inbound_secrets=secrets), headers, body, URL)


# signatures


def test_the_vector_of_a_rule_is_verified_at_any_time() -> None:
    verify(RULE)


@time_machine.travel(SIGNED_AT, tick=False)
def test_the_vector_of_an_application_is_verified() -> None:
    verify(APPLICATION, STAMP)


@time_machine.travel(SIGNED_AT, tick=False)
@pytest.mark.parametrize(("good", "stamp"), [(RULE, None), (APPLICATION, STAMP)])
def test_a_wrong_missing_truncated_prefixed_or_odd_signature_is_refused(good: str, stamp: str | None) -> None:
    for signature in (None, "", "nonsense", good[:-8], "3" + good[1:], f"sha1={good}", "sïg", "\udcff"):
        with pytest.raises(BadSignature):
            verify(signature, stamp)
    for body in (b'{"a": 1}', b"", b'{"a":2}'):
        with pytest.raises(BadSignature):
            verify(good, stamp, body)


@time_machine.travel(SIGNED_AT, tick=False)
@pytest.mark.parametrize(("good", "stamp"), [(RULE, None), (APPLICATION, STAMP)])
def test_another_secret_is_refused_and_both_are_accepted_while_one_replaces_the_other(
    good: str, stamp: str | None
) -> None:
    """An API secret and a signing key may stand beside each other, too."""
    with pytest.raises(BadSignature):
        verify(good, stamp, secrets=("other",))
    verify(good, stamp, secrets=("new", "test-secret"))
    verify(None, stamp, secrets=())  # without a secret the address alone is the proof


@pytest.mark.parametrize("seconds", [-301, 301])
def test_a_timestamp_more_than_five_minutes_away_is_refused(seconds: int) -> None:
    with time_machine.travel(1764345600 + seconds, tick=False), pytest.raises(BadSignature):
        verify(APPLICATION, STAMP)


@time_machine.travel(SIGNED_AT, tick=False)
@pytest.mark.parametrize("stamp", ["", "soon", "²", "\udcff"])
def test_a_timestamp_that_is_no_number_is_refused_although_it_is_signed(stamp: str) -> None:
    signed = stamp.encode(errors="replace") + b":" + BODY
    signature = base64.b64encode(hmac.new(b"test-secret", signed, hashlib.sha256).digest()).decode()
    with pytest.raises(BadSignature):
        verify(signature, stamp)


def test_a_signature_of_one_kind_is_none_of_the_other() -> None:
    with pytest.raises(BadSignature):
        verify(APPLICATION)
    with time_machine.travel(SIGNED_AT, tick=False), pytest.raises(BadSignature):
        verify(RULE, STAMP)


@pytest.mark.parametrize("body", ['{"subject":"Grüße","x":"a\\/b"}'.encode(), b""])
def test_the_bytes_are_signed_as_they_are(body: bytes) -> None:
    verify(base64.b64encode(hmac.new(b"test-secret", body, hashlib.sha1).digest()).decode(), body=body)


# handshake


def test_the_challenge_is_answered_with_their_own_words() -> None:
    body = raw(payload("front-application-sync"))
    assert FRONT.handshake(CONFIG, {"x-front-challenge": "abc123"}, body) == "abc123"
    assert FRONT.handshake(CONFIG, {"x-front-challenge": "abc123"}, b"") == "abc123"


def test_an_event_is_never_mistaken_for_a_challenge() -> None:
    body = raw(payload("front-application-conversation_archived"))
    assert FRONT.handshake(CONFIG, {"x-front-challenge": "abc123"}, body) is None
    assert FRONT.handshake(CONFIG, {}, raw(payload("front-application-sync"))) is None


# events


@pytest.mark.parametrize("name", ["front-rule-archive", "front-application-conversation_archived"])
def test_an_archived_conversation_is_read_whole_by_either_webhook(name: str) -> None:
    assert read(payload(name)) == ARCHIVED


def test_an_event_that_comes_by_both_webhooks_is_one() -> None:
    """Trap 1."""
    by_rule, by_application = (
        payload("front-rule-archive"),
        payload("front-application-conversation_archived"),
    )
    for body in (by_rule, by_application):
        assert FRONT.event_name({}, body) == "archive"
        assert FRONT.duplicate_key({}, body, raw(body)) == "evt_1example"


def test_a_sync_that_comes_as_an_event_is_shown_and_not_used() -> None:
    assert read(payload("front-application-sync")).not_used == "sync is not used"


@pytest.mark.parametrize(("name", "kind"), EVENTS.items())
def test_every_event_is_known_and_those_of_the_state_tell_it(name: str, kind: ChangeType) -> None:
    """A tag or an assignee put on it a month after its end must not look like a new end."""
    change = read(event(type=name))
    beside = name in (
        "assign",
        "unassign",
        "move",
        "comment",
        "mention",
        "tag",
        "untag",
        "custom_field_updated",
    )
    assert (change.type, change.status, change.not_used) == (kind, "" if beside else "archived", "")


@pytest.mark.parametrize(
    ("odd", "why"),
    [
        ({"type": "smiled"}, "smiled is not used"),
        ({"type": None}, "an event without a name is not used"),
        ({"conversation": {}}, "an event without a conversation"),
        ({"conversation": {"id": "../contacts"}}, "an event without a conversation"),
    ],
)
def test_what_is_not_understood_is_shown_with_its_reason(odd: dict[str, Any], why: str) -> None:
    """Trap 13."""
    assert read(event(**odd)).not_used == why


@pytest.mark.parametrize(
    ("status", "category", "expected"),
    [
        ("archived", None, "archived"),
        ("archived", "resolved", "archived"),
        ("archived", "waiting", "waiting"),
        ("assigned", "resolved", "resolved"),
        ("unassigned", None, "unassigned"),
        ("assigned", "open", "open"),
        ("spam", "resolved", "spam"),
        ("dreaming", None, "dreaming"),
    ],
)
def test_with_ticketing_the_category_decides(status: str, category: str | None, expected: str) -> None:
    """A ticket that waits for the customer may be archived and is not resolved."""
    found = conversation(status=status, status_category=category)
    assert read(event(conversation=found)).status == expected


def test_archived_and_resolved_mean_resolved_and_spam_does_not() -> None:
    assert FRONT.resolved == ("archived", "resolved")
    assert set(FRONT.unresolved) == {UNANSWERED, "deleted", "trashed", "spam"}
    assert read(event(type="trash")).type == ChangeType.DELETED


@pytest.mark.parametrize(
    ("source", "data", "closed_by", "actor"),
    [
        ("teammate", {"id": "tea_1", "first_name": "Kim"}, ClosedBy.HUMAN, Person("tea_1", "Kim")),
        ("rule", {"id": "rul_1", "name": "Old"}, ClosedBy.AUTOMATIC, Person("rul_1", "Old", kind="system")),
        ("api", {"id": "api_1"}, None, Person("api_1", kind="system")),
        ("gmail", None, None, None),
    ],
)
def test_a_rule_that_archives_is_no_person(
    source: str, data: Any, closed_by: ClosedBy | None, actor: Person | None
) -> None:
    """Trap 8."""
    change = read(event(source={"_meta": {"type": source}, "data": data}))
    assert (change.closed_by, change.actor, change.ours) == (closed_by, actor, False)


def test_an_inbound_message_tells_its_channel_and_inbox() -> None:
    source = {"_meta": {"type": "inboxes"}, "data": [{"id": "inb_1", "name": "Support"}]}
    target = {"_meta": {"type": "message"}, "data": message(1, inbound=True)}
    found = conversation(status="unassigned", status_category=None)
    change = read(event(type="inbound", source=source, target=target, conversation=found))
    assert change == replace(
        ARCHIVED,
        type=ChangeType.MESSAGE,
        status="unassigned",
        channel="email",
        inbox="inb_1",
        inbox_name="Support",
        messages=(said(1, inbound=True),),
        actor=None,
        closed_by=None,
    )


@pytest.mark.parametrize("name", ["outbound", "out_reply"])
def test_an_answer_of_a_teammate_is_a_message_and_one_of_a_rule_is_no_answer(name: str) -> None:
    answer = {"_meta": {"type": "message"}, "data": message(2, inbound=False)}
    assert read(event(type=name, target=answer)).messages == (said(2, inbound=False),)
    answer["data"] = message(2, inbound=False, author=None)
    assert read(event(type=name, target=answer)).messages == ()
    answer["data"] = message(2, inbound=False, is_draft=True)
    assert read(event(type=name, target=answer)).messages == ()


def test_an_internal_comment_is_no_message() -> None:
    comment = {"_meta": {"type": "comment"}, "data": {"id": "com_1", "body": "he is angry"}}
    assert read(event(type="comment", target=comment)).messages == ()


@pytest.mark.parametrize("name", ["comment", "tag", "untag", "custom_field_updated"])
def test_what_we_wrote_comes_back_and_is_dropped(name: str) -> None:
    """Trap 5."""
    by_api = {"_meta": {"type": "api"}, "data": {"id": "api_1"}}
    assert read(event(type=name, source=by_api)).ours
    assert not read(event(type=name)).ours


def test_whatever_our_own_user_does_is_ours() -> None:
    assert read(event(), config=replace(CONFIG, own_user="tea_9ex")).ours
    assert read(event(), config=replace(CONFIG, own_user="sam.agent@example.com")).ours


@pytest.mark.parametrize(
    ("handle", "email", "phone"),
    [
        ("ana.example@example.com", "ana.example@example.com", ""),
        ("+4915112345678", "", "+4915112345678"),
        ("0151 12345678", "", "0151 12345678"),
        ("8f3e-visitor", "", ""),
        ("", "", ""),
    ],
)
def test_the_handle_is_an_email_a_number_or_neither(handle: str, email: str, phone: str) -> None:
    """Trap 9."""
    recipient = {"handle": handle, "role": "from"}
    change = read(event(conversation=conversation(recipient=recipient)))
    assert change.customer == Customer(email=email, phone=phone)
    copied = read(event(conversation=conversation(recipient=recipient | {"role": "cc"})))
    assert copied.customer is None


@pytest.mark.parametrize(
    ("kind", "channel", "word"),
    [
        ("email", "email", ""), ("sms", "sms", ""), ("whatsapp", "whatsapp", ""), ("front_chat", "web", ""),
        ("phone-call", "phone_voice", ""), ("call", "phone_voice", ""), ("facebook", "messenger", ""),
        ("tweet", "api", "tweet"), ("custom", "api", "custom"), ("", "", ""),
    ],
)  # fmt: skip
def test_the_channel_is_ours_or_their_word(kind: str, channel: str, word: str) -> None:
    target = {"data": message(1, inbound=True, type=kind)}
    change = read(event(type="inbound", target=target))
    assert (change.channel, change.source_channel) == (channel, word)


def test_a_preview_is_completed_by_their_api() -> None:
    """With Send full event data off."""
    preview = {"id": "evt_1example", "type": "archive", "emitted_at": 1795172500.123}
    api = FakeApi(answers(**{"GET /events/evt_1example": event()}))
    assert read(preview, api) == ARCHIVED
    assert read(preview).not_used == "an event without a conversation"
    half = preview | {"conversation": {"id": "cnv_77ex"}}
    change = read(half, api)
    assert (change.status, change.at, change.subject) == ("archived", AT, "Invoice is wrong")
    assert read(half) == Change("cnv_77ex", AT, url=ARCHIVED.url)


def test_of_a_merge_the_conversation_that_is_still_there_goes_on() -> None:
    """Trap 7."""
    merge = event(type="conversations_merged")
    gone = FakeApi({f"GET {PATH}": Never("301", code="301")})
    assert read(merge).type == read(merge, gone).type == ChangeType.MERGED
    change = read(merge, FakeApi(answers()))
    assert (change.type, change.status) == (ChangeType.STATUS, "archived")


def test_links_to_files_are_not_kept() -> None:
    """Trap 24."""
    files = [{"url": "https://example.api.frontapp.com/download/fil_1?sig=secret"}]
    target = {"data": message(1, inbound=True, attachments=files)}
    assert "secret" not in str(FRONT.redact(event(target=target)))
    assert FRONT.redact(event()) == event()


# their API


def test_a_conversation_is_looked_up_with_its_messages_and_inbox() -> None:
    assert look_up() == LOOKED_UP


def test_archived_in_one_inbox_and_open_in_another_is_open() -> None:
    """Trap 23: the reread before asking tells the conversation's own state."""
    assert read(event()).status == "archived"
    found = conversation(status="assigned", status_category=None)
    assert look_up(**{f"GET {PATH}": found}).status == "assigned"


@pytest.mark.parametrize(
    "answer",
    [
        message(2, inbound=False, author=None),
        message(2, inbound=False, is_draft=True),
        message(3, inbound=True),
    ],
)
def test_what_was_archived_without_an_answer_of_a_person_is_not_resolved(answer: dict[str, Any]) -> None:
    """Newsletters, and rules that archive."""
    listed = {"_results": [answer, message(1, inbound=True)]}
    assert look_up(**{f"GET {PATH}/messages": listed}).status == UNANSWERED


def test_a_phone_call_needs_no_written_answer() -> None:
    call = {"_results": [message(1, inbound=True, type="phone-call")]}
    assert look_up(**{f"GET {PATH}/messages": call}).status == "archived"


def test_a_chat_visitors_address_is_their_contacts() -> None:
    """Trap 9."""
    recipient = {
        "handle": "8f3e",
        "role": "from",
        "_links": {"related": {"contact": "https://x/contacts/crd_5ex"}},
    }
    handles = [
        {"source": "front_chat", "handle": "8f3e"},
        {"source": "email", "handle": "ana@example.com"},
        {"source": "email", "handle": "second@example.com"},
    ]
    found = conversation(recipient=recipient)
    customer = look_up(**{f"GET {PATH}": found, "GET /contacts/crd_5ex": {"handles": handles}}).customer
    assert customer == Customer("ana@example.com", external_id="crd_5ex")
    assert look_up(**{f"GET {PATH}": found}).customer == Customer(external_id="crd_5ex")


@pytest.mark.parametrize("code", ["404", "410", "301"])
def test_a_conversation_that_is_gone_or_merged_is_none(code: str) -> None:
    assert FRONT.look_up(CONFIG, FakeApi({f"GET {PATH}": Never(code, code=code)}), "cnv_77ex") is None


def test_events_are_polled_page_after_page_and_never_from_another_host() -> None:
    """Trap 15."""
    following = "/events?page_token=abc&limit=100"
    first = {"_results": [event()], "_pagination": {"next": f"https://example.api.frontapp.com{following}"}}
    last = {"_results": [], "_pagination": {"next": None}}
    api = FakeApi(answers(**{"GET /events": first, f"GET {following}": last}))
    since = datetime(2026, 11, 20, 9, tzinfo=UTC)
    changes, cursor = FRONT.poll(CONFIG, api, since, "")
    assert changes == [replace(LOOKED_UP, actor=SAM, closed_by=ClosedBy.HUMAN, found_by=FoundBy.POLL)]
    assert (cursor, api.sent("GET", "/events")["q[after]"]) == (following, 1795165200.0)
    assert FRONT.poll(CONFIG, api, since, cursor) == ([], "")
    api.answers["GET /events"] = {"_pagination": {"next": "https://evil.example.com/me?x=1"}}
    assert FRONT.poll(CONFIG, api, since, "") == ([], "")


@pytest.mark.parametrize(
    ("found", "status"),
    [
        ({f"GET {PATH}": conversation(status="assigned", status_category=None)}, "assigned"),
        ({f"GET {PATH}/messages": {"_results": [message(1, inbound=True)]}}, UNANSWERED),
        ({f"GET {PATH}": Never("404", code="404")}, "archived"),
    ],
)
def test_an_end_that_was_polled_is_compared_with_how_it_stands_now(
    found: dict[str, Any], status: str
) -> None:
    """Trap 23."""
    api = FakeApi(answers(**{"GET /events": {"_results": [event()]}}, **found))
    [change], _cursor = FRONT.poll(CONFIG, api, AT, "")
    assert (change.status, change.at, change.found_by) == (status, AT, FoundBy.POLL)


def test_the_latest_conversations_are_shown_as_they_would_arrive() -> None:
    api = FakeApi(answers(**{"GET /conversations": {"_results": [conversation()] * 9}}))
    assert FRONT.latest(CONFIG, api) == [LOOKED_UP] * 5


def test_a_call_carries_the_token() -> None:
    assert FRONT.auth(CONFIG) == {"Authorization": "Bearer token"}


# the score on its way back


def comments(*bodies: str) -> dict[str, Any]:
    """Newest first, as they list them."""
    found = [
        {"id": f"com_{at}", "body": body, "posted_at": 1795172500 + at} for at, body in enumerate(bodies)
    ]
    return {"_results": found[::-1]}


def test_the_score_is_written_as_a_comment_and_fields_of_others_survive() -> None:
    """Trap 17: sending some custom fields erases the others."""
    api = FakeApi(
        {
            f"GET {PATH}/comments": comments("call her"),
            f"POST {PATH}/comments": {"id": "com_9"},
            f"GET {PATH}": conversation(custom_fields={"Plan": "Gold", "csat_score": 1}),
            f"PATCH {PATH}": None,
        }
    )
    assert FRONT.write_back(CONFIG, api, RATING) == "com_9"
    assert api.sent("POST", f"{PATH}/comments") == {
        "body": 'CSAT 4/5 Good - "quick & friendly"\nhttps://csat.example.com/inbox/7/'
    }
    assert api.sent("PATCH", PATH) == {"custom_fields": {"Plan": "Gold", **FIELDS}}


def test_what_stands_there_already_is_not_written_again() -> None:
    api = FakeApi({f"GET {PATH}": conversation(custom_fields={"Plan": "Gold", **FIELDS})})
    FRONT.write_back(CONFIG, api, replace(RATING, note=False))
    assert [method for method, *_ in api.calls] == ["GET"]


def test_a_changed_score_edits_the_comment() -> None:
    api = FakeApi({"PATCH /comments/com_9": {}})
    assert FRONT.write_back(CONFIG, api, replace(RATING, note_id="com_9", fields=False)) == "com_9"
    assert api.calls == [("PATCH", "/comments/com_9", {"body": RATING.line})]


def test_a_score_that_changed_side_gets_a_second_comment() -> None:
    api = FakeApi({f"GET {PATH}/comments": comments("x"), f"POST {PATH}/comments": {"id": "com_9"}})
    changed = replace(RATING, note_id="com_0", changed_side=True, fields=False)
    assert FRONT.write_back(CONFIG, api, changed) == "com_9"


def test_after_a_cut_connection_the_comment_is_found_and_not_written_twice() -> None:
    api = FakeApi({f"GET {PATH}/comments": comments("call her", RATING.line), "PATCH /comments/com_1": {}})
    assert FRONT.write_back(CONFIG, api, replace(RATING, fields=False)) == "com_1"


def test_a_new_tag_is_added_and_touches_no_other() -> None:
    api = FakeApi(
        {
            f"GET {PATH}": conversation(),
            "GET /tags": {
                "_results": [],
                "_pagination": {"next": "https://x.api.frontapp.com/tags?page_token=2"},
            },
            "GET /tags?page_token=2": {"_results": [{"id": "tag_8", "name": "csat_good"}]},
            f"POST {PATH}/tags": None,
        }
    )
    FRONT.write_back(CONFIG, api, replace(RATING, note=False, fields=False, tag=True))
    assert api.sent("POST", f"{PATH}/tags") == {"tag_ids": ["tag_8"]}
    assert "PATCH" not in {method for method, *_ in api.calls}


def test_a_tag_that_nobody_made_there_is_made() -> None:
    api = FakeApi(
        {
            f"GET {PATH}": conversation(),
            "GET /tags": {"_results": []},
            "POST /tags": {"id": "tag_9"},
            f"POST {PATH}/tags": None,
        }
    )
    FRONT.write_back(CONFIG, api, replace(RATING, note=False, fields=False, tag=True))
    assert api.sent("POST", "/tags") == {"name": "csat_good"}
    assert api.sent("POST", f"{PATH}/tags") == {"tag_ids": ["tag_9"]}


@pytest.mark.parametrize(("withdrawn", "after"), [(False, ["tag_1ex", "tag_8"]), (True, ["tag_1ex"])])
def test_the_other_tag_of_ours_goes_and_those_of_others_survive(withdrawn: bool, after: list[str]) -> None:
    """Trap 17."""
    tags = [{"id": "tag_1ex", "name": "billing"}, {"id": "tag_7", "name": "csat_bad"}]
    api = FakeApi(
        {
            f"GET {PATH}": conversation(tags=tags),
            "GET /tags": {"_results": [{"id": "tag_8", "name": "csat_good"}]},
            f"PATCH {PATH}": None,
        }
    )
    FRONT.write_back(CONFIG, api, replace(RATING, note=False, fields=False, tag=True, withdrawn=withdrawn))
    assert api.sent("PATCH", PATH) == {"tag_ids": after}


def test_a_tag_that_stands_there_already_is_not_written_again() -> None:
    tags = [{"id": "tag_1ex", "name": "billing"}, {"id": "tag_8", "name": "csat_good"}]
    api = FakeApi({f"GET {PATH}": conversation(tags=tags)})
    FRONT.write_back(CONFIG, api, replace(RATING, note=False, fields=False, tag=True))
    assert [method for method, *_ in api.calls] == ["GET"]


def test_a_withdrawn_score_leaves_no_word_of_the_customer_there() -> None:
    api = FakeApi(
        {
            f"GET {PATH}/comments": comments(RATING.line),
            "PATCH /comments/com_0": {},
            f"GET {PATH}": conversation(custom_fields={"Plan": "Gold", **FIELDS}),
            f"PATCH {PATH}": None,
        }
    )
    FRONT.write_back(CONFIG, api, replace(RATING, withdrawn=True, note_id="com_5"))
    assert api.sent("PATCH", "/comments/com_0") == {"body": "CSAT rating withdrawn"}
    assert api.sent("PATCH", PATH) == {"custom_fields": {"Plan": "Gold"}}


@pytest.mark.parametrize(
    "trouble",
    [Retry("429", code="429", after=7), Never("401", code="401", account=True), Never("404", code="404")],
)
def test_their_refusal_of_a_write_is_told_as_it_is(trouble: Exception) -> None:
    """Trap 18."""
    api = FakeApi({f"GET {PATH}/comments": comments(), f"POST {PATH}/comments": trouble})
    with pytest.raises(type(trouble)) as raised:
        FRONT.write_back(CONFIG, api, RATING)
    assert raised.value is trouble


def test_a_made_up_id_reaches_nothing_of_theirs() -> None:
    api = FakeApi()
    for made_up in ("cnv_1/../../me", "cnv_1?x=1", "..", "cnv_١"):
        with pytest.raises(Never):
            FRONT.write_back(CONFIG, api, replace(RATING, external_id=made_up))
    assert api.calls == []


@pytest.mark.parametrize(("status", "archive"), [("archived", True), ("assigned", False)])
def test_a_reply_to_the_customer_leaves_the_conversation_where_it_is(status: str, archive: bool) -> None:
    accepted = {"status": "accepted", "message_uid": "FMID2"}
    api = FakeApi({f"GET {PATH}": conversation(status=status), f"POST {PATH}/messages": accepted})
    assert FRONT.send(CONFIG, api, "cnv_77ex", "How was it?\nhttps://csat.example.com/r/x") == "FMID2"
    assert api.sent("POST", f"{PATH}/messages") == {
        "body": "How was it?<br>https://csat.example.com/r/x",
        "text": "How was it?\nhttps://csat.example.com/r/x",
        "options": {"archive": archive},
    }


# odd bodies


@pytest.mark.parametrize("body", ["text", 5, None, True, []])
def test_a_body_that_is_no_object_cannot_be_read(body: Any) -> None:
    with pytest.raises(CannotRead):
        read(body)


def check_odd(body: Any) -> None:
    FRONT.event_name({}, body)
    FRONT.duplicate_key({}, body, b"")
    FRONT.redact(body)
    there = body if isinstance(body, dict) else {}
    odd = {f"GET {PATH}": there.get("conversation"), f"GET {PATH}/messages": {"_results": [there]}}
    for fetch in (None, FakeApi(answers(**odd, **{"GET /events/evt_1example": there}))):
        try:
            assert isinstance(read(body, fetch), Change)
        except CannotRead:
            assert not isinstance(body, dict)


@pytest.mark.parametrize("name", FILES)
def test_whatever_is_missing_null_extra_or_of_another_type_raises_nothing(name: str) -> None:
    @settings(max_examples=50, deadline=None)
    @given(body=mangled(payload(name)))
    def check(body: Any) -> None:
        check_odd(body)

    check()


@settings(max_examples=40, deadline=None)
@given(body=mangled(event(type="inbound", target={"data": message(1, inbound=True)})))
def test_odd_messages_raise_nothing(body: Any) -> None:
    check_odd(body)


@settings(max_examples=40, deadline=None)
@given(body=mangled(answers(**{"GET /contacts/crd_5ex": {"handles": [{"source": "email", "handle": "x"}]}})))
def test_odd_answers_of_their_api_raise_nothing(body: Any) -> None:
    api = FakeApi(body if isinstance(body, dict) else {})
    FRONT.look_up(CONFIG, api, "cnv_77ex")


def test_it_stands_in_the_gallery_with_five_steps() -> None:
    assert isinstance(registry.get("front"), Front)
    assert len(FRONT.steps) == 5
    verbs = ("look_up", "poll", "latest", "write_back", "send")
    assert [verb for verb in verbs if not FRONT.can(verb)] == []


def test_a_poll_that_was_refused_once_is_tried_again_from_the_same_place() -> None:
    """Trap 18."""
    pages = Answers(Retry("429", code="429"), {"_results": []})
    api = FakeApi({"GET /events": pages})
    with pytest.raises(Retry):
        FRONT.poll(CONFIG, api, AT, "")
    assert FRONT.poll(CONFIG, api, AT, "") == ([], "")
