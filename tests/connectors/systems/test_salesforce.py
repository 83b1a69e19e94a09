"""Salesforce: a Flow that calls us with a body of ours, and the score as fields and a post for staff."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
import time_machine
from hypothesis import given

from csat.connectors import registry
from csat.connectors.base import Rating
from csat.connectors.changes import Change, ClosedBy, Customer, FoundBy, Person
from csat.connectors.errors import BadSignature, CannotRead
from csat.connectors.mapping import reader
from csat.connectors.systems.salesforce import Salesforce
from csat.lib.outcomes import Never, Retry
from tests.connectors.fakes import FakeApi, Settings, payload
from tests.connectors.mangling import mangled

SALESFORCE = Salesforce()
CONFIG = Settings(base_url="https://acme.my.salesforce.com")
BODY = payload("salesforce-flow-case_closed")
CASE_ID, POST_ID = "5005g00000EXAMPLEAAA", "0D55g00000EXAMPLEAAA"
API = "/services/data/v62.0"
QUERY, CASE, FEED = f"{API}/query", f"{API}/sobjects/Case/{CASE_ID}", f"{API}/sobjects/FeedItem"
NOW = datetime(2026, 11, 29, 8, tzinfo=UTC)
RATING = Rating(
    external_id=CASE_ID,
    score=4,
    label="Good",
    comment="quick and friendly",
    at=datetime(2026, 11, 20, 12, 30, tzinfo=UTC),
    url="https://csat.example.com/inbox/7",
)
CLOSED = Change(
    external_id=CASE_ID,
    at=datetime(2026, 11, 20, 11, 1, 40, tzinfo=UTC),
    status="closed",
    channel="email",
    source_channel="Email",
    subject="Invoice is wrong",
    customer=Customer("ana.example@example.com", "+4915112345678", "Ana Example", "0035g00000EXAMPLEAAA"),
    assignee=Person("0055g00000EXAMPLEAAA", "Sam Agent", "sam.agent@example.com"),
    language="de",
    created_at=datetime(2026, 11, 20, 10, tzinfo=UTC),
    url=f"https://acme.my.salesforce.com/lightning/r/Case/{CASE_ID}/view",
)
RECORD: dict[str, Any] = {
    "attributes": {"type": "Case"},
    **{name: value for name, value in BODY["case"].items() if name != "Language"},
    "LastModifiedDate": "2026-11-20T11:01:41.000+0000",
    "SuppliedEmail": None,
    "Contact": {"Id": "0035g00000EXAMPLEAAA", "Name": "Ana Example", "Email": "ana.example@example.com",
                "Phone": None, "MobilePhone": "+4915112345678"},
    "Owner": {"Id": "0055g00000EXAMPLEAAA", "Name": "Sam Agent", "Email": "sam.agent@example.com",
              "Type": "User"},
}  # fmt: skip


def read(**changes: Any) -> Change:
    with time_machine.travel(NOW, tick=False):
        (change,) = SALESFORCE.read(CONFIG, {}, {**BODY, **changes}, None)
    return change


def case(**changes: Any) -> dict[str, Any]:
    return BODY["case"] | changes


def test_it_is_in_the_gallery_with_five_steps_and_rows_without_a_mistake():
    assert registry.get("salesforce").label == "Salesforce"
    assert len(SALESFORCE.steps) == 5
    reader.validate(SALESFORCE.fixed)


def test_the_token_of_the_named_credential_is_the_proof():
    SALESFORCE.verify(CONFIG, {"x-csat-token": "test-secret"}, b"{}", "")
    for headers in ({}, {"x-csat-token": ""}, {"x-csat-token": "other"}, {"x-csat-token": "ü"}):
        with pytest.raises(BadSignature):
            SALESFORCE.verify(CONFIG, headers, b"{}", "")


def test_a_closed_case_is_read_in_full():
    assert read() == CLOSED


def test_the_template_to_paste_has_the_fields_of_the_design_and_one_more():
    pasted = json.loads(SALESFORCE.template)
    example = {**BODY, "case": {**BODY["case"], "LastModifiedDate": ""}}
    del example["case"]["Language"]  # a field of their own, where there is one
    assert {name: set(value) for name, value in pasted.items() if isinstance(value, dict)} == {
        name: set(value) for name, value in example.items() if isinstance(value, dict)
    }
    assert list(pasted).index("contact") < list(pasted).index("case") < list(pasted).index("event")


def test_the_state_decides_and_not_what_the_flow_calls_it():
    assert read(event="resolved", case=case(IsClosed=False)).status == "open"
    assert read(event="reopened", case=case(IsClosed="true")).status == "closed"
    assert read(event="reopened", case=case(IsClosed=None)).status == "open"
    assert read(event="resolved", case=case(IsClosed=None)).status == "closed"
    assert read(event="status", case=case(IsClosed=None)).status == ""


def test_merged_and_deleted_cases_are_told_by_the_flow():
    assert [read(event=event).type for event in ("merged", "deleted", "created")] == [
        "merged",
        "deleted",
        "created",
    ]
    assert read(event="escalated").not_used == "unknown event escalated"


def test_a_case_without_a_contact_has_the_address_it_was_written_from():
    change = read(contact={"SuppliedEmail": "ana@example.com"})
    assert change.customer == Customer("ana@example.com")


def test_a_queue_is_a_team_and_no_agent():
    change = read(owner={"Id": "00G5g00000EXAMPLEAAA", "Name": "Support", "Type": "Queue"})
    assert (change.assignee, change.team, change.closed_by) == (None, "Support", ClosedBy.AUTOMATIC)


def test_an_origin_of_their_own_is_api_with_their_word_beside_it():
    change = read(case=case(Origin="Shop in Berlin"))
    assert (change.channel, change.source_channel) == ("api", "Shop in Berlin")


def test_without_a_time_of_theirs_the_time_of_arrival_counts():
    assert read(case=case(ClosedDate=None)).at == NOW


def test_a_look_up_asks_for_contact_and_owner_too():
    api = FakeApi({f"GET {QUERY}": {"records": [RECORD]}})
    assert SALESFORCE.look_up(CONFIG, api, CASE_ID) == replace(
        CLOSED, found_by=FoundBy.POLL, at=datetime(2026, 11, 20, 11, 1, 41, tzinfo=UTC), language=""
    )
    assert f"FROM Case WHERE Id = '{CASE_ID}'" in api.calls[0][2]["q"]


@pytest.mark.parametrize("answer", [{"records": []}, Never("404", code="404"), None])
def test_a_case_that_is_not_there_is_gone(answer):
    assert SALESFORCE.look_up(CONFIG, FakeApi({f"GET {QUERY}": answer}), CASE_ID) is None


@pytest.mark.parametrize(
    "external_id", ["", "1' OR Id != '", "../Account", "x" * 30, "５００５g00000EXAMPLEAAA"]
)
def test_an_id_that_is_none_of_theirs_is_never_asked_for(external_id):
    api = FakeApi()
    with pytest.raises(Never):
        SALESFORCE.look_up(CONFIG, api, external_id)
    with pytest.raises(Never):
        SALESFORCE.write_back(CONFIG, api, replace(RATING, external_id=external_id))
    assert api.calls == []


def test_a_test_shows_the_last_five():
    api = FakeApi({f"GET {QUERY}": {"records": [RECORD] * 6}})
    assert [change.external_id for change in SALESFORCE.latest(CONFIG, api)] == [CASE_ID] * 5


def test_the_score_is_fields_of_the_case_and_a_post_for_staff():
    api = FakeApi({f"PATCH {CASE}": None, f"GET {QUERY}": {"records": []}, f"POST {FEED}": {"id": POST_ID}})
    assert SALESFORCE.write_back(CONFIG, api, RATING) == POST_ID
    assert api.sent("PATCH", CASE) == {
        "CSAT_Score__c": 4,
        "CSAT_Label__c": "Good",
        "CSAT_Comment__c": "quick and friendly",
        "CSAT_At__c": "2026-11-20T12:30:00+00:00",
        "CSAT_Url__c": "https://csat.example.com/inbox/7",
    }
    assert api.sent("POST", FEED) == {"ParentId": CASE_ID, "Body": RATING.line, "Visibility": "InternalUsers"}
    assert SALESFORCE.auth(CONFIG) == {"Authorization": "Bearer token"}


def test_a_changed_score_edits_our_post_and_one_that_changed_side_adds_a_second():
    api = FakeApi({f"PATCH {FEED}/{POST_ID}": None})
    assert SALESFORCE.write_back(CONFIG, api, replace(RATING, fields=False, note_id=POST_ID)) == POST_ID
    assert api.calls == [("PATCH", f"{FEED}/{POST_ID}", {"Body": RATING.line})]
    other = POST_ID.replace("5g", "6g")
    api = FakeApi({f"GET {QUERY}": {"records": []}, f"POST {FEED}": {"id": other}})
    changed = replace(RATING, fields=False, note_id=POST_ID, changed_side=True)
    assert SALESFORCE.write_back(CONFIG, api, changed) == other


def test_a_post_that_was_written_before_the_connection_was_cut_is_not_written_again():
    api = FakeApi({
        f"GET {QUERY}": {"records": [{"Id": POST_ID, "Body": RATING.line}]}, f"PATCH {FEED}/{POST_ID}": None,
    })  # fmt: skip
    assert SALESFORCE.write_back(CONFIG, api, replace(RATING, fields=False)) == POST_ID


def test_a_rating_that_was_withdrawn_clears_our_fields_and_blanks_our_post():
    api = FakeApi({f"PATCH {CASE}": None, f"GET {QUERY}": {}, f"PATCH {FEED}/{POST_ID}": None})
    withdrawn = replace(RATING, note_id=POST_ID, withdrawn=True)
    assert SALESFORCE.write_back(CONFIG, api, withdrawn) == POST_ID
    assert set(api.sent("PATCH", CASE).values()) == {None}
    assert api.sent("PATCH", f"{FEED}/{POST_ID}") == {"Body": "CSAT rating withdrawn"}


@pytest.mark.parametrize(
    "outcome",
    [Retry("429", code="429", after=30), Never("401", code="401", account=True), Never("404", code="404")],
)
def test_what_their_api_answers_is_told(outcome):
    with pytest.raises(type(outcome)) as raised:
        SALESFORCE.write_back(CONFIG, FakeApi({f"PATCH {CASE}": outcome}), RATING)
    assert raised.value is outcome


@given(mangled(BODY))
def test_no_body_makes_it_raise_but_for_one_of_another_shape(body):
    SALESFORCE.event_name({}, body)
    SALESFORCE.duplicate_key({}, body, b"")
    try:
        SALESFORCE.read(CONFIG, {}, SALESFORCE.redact(body), None)
    except CannotRead:
        assert not isinstance(body, dict | list)


@given(mangled({"records": [RECORD]}))
def test_no_record_of_their_api_makes_it_raise(answer):
    api = FakeApi({f"GET {QUERY}": answer})
    SALESFORCE.look_up(CONFIG, api, CASE_ID)
    SALESFORCE.latest(CONFIG, api)
