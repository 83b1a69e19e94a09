"""/chat/sessions"""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from csat.connectors.models import Connection, ConversationOrigin
from csat.sessions.models import Session
from csat.timeline.models import Event
from tests.api.conftest import Machine
from tests.connectors.fake_desk import FakeSystem, make_connection
from tests.factories import make_contact, make_resolved_session, make_session

pytestmark = pytest.mark.django_db
FIELDS = {
    "id", "ticket_number", "external_id", "status", "ai_closure_type", "sentiment", "channel", "language",
    "assignee_id", "team",
    "contact", "handoff", "tags", "custom_data", "csat", "origin", "created_at", "updated_at",
}  # fmt: skip
SAM = {"name": "Sam", "email": "sam@acme.example", "kind": "human"}


def begin(api: Machine, **told: Any) -> Any:
    answer = api.post("/chat/sessions", told)
    assert answer.status_code == 201, answer.content
    return answer.json()


def test_a_session_begins_with_everything_told(api: Machine) -> None:
    session = begin(
        api,
        contact={"email": "ana@acme.example", "name": "Ana"},
        channel={"type": "email", "email_message_id": "<1@acme.example>", "subject": "Refund"},
        external_id="zd-17",
        assignee=SAM,
        team="Billing",
        language="pt",
        sentiment="positive",
        tags=["refund", "vip"],
        custom_data={"order": 17},
        created_at="2026-11-20T10:00:00Z",
    )
    assert set(session) >= FIELDS
    assert session["channel"] == {"type": "email"}
    assert session["contact"]["email"] == "ana@acme.example"
    assert (session["status"], session["csat"], session["handoff"]) == ("open", None, None)
    assert (session["team"], session["tags"], session["language"]) == ("Billing", ["refund", "vip"], "pt-br")
    assert session["created_at"] == "2026-11-20T10:00:00Z"
    row = Session.objects.get()
    assert session["ticket_number"] == row.pk
    assert (row.subject, row.email_message_id) == ("Refund", "<1@acme.example>")
    assert session["assignee_id"] == str(row.assignee.uuid if row.assignee else "")


def test_the_type_is_api_and_the_contact_anonymous_when_nothing_is_told(api: Machine) -> None:
    for body in ({}, None, {"channel": None, "contact": None}):
        session = api.post("/chat/sessions", body).json()
        assert session["channel"] == {"type": "api"}
        assert session["contact"]["email"] is None


def test_a_contact_may_be_named_by_id(api: Machine) -> None:
    contact = make_contact()
    assert begin(api, contact_id=str(contact.uuid))["contact"]["id"] == str(contact.uuid)


def test_an_unknown_contact_id_is_404_and_names_the_field(api: Machine) -> None:
    answer = api.post("/chat/sessions", {"contact_id": "5b0ff0e1-9a53-4b6c-8f0e-2a1c3d4e5f60"})
    assert answer.status_code == 404
    assert "contact_id" in answer.json()["fields"]


def test_the_same_external_id_is_the_same_session(api: Machine) -> None:
    first = begin(api, external_id="zd-17", contact={"email": "ana@acme.example"})
    again = api.post("/chat/sessions", {"external_id": "zd-17", "contact": {"email": "ana@acme.example"}})
    assert (again.status_code, again.json()["id"]) == (200, first["id"])
    assert Event.objects.filter(kind="session.created").count() == 1


@pytest.mark.parametrize(
    ("told", "field"),
    [
        ({"channel": {"type": "fax"}}, "channel.type"),
        ({"channel": "email"}, "channel"),
        ({"contact": {"external_id": "x" * 201}}, "contact.external_id"),
        ({"contact_id": "17"}, "contact_id"),
        ({"assignee": {"kind": "robot", "name": "R"}}, "assignee.kind"),
        ({"assignee": {"kind": "ai"}}, "assignee.name"),
        ({"tags": "vip"}, "tags"),
        ({"tags": ["x" * 81]}, "tags.0"),
        ({"created_at": "yesterday"}, "created_at"),
        ({"created_at": "0001-01-01T00:00:00+14:00"}, "created_at"),
        ({"created_at": "2099-01-01T00:00:00Z"}, "created_at"),
        ({"external_id": "x" * 201}, "external_id"),
        ({"custom_data": []}, "custom_data"),
        ({"sentiment": "x" * 21}, "sentiment"),
        ({"bridged_to_web": "perhaps"}, "bridged_to_web"),
    ],
)
def test_what_cannot_be_used_is_422_and_named(api: Machine, told: Any, field: str) -> None:
    answer = api.post("/chat/sessions", told)
    assert answer.status_code == 422, answer.content
    assert field in answer.json()["fields"]


