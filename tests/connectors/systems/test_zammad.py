"""Zammad: webhooks read and verified, its API asked, and the score written without loss of others' work."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings

from csat.connectors import registry
from csat.connectors.base import Rating
from csat.connectors.changes import Change, ChangeType, ClosedBy, Customer, FoundBy, Person, SaidThere
from csat.connectors.errors import BadSignature, CannotRead
from csat.connectors.payloads import dig
from csat.connectors.systems.zammad import PAGE, Zammad
from csat.lib.outcomes import Never, Outcome, Retry
from tests.connectors.fakes import PAYLOADS, FakeApi, Settings, payload, raw
from tests.connectors.mangling import mangled

ZAMMAD = Zammad()
CONFIG = Settings(base_url="https://zammad.example.com", own_user="csat-bot@example.com")
BODY = b'{"a":1}'
SIGNED = "sha1=d9a014d66df1a07cce236dab2de28e4880a5edca"
FILES = sorted(path.stem for path in PAYLOADS.glob("zammad-*.json"))
RATING = Rating(
    external_id="81",
    score=4,
    label="Good",
    comment="quick and friendly",
    at=datetime(2026, 11, 20, 12, 30, tzinfo=UTC),
    url="https://csat.example.com/inbox/7",
)
ANA = Customer("ana.example@example.com", "+4915112345678", "Ana Example", "8")
ANA_WRITES = Person("8", "Ana Example", "ana.example@example.com", "customer")
SAM = Person("5", "Sam Agent", "sam.agent@example.com")
CORRECTED = SaidThere(
    "107", "agent", "We have corrected it.", datetime(2026, 11, 20, 11, 1, 40, tzinfo=UTC), SAM
)
CLOSED = Change(
    external_id="81",
    at=datetime(2026, 11, 20, 11, 1, 40, tzinfo=UTC),
    type=ChangeType.MESSAGE,
    status="closed",
    channel="email",
    source_channel="email",
    inbox="3",
    inbox_name="Service Desk",
    subject="Invoice is wrong",
    customer=ANA,
    assignee=SAM,
    team="Service Desk",
    messages=(CORRECTED,),
    actor=SAM,
    closed_by=ClosedBy.HUMAN,
    created_at=datetime(2026, 11, 20, 10, tzinfo=UTC),
    ended_at=datetime(2026, 11, 20, 11, 1, 40, tzinfo=UTC),
    url="https://zammad.example.com/#ticket/zoom/81",
)


def read(body: Any, config: Settings = CONFIG) -> Change:
    [change] = ZAMMAD.read(config, {}, body, None)
    return change


def verify(given: str | None, body: bytes = BODY, secrets: tuple[str, ...] = ("test-secret",)) -> None:
    headers = {} if given is None else {"x-hub-signature": given}
    ZAMMAD.verify(Settings(inbound_secrets=secrets), headers, body, "https://csat.example.com/connect/x")


# who may speak


@pytest.mark.parametrize("secrets", [("test-secret",), ("new-secret", "test-secret"), ("test-secret", "new")])
def test_their_signature_of_the_body_is_accepted_also_while_the_token_is_rotated(secrets):
    verify(SIGNED, secrets=secrets)


@pytest.mark.parametrize(
    "given",
    [
        pytest.param(SIGNED[:-1] + "b", id="wrong"),
        pytest.param(None, id="missing, as when the body is blank"),
        pytest.param("", id="empty"),
        pytest.param(SIGNED[:-8], id="truncated"),
        pytest.param(SIGNED.removeprefix("sha1="), id="without its prefix"),
        pytest.param(SIGNED.replace("sha1=", "sha256="), id="with another prefix"),
        pytest.param("sha1=ü9a014d66df1a07cce236dab2de28e4880a5edca", id="not ASCII"),
    ],
)
def test_another_signature_is_refused(given):
    with pytest.raises(BadSignature):
        verify(given)


def test_another_token_is_refused():
    with pytest.raises(BadSignature):
        verify(SIGNED, secrets=("the token of connection B",))


@pytest.mark.parametrize("body", [b"", b'{"a": 1}', b'{"a":2}', '{"a":1}ü'.encode()])
def test_a_body_that_was_written_again_or_is_empty_is_refused(body):
    with pytest.raises(BadSignature):
        verify(SIGNED, body)


def test_without_a_token_the_address_alone_is_the_proof():
    verify(None, secrets=())


# what they tell


def test_a_ticket_closed_with_a_reply_is_read_in_full():
    """Trap 6: the state stands beside the article."""
    assert read(payload("zammad-ticket-closed")) == CLOSED


def test_a_ticket_created_is_read_in_full_and_nobody_owns_it():
    said = SaidThere(
        "104", "contact", "My invoice is wrong", datetime(2026, 11, 20, 10, tzinfo=UTC), ANA_WRITES
    )
    assert read(payload("zammad-ticket-created")) == replace(
        CLOSED,
        at=datetime(2026, 11, 20, 10, tzinfo=UTC),
        type=ChangeType.CREATED,
        status="open",
        assignee=None,
        messages=(said,),
        actor=ANA_WRITES,
        closed_by=None,
        ended_at=None,
    )


def test_a_merged_ticket_is_read_in_full_and_ends_unresolved():
    """Trap 7, zammad#5285: no target is told."""
    change = read(payload("zammad-ticket-merged"))
    assert change == replace(CLOSED, type=ChangeType.MERGED, status="merged", messages=(), closed_by=None)
    assert change.status in ZAMMAD.unresolved


