"""Zendesk: events that hold ids only, triggers with our template, and scores written in one call."""

import base64
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from hypothesis import given
from hypothesis import settings as hypothesis_settings

from csat.connectors.base import Rating
from csat.connectors.changes import Change, ChangeType, ClosedBy, Customer, FoundBy, Person, SaidThere
from csat.connectors.errors import BadSignature, CannotRead
from csat.connectors.systems.zendesk import CLOSED, SUBSCRIBED, TEMPLATE, Zendesk
from csat.lib.outcomes import Never, Retry
from tests.connectors.fakes import FakeApi, Settings, payload, raw
from tests.connectors.mangling import mangled

SYSTEM = Zendesk()
OWN = "8447388099999"
CONFIG = Settings(
    base_url="https://acme.zendesk.com",
    token_user="csat@example.com",
    own_user=OWN,
    fields={"csat_score": "360001", "csat_comment": " 360003 ", "csat_label": "", "csat_at": "no number"},
)
BODY, SIGNED_AT = b'{"a":1}', "2025-11-28T16:00:00Z"
SIGNATURE = "AIhVNZojs5t9HVyP2IRQRjafPkvdvh8kR+XJpiXN0Ag="
SOLVED, AUTOCLOSED, COMMENTED, TRIGGER = (
    payload("zendesk-ticket.status_changed-solved"),
    payload("zendesk-ticket.status_changed-autoclosed"),
    payload("zendesk-ticket.comment_added"),
    payload("zendesk-trigger-template"),
)
PATH = "/api/v2/tickets/5158"
RATING = Rating(
    external_id="5158",
    score=4,
    label="Good",
    comment="quick",
    at=datetime(2026, 11, 20, 12, tzinfo=UTC),
    url="https://csat.example.com/inbox/7",
)
NOTE = 'CSAT 4/5 Good - "quick"\nhttps://csat.example.com/inbox/7'


def at(day: int, hour: int, minute: int = 0, second: int = 0) -> datetime:
    return datetime(2026, 11, day, hour, minute, second, tzinfo=UTC)


EXPECTED = Change(
    external_id="5158",
    at=at(20, 11, 1, 40),
    type=ChangeType.STATUS,
    status="solved",
    channel="email",
    source_channel="email",
    inbox="8447320466430",
    subject="Invoice is wrong",
    customer=Customer(external_id="8447388090495"),
    assignee=Person("8447388090494"),
    tags=("billing",),
    actor=Person("8447388090494"),
    closed_by=ClosedBy.HUMAN,
    created_at=at(20, 10),
    url="https://acme.zendesk.com/agent/tickets/5158",
)
TICKET = {
    "id": 5158,
    "status": "solved",
    "subject": "Invoice is wrong",
    "requester_id": 8447388090495,
    "assignee_id": 8447388090494,
    "group_id": 8447320466430,
    "tags": ["billing"],
    "via": {"channel": "email"},
    "created_at": "2026-11-20T10:00:00Z",
    "updated_at": "2026-11-20T13:30:00Z",
    "dates": {"solved_at": "2026-11-20T11:01:40Z", "status_updated_at": "2026-11-20T11:01:40Z"},
}
USERS = [
    {
        "id": 8447388090495,
        "name": "Ana Example",
        "email": "ana.example@example.com",
        "phone": "+4915112345678",
        "locale": "de",
        "role": "end-user",
    },
    {"id": 8447388090494, "name": "Sam Agent", "email": "sam.agent@example.com", "role": "agent"},
]
GROUPS = [{"id": 8447320466430, "name": "Billing"}]
LOOKED_UP = replace(
    EXPECTED,
    found_by=FoundBy.POLL,
    customer=Customer("ana.example@example.com", "+4915112345678", "Ana Example", "8447388090495", "de"),
    assignee=Person("8447388090494", "Sam Agent", "sam.agent@example.com"),
    inbox_name="Billing",
    team="Billing",
    actor=None,
    closed_by=None,
)