def test_resolving_by_api_closes_and_says_so(api: Machine) -> None:
    session = make_session()
    answer = api.patch(
        f"/chat/sessions/{session.uuid}", {"status": "closed_resolved", "ai_closure_type": "resolved"}
    )
    assert answer.status_code == 200
    assert (answer.json()["status"], answer.json()["ai_closure_type"]) == ("closed_resolved", "resolved")
    assert answer.json()["csat"]["score"] is None
    again = api.patch(f"/chat/sessions/{session.uuid}", {"status": "closed_resolved"})
    assert again.status_code == 200
    assert Event.objects.filter(kind="session.resolved", session_id=session.pk, actor_kind="api").count() == 1


def test_a_session_goes_through_every_status(api: Machine) -> None:
    address = f"/chat/sessions/{make_session().uuid}"
    for status in (
        "closed_unresolved",
        "open",
        "closed_resolved",
        "closed_unresolved",
        "closed_resolved",
        "open",
    ):
        assert api.patch(address, {"status": status}).json()["status"] == status


def test_a_patch_changes_what_is_told_and_nothing_else(api: Machine) -> None:
    session = begin(
        api, contact={"name": "Ana"}, tags=["a", "b"], assignee=SAM, team="Billing", sentiment="neutral"
    )
    address = f"/chat/sessions/{session['id']}"
    changed = api.patch(
        address, {"tags": ["b", "c"], "sentiment": "negative", "skip_csat": True, "custom_data": {"n": 1}}
    ).json()
    assert (changed["tags"], changed["sentiment"], changed["custom_data"]) == (
        ["b", "c"],
        "negative",
        {"n": 1},
    )
    assert (changed["assignee_id"], changed["team"]) == (session["assignee_id"], "Billing")
    assert changed["updated_at"] > session["updated_at"]
    emptied = api.patch(address, {"assignee": None, "team": None, "tags": [], "ai_closure_type": None}).json()
    assert (emptied["assignee_id"], emptied["team"], emptied["tags"], emptied["ai_closure_type"]) == (
        None,
        None,
        [],
        None,
    )


@pytest.mark.parametrize(
    "told",
    [
        {"status": "done"},
        {"status": None},
        {"ai_closure_type": "maybe"},
        {"assignee": "Sam"},
        {"skip_csat": "x"},
        [],
    ],
)
def test_a_patch_with_what_cannot_be_is_422(api: Machine, told: Any) -> None:
    assert api.patch(f"/chat/sessions/{make_session().uuid}", told).status_code == 422


def test_the_list_is_filtered(api: Machine) -> None:
    email, sms = make_session("email", external_id="zd-1"), make_resolved_session("sms")
    api.post(f"/chat/sessions/{email.uuid}/handoff", {"reasons": ["user_requested_human_assistance"]})
    for query, found in [
        ({"status": "open"}, email),
        ({"status": "closed_resolved"}, sms),
        ({"channel_type": "sms"}, sms),
        ({"contact_id": str(email.contact.uuid)}, email),
        ({"external_id": "zd-1"}, email),
        ({"handed_off": "true"}, email),
        ({"handed_off": "false"}, sms),
    ]:
        assert [item["id"] for item in api.get("/chat/sessions", **query).json()["items"]] == [
            str(found.uuid)
        ], query
    assert len(api.get("/chat/sessions", status="", cursor="").json()["items"]) == 2


@pytest.mark.parametrize(
    "query",
    [
        {"status": "x"},
        {"channel_type": "fax"},
        {"contact_id": "17"},
        {"handed_off": "x"},
        {"created_after": "x"},
    ],
)
def test_a_filter_that_cannot_be_is_422(api: Machine, query: Any) -> None:
    assert api.get("/chat/sessions", **query).status_code == 422