def test_our_own_note_and_attribute_come_back_as_ours():
    """Trap 5, zammad#5841."""
    for own in ("csat-bot@example.com", "CSAT-Bot@example.com", "40"):
        change = read(payload("zammad-writeback_echo"), replace(CONFIG, own_user=own))
        assert (change.ours, change.messages) == (True, ())


def test_our_own_update_without_an_article_is_ours():
    assert read(payload("zammad-writeback_echo") | {"article": {}}).ours


def test_a_customers_article_after_our_update_is_not_ours():
    body = payload("zammad-ticket-created")
    body["ticket"]["updated_by"] = payload("zammad-writeback_echo")["ticket"]["updated_by"]
    change = read(body)
    assert not change.ours
    assert [said.sender for said in change.messages] == ["contact"]


def test_without_our_users_id_our_note_is_still_no_message():
    """Rule 7."""
    change = read(payload("zammad-writeback_echo"), replace(CONFIG, own_user=""))
    assert (change.ours, change.messages, change.status) == (False, (), "closed")


@pytest.mark.parametrize("more", [{"internal": True}, {"internal": None}, {"sender": "System"}, {"id": None}])
def test_an_internal_note_or_an_automatic_reply_is_no_message(more):
    body = payload("zammad-ticket-closed")
    body["article"] |= more
    assert read(body).messages == ()


def test_the_text_of_an_html_mail_is_told_without_its_tags():
    body = payload("zammad-ticket-closed")
    body["article"]["body"] = "<div>We have <b>corrected</b> it.</div><p>Sam &amp; team</p>"
    assert [said.text for said in read(body).messages] == ["We have corrected it.\nSam & team"]
    body["article"] |= {"content_type": "text/plain", "body": "1 < 2"}
    assert [said.text for said in read(body).messages] == ["1 < 2"]


def test_a_change_without_an_article_is_about_the_state():
    change = read(payload("zammad-ticket-closed") | {"article": {}})
    assert (change.type, change.status, change.messages) == (ChangeType.STATUS, "closed", ())


@pytest.mark.parametrize(
    ("word", "slug"),
    [
        ("web", "web"),
        ("chat", "web"),
        ("email", "email"),
        ("phone", "phone_voice"),
        ("whatsapp message", "whatsapp"),
        ("sms", "sms"),
        ("facebook feed post", "messenger"),
        ("facebook feed comment", "messenger"),
        ("note", "api"),
        ("telegram personal-message", "api"),
        ("twitter status", "api"),
        ("something new", "api"),
    ],
)
def test_each_kind_of_first_article_is_a_channel_of_ours_and_keeps_its_word(word, slug):
    body = payload("zammad-ticket-closed")
    body["ticket"]["create_article_type"] = word
    change = read(body)
    assert (change.channel, change.source_channel) == (slug, word)