def ticket(**values: Any) -> dict[str, Any]:
    return {"ticket": TICKET | values, "users": USERS, "groups": GROUPS}


def event(name: str, *, happened: dict[str, Any] | None = None, **detail: Any) -> dict[str, Any]:
    """An event of the ticket."""
    body = SOLVED | {"type": f"zen:event-type:ticket.{name}", "event": happened or {}}
    return body | {"detail": SOLVED["detail"] | detail}


def trigger(name: str = "resolved", **ticket_values: str) -> dict[str, Any]:
    """The template as Zendesk fills it in."""
    filled = {
        "id": "5158",
        "status": "Gelöst",
        "via": "Mail",
        "title": "Invoice is wrong",
        "tags": "billing vip",
        "created_at": "2026-11-20T10:00:00Z",
        "updated_at": "2026-11-20T12:01:40+01:00",
        "group": "Billing",
    }
    requester = {"id": "75", "name": "Ana", "email": "ana@example.com", "phone": "", "language": "German"}
    assignee = {"id": "9", "name": "Sam", "email": "sam@example.com"}
    people = {"requester": requester, "assignee": assignee, "current_user": {"email": "sam@example.com"}}
    return {"v": 1, "event": name, "ticket": filled | ticket_values} | people


def read(body: Any, config: Settings = CONFIG, fetch: Any = None) -> Change:
    [change] = SYSTEM.read(config, {}, body, fetch)
    return change


def verify(
    given_: str | None = SIGNATURE,
    body: bytes = BODY,
    signed_at: str | None = SIGNED_AT,
    secrets: tuple[str, ...] = ("test-secret",),
    now: str = SIGNED_AT,
) -> None:
    headers = {"x-zendesk-webhook-signature": given_, "x-zendesk-webhook-signature-timestamp": signed_at}
    sent = {name: value for name, value in headers.items() if value is not None}
    with time_machine.travel(now, tick=False):
        SYSTEM.verify(Settings(inbound_secrets=secrets), sent, body, "https://csat.example.com/connect/x")


# signatures


@pytest.mark.parametrize("secrets", [("test-secret",), ("new", "test-secret"), ("test-secret", "old")])
def test_a_right_signature_is_accepted_also_while_secrets_are_changed(secrets):
    verify(secrets=secrets)


@pytest.mark.parametrize(
    "given_",
    [None, "", "nonsense", SIGNATURE[:-4], "sha256=" + SIGNATURE, "AAAA" + SIGNATURE[4:], "ü", "\ud83d"],
)
def test_a_wrong_missing_truncated_or_odd_signature_is_refused(given_):
    with pytest.raises(BadSignature):
        verify(given_)


@pytest.mark.parametrize("body", [b"", b'{"a": 1}', b'{"a":2}', b'{"a":"\\/"}', '{"a":"ü"}'.encode()])
def test_a_body_that_was_changed_written_anew_or_emptied_is_refused(body):
    with pytest.raises(BadSignature):
        verify(body=body)


def test_the_secret_of_another_connection_is_refused():
    """Trap 21."""
    with pytest.raises(BadSignature):
        verify(secrets=("secret of B",))


@pytest.mark.parametrize("now", ["2025-11-28T16:05:00Z", "2025-11-28T15:55:00Z"])
def test_five_minutes_are_within_the_window(now):
    verify(now=now)


@pytest.mark.parametrize("now", ["2025-11-28T16:05:01Z", "2025-11-28T15:54:59Z"])
def test_301_seconds_are_not(now):
    with pytest.raises(BadSignature, match="five minutes"):
        verify(now=now)


@pytest.mark.parametrize("signed_at", [None, "", "now", "1764345600", "2025-11-28T16:00:01Z", "\ud83d"])
def test_another_time_than_was_signed_is_refused(signed_at):
    with pytest.raises(BadSignature):
        verify(signed_at=signed_at)


