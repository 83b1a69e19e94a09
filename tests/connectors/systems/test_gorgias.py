"""Gorgias: an HTTP integration with a body of ours, and the score as the ticket's own survey."""

import json
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given

from csat.connectors import registry
from csat.connectors.base import Rating
from csat.connectors.changes import Change, ChangeType, ClosedBy, Customer, FoundBy, Person, SaidThere
from csat.connectors.errors import BadSignature, CannotRead
from csat.connectors.mapping import reader
from csat.connectors.systems.gorgias import Gorgias
from csat.lib.outcomes import Never, Retry
from tests.connectors.fakes import FakeApi, Settings, payload
from tests.connectors.mangling import mangled

GORGIAS = Gorgias()
CONFIG = Settings(base_url="https://acme.gorgias.com", token="key", token_user="csat@example.com")
BODY = payload("gorgias-ticket-updated")
TICKET = "/api/tickets/118822"
RATING = Rating(
    external_id="118822",
    score=4,
    label="Good",
    comment="quick and friendly",
    at=datetime(2026, 11, 20, 12, 30, tzinfo=UTC),
    url="https://csat.example.com/inbox/7",
)
NOTE = {
    "channel": "internal-note",
    "via": "api",
    "from_agent": True,
    "sender": {"email": "csat@example.com"},
    "body_text": RATING.line,
}
ANA = Customer("ana.example@example.com", "", "Ana Example", "120")
CLOSED = Change(
    external_id="118822",
    at=datetime(2026, 11, 20, 11, 1, 40, tzinfo=UTC),
    status="closed",
    channel="email",
    source_channel="email",
    subject="Invoice is wrong",
    customer=ANA,
    assignee=Person("", "Sam Agent", "sam.agent@example.com"),
    tags=("billing",),
    language="de",
    created_at=datetime(2026, 11, 20, 10, tzinfo=UTC),
    ended_at=datetime(2026, 11, 20, 11, 1, 40, tzinfo=UTC),
    url="https://acme.gorgias.com/app/ticket/118822",
)
FOUND: dict[str, Any] = {
    "id": 118822,
    "status": "closed",
    "channel": "email",
    "via": "email",
    "subject": "Invoice is wrong",
    "language": "de",
    "tags": [{"id": 1, "name": "billing"}, {"id": 2, "name": "csat_bad"}],
    "created_datetime": "2026-11-20T10:00:00.000000",
    "closed_datetime": "2026-11-20T11:01:40.000000",
    "updated_datetime": "2026-11-20T11:01:40.000000",
    "customer": {"id": 120, "name": "Ana Example", "email": "ana.example@example.com"},
    "assignee_user": {"id": 9, "name": "Sam Agent", "email": "sam.agent@example.com"},
    "assignee_team": {"id": 3, "name": "Support"},
    "satisfaction_survey": None,
    "messages": [
        {"id": 1, "from_agent": False, "public": True, "channel": "email", "body_text": "It is wrong",
         "created_datetime": "2026-11-20T10:00:00", "sender": {"id": 120, "name": "Ana Example"}},
        {"id": 2, "from_agent": True, "public": False, "channel": "internal-note",
         "body_text": "She is right",
         "created_datetime": "2026-11-20T10:10:00", "sender": {"id": 9, "name": "Sam Agent"}},
        {"id": 3, "from_agent": True, "public": True, "channel": "email", "body_text": "Fixed\n> It is wrong",
         "stripped_text": "Fixed", "created_datetime": "2026-11-20T10:20:00",
         "sender": {"id": 9, "name": "Sam Agent", "email": "sam.agent@example.com"}},
    ],
}  # fmt: skip


def read(body: Any = BODY, **changes: Any) -> Change:
    (change,) = GORGIAS.read(CONFIG, {}, {**body, **changes} if isinstance(body, dict) else body, None)
    return change


def test_it_is_in_the_gallery_with_five_steps_and_rows_without_a_mistake():
    assert registry.get("gorgias").label == "Gorgias"
    assert len(GORGIAS.steps) == 5
    reader.validate(GORGIAS.fixed)


def test_they_sign_nothing_so_the_token_of_the_header_is_the_proof():
    GORGIAS.verify(CONFIG, {"x-csat-token": "test-secret"}, b"{}", "")
    for headers in (
        {},
        {"x-csat-token": ""},
        {"x-csat-token": "other"},
        {"x-gorgias-signature": "test-secret"},
    ):
        with pytest.raises(BadSignature):
            GORGIAS.verify(CONFIG, headers, b"{}", "")


def test_a_closed_ticket_is_read_in_full():
    assert read() == CLOSED