def test_a_ticket_that_the_scheduler_closed_was_closed_automatically():
    """Trap 8: "pending close" is open until then."""
    body = payload("zammad-ticket-closed") | {"article": {}}
    body["ticket"] |= {"updated_by_id": 1, "updated_by": {"id": 1, "login": "-", "firstname": "-"}}
    assert read(body).closed_by == ClosedBy.AUTOMATIC
    body["ticket"]["state"] = "pending close"
    assert read(body).closed_by is None


def test_a_customer_who_closed_a_ticket_is_no_agent():
    body = payload("zammad-ticket-created")
    body["ticket"]["state"] = "closed"
    assert read(body).closed_by is None


@pytest.mark.parametrize(
    ("user", "told"),
    [
        ({"email": ""}, ("", "+4915112345678")),
        ({"email": None, "phone": "", "mobile": "0151 12345678"}, ("", "0151 12345678")),
        ({"email": "", "phone": "", "mobile": ""}, ("", "")),
    ],
)
def test_a_customer_without_an_address_is_told_as_such(user, told):
    """Trap 9: some have a login only, and phone numbers are free text."""
    body = payload("zammad-ticket-closed")
    body["ticket"]["customer"] |= user
    customer = read(body).customer
    assert customer is not None
    assert (customer.email, customer.phone) == told


@pytest.mark.parametrize(
    "state", ["pending reminder", "pending close", "geschlossen", "Waiting for supplier"]
)
def test_a_state_of_their_own_stays_their_word(state):
    """Trap 13."""
    body = payload("zammad-ticket-closed")
    body["ticket"]["state"] = state
    assert read(body).status == state
    assert state not in ZAMMAD.resolved + ZAMMAD.unresolved


def test_attributes_of_the_admins_own_disturb_nothing():
    body = payload("zammad-ticket-closed")
    body["ticket"] |= {"contract": {"id": 3}, "tags": None, "vip_level": [1, 2]}
    assert read(body) == CLOSED


@pytest.mark.parametrize("body", [{}, {"ticket": None}, {"ticket": {"id": "1/../../users"}}, {"ticket": [1]}])
def test_a_body_without_a_ticket_says_why_it_is_not_used(body):
    """Trap 13: such as one of a payload that the admin wrote."""
    assert read(body).not_used == "no ticket in it"


@pytest.mark.parametrize("body", [[], None, "x", 1])
def test_a_body_that_is_no_object_cannot_be_read(body):
    with pytest.raises(CannotRead):
        ZAMMAD.read(CONFIG, {}, body, None)


def test_a_second_run_of_a_trigger_with_the_same_body_is_one_event():
    """Trap 1, zammad#5841: each run has a delivery id of its own."""
    body = payload("zammad-ticket-closed")
    headers = [{"x-zammad-delivery": id_, "x-zammad-trigger": "CSAT state"} for id_ in ("a", "b")]
    assert {ZAMMAD.duplicate_key(header, body, raw(body)) for header in headers} == {""}
    assert ZAMMAD.event_name(headers[0], body) == "CSAT state"
    assert ZAMMAD.headers_kept == ("x-zammad-trigger",)


def test_addresses_of_attachments_are_removed_before_anything_is_stored():
    """Trap 24."""
    body = payload("zammad-ticket-closed")
    body["article"]["attachments"] = [{"id": 1, "filename": "a.pdf", "url": "https://x/signed"}]
    stored = ZAMMAD.redact(body)
    assert "signed" not in json.dumps(stored)
    assert stored["article"]["attachments"] == [{"id": 1, "filename": "a.pdf", "url": "[removed]"}]
    assert read(stored) == CLOSED


@pytest.mark.parametrize("name", FILES)
def test_a_body_with_anything_missing_null_or_odd_is_read_or_refused_and_never_more(name):
    @settings(max_examples=50, deadline=None)
    @given(mangled(payload(name)))
    def check(body: Any) -> None:
        ZAMMAD.event_name({}, body)
        ZAMMAD.redact(body)
        try:
            changes = ZAMMAD.read(CONFIG, {}, body, None)
        except CannotRead:
            return
        assert all(change.at.tzinfo for change in changes)

    check()


# their API