def test_without_a_secret_the_address_alone_is_the_proof():
    verify(None, signed_at=None, secrets=())
    verify(None, signed_at=None, secrets=("",))


# events


def test_a_solved_ticket_is_read_in_full():
    assert read(SOLVED) == EXPECTED


def test_a_comment_is_read_in_full():
    ana = Person("8447388090495", "Ana Example", kind="customer")
    said = SaidThere("8661733386110", "contact", "My invoice is wrong", at(20, 11, 1, 40), ana)
    assert read(COMMENTED) == replace(
        EXPECTED, type=ChangeType.MESSAGE, status="open", closed_by=None, messages=(said,)
    )


def test_closed_by_the_automation_days_after_solved_is_nothing():
    """Trap 7."""
    assert read(AUTOCLOSED) == replace(
        EXPECTED,
        at=at(24, 11, 2),
        status="closed",
        actor=Person("-1", kind="system"),
        closed_by=None,
        not_used=CLOSED,
    )
    assert read(AUTOCLOSED, fetch=FakeApi()).not_used == CLOSED


def test_anything_that_happens_to_a_closed_ticket_does_not_reopen_it():
    assert read(event("tags_changed", status="CLOSED")).status == ""
    change = read(
        event("tags_changed", status="CLOSED"), fetch=FakeApi({f"GET {PATH}": ticket(status="closed")})
    )
    assert (change.status, change.not_used) == ("", "")


def test_a_tag_on_a_ticket_solved_long_ago_does_not_look_like_solving_it():
    """Trap 16: only what changed the status, or its date there, says when it was solved."""
    assert read(event("tags_changed")).status == ""
    change = read(event("tags_changed"), fetch=FakeApi({f"GET {PATH}": ticket()}))
    assert (change.status, change.at) == ("solved", at(20, 11, 1, 40))


def test_an_event_is_completed_by_the_api():
    """Rule 3: the event holds ids only."""
    api = FakeApi({f"GET {PATH}": ticket()})
    assert read(SOLVED, fetch=api) == replace(
        LOOKED_UP, found_by=FoundBy.WEBHOOK, actor=EXPECTED.actor, closed_by=ClosedBy.HUMAN
    )
    assert api.calls == [("GET", PATH, {"include": "users,groups,dates"})]


def test_the_state_there_outweighs_the_event_and_a_ticket_that_is_gone_leaves_what_the_event_says():
    """Trap 4."""
    change = read(SOLVED, fetch=FakeApi({f"GET {PATH}": ticket(status="open")}))
    assert (change.status, change.at, change.closed_by) == ("open", at(20, 13, 30), None)
    assert read(SOLVED, fetch=FakeApi()) == EXPECTED


def test_trouble_with_their_api_passes():
    with pytest.raises(Retry):
        read(SOLVED, fetch=FakeApi({f"GET {PATH}": Retry("429", code="429", after=9)}))


@pytest.mark.parametrize(
    ("name", "type_"),
    [
        ("created", ChangeType.CREATED),
        ("agent_assignment_changed", ChangeType.ASSIGNED),
        ("group_assignment_changed", ChangeType.ASSIGNED),
        ("undeleted", ChangeType.STATUS),
    ],
)
def test_each_event_says_what_it_was_about(name, type_):
    assert read(event(name, status="OPEN")).type == type_


@pytest.mark.parametrize(
    ("name", "type_", "status"),
    [
        ("merged", ChangeType.MERGED, "merged"),
        ("marked_as_spam", ChangeType.DELETED, "spam"),
        ("soft_deleted", ChangeType.DELETED, "deleted"),
        ("permanently_deleted", ChangeType.DELETED, "deleted"),
    ],
)
def test_merged_spam_and_deleted_end_without_an_answer(name, type_, status):
    """Trap 7."""
    change = read(event(name, status="CLOSED"), fetch=FakeApi({f"GET {PATH}": ticket()}))
    assert (change.type, change.status, change.closed_by) == (type_, status, None)
    assert status in SYSTEM.unresolved


