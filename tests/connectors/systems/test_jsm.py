"""Jira Service Management: signed admin webhooks, hidden addresses, and the score as internal comment."""

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
from csat.connectors.systems.jsm import Jsm
from csat.lib.outcomes import Never, Retry
from tests.connectors.fakes import FakeApi, Settings, payload
from tests.connectors.mangling import mangled

JSM = Jsm()
CONFIG = Settings(
    base_url="https://example.atlassian.net", token="key", token_user="csat@example.com",
    fields={"score_field": "customfield_10050"},
)  # fmt: skip
BODY = payload("jsm-issue_updated-done")
SIGNED = "sha256=179bf20a8b9040a32368814a68b0dc270823b5968498e0a73796c4202708ed8d"
ANA_ID, SAM_ID = "qm:00000000-0000-4000-8000-000000000075", "712020:00000000-0000-4000-8000-000000000009"
ISSUE, USER = "/rest/api/3/issue/HELP-42", "/rest/api/3/user"
COMMENTS, REQUEST = "/rest/api/2/issue/HELP-42/comment", "/rest/servicedeskapi/request/HELP-42/comment"
RATING = Rating(
    external_id="HELP-42",
    score=4,
    label="Good",
    comment="quick and friendly",
    at=datetime(2026, 11, 20, 12, 30, tzinfo=UTC),
    url="https://csat.example.com/inbox/7",
)
ANA, SAM = Customer("", "", "Ana Example", ANA_ID), Person(SAM_ID, "Sam Agent")
DONE = Change(
    external_id="HELP-42",
    at=datetime(2026, 11, 20, 11, 1, 40, 123000, tzinfo=UTC),
    status="done",
    subject="Invoice is wrong",
    customer=ANA,
    assignee=SAM,
    tags=("billing",),
    actor=SAM,
    created_at=datetime(2026, 11, 20, 10, tzinfo=UTC),
    url="https://example.atlassian.net/browse/HELP-42",
)


def read(body: Any = BODY, fetch: FakeApi | None = None, own_user: str = "", **changes: Any) -> Change:
    (change,) = JSM.read(replace(CONFIG, own_user=own_user), {}, {**body, **changes}, fetch)
    return change


def fields(**changes: Any) -> dict[str, Any]:
    issue = BODY["issue"]
    return {**issue, "fields": issue["fields"] | changes}


def changelog(*items: dict[str, Any]) -> dict[str, Any]:
    return {"id": "1", "items": list(items)}


def comment(**changes: Any) -> dict[str, Any]:
    author = {"accountId": SAM_ID, "displayName": "Sam Agent", "accountType": "atlassian"}
    said = {"id": "10100", "body": "Fixed", "jsdPublic": True, "author": author, "created": 1795172500000}
    return {"timestamp": 1795172500123, "webhookEvent": "comment_created", "issue": BODY["issue"],
            "comment": said | changes}  # fmt: skip


def test_it_is_in_the_gallery_with_five_steps_and_rows_without_a_mistake():
    assert registry.get("jsm").label == "Jira Service Management"
    assert len(JSM.steps) == 5
    reader.validate(JSM.fixed)


def test_the_vector_verifies_also_during_a_rotation():
    headers = {"x-hub-signature": SIGNED}
    JSM.verify(CONFIG, headers, b'{"a":1}', "")
    JSM.verify(replace(CONFIG, inbound_secrets=("new", "test-secret")), headers, b'{"a":1}', "")
    JSM.verify(replace(CONFIG, inbound_secrets=()), {}, b'{"a":1}', "")


@pytest.mark.parametrize(
    ("given", "body"),
    [(SIGNED[:-1], b'{"a":1}'), (SIGNED[7:], b'{"a":1}'), ("sha1=" + SIGNED[7:], b'{"a":1}'),
     ("", b'{"a":1}'), ("sha256=ü", b'{"a":1}'), ("\udcff", b'{"a":1}'), (SIGNED, b'{"a": 1}'), (SIGNED, b""),
     (SIGNED, b'{"a":2}')],
)  # fmt: skip
def test_what_differs_is_refused(given, body):
    with pytest.raises(BadSignature):
        JSM.verify(CONFIG, {"x-hub-signature": given}, body, "")


def test_another_secret_and_a_missing_header_are_refused():
    with pytest.raises(BadSignature):
        JSM.verify(replace(CONFIG, inbound_secrets=("other",)), {"x-hub-signature": SIGNED}, b'{"a":1}', "")
    with pytest.raises(BadSignature):
        JSM.verify(CONFIG, {}, b'{"a":1}', "")


def test_a_resolved_request_is_read_in_full():
    assert read() == DONE


def test_the_category_of_the_status_counts_and_not_its_name():
    reopened = {"name": "Resolved?", "statusCategory": {"key": "indeterminate"}}
    assert read(issue=fields(status=reopened)).status == "indeterminate"