def test_the_template_to_paste_is_the_body_of_the_design_with_what_people_write_first():
    pasted = json.loads(GORGIAS.template)
    assert pasted == payload("gorgias-http-template")
    names = list(pasted)
    assert names.index("subject") < names.index("customer") < names.index("status") < names.index("ticket_id")


def test_a_subject_that_breaks_out_of_its_quotation_marks_changes_no_ticket():
    text = GORGIAS.template.replace("{{ticket.subject}}", 'x", "status": "closed", "ticket_id": "1", "a": "')
    body = GORGIAS.parse({}, text.replace("{{ticket.id}}", "118822").encode())
    assert (body["status"], body["ticket_id"]) == ("{{ticket.status}}", "118822")


def test_a_list_that_the_template_turned_into_text_is_a_list_again():
    assert read(tags="['billing', 'vip']").tags == ("billing", "vip")
    assert read(tags="").tags == ()


def test_every_change_of_a_ticket_comes_and_tells_its_state():
    assert read(status="open", updated="2026-11-20T10:30:00").status == "open"
    assert read(status="Closed").status == "closed"


def test_a_ticket_that_never_changed_is_new():
    change = read(status="open", updated="2026-11-20T10:00:00.000000", closed=None)
    assert change.type == ChangeType.CREATED


def test_a_ticket_that_a_rule_closed_was_closed_automatically():
    assert read(via="rule").closed_by == ClosedBy.AUTOMATIC
    assert read().closed_by is None


@pytest.mark.parametrize(
    ("word", "channel"),
    [("chat", "web"), ("contact_form", "web"), ("help-center", "web"), ("phone", "phone_voice"),
     ("sms", "sms"), ("whatsapp", "whatsapp"), ("facebook-messenger", "messenger"),
     ("instagram-direct-message", "instagram"), ("twitter", "api")],
)  # fmt: skip
def test_channels_are_ours_or_api_with_their_word_beside_it(word, channel):
    change = read(channel=word)
    assert (change.channel, change.source_channel) == (channel, word)


def test_no_address_is_no_trouble():
    assert read(customer={"id": 5, "name": "", "email": None}).customer == Customer(external_id="5")


def test_a_look_up_tells_the_public_messages():
    change = GORGIAS.look_up(CONFIG, FakeApi({f"GET {TICKET}": FOUND}), "118822")
    agent = Person("9", "Sam Agent", "sam.agent@example.com")
    assert change == replace(
        CLOSED,
        found_by=FoundBy.POLL,
        assignee=agent,
        team="Support",
        tags=("billing", "csat_bad"),
        messages=(
            SaidThere("1", "contact", "It is wrong", datetime(2026, 11, 20, 10, tzinfo=UTC)),
            SaidThere("3", "agent", "Fixed", datetime(2026, 11, 20, 10, 20, tzinfo=UTC), agent),
        ),
    )


@pytest.mark.parametrize(
    "answer", [Never("301", code="301"), Never("404", code="404"), None, FOUND | {"spam": True}]
)
def test_a_ticket_that_was_merged_deleted_or_is_spam_is_gone(answer):
    assert GORGIAS.look_up(CONFIG, FakeApi({f"GET {TICKET}": answer}), "118822") is None


def test_a_test_shows_the_last_five():
    api = FakeApi({"GET /api/tickets": {"data": [FOUND] * 7}})
    assert [change.external_id for change in GORGIAS.latest(CONFIG, api)] == ["118822"] * 5


def test_the_score_is_the_survey_of_the_ticket_and_an_internal_note():
    api = FakeApi({
        f"GET {TICKET}": FOUND,
        "POST /api/satisfaction-surveys": {"id": 1},
        f"POST {TICKET}/messages": {"id": 77},
    })  # fmt: skip
    assert GORGIAS.write_back(CONFIG, api, RATING) == "77"
    assert api.sent("POST", "/api/satisfaction-surveys") == {
        "ticket_id": 118822,
        "customer_id": 120,
        "score": 4,
        "body_text": "quick and friendly",
        "scored_datetime": "2026-11-20T12:30:00+00:00",
        "meta": {"csat_url": "https://csat.example.com/inbox/7"},
    }
    assert api.sent("POST", f"{TICKET}/messages") == NOTE
    assert GORGIAS.auth(CONFIG) == {"Authorization": "Basic Y3NhdEBleGFtcGxlLmNvbTprZXk="}


def test_a_ticket_has_one_survey_so_that_a_changed_score_changes_it_and_keeps_what_others_noted():
    survey = {"id": 5, "score": 2, "meta": {"theirs": 1, "csat_url": "old"}}
    api = FakeApi(
        {f"GET {TICKET}": FOUND | {"satisfaction_survey": survey}, "PUT /api/satisfaction-surveys/5": {}}
    )
    GORGIAS.write_back(CONFIG, api, replace(RATING, note=False))
    sent = api.sent("PUT", "/api/satisfaction-surveys/5")
    assert (sent["score"], sent["meta"]) == (4, {"theirs": 1, "csat_url": RATING.url})