def ticket(**more: Any) -> dict[str, Any]:
    """As their API gives it with `expand`: names instead of objects."""
    body = payload("zammad-ticket-closed")["ticket"]
    names = {"customer": "ana.example@example.com", "owner": "sam.agent@example.com", "group": "Service Desk"}
    return body | names | {"updated_by": "sam.agent@example.com"} | more


def users() -> dict[str, Any]:
    body = payload("zammad-ticket-closed")["ticket"]
    return {
        "GET /api/v1/users/8": body["customer"] | {"preferences": {"locale": "de-de"}},
        "GET /api/v1/users/5": body["owner"],
    }


def article(**more: Any) -> dict[str, Any]:
    return payload("zammad-ticket-closed")["article"] | {"created_by": "sam.agent@example.com"} | more


def test_a_look_up_adds_tags_language_and_all_articles():
    articles = [article(id=106, internal=True), article()]
    api = FakeApi(
        {
            "GET /api/v1/tickets/81": ticket(),
            "GET /api/v1/ticket_articles/by_ticket/81": articles,
            "GET /api/v1/tags": {"tags": ["billing", "complaint"]},
        }
        | users()
    )
    change = ZAMMAD.look_up(CONFIG, api, "81")
    assert change == replace(
        CLOSED,
        type=ChangeType.STATUS,
        found_by=FoundBy.POLL,
        tags=("billing", "complaint"),
        language="de-de",
        actor=Person("5", email="sam.agent@example.com"),
        messages=(replace(CORRECTED, author=Person("5", email="sam.agent@example.com")),),
    )
    assert api.sent("GET", "/api/v1/tags") == {"object": "Ticket", "o_id": "81"}
    assert api.sent("GET", "/api/v1/tickets/81") == {"expand": "true"}


def test_a_ticket_that_is_gone_is_none():
    assert ZAMMAD.look_up(CONFIG, FakeApi(), "81") is None


def test_a_ticket_merged_meanwhile_is_told_as_merged():
    """Rule 3: read again before anybody is asked."""
    api = FakeApi(
        {
            "GET /api/v1/tickets/81": ticket(state="merged", owner_id=1),
            "GET /api/v1/ticket_articles/by_ticket/81": [],
            "GET /api/v1/tags": {"tags": []},
        }
    )
    change = ZAMMAD.look_up(CONFIG, api, "81")
    assert change is not None
    assert (change.type, change.status, change.assignee) == (ChangeType.MERGED, "merged", None)


def test_a_sweep_asks_for_what_changed_since_the_last_one_page_by_page():
    """Trap 15. Not by their search index: it may be missing, and is behind. Each ticket comes whole."""
    details = {"GET /api/v1/tags": {"tags": ["billing"]}} | users()
    found = [ticket(id=number) for number in range(1, PAGE + 1)]
    api = FakeApi({"GET /api/v1/tickets/search": found} | details)
    since = datetime(2026, 11, 20, 11, tzinfo=UTC)
    changes, cursor = ZAMMAD.poll(CONFIG, api, since, "")
    assert (len(changes), cursor) == (PAGE, "2")
    assert api.sent("GET", "/api/v1/tickets/search") == {
        "condition[ticket.updated_at][operator]": "after (absolute)",
        "condition[ticket.updated_at][value]": "2026-11-20T11:00:00Z",
        "sort_by": "updated_at",
        "order_by": "desc",
        "expand": "true",
        "page": 1,
        "per_page": PAGE,
    }
    api = FakeApi({"GET /api/v1/tickets/search": [ticket()]} | details)
    [change], end = ZAMMAD.poll(CONFIG, api, since, cursor)
    assert (end, api.sent("GET", "/api/v1/tickets/search")["page"]) == ("", 2)
    assert (change.external_id, change.status, change.found_by) == ("81", "closed", FoundBy.POLL)
    assert (change.customer, change.tags) == (ANA, ("billing",))


def test_a_test_shows_the_last_five_with_their_addresses():
    found = {"GET /api/v1/tickets/search": [ticket(id=number) for number in range(1, 8)]}
    api = FakeApi(found | users())
    changes = ZAMMAD.latest(CONFIG, api)
    assert [change.external_id for change in changes] == ["1", "2", "3", "4", "5"]
    assert {change.customer for change in changes} == {ANA}


