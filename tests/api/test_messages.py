"""/chat/sessions/{id}/send, /history and /handoff"""

from typing import Any

import pytest

from csat.people.models import Agent
from csat.sessions import activity, resolving
from csat.timeline.kinds import ActorKind
from csat.timeline.recording import Actor
from tests.api.conftest import Machine
from tests.factories import API, make_agent, make_session

pytestmark = pytest.mark.django_db


def said(api: Machine, session: Any) -> list[tuple[str, str | None, str]]:
    events = [item["event"] for item in api.all(f"/chat/sessions/{session.uuid}/history")]
    return [
        (one["sender"]["type"], one["sender"]["name"], one["content"]["text"])
        for one in events
        if one["type"] == "message"
    ]


def test_messages_of_contact_agent_and_ai_come_back_in_the_history(api: Machine) -> None:
    session = make_session(messages=0, assignee=make_agent("Sam"))
    send = f"/chat/sessions/{session.uuid}/send"
    for body in (
        {"sender": "contact", "message": "Where is it?"},
        {"sender": "ai", "message": "Let me look.", "agent": {"name": "Bot", "kind": "ai"}},
        {"sender": "agent", "message": "It is on its way."},
    ):
        answer = api.post(send, body)
        assert answer.status_code == 201
        assert answer.json()["success"] is True
    assert said(api, session) == [
        ("contact", session.contact.name, "Where is it?"),
        ("ai", "Bot", "Let me look."),
        ("agent", "Sam", "It is on its way."),
    ]


def test_an_agent_whom_opencx_numbers_is_known_by_name(api: Machine) -> None:
    session = make_session(messages=0)
    for id in (123, "123", "auth0|17"):
        body = {
            "message": {"type": "text", "text": "Hi"},
            "agent": {"id": id, "name": "Layla", "avatar_url": "https://x"},
        }
        assert api.post(f"/chat/sessions/{session.uuid}/send", body).status_code == 201
    assert Agent.objects.filter(name="Layla").count() == 1


def test_what_opencx_hands_in_with_a_message_joins_session_and_contact(api: Machine) -> None:
    session = make_session(messages=0, custom_data={"order": 1})
    body = {
        "message": {"type": "text", "text": "Hi"},
        "custom_data": {"cart": 149.99},
        "contact": {"name": "Ana Souza", "custom_data": {"plan": "pro"}, "email": "another@acme.example"},
    }
    assert api.post(f"/chat/sessions/{session.uuid}/send", body).status_code == 201
    shown = api.get(f"/chat/sessions/{session.uuid}").json()
    assert shown["custom_data"] == {"order": 1, "cart": 149.99}
    assert (shown["contact"]["name"], shown["contact"]["custom_data"]) == ("Ana Souza", {"plan": "pro"})
    assert shown["contact"]["email"] == session.contact.email
    assert (
        api.post(
            f"/chat/sessions/{session.uuid}/send", body | {"message": "  ", "custom_data": {"cart": 1}}
        ).status_code
        == 422
    )
    assert api.get(f"/chat/sessions/{session.uuid}").json()["custom_data"] == {"order": 1, "cart": 149.99}


@pytest.mark.parametrize(
    ("id", "status"), [(123, 422), ("x", 422), ("5b0ff0e1-9a53-4b6c-8f0e-2a1c3d4e5f60", 404)]
)
def test_an_agent_known_by_nothing_else_needs_an_id_of_ours(api: Machine, id: object, status: int) -> None:
    body = {"sender": "agent", "message": "Hi", "agent": {"id": id}}
    assert api.post(f"/chat/sessions/{make_session().uuid}/send", body).status_code == status


def test_opencx_shapes_of_a_message_are_taken(api: Machine) -> None:
    session = make_session(messages=0)
    send = f"/chat/sessions/{session.uuid}/send"
    api.post(send, {"sender": "contact", "message": {"type": "text", "text": "Hello!"}})
    api.post(send, {"message": {"type": "text", "text": "Hi"}, "agent": {"name": "Layla", "avatar_url": "x"}})
    assert said(api, session) == [("contact", session.contact.name, "Hello!"), ("agent", "Layla", "Hi")]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"sender": "contact"},
        {"sender": "robot", "message": "x"},
        {"sender": "contact", "message": ""},
        {"sender": "contact", "message": "   "},
        {"sender": "contact", "message": None},
        {"sender": "contact", "message": {"type": "image"}},
        {"sender": "contact", "message": "a\u0000b"},
        {"sender": "contact", "message": "x" * 100_001},
        {"sender": "contact", "message": "x", "sent_at": "later"},
    ],
)
def test_a_message_that_cannot_be_is_422(api: Machine, body: Any) -> None:
    assert api.post(f"/chat/sessions/{make_session().uuid}/send", body).status_code == 422