def test_tags_of_others_survive_and_ours_are_never_both():
    api = FakeApi({f"GET {TICKET}": FOUND, f"PUT {TICKET}": {}})
    GORGIAS.write_back(CONFIG, api, replace(RATING, note=False, fields=False, tag=True))
    assert api.sent("PUT", TICKET) == {"tags": [{"name": "billing"}, {"name": "csat_good"}]}


def test_a_changed_score_edits_our_note_and_one_that_changed_side_adds_a_second():
    api = FakeApi({f"PUT {TICKET}/messages/77": {}})
    assert GORGIAS.write_back(CONFIG, api, replace(RATING, fields=False, note_id="77")) == "77"
    assert api.calls == [("PUT", f"{TICKET}/messages/77", NOTE)]
    api = FakeApi({f"GET {TICKET}": FOUND, f"POST {TICKET}/messages": {"id": 78}})
    assert (
        GORGIAS.write_back(CONFIG, api, replace(RATING, fields=False, note_id="77", changed_side=True))
        == "78"
    )


def test_a_note_that_was_written_before_the_connection_was_cut_is_not_written_again():
    note = {"id": 77, "channel": "internal-note", "body_text": RATING.line}
    api = FakeApi({f"GET {TICKET}": FOUND | {"messages": [note]}, f"PUT {TICKET}/messages/77": {}})
    assert GORGIAS.write_back(CONFIG, api, replace(RATING, fields=False)) == "77"


def test_a_rating_that_was_withdrawn_clears_the_survey_and_tag_and_blanks_our_note():
    survey = {"id": 5, "score": 4, "meta": {"theirs": 1, "csat_url": "x"}}
    tags = [{"name": "billing"}, {"name": "csat_good"}]
    api = FakeApi({
        f"GET {TICKET}": FOUND | {"satisfaction_survey": survey, "tags": tags}, f"PUT {TICKET}": {},
        "PUT /api/satisfaction-surveys/5": {}, f"PUT {TICKET}/messages/77": {},
    })  # fmt: skip
    withdrawn = replace(RATING, note_id="77", tag=True, withdrawn=True)
    assert GORGIAS.write_back(CONFIG, api, withdrawn) == "77"
    cleared = {"score": None, "body_text": None, "scored_datetime": None, "meta": {"theirs": 1}}
    assert api.sent("PUT", "/api/satisfaction-surveys/5") == cleared
    assert api.sent("PUT", TICKET) == {"tags": [{"name": "billing"}]}
    assert api.sent("PUT", f"{TICKET}/messages/77")["body_text"] == "CSAT rating withdrawn"


def test_a_withdrawn_rating_makes_no_survey_and_no_note():
    api = FakeApi({f"GET {TICKET}": FOUND})
    assert GORGIAS.write_back(CONFIG, api, replace(RATING, withdrawn=True)) == ""
    assert {call[0] for call in api.calls} == {"GET"}


@pytest.mark.parametrize(
    "outcome",
    [Retry("429", code="429", after=30), Never("401", code="401", account=True), Never("404", code="404")],
)
def test_what_their_api_answers_is_told(outcome):
    with pytest.raises(type(outcome)) as raised:
        GORGIAS.write_back(CONFIG, FakeApi({f"GET {TICKET}": outcome}), RATING)
    assert raised.value is outcome


@pytest.mark.parametrize("name", ["gorgias-ticket-updated", "gorgias-http-template"])
def test_no_body_makes_it_raise_but_for_one_of_another_shape(name):
    @given(mangled(payload(name)))
    def holds(body: Any) -> None:
        GORGIAS.event_name({}, body)
        GORGIAS.duplicate_key({}, body, b"")
        try:
            GORGIAS.read(CONFIG, {}, GORGIAS.redact(body), None)
        except CannotRead:
            assert not isinstance(body, dict | list)

    holds()


@given(mangled(FOUND))
def test_no_ticket_of_their_api_makes_it_raise(ticket):
    api = FakeApi({
        f"GET {TICKET}": ticket, "GET /api/tickets": {"data": [ticket]}, f"PUT {TICKET}": {},
        "POST /api/satisfaction-surveys": {}, f"POST {TICKET}/messages": {"id": 1},
    })  # fmt: skip
    GORGIAS.look_up(CONFIG, api, "118822")
    GORGIAS.latest(CONFIG, api)
    with suppress(Never):  # a 404: a survey of an odd id, which is not in the table
        GORGIAS.write_back(CONFIG, api, replace(RATING, tag=True))