def test_the_times_filter(api: Machine) -> None:
    old = make_session(created_at=timezone.now() - timedelta(days=3))
    new = make_session()
    middle = (timezone.now() - timedelta(days=1)).isoformat()
    assert [item["id"] for item in api.get("/chat/sessions", created_before=middle).json()["items"]] == [
        str(old.uuid)
    ]
    assert [item["id"] for item in api.get("/chat/sessions", created_after=middle).json()["items"]] == [
        str(new.uuid)
    ]
    assert len(api.get("/chat/sessions", updated_after=middle).json()["items"]) == 2


def test_a_list_costs_as_much_with_fifty_rows_as_with_one(
    api: Machine, django_assert_max_num_queries: Any
) -> None:
    for number in range(50):
        session = make_resolved_session(tags=[f"t{number}"], assignee=None)
        if number % 10 == 0:
            api.post(f"/chat/sessions/{session.uuid}/handoff", {"reasons": ["insufficient_tools"]})
    with django_assert_max_num_queries(9):
        assert len(api.get("/chat/sessions").json()["items"]) == 50


def _come_from(connection: Connection, external_id: str, url: str = "") -> Session:
    session = make_session()
    ConversationOrigin.objects.create(
        session=session, connection=connection, external_id=external_id, url=url
    )
    return session


def test_a_session_shows_the_help_desk_it_came_from(api: Machine, fake_system: FakeSystem) -> None:
    connection = make_connection()
    session = _come_from(connection, "42", "https://desk.example.com/c/42")
    origin = {
        "connection_id": str(connection.uuid),
        "kind": "fake_desk",
        "external_id": "42",
        "url": "https://desk.example.com/c/42",
    }
    assert api.get(f"/chat/sessions/{session.uuid}").json()["origin"] == origin
    assert api.patch(f"/chat/sessions/{session.uuid}", {"sentiment": "happy"}).json()["origin"] == origin
    without_url = _come_from(connection, "43")
    assert api.get(f"/chat/sessions/{without_url.uuid}").json()["origin"]["url"] is None


def test_a_session_that_came_by_the_api_has_no_origin(api: Machine) -> None:
    body = api.post("/chat/sessions", {}).json()
    assert body["origin"] is None


def test_a_list_of_sessions_from_help_desks_costs_as_much_as_any_other(
    api: Machine, fake_system: FakeSystem, django_assert_max_num_queries: Any
) -> None:
    for number in range(20):
        _come_from(make_connection(), str(number))
    api.get("/chat/sessions")
    with django_assert_max_num_queries(9):
        items = api.get("/chat/sessions").json()["items"]
    assert len({item["origin"]["connection_id"] for item in items}) == 20


@pytest.mark.parametrize(
    ("detail", "value"),
    [
        ("email", "jörg@example.com"),
        ("email", "用户@例子.广告"),
        ("phone_number", "030 1234"),
        ("timezone", "Middle Earth Standard Time"),
        ("phone_number", "+49 30 1234567 or in the evening at my sister's"),
    ],
)
def test_one_unusable_detail_does_not_lose_the_conversation(api: Machine, detail: str, value: str) -> None:
    """kumomta#77, EC-CUBE#1325, khal#714"""
    answer = api.post("/chat/sessions", {"contact": {"name": "Jörg", "language": "de", detail: value}})
    assert answer.status_code == 201
    assert (answer.json()["contact"]["name"], answer.json()["contact"][detail]) == ("Jörg", None)
    note = Event.objects.get(kind="session.note")
    assert note.data["text"] == f"Left out of the contact: {detail}"
    assert api.post("/contacts", {detail: value}).status_code == 422


def test_a_name_that_is_too_long_does_not_lose_the_conversation(api: Machine) -> None:
    """forem#21421: an advertisement in place of a name"""
    long = {"name": "Win 5000 EUR " * 20, "email": "ana@acme.example"}
    assert begin(api, contact=long)["contact"]["name"] is None
    assert Event.objects.get(kind="session.note").data["text"] == "Left out of the contact: name"
    assert api.post("/contacts", long).status_code == 422


@pytest.mark.parametrize("email", ["try..this..0511@docomo.ne.jp", "taro.@ezweb.ne.jp"])
def test_an_address_that_a_carrier_gave_out_is_kept(api: Machine, email: str) -> None:
    contact = begin(api, contact={"email": email, "timezone": "Eastern Standard Time"})["contact"]
    assert (contact["email"], contact["timezone"]) == (email, "America/New_York")
    assert not Event.objects.filter(kind="session.note").exists()