def test_hidden_jira_mail_is_looked_up_where_the_token_may_see_it():
    api = FakeApi({f"GET {USER}": {"emailAddress": "ana.example@example.com"}})
    assert read(fetch=api) == replace(DONE, customer=replace(ANA, email="ana.example@example.com"))
    assert api.calls == [("GET", USER, {"accountId": ANA_ID})]


@pytest.mark.parametrize(
    "answer", [Never("403", code="403"), Never("404", code="404"), {"emailAddress": None}, None, []]
)
def test_hidden_jira_mail_that_stays_hidden_is_no_trouble(answer):
    assert read(fetch=FakeApi({f"GET {USER}": answer})) == DONE


def test_a_broken_connection_while_looking_is_told():
    with pytest.raises(Retry):
        read(fetch=FakeApi({f"GET {USER}": Retry("503", code="503")}))


@pytest.mark.parametrize(
    ("event", "type_"),
    [("jira:issue_created", ChangeType.CREATED), ("jira:issue_deleted", ChangeType.DELETED),
     ("jira:issue_updated", ChangeType.STATUS)],
)  # fmt: skip
def test_other_events_are_what_they_are_called(event, type_):
    assert read(webhookEvent=event).type == type_


def test_another_agent_is_an_assignment_and_its_state_counts_all_the_same():
    change = read(changelog=changelog({"field": "assignee", "to": SAM_ID}))
    assert (change.type, change.status) == (ChangeType.ASSIGNED, "done")


def test_an_unknown_event_is_visible_and_not_used():
    assert read(webhookEvent="sprint_started").not_used == "unknown event sprint_started"
    assert JSM.event_name({}, BODY) == "jira:issue_updated"


def test_a_public_comment_of_an_agent_is_a_message():
    change = read(comment())
    said = SaidThere("10100", "agent", "Fixed", datetime(2026, 11, 20, 11, 1, 40, tzinfo=UTC), SAM)
    assert (change.type, change.messages, change.status) == (ChangeType.MESSAGE, (said,), "done")


@pytest.mark.parametrize("public", [False, None, "maybe"])
def test_an_internal_comment_and_one_that_does_not_say_so_are_no_message(public):
    assert read(comment(jsdPublic=public)).messages == ()


def test_the_reporter_writes_as_the_customer_whatever_kind_of_account_it_is():
    author = {"accountId": ANA_ID, "displayName": "Ana Example", "accountType": "atlassian"}
    assert [said.sender for said in read(comment(author=author)).messages] == ["contact"]
    author = {"accountId": "qm:5", "displayName": "Eve", "accountType": "customer"}
    assert [said.sender for said in read(comment(author=author)).messages] == ["contact"]


def test_a_rule_that_closes_closes_automatically_and_a_person_does_not():
    assert read(user=BODY["user"] | {"accountType": "app"}).closed_by == ClosedBy.AUTOMATIC
    assert read(user=BODY["user"] | {"accountType": "atlassian"}).closed_by == ClosedBy.HUMAN
    assert read().closed_by is None


def test_our_own_comment_field_label_and_user_come_back_and_are_ours():
    label = {"field": "labels", "fromString": "billing", "toString": "billing csat_good"}
    score = {"field": "CSAT", "fieldId": "customfield_10050", "fromString": None, "toString": "4"}
    assert read(changelog=changelog(label)).ours
    assert read(changelog=changelog(score, label)).ours
    assert read(own_user=SAM_ID).ours
    assert read(comment(), own_user=SAM_ID).ours


def test_a_change_of_others_beside_ours_counts():
    label = {"field": "labels", "fromString": "csat_good", "toString": "vip csat_good"}
    assert not read(changelog=changelog(label)).ours
    assert not read(changelog=changelog({"field": "labels", "fromString": "", "toString": ""})).ours
    assert not read(changelog=changelog()).ours


def test_five_identical_requests_at_once_have_one_key():
    assert JSM.duplicate_key({"x-atlassian-webhook-identifier": "abc"}, BODY, b"") == "abc"
    assert JSM.duplicate_key({}, BODY, b"") == ""


def test_a_look_up_tells_the_state_the_channel_and_the_address():
    issue = {**BODY["issue"], "properties": {"request.channel.type": {"value": "portal"}}}
    api = FakeApi({f"GET {ISSUE}": issue, f"GET {USER}": {"emailAddress": "ana.example@example.com"}})
    assert JSM.look_up(CONFIG, api, "HELP-42") == replace(
        DONE,
        at=datetime(2026, 11, 20, 11, 1, 40, tzinfo=UTC),
        found_by=FoundBy.POLL,
        channel="web",
        source_channel="portal",
        customer=replace(ANA, email="ana.example@example.com"),
        actor=None,
    )