def test_a_merged_ticket_is_known_by_its_tag_too_and_the_one_that_stays_goes_on():
    assert read(event("status_changed", status="CLOSED", tags=["closed_by_merge"])).type == ChangeType.MERGED
    stays = event("merged", status="OPEN", happened={"target_ticket_id": "5158"})
    assert (read(stays).type, read(stays).status) == (ChangeType.STATUS, "open")
    merged = SYSTEM.look_up(
        CONFIG, FakeApi({f"GET {PATH}": ticket(status="closed", tags=["closed_by_merge"])}), "5158"
    )
    assert merged is not None
    assert (merged.type, merged.status) == (ChangeType.MERGED, "merged")


def test_the_system_solves_automatically():
    """Trap 8."""
    assert read(event("status_changed", actor_id="-1")).closed_by == ClosedBy.AUTOMATIC


def test_a_private_comment_is_no_message_and_an_agent_s_is_theirs():
    comment = {
        "id": "1",
        "body": "psst",
        "is_public": False,
        "author": {"id": "9", "is_staff": True, "name": "Sam"},
    }
    assert read(event("comment_added", happened={"comment": comment}, status="OPEN")).messages == ()
    public = {"comment": comment | {"is_public": True}}
    [said] = read(event("comment_added", happened=public, status="OPEN")).messages
    assert (said.sender, said.author) == ("agent", Person("9", "Sam"))


def test_their_own_survey_is_noticed():
    """Trap 19."""
    assert read(event("csat_requested")).their_survey
    offered = ticket(satisfaction_rating={"score": "offered"})
    assert read(SOLVED, fetch=FakeApi({f"GET {PATH}": offered})).their_survey
    unoffered = ticket(satisfaction_rating={"score": "unoffered"})
    assert not read(SOLVED, fetch=FakeApi({f"GET {PATH}": unoffered})).their_survey


@pytest.mark.parametrize(
    "body",
    [
        event("comment_added", actor_id=OWN),
        event("custom_field_changed", actor_id=OWN),
        event(
            "tags_changed", actor_id="9", happened={"tags_added": ["csat_good"], "tags_removed": ["csat_bad"]}
        ),
        event("custom_field_changed", actor_id="9", happened={"field": {"id": 360001}}),
    ],
)
def test_our_note_tag_and_field_come_back_and_are_dropped(body):
    """Trap 5."""
    assert read(body).ours
    assert read(body, fetch=FakeApi({f"GET {PATH}": ticket()})).ours


@pytest.mark.parametrize(
    "body",
    [
        event("status_changed", actor_id=OWN),
        event("tags_changed", actor_id="9", happened={"tags_added": ["csat_good", "vip"]}),
        event("custom_field_changed", actor_id="9", happened={"field": {"id": 5}}),
    ],
)
def test_what_we_never_do_is_not_ours(body):
    assert not read(body).ours


def test_an_unknown_event_status_or_channel_stays_visible():
    """Trap 13."""
    assert read(event("sla_policy_changed")).not_used == "unknown event ticket.sla_policy_changed"
    change = read(event("created", status="IN_ORBIT", via={"channel": "any_channel"}))
    assert (change.status, change.channel, change.source_channel) == ("in_orbit", "api", "any_channel")
    assert read({}).not_used
    assert read({"type": "zen:event-type:user.created", "detail": {"id": "7"}}).not_used


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        ("native_messaging", "web"),
        ("voice", "phone_voice"),
        ("whatsapp", "whatsapp"),
        ("instagram_dm", "instagram"),
        ("facebook", "messenger"),
        ("slack", "slack"),
        ("api", "api"),
    ],
)
def test_channels_are_ours(theirs, ours):
    assert read(event("created", via={"channel": theirs})).channel == ours