def test_the_history_tells_the_whole_story_in_order(api: Machine) -> None:
    session = make_session(messages=1)
    address = f"/chat/sessions/{session.uuid}"
    api.post(
        f"{address}/handoff",
        {
            "reasons": ["insufficient_tools", "prohibited_topic"],
            "summary": "Wants a refund",
            "sentiment": "angry",
        },
    )
    api.patch(address, {"tags": ["refund"]})
    api.patch(address, {"status": "closed_unresolved"})
    api.patch(address, {"status": "open"})
    activity.add_note(session, "internal", by=API)
    items = api.all(f"{address}/history")
    assert [item["event"]["type"] for item in items] == [
        "message",
        "handoff",
        "tag_added",
        "closed_unresolved_by_api",
        "reopened_session",
    ]
    assert items[1]["event"]["content"]["reasons"] == ["insufficient_tools", "prohibited_topic"]
    assert items[1]["event"]["sender"] == {"type": "api", "name": "Helpdesk"}
    assert items[2]["event"]["content"] == {"tag": "refund"}
    assert all(set(item) >= {"created_at", "event"} for item in items)


@pytest.mark.parametrize(
    ("by", "named"),
    [
        (ActorKind.AGENT, "agent"),
        (ActorKind.AI, "agent"),
        (ActorKind.API, "api"),
        (ActorKind.CONTACT, "contact"),
        (ActorKind.INTEGRATION, "integration"),
        (ActorKind.SYSTEM, "system"),
        (ActorKind.WORKFLOW, "workflow"),
    ],
)
def test_whoever_ends_a_conversation_is_in_the_name_of_its_end(
    api: Machine, by: ActorKind, named: str
) -> None:
    session = make_session(messages=0)
    for verb in (resolving.resolve, resolving.reopen, resolving.close):
        verb(session, by=Actor(by, name="Somebody"))
    events = [item["event"] for item in api.all(f"/chat/sessions/{session.uuid}/history")]
    assert [event["type"] for event in events] == [
        f"closed_resolved_by_{named}",
        "reopened_session",
        f"closed_unresolved_by_{named}",
    ]
    assert {event["sender"]["name"] for event in events} == {"Somebody"}


@pytest.mark.parametrize(
    "query", [{"created_after": "2026-11-20T12:00:00Z"}, {"updated_after": "2026-11-20T12:00:00Z"}]
)
def test_the_history_is_filtered_by_time(api: Machine, query: dict[str, str]) -> None:
    session = make_session(messages=0)
    for hour in (11, 13):
        body = {"sender": "contact", "message": f"It is {hour}", "sent_at": f"2026-11-20T{hour}:00:00Z"}
        api.post(f"/chat/sessions/{session.uuid}/send", body)
    items = api.get(f"/chat/sessions/{session.uuid}/history", **query).json()["items"]
    assert [item["event"]["content"]["text"] for item in items] == ["It is 13"]


def test_the_history_pages(api: Machine) -> None:
    session = make_session(messages=5)
    assert len(api.all(f"/chat/sessions/{session.uuid}/history", limit=2)) == 5


def test_a_handoff_shows_on_the_session(api: Machine) -> None:
    session = make_session()
    body = {"reasons": ["user_requested_human_assistance"], "summary": "Wants a person", "sentiment": "angry"}
    answer = api.post(f"/chat/sessions/{session.uuid}/handoff", body)
    assert answer.status_code == 201
    shown = api.get(f"/chat/sessions/{session.uuid}").json()
    assert shown["handoff"] == answer.json()
    assert (shown["handoff"]["summary"], shown["handoff"]["sentiment"]) == ("Wants a person", "angry")
    assert shown["handoff"]["reasons"] == ["user_requested_human_assistance"]
    assert shown["ai_closure_type"] == "handed_off"


@pytest.mark.parametrize("reasons", [None, [], ["boredom"], "insufficient_tools"])
def test_a_handoff_needs_reasons_there_are(api: Machine, reasons: Any) -> None:
    assert api.post(f"/chat/sessions/{make_session().uuid}/handoff", {"reasons": reasons}).status_code == 422


def test_what_belongs_to_no_session_is_404(api: Machine) -> None:
    nobody = "/chat/sessions/5b0ff0e1-9a53-4b6c-8f0e-2a1c3d4e5f60"
    assert api.post(f"{nobody}/send", {"sender": "contact", "message": "x"}).status_code == 404
    assert api.post(f"{nobody}/handoff", {"reasons": ["insufficient_tools"]}).status_code == 404
    assert api.get(f"{nobody}/history").status_code == 404