@pytest.mark.parametrize("odd", [None, {}, [], [None, {"id": None}, 3]])
def test_a_list_of_another_shape_holds_nothing(odd):
    api = FakeApi({"GET /api/v1/tickets/search": odd})
    assert ZAMMAD.latest(CONFIG, api) == []
    assert ZAMMAD.poll(CONFIG, api, datetime(2026, 1, 1, tzinfo=UTC), "") == ([], "")


@settings(max_examples=40, deadline=None)
@given(
    mangled(
        {
            "one": ticket(),
            "user": users()["GET /api/v1/users/8"],
            "articles": [article()],
            "tags": {"tags": []},
        }
    )
)
def test_an_odd_answer_of_their_api_is_read_or_refused_and_never_more(body):
    table = {
        "GET /api/v1/tickets/81": dig(body, "one"),
        "GET /api/v1/tickets/search": [dig(body, "one")],
        "GET /api/v1/users/8": dig(body, "user"),
        "GET /api/v1/ticket_articles/by_ticket/81": dig(body, "articles"),
        "GET /api/v1/tags": dig(body, "tags"),
    }
    api = FakeApi(table)
    for ask in (
        lambda: ZAMMAD.look_up(CONFIG, api, "81"),
        lambda: ZAMMAD.latest(CONFIG, api),
        lambda: ZAMMAD.poll(CONFIG, api, CLOSED.at, ""),
        lambda: ZAMMAD.write_back(CONFIG, api, replace(RATING, tag=True)),
    ):
        try:
            ask()
        except Outcome:
            pass


def test_calls_are_signed_in_by_their_token():
    assert ZAMMAD.auth(Settings(token="abc")) == {"Authorization": "Token token=abc"}


# the score on its way back

ATTRIBUTES = dict.fromkeys(("csat_score", "csat_label", "csat_comment", "csat_at", "csat_url"))
VALUES = {
    "csat_score": 4,
    "csat_label": "Good",
    "csat_comment": "quick and friendly",
    "csat_at": "2026-11-20T12:30:00+00:00",
    "csat_url": "https://csat.example.com/inbox/7",
}
NOTES = "GET /api/v1/ticket_articles/by_ticket/81"


def answers(**more: Any) -> FakeApi:
    return FakeApi(
        {
            "GET /api/v1/tickets/81": ticket(vip_level=2, **ATTRIBUTES),
            "PUT /api/v1/tickets/81": {},
            "POST /api/v1/tags/add": True,
            NOTES: [],
            "POST /api/v1/ticket_articles": {"id": 108},
        }
        | more
    )


def test_the_score_is_written_as_note_attributes_and_tag():
    """Trap 17: an update names only ours, and a tag is added."""
    api = answers()
    assert ZAMMAD.write_back(CONFIG, api, replace(RATING, tag=True)) == "108"
    assert api.sent("PUT", "/api/v1/tickets/81") == VALUES
    assert api.sent("POST", "/api/v1/tags/add") == {"item": "csat_good", "object": "Ticket", "o_id": 81}
    assert api.sent("POST", "/api/v1/ticket_articles") == {
        "ticket_id": 81,
        "subject": 'CSAT 4/5 Good - "quick and friendly"',
        "body": 'CSAT 4/5 Good - "quick and friendly"\nhttps://csat.example.com/inbox/7',
        "content_type": "text/plain",
        "type": "note",
        "internal": True,
    }


def test_only_attributes_that_the_admin_made_are_written():
    api = answers(**{"GET /api/v1/tickets/81": ticket(csat_score=None)})
    ZAMMAD.write_back(CONFIG, api, RATING)
    assert api.sent("PUT", "/api/v1/tickets/81") == {"csat_score": 4}
    api = answers(**{"GET /api/v1/tickets/81": ticket()})
    ZAMMAD.write_back(CONFIG, api, RATING)
    assert "PUT" not in {verb for verb, _path, _body in api.calls}


def test_written_again_after_a_cut_connection_nothing_stands_there_twice():
    note = article(id=108, internal=True, body=RATING.line, content_type="text/plain")
    api = answers(**{"GET /api/v1/tickets/81": ticket(**VALUES), NOTES: [article(), note]})
    assert ZAMMAD.write_back(CONFIG, api, RATING) == "108"
    assert {verb for verb, _path, _body in api.calls} == {"GET"}