def test_an_event_is_one_by_its_id_however_often_it_comes():
    """Trap 1, n8n#25017."""
    assert SYSTEM.duplicate_key({}, SOLVED, b"") == "2b24ef10-19d4-4740-93cf-8f98ec4776c0"
    assert SYSTEM.duplicate_key({}, trigger(), b"") == ""
    assert SYSTEM.event_name({}, SOLVED) == "ticket.status_changed"
    assert SYSTEM.event_name({}, trigger()) == "resolved"


def test_addresses_of_attachments_are_not_kept():
    """Trap 24."""
    body = event(
        "attachment_linked_to_comment", happened={"attachment": {"content_url": "https://x/token/abc/"}}
    )
    assert b"token/abc" not in raw(SYSTEM.redact(body))


# triggers


def test_the_template_is_the_example_and_says_when_its_placeholders_were_not_filled_in():
    assert json.loads(TEMPLATE) == TRIGGER
    assert len(TEMPLATE) < 16_000
    change = read(TRIGGER)
    assert (change.external_id, change.not_used) == (
        "",
        "no ticket in it, or its placeholders were not filled in",
    )


def test_a_trigger_is_read_in_full_and_its_word_outweighs_the_language_of_the_account():
    assert read(trigger()) == Change(
        external_id="5158",
        at=at(20, 11, 1, 40),
        type=ChangeType.STATUS,
        status="solved",
        channel="email",
        source_channel="Mail",
        inbox="Billing",
        inbox_name="Billing",
        subject="Invoice is wrong",
        customer=Customer("ana@example.com", "", "Ana", "75", "German"),
        assignee=Person("9", "Sam", "sam@example.com"),
        team="Billing",
        tags=("billing", "vip"),
        actor=Person(email="sam@example.com"),
        closed_by=ClosedBy.HUMAN,
        created_at=at(20, 10),
        url="https://acme.zendesk.com/agent/tickets/5158",
    )


@pytest.mark.parametrize(
    ("name", "theirs", "type_", "status"),
    [
        ("created", "New", ChangeType.CREATED, "new"),
        ("message", "Gelöst", ChangeType.MESSAGE, ""),
        ("message", "Solved", ChangeType.MESSAGE, ""),
        ("assigned", "Open", ChangeType.ASSIGNED, "open"),
        ("reopened", "Offen", ChangeType.STATUS, "open"),
    ],
)
def test_the_constant_of_each_trigger_says_what_happened(name, theirs, type_, status):
    change = read(trigger(name, status=theirs))
    assert (change.type, change.status, change.closed_by) == (type_, status, None)


def test_a_trigger_of_our_own_note_is_dropped_and_an_unknown_one_is_named():
    mine = trigger("message") | {"current_user": {"email": "CSAT@example.com"}}
    assert read(mine).ours
    assert read(trigger("closed")).not_used == "unknown event closed"


def test_a_trigger_is_completed_by_the_api_where_there_is_one():
    change = read(trigger(), fetch=FakeApi({f"GET {PATH}": ticket()}))
    assert (change.customer, change.status, change.closed_by) == (
        LOOKED_UP.customer,
        "solved",
        ClosedBy.HUMAN,
    )


def test_a_subject_with_quotes_and_backslashes_does_not_break_the_body():
    told = TEMPLATE.replace("{{ticket.title}}", 'The "new" C:\\temp').replace("{{ticket.id}}", "5158")
    body = SYSTEM.parse({}, told.encode())
    assert body["ticket"]["title"] == 'The "new" C:\\temp'
    assert read(body).subject == 'The "new" C:\\temp'
    assert SYSTEM.parse({}, b'{"a": [1]}') == {"a": [1]}


@pytest.mark.parametrize("sent", [b"", b"nonsense", b'{"event": "x"', b"\xff\xfe", b'{"a": '])
def test_what_is_no_json_cannot_be_read(sent):
    with pytest.raises(CannotRead):
        SYSTEM.parse({}, sent)


