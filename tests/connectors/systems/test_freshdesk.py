"""Freshdesk: rules that call us with a body of ours, the sweep, and the score as note, field and tag."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
import time_machine
from hypothesis import given

from csat.connectors import registry
from csat.connectors.base import Rating
from csat.connectors.changes import Change, ChangeType, Customer, FoundBy, Person, SaidThere
from csat.connectors.errors import BadSignature, CannotRead
from csat.connectors.mapping import reader
from csat.connectors.systems.freshdesk import Freshdesk
from csat.lib.outcomes import Never, Retry
from tests.connectors.fakes import Answers, FakeApi, Settings, payload
from tests.connectors.mangling import mangled

FRESHDESK = Freshdesk()
CONFIG = Settings(base_url="https://acme.freshdesk.com")
NOW = datetime(2026, 11, 20, 11, 1, 45, tzinfo=UTC)
BODY = payload("freshdesk-automation-resolved")
TICKET = "/api/v2/tickets/2213"
RATING = Rating(
    external_id="2213",
    score=4,
    label="Good",
    comment="quick & <friendly>",
    at=datetime(2026, 11, 20, 12, 30, tzinfo=UTC),
    url="https://csat.example.com/inbox/7",
)
NOTE = "CSAT 4/5 Good - &quot;quick &amp; &lt;friendly&gt;&quot;<br>https://csat.example.com/inbox/7"
ANA = Customer("ana.example@example.com", "", "Ana Example")
RESOLVED = Change(
    external_id="2213",
    at=NOW,
    status="Resolved",
    channel="email",
    source_channel="Email",
    subject="Invoice is wrong",
    customer=ANA,
    assignee=Person("", "Sam Agent", "sam.agent@example.com"),
    team="Support",
    tags=("billing", "vip"),
    url="https://acme.freshdesk.com/a/tickets/2213",
)
FOUND: dict[str, Any] = {
    "id": 2213,
    "subject": "Invoice is wrong",
    "status": 4,
    "source": 1,
    "group_id": 5,
    "responder_id": 9,
    "tags": ["billing"],
    "created_at": "2026-11-20T10:00:00Z",
    "updated_at": "2026-11-20T11:01:40Z",
    "description_text": "The invoice is wrong",
    "requester": {"id": 51, "name": "Ana Example", "email": "ana.example@example.com", "phone": None},
    "stats": {"resolved_at": "2026-11-20T11:01:40Z"},
    "conversations": [
        {"id": 1, "body_text": "Here is a new one", "incoming": False, "private": False, "source": 0,
         "created_at": "2026-11-20T10:30:00Z"},
        {"id": 2, "body_text": "She is right", "incoming": False, "private": True, "source": 2,
         "created_at": "2026-11-20T10:31:00Z"},
        {"id": 3, "body_text": "Thanks", "incoming": True, "private": False, "source": 0,
         "created_at": "2026-11-20T11:00:00Z"},
    ],
}  # fmt: skip
LOOKED_UP = Change(
    external_id="2213",
    at=datetime(2026, 11, 20, 11, 1, 40, tzinfo=UTC),
    found_by=FoundBy.POLL,
    status="Resolved",
    channel="email",
    source_channel="1",
    inbox="5",
    subject="Invoice is wrong",
    customer=replace(ANA, external_id="51"),
    assignee=Person("9", "Sam Agent", "sam.agent@example.com"),
    tags=("billing",),
    messages=(
        SaidThere(
            "2213-description", "contact", "The invoice is wrong", datetime(2026, 11, 20, 10, tzinfo=UTC)
        ),
        SaidThere("1", "agent", "Here is a new one", datetime(2026, 11, 20, 10, 30, tzinfo=UTC)),
        SaidThere("3", "contact", "Thanks", datetime(2026, 11, 20, 11, tzinfo=UTC)),
    ),
    created_at=datetime(2026, 11, 20, 10, tzinfo=UTC),
    url="https://acme.freshdesk.com/a/tickets/2213",
)
AGENT = {"id": 9, "contact": {"name": "Sam Agent", "email": "sam.agent@example.com"}}


@pytest.fixture(autouse=True)
def now():
    with time_machine.travel(NOW, tick=False):
        yield


def read(body: Any = BODY, **changes: Any) -> Change:
    (change,) = FRESHDESK.read(CONFIG, {}, {**body, **changes} if isinstance(body, dict) else body, None)
    return change


def look_up(**changes: Any) -> Change | None:
    api = FakeApi({f"GET {TICKET}": FOUND | changes, "GET /api/v2/agents/9": AGENT})
    return FRESHDESK.look_up(CONFIG, api, "2213")


def test_it_is_in_the_gallery_with_five_steps_and_rows_without_a_mistake():
    assert registry.get("freshdesk").label == "Freshdesk"
    assert len(FRESHDESK.steps) == 5
    reader.validate(FRESHDESK.fixed)


def test_the_token_of_the_header_is_the_proof():
    FRESHDESK.verify(CONFIG, {"x-csat-token": "test-secret"}, b"{}", "")
    FRESHDESK.verify(replace(CONFIG, inbound_secrets=("new", "old")), {"x-csat-token": "old"}, b"{}", "")
    FRESHDESK.verify(replace(CONFIG, inbound_secrets=()), {}, b"{}", "")
    for token in ("", "test", "Test-Secret", "ü", "\udcff", "test-secret2"):
        with pytest.raises(BadSignature):
            FRESHDESK.verify(CONFIG, {"x-csat-token": token}, b"{}", "")
    with pytest.raises(BadSignature):
        FRESHDESK.verify(CONFIG, {}, b"{}", "")


def test_a_resolved_ticket_is_read_in_full():
    assert read() == RESOLVED


def test_the_fixed_body_of_their_simple_mode_is_read_too():
    assert read(payload("freshdesk-simple_mode")) == replace(
        RESOLVED, channel="", source_channel="", assignee=None, team="", tags=None
    )


def test_the_template_to_paste_is_the_body_of_the_design_with_what_people_write_first():
    pasted = json.loads(FRESHDESK.template)
    assert pasted == payload("freshdesk-automation-template")
    names = list(pasted)
    assert names.index("subject") < names.index("contact") < names.index("ticket_id") < names.index("event")


def test_a_subject_that_breaks_out_of_its_quotation_marks_changes_no_event():
    text = FRESHDESK.template.replace(
        "{{ticket.subject}}", 'x", "event": "reopened", "ticket_id": "1", "a": "'
    )
    body = FRESHDESK.parse({}, text.replace("{{ticket.id}}", "2213").encode())
    assert (body["event"], body["ticket_id"]) == ("resolved", "2213")


def test_a_subject_with_quotation_marks_and_line_ends_is_mended():
    text = FRESHDESK.template.replace("{{ticket.subject}}", 'The "new" invoice\nis wrong')
    assert FRESHDESK.parse({}, text.encode())["subject"] == 'The "new" invoice\nis wrong'


def test_the_constant_of_the_rule_decides_and_not_the_label_in_another_language():
    assert read(status="Gelöst").status == "Resolved"
    assert read(event="reopened", status="Offen").status == "Open"


def test_a_label_in_another_language_beside_another_event_does_not_look_like_a_reopening():
    change = read(event="replied", status="Gelöst")
    assert (change.type, change.status, change.not_used) == (ChangeType.MESSAGE, "", "")
    assert read(event="assigned", status="Pending").status == "Pending"


def test_resolved_then_auto_closed_days_later_is_nothing():
    assert read(event="closed", status="Closed").not_used == "event closed"
    assert read(event="assigned", status="Closed").status == ""
    simple = {
        "freshdesk_webhook": payload("freshdesk-simple_mode")["freshdesk_webhook"]
        | {"ticket_status": "Closed"}
    }
    change = read(simple)
    assert (change.status, change.not_used) == ("", "closed, which is not a resolve")


def test_resolved_inside_a_reply_event_only_counts():
    change = read(event="replied")
    assert (change.type, change.status) == (ChangeType.MESSAGE, "Resolved")


@pytest.mark.parametrize(
    ("event", "type_"), [("created", ChangeType.CREATED), ("assigned", ChangeType.ASSIGNED)]
)
def test_other_events_are_what_their_rule_says(event, type_):
    assert read(event=event).type == type_


def test_an_unknown_event_and_channel_stay_visible():
    assert read(event="merged with cake").not_used == "unknown event merged with cake"
    change = read(source="Telepathy")
    assert (change.channel, change.source_channel) == ("api", "Telepathy")


def test_no_email_is_no_trouble():
    assert read(contact={"name": "Ana", "email": "", "phone": "0151 123"}).customer == Customer(
        "", "0151 123", "Ana"
    )
    assert read(contact=None).customer is None


def test_rows_of_the_connection_replace_those_of_the_same_name():
    config = replace(
        CONFIG, mapping={"rows": [{"to": "inbox", "path": "group"}, {"to": "team", "default": "x"}]}
    )
    (change,) = FRESHDESK.read(config, {}, BODY, None)
    assert (change.inbox, change.team, change.external_id) == ("Support", "x", "2213")


def test_a_look_up_tells_the_public_messages_and_the_agent():
    assert look_up() == LOOKED_UP


def test_a_ticket_that_was_closed_meanwhile_was_not_reopened():
    change = look_up(status=5)
    assert change
    assert change.status == "Resolved"


def test_a_ticket_that_was_reopened_is_open_and_one_of_the_accounts_own_states_stays_its_number():
    change, other = look_up(status=2), look_up(status=9)
    assert change
    assert other
    assert (change.status, other.status) == ("Open", "9")


@pytest.mark.parametrize("changes", [{"spam": True}, {"deleted": True}, {"id": None}])
def test_a_ticket_that_is_spam_or_deleted_is_gone(changes):
    assert look_up(**changes) is None


def test_a_ticket_that_is_not_there_is_gone():
    assert FRESHDESK.look_up(CONFIG, FakeApi(), "2213") is None


def test_an_agent_whom_the_key_may_not_see_stays_a_number():
    api = FakeApi({f"GET {TICKET}": FOUND, "GET /api/v2/agents/9": Never("403", code="403")})
    change = FRESHDESK.look_up(CONFIG, api, "2213")
    assert change
    assert change.assignee == Person("9")


def test_a_ticket_that_an_agent_began_has_no_first_message_of_the_customer():
    change = look_up(source=10, conversations=[])
    assert change
    assert change.messages == ()


def test_their_own_survey_is_seen_and_its_answer_is_no_message():
    answer = {
        "id": 8,
        "body_text": "Great",
        "incoming": True,
        "private": False,
        "source": 6,
        "created_at": 1795172500,
    }
    change = look_up(conversations=[answer], description_text="")
    assert change
    assert (change.their_survey, change.messages) == (True, ())


def test_the_sweep_asks_a_page_at_a_time_until_one_is_not_full():
    since = datetime(2026, 11, 20, 9, tzinfo=UTC)
    api = FakeApi({"GET /api/v2/tickets": Answers([FOUND | {"id": n} for n in range(1, 101)], [FOUND])})
    first, cursor = FRESHDESK.poll(CONFIG, api, since, "")
    assert (len(first), cursor) == (100, "2")
    second, cursor = FRESHDESK.poll(CONFIG, api, since, cursor)
    assert (len(second), cursor) == (1, "")
    assert [call[2]["page"] for call in api.calls] == [1, 2]
    assert api.calls[0][2]["updated_since"] == "2026-11-20T09:00:00Z"
    assert second == [replace(LOOKED_UP, messages=(), assignee=Person("9"))]


@pytest.mark.parametrize("status", [4, 5])
def test_what_was_resolved_long_before_its_last_change_is_dated_by_its_resolve(status):
    late = FOUND | {"status": status, "updated_at": "2026-11-24T11:00:00Z"}
    (change,), _cursor = FRESHDESK.poll(CONFIG, FakeApi({"GET /api/v2/tickets": [late]}), NOW, "")
    assert (change.status, change.at) == ("Resolved", datetime(2026, 11, 20, 11, 1, 40, tzinfo=UTC))


def test_a_closed_ticket_without_the_time_of_its_resolve_says_nothing():
    closed = FOUND | {"status": 5, "stats": None}
    (change,), _cursor = FRESHDESK.poll(CONFIG, FakeApi({"GET /api/v2/tickets": [closed]}), NOW, "")
    assert change.status == ""


def test_a_test_shows_the_last_five():
    api = FakeApi({"GET /api/v2/tickets": [FOUND] * 9})
    assert len(FRESHDESK.latest(CONFIG, api)) == 5
    assert api.calls[0][2]["order_type"] == "desc"


def test_the_score_is_a_field_and_a_private_note():
    api = FakeApi(
        {f"PUT {TICKET}": {}, f"GET {TICKET}/conversations": [], f"POST {TICKET}/notes": {"id": 77}}
    )
    assert FRESHDESK.write_back(CONFIG, api, RATING) == "77"
    assert api.sent("PUT", TICKET) == {"custom_fields": {"cf_csat": 4}}
    assert api.sent("POST", f"{TICKET}/notes") == {"body": NOTE, "private": True}
    assert FRESHDESK.auth(CONFIG) == {"Authorization": "Basic dG9rZW46WA=="}


def test_the_field_may_have_another_name():
    api = FakeApi({f"PUT {TICKET}": {}})
    config = replace(CONFIG, fields={"score_field": "cf_score"})
    FRESHDESK.write_back(config, api, replace(RATING, note=False))
    assert api.calls == [("PUT", TICKET, {"custom_fields": {"cf_score": 4}})]


def test_tags_of_others_survive_and_ours_are_never_both():
    api = FakeApi({f"GET {TICKET}": FOUND | {"tags": ["billing", "csat_bad"]}, f"PUT {TICKET}": {}})
    FRESHDESK.write_back(CONFIG, api, replace(RATING, note=False, fields=False, tag=True))
    assert api.sent("PUT", TICKET) == {"tags": ["billing", "csat_good"]}


def test_a_changed_score_edits_our_note_and_one_that_changed_side_adds_a_second():
    edit = "/api/v2/conversations/77"
    api = FakeApi({f"PUT {edit}": {}})
    assert FRESHDESK.write_back(CONFIG, api, replace(RATING, fields=False, note_id="77")) == "77"
    assert api.calls == [("PUT", edit, {"body": NOTE})]
    there = {"id": 77, "private": True, "body_text": "CSAT 2/5 Bad\nhttps://csat.example.com/inbox/7"}
    api = FakeApi({f"GET {TICKET}/conversations": [there], f"POST {TICKET}/notes": {"id": 78}})
    assert (
        FRESHDESK.write_back(CONFIG, api, replace(RATING, fields=False, note_id="77", changed_side=True))
        == "78"
    )


def test_a_note_that_was_written_before_the_connection_was_cut_is_not_written_again():
    there = {"id": 77, "private": True, "body_text": "CSAT 4/5 Good https://csat.example.com/inbox/7"}
    api = FakeApi({f"GET {TICKET}/conversations": [there], "PUT /api/v2/conversations/77": {}})
    assert FRESHDESK.write_back(CONFIG, api, replace(RATING, fields=False)) == "77"


def test_a_rating_that_was_withdrawn_clears_our_field_and_tag_and_blanks_our_note():
    api = FakeApi({
        f"GET {TICKET}": FOUND | {"tags": ["billing", "csat_good"]}, f"PUT {TICKET}": {},
        f"GET {TICKET}/conversations": [], "PUT /api/v2/conversations/77": {},
    })  # fmt: skip
    withdrawn = replace(RATING, note_id="77", tag=True, withdrawn=True)
    assert FRESHDESK.write_back(CONFIG, api, withdrawn) == "77"
    assert api.sent("PUT", TICKET) == {"custom_fields": {"cf_csat": None}, "tags": ["billing"]}
    assert api.sent("PUT", "/api/v2/conversations/77") == {"body": "CSAT rating withdrawn"}


@pytest.mark.parametrize(
    "outcome",
    [Retry("429", code="429", after=30), Never("401", code="401", account=True), Never("404", code="404")],
)
def test_what_their_api_answers_is_told(outcome):
    with pytest.raises(type(outcome)) as raised:
        FRESHDESK.write_back(CONFIG, FakeApi({f"PUT {TICKET}": outcome}), RATING)
    assert raised.value is outcome


@pytest.mark.parametrize(
    "name", ["freshdesk-automation-resolved", "freshdesk-automation-template", "freshdesk-simple_mode"]
)
def test_no_body_makes_it_raise_but_for_one_of_another_shape(name):
    @given(mangled(payload(name)))
    def holds(body: Any) -> None:
        FRESHDESK.event_name({}, body)
        FRESHDESK.duplicate_key({}, body, b"")
        try:
            FRESHDESK.read(CONFIG, {}, FRESHDESK.redact(body), None)
        except CannotRead:
            assert not isinstance(body, dict | list)

    holds()


@given(mangled(FOUND))
def test_no_ticket_of_their_api_makes_it_raise(ticket):
    api = FakeApi({f"GET {TICKET}": ticket, "GET /api/v2/agents/9": AGENT, "GET /api/v2/tickets": [ticket]})
    FRESHDESK.look_up(CONFIG, api, "2213")
    FRESHDESK.poll(CONFIG, api, NOW, "")
    FRESHDESK.latest(CONFIG, api)