def test_a_channel_that_is_none_of_ours_is_api():
    issue = {**BODY["issue"], "properties": {"request.channel.type": {"value": "jira"}}}
    change = JSM.look_up(CONFIG, FakeApi({f"GET {ISSUE}": issue}), "HELP-42")
    assert change
    assert (change.channel, change.source_channel) == ("api", "jira")


@pytest.mark.parametrize("answer", [Never("404", code="404"), None, [], {"key": None}])
def test_a_request_that_is_not_there_is_gone(answer):
    assert JSM.look_up(CONFIG, FakeApi({f"GET {ISSUE}": answer}), "HELP-42") is None


def test_the_score_is_a_field_a_label_and_an_internal_comment():
    api = FakeApi(
        {f"PUT {ISSUE}": None, f"GET {COMMENTS}": {"comments": []}, f"POST {REQUEST}": {"id": "77"}}
    )
    assert JSM.write_back(CONFIG, api, replace(RATING, tag=True)) == "77"
    assert api.sent("PUT", ISSUE) == {
        "fields": {"customfield_10050": 4},
        "update": {"labels": [{"add": "csat_good"}, {"remove": "csat_bad"}]},
    }
    assert api.sent("POST", REQUEST) == {"body": RATING.line, "public": False}
    assert JSM.auth(CONFIG) == {"Authorization": "Basic Y3NhdEBleGFtcGxlLmNvbTprZXk="}


def test_without_a_field_of_theirs_only_the_comment_is_written():
    api = FakeApi({f"GET {COMMENTS}": {}, f"POST {REQUEST}": {"id": "77"}})
    assert JSM.write_back(replace(CONFIG, fields={}), api, RATING) == "77"
    assert [call[:2] for call in api.calls] == [("GET", COMMENTS), ("POST", REQUEST)]


def test_a_changed_score_edits_our_comment_which_stays_internal():
    api = FakeApi({f"PUT {COMMENTS}/77": {}})
    assert JSM.write_back(CONFIG, api, replace(RATING, fields=False, note_id="77")) == "77"
    internal = [{"key": "sd.public.comment", "value": {"internal": True}}]
    assert api.calls == [("PUT", f"{COMMENTS}/77", {"body": RATING.line, "properties": internal})]


def test_a_score_that_changed_side_adds_a_second_comment():
    api = FakeApi({f"GET {COMMENTS}": {}, f"POST {REQUEST}": {"id": "78"}})
    assert JSM.write_back(CONFIG, api, replace(RATING, fields=False, note_id="77", changed_side=True)) == "78"


def test_a_comment_that_was_written_before_the_connection_was_cut_is_not_written_again():
    there = {"comments": [{"id": "77", "body": RATING.line}]}
    api = FakeApi({f"GET {COMMENTS}": there, f"PUT {COMMENTS}/77": {}})
    assert JSM.write_back(CONFIG, api, replace(RATING, fields=False)) == "77"


def test_a_rating_that_was_withdrawn_clears_our_field_and_labels_and_blanks_our_comment():
    api = FakeApi({f"PUT {ISSUE}": None, f"GET {COMMENTS}": {}, f"PUT {COMMENTS}/77": {}})
    withdrawn = replace(RATING, note_id="77", tag=True, withdrawn=True)
    assert JSM.write_back(CONFIG, api, withdrawn) == "77"
    assert api.sent("PUT", ISSUE) == {
        "fields": {"customfield_10050": None},
        "update": {"labels": [{"remove": "csat_good"}, {"remove": "csat_bad"}]},
    }
    assert api.sent("PUT", f"{COMMENTS}/77")["body"] == "CSAT rating withdrawn"


@pytest.mark.parametrize(
    "outcome",
    [Retry("429", code="429", after=30), Never("401", code="401", account=True), Never("404", code="404")],
)
def test_what_their_api_answers_is_told(outcome):
    with pytest.raises(type(outcome)) as raised:
        JSM.write_back(CONFIG, FakeApi({f"PUT {ISSUE}": outcome}), RATING)
    assert raised.value is outcome


@pytest.mark.parametrize("example", [BODY, comment()], ids=["issue", "comment"])
def test_no_body_makes_it_raise_but_for_one_of_another_shape(example):
    @given(mangled(example))
    def holds(body: Any) -> None:
        JSM.event_name({}, body)
        JSM.duplicate_key({}, body, b"")
        for fetch in (None, FakeApi({f"GET {USER}": {"emailAddress": 5}})):
            try:
                JSM.read(CONFIG, {}, JSM.redact(body), fetch)
            except CannotRead:
                assert not isinstance(body, dict | list)

    holds()


@given(mangled(BODY["issue"]))
def test_no_issue_of_their_api_makes_it_raise(issue):
    JSM.look_up(CONFIG, FakeApi({f"GET {ISSUE}": issue}), "HELP-42")