@pytest.mark.parametrize("body", [[], [SOLVED], "text", 5, None])
def test_another_shape_cannot_be_read(body):
    with pytest.raises(CannotRead):
        read(body)


@pytest.mark.parametrize(
    "body",
    [SOLVED, AUTOCLOSED, COMMENTED, TRIGGER, trigger()],
    ids=["solved", "closed", "commented", "template", "trigger"],
)
def test_whatever_is_missing_null_or_odd_nothing_breaks(body):
    @hypothesis_settings(max_examples=50, deadline=None)
    @given(mangled(body), mangled(ticket()))
    def check(variant: Any, answer: Any) -> None:
        SYSTEM.redact(variant)
        SYSTEM.duplicate_key({}, variant, b"")
        SYSTEM.event_name({}, variant)
        for fetch in (None, FakeApi({f"GET {PATH}": answer})):
            try:
                changes = SYSTEM.read(CONFIG, {}, variant, fetch)
            except CannotRead:
                assert not isinstance(variant, dict)
            else:
                assert all(change.at.tzinfo for change in changes)

    check()


# their API


COMMENTS = {
    "comments": [
        {"id": 3, "author_id": 8447388090494, "public": False, "body": "psst", "html_body": "<p>psst</p>"},
        {
            "id": 2,
            "author_id": 8447388090494,
            "public": True,
            "body": "We have corrected it.",
            "created_at": "2026-11-20T11:01:40Z",
        },
        {
            "id": 1,
            "author_id": 8447388090495,
            "public": True,
            "body": "My invoice is wrong",
            "created_at": "2026-11-20T10:00:00Z",
        },
        {"id": 4, "author_id": int(OWN), "public": True, "body": "How was it? https://csat.example.com/s/1"},
        {"id": 5, "author_id": -1, "public": True, "body": "Automatic answer"},
    ],
    "users": USERS,
}


def test_a_ticket_is_looked_up_with_its_people_and_public_comments():
    api = FakeApi({f"GET {PATH}": ticket(), f"GET {PATH}/comments": COMMENTS})
    sam = Person("8447388090494", "Sam Agent", "sam.agent@example.com")
    ana = Person("8447388090495", "Ana Example", "ana.example@example.com", "customer")
    said = (
        SaidThere("2", "agent", "We have corrected it.", at(20, 11, 1, 40), sam),
        SaidThere("1", "contact", "My invoice is wrong", at(20, 10), ana),
    )
    assert SYSTEM.look_up(CONFIG, api, "5158") == replace(LOOKED_UP, messages=said)


def test_a_ticket_that_is_gone_is_none():
    assert SYSTEM.look_up(CONFIG, FakeApi(), "5158") is None


def test_the_sweep_goes_back_until_a_ticket_is_older():
    """Trap 15."""
    answer = {"tickets": [TICKET], "users": USERS, "groups": GROUPS}
    page = answer | {"meta": {"has_more": True, "after_cursor": "abc"}}
    api = FakeApi({"GET /api/v2/tickets": page})
    assert SYSTEM.poll(CONFIG, api, at(20, 11), "") == ([LOOKED_UP], "abc")
    assert SYSTEM.poll(CONFIG, api, at(20, 14), "abc") == ([], "")
    assert [call[2] for call in api.calls] == [
        {"page[size]": 100, "sort": "-updated_at", "include": "users,groups,dates"},
        {"page[size]": 100, "sort": "-updated_at", "include": "users,groups,dates", "page[after]": "abc"},
    ]
    last = FakeApi({"GET /api/v2/tickets": answer | {"meta": {"has_more": False, "after_cursor": "abc"}}})
    assert SYSTEM.poll(CONFIG, last, at(20, 11), "")[1] == ""