def test_a_second_note_is_written_only_when_the_score_changed_side():
    api = answers(**{"POST /api/v1/ticket_articles": {"id": 120}})
    same = replace(RATING, score=5, note_id="108")
    assert ZAMMAD.write_back(CONFIG, api, same) == "108"
    assert api.sent("PUT", "/api/v1/tickets/81")["csat_score"] == 5
    assert ZAMMAD.write_back(CONFIG, api, replace(same, score=1, label="Bad", changed_side=True)) == "120"


REMOVED = "/api/v1/tags/remove?item=csat_good&object=Ticket&o_id=81"


def test_the_other_tag_of_ours_goes_when_the_score_changed_side():
    api = answers(**{"GET /api/v1/tags": {"tags": ["billing", "csat_good"]}, f"DELETE {REMOVED}": True})
    ZAMMAD.write_back(CONFIG, api, replace(RATING, score=1, tag=True, fields=False, note=False))
    assert [path for verb, path, _body in api.calls if verb == "DELETE"] == [REMOVED]
    assert api.sent("POST", "/api/v1/tags/add")["item"] == "csat_bad"


def test_a_tag_that_is_there_is_not_added_again():
    api = answers(**{"GET /api/v1/tags": {"tags": ["csat_good"]}})
    ZAMMAD.write_back(CONFIG, api, replace(RATING, tag=True, fields=False, note=False))
    assert [call[:2] for call in api.calls] == [("GET", "/api/v1/tags")]


def test_a_withdrawn_rating_takes_our_note_attributes_and_tag_away_and_no_others():
    api = answers(
        **{
            "GET /api/v1/tickets/81": ticket(vip_level=2, **VALUES),
            "GET /api/v1/tags": {"tags": ["billing", "csat_good"]},
            f"DELETE {REMOVED}": True,
            NOTES: [article(id=108, internal=True, body=RATING.line), article(id=109, internal=True)],
            "DELETE /api/v1/ticket_articles/108": {},
        }
    )
    withdrawn = replace(RATING, note_id="108", fields=False, note=False, withdrawn=True)
    assert ZAMMAD.write_back(CONFIG, api, withdrawn) == "108"
    assert api.sent("PUT", "/api/v1/tickets/81") == ATTRIBUTES
    written = [(verb, path) for verb, path, _body in api.calls if verb in ("POST", "DELETE")]
    assert written == [("DELETE", REMOVED), ("DELETE", "/api/v1/ticket_articles/108")]


def test_a_note_that_is_too_old_to_be_deleted_is_a_refusal_that_is_shown():
    refusal = Never("403: note is too old to be deleted", code="403")
    api = answers(**{"DELETE /api/v1/ticket_articles/108": refusal})
    with pytest.raises(Never, match="too old"):
        ZAMMAD.write_back(CONFIG, api, replace(RATING, note_id="108", withdrawn=True))


def test_what_is_not_to_be_written_makes_no_call():
    api = answers()
    assert ZAMMAD.write_back(CONFIG, api, replace(RATING, note=False, fields=False)) == ""
    assert api.calls == []


@pytest.mark.parametrize(
    "outcome",
    [
        Retry("429", code="429", after=7),
        Never("401", code="401", account=True),
        Never("404", code="404"),
        Never("422 closed", code="422"),
    ],
)
@pytest.mark.parametrize(
    "call", ["GET /api/v1/tickets/81", "PUT /api/v1/tickets/81", "POST /api/v1/ticket_articles"]
)
def test_a_refusal_is_passed_on_as_it_came(call, outcome):
    """Trap 18."""
    with pytest.raises(type(outcome)) as raised:
        ZAMMAD.write_back(CONFIG, answers(**{call: outcome}), RATING)
    assert raised.value is outcome


def test_a_set_up_has_five_steps_and_the_system_stands_in_the_gallery():
    assert len(ZAMMAD.steps) == 5
    assert [step.copy for step in ZAMMAD.steps if step.copy] == ["url"]
    assert isinstance(registry.find("zammad"), Zammad)
    assert all(ZAMMAD.can(verb) for verb in ("look_up", "poll", "latest", "write_back"))
    assert not ZAMMAD.can("send")
    assert not ZAMMAD.can_send