def test_the_sweep_passes_over_what_the_automation_closed():
    answer = {"tickets": [TICKET | {"status": "closed"}]}
    [change] = SYSTEM.latest(CONFIG, FakeApi({"GET /api/v2/tickets": answer}))
    assert (change.status, change.not_used) == ("closed", CLOSED)


def test_calls_are_signed_in_by_token_and_address_or_by_oauth():
    login = base64.b64encode(b"csat@example.com/token:token").decode()
    assert SYSTEM.auth(CONFIG) == {"Authorization": f"Basic {login}"}
    assert SYSTEM.auth(Settings()) == {"Authorization": "Bearer token"}


# writing


def desk(*comments: dict[str, Any], **values: Any) -> FakeApi:
    made = {"audit": {"events": [{"id": 1, "type": "Change"}, {"id": 42, "type": "Comment"}]}}
    return FakeApi(
        {
            f"GET {PATH}": ticket(**values),
            f"GET {PATH}/comments": {"comments": list(comments)},
            f"PUT {PATH}": made,
        }
    )


def note(score: int = 4, **values: Any) -> dict[str, Any]:
    words = NOTE.replace("4/5", f"{score}/5")
    html = f'<div class="zd-comment">{words.replace(chr(10), "<br>")}</div>'
    return {"id": 42, "public": False, "body": words, "html_body": html} | values


def test_note_fields_and_tag_go_out_in_one_call_and_others_tags_survive():
    """Trap 17: the union, and only if nobody changed the ticket since it was read."""
    api = desk(tags=["billing", "csat_bad"])
    assert SYSTEM.write_back(CONFIG, api, replace(RATING, tag=True)) == "42"
    assert api.sent("PUT", PATH) == {
        "ticket": {
            "comment": {"body": NOTE, "public": False},
            "custom_fields": [{"id": 360001, "value": 4}, {"id": 360003, "value": "quick"}],
            "tags": ["billing", "csat_good"],
            "safe_update": True,
            "updated_stamp": "2026-11-20T13:30:00Z",
        }
    }
    assert "status" not in api.sent("PUT", PATH)["ticket"]


def test_what_is_switched_off_or_has_no_field_is_not_written():
    api = desk()
    assert SYSTEM.write_back(Settings(), api, replace(RATING, note=False)) == ""
    assert api.calls == []


def test_a_note_that_an_earlier_try_wrote_is_found_again():
    api = desk(note())
    assert SYSTEM.write_back(Settings(), api, replace(RATING, uncertain=True)) == "42"
    assert [call[0] for call in api.calls] == ["GET"]


def test_a_second_note_is_written_only_when_the_score_changed_side():
    api = desk(note(2))
    assert SYSTEM.write_back(Settings(), api, replace(RATING, note_id="41")) == "41"
    assert api.calls == []
    assert SYSTEM.write_back(Settings(), api, replace(RATING, note_id="41", changed_side=True)) == "42"
    assert api.sent("PUT", PATH) == {"ticket": {"comment": {"body": NOTE, "public": False}}}


def test_a_withdrawn_rating_takes_the_words_out_of_every_note_and_clears_fields_and_tag():
    api = desk(
        note(5), note(2, id=41), {"id": 7, "public": False, "body": "psst"}, tags=["billing", "csat_good"]
    )
    api.answers |= {f"PUT /api/v2/comment_redactions/{number}": {} for number in (41, 42)}
    withdrawn = replace(RATING, note_id="42", tag=True, withdrawn=True)
    assert SYSTEM.write_back(CONFIG, api, withdrawn) == "42"
    assert api.sent("PUT", "/api/v2/comment_redactions/41") == {
        "ticket_id": 5158,
        "html_body": '<div class="zd-comment"><redact>CSAT 2/5 Good - "quick"</redact><br>'
        "<redact>https://csat.example.com/inbox/7</redact></div>",
    }
    sent = api.sent("PUT", PATH)["ticket"]
    assert sent["custom_fields"] == [{"id": 360001, "value": None}, {"id": 360003, "value": None}]
    assert sent["tags"] == ["billing"]
    assert "comment" not in sent
    assert not [call for call in api.calls if call[1].endswith("redactions/7")]


def test_tags_that_changed_meanwhile_are_read_again_later():
    api = desk()
    api.answers[f"PUT {PATH}"] = Never("409 Conflict", code="409")
    with pytest.raises(Retry):
        SYSTEM.write_back(CONFIG, api, replace(RATING, tag=True))


@pytest.mark.parametrize(
    "trouble",
    [
        Retry("429", code="429", after=30),
        Never("401", code="401", account=True),
        Never("404", code="404"),
        Never("422 closed prevents ticket update", code="422"),
    ],
)
def test_trouble_with_a_write_passes_as_it_is(trouble):
    """Trap 18: a closed ticket refuses for good."""
    api = desk()
    api.answers[f"PUT {PATH}"] = trouble
    with pytest.raises(type(trouble)) as raised:
        SYSTEM.write_back(CONFIG, api, RATING)
    assert raised.value is trouble


def test_odd_answers_of_their_api_break_nothing():
    @hypothesis_settings(max_examples=40, deadline=None)
    @given(mangled(ticket() | {"tickets": [TICKET]}), mangled({"comments": [note(), *COMMENTS["comments"]]}))
    def check(answer: Any, comments: Any) -> None:
        api = FakeApi(
            {f"GET {PATH}": answer, f"GET {PATH}/comments": comments, "GET /api/v2/tickets": answer}
        )
        SYSTEM.look_up(CONFIG, api, "5158")
        SYSTEM.poll(CONFIG, api, at(20, 11) - timedelta(days=900), "")
        api.answers |= {f"PUT {PATH}": comments, "PUT /api/v2/comment_redactions/42": answer}
        SYSTEM.write_back(CONFIG, api, RATING)

    check()


def test_the_survey_is_sent_as_a_public_comment_once():
    api = desk()
    assert SYSTEM.send(CONFIG, api, "5158", "How was it? https://csat.example.com/s/1") == "42"
    said = {"body": "How was it? https://csat.example.com/s/1", "public": True}
    assert api.sent("PUT", PATH) == {"ticket": {"comment": said}}
    again = desk(*COMMENTS["comments"])
    assert SYSTEM.send(CONFIG, again, "5158", "How was it? https://csat.example.com/s/1") == "4"
    assert [call[0] for call in again.calls] == ["GET"]


def test_the_webhook_is_made_once_and_its_secret_read():
    url = "https://csat.example.com/connect/zendesk/x"
    secret = {"signing_secret": {"algorithm": "SHA256", "secret": "dGhlIHNlY3JldA=="}}
    api = FakeApi(
        {
            "GET /api/v2/webhooks": {"webhooks": []},
            "POST /api/v2/webhooks": {"webhook": {"id": "01G"}},
            "GET /api/v2/webhooks/01G/signing_secret": secret,
        }
    )
    assert SYSTEM.set_up(CONFIG, api, url) == "dGhlIHNlY3JldA=="
    made = api.sent("POST", "/api/v2/webhooks")["webhook"]
    assert (made["endpoint"], made["subscriptions"]) == (url, SUBSCRIBED)
    api.answers["GET /api/v2/webhooks"] = {"webhooks": [{"id": "01G", "endpoint": url}]}
    assert SYSTEM.set_up(CONFIG, api, url) == "dGhlIHNlY3JldA=="
    assert len([call for call in api.calls if call[0] == "POST"]) == 1


def test_the_set_up_has_five_steps_that_switch_off_their_survey():
    assert len(SYSTEM.steps) == 5
    assert "satisfaction" in str(SYSTEM.steps[-1].text)
    assert [step.copy for step in SYSTEM.steps if step.copy] == ["url", "template"]
