"""The body of each webhook, field by field."""

import json
import re
from datetime import datetime
from typing import Any

import pytest

from csat.lib import client_address
from csat.people import agents, erasure, roles
from csat.people.audit_actions import AuditAction
from csat.people.audit_log import audit
from csat.people.models import Organization
from csat.sessions import activity, resolving
from csat.surveys.answers import answering, comment_withdrawal, second_look
from csat.surveys.choices import Source
from csat.surveys.delivery import transitions
from csat.surveys.models import CsatSettings
from csat.surveys.rules import settings
from csat.timeline import dispatching
from csat.timeline.recording import SYSTEM
from csat.webhooks import endpoints
from csat.webhooks.event_types import EVENTS
from csat.webhooks.models import WebhookAttempt
from csat.workflows import editing, running
from tests.factories import API, CUSTOMER, make_agent, make_contact, make_sent_survey, make_session

pytestmark = pytest.mark.django_db
INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


@pytest.fixture(autouse=True)
def _subscribed(endpoint: Any) -> None:
    """An endpoint subscribed to every event."""


def sent_data(event: str) -> Any:
    """The data of the only webhook of this type, its envelope checked."""
    while dispatching.fan_out(seconds=1) + running.run_due(seconds=1):
        pass
    body = json.loads(WebhookAttempt.objects.get(type=event).body)
    assert list(body) == ["type", "event", "timestamp", "organization_id", "data"]
    assert (body["type"], body["event"]) == (event, event)
    assert body["organization_id"] == str(Organization.current().uuid)
    assert INSTANT.fullmatch(body["timestamp"])
    assert body["data"]["timestamp"] == body["timestamp"]
    return body["data"]


def session_data(session: Any) -> dict[str, Any]:
    """What every webhook about a session says of it."""
    survey, contact = getattr(session, "survey", None), session.contact
    agent = session.resolver or session.assignee
    return {
        "conversation_id": str(session.uuid),
        "session_id": str(session.uuid),
        "ticket_number": session.pk,
        "survey_id": str(survey.uuid) if survey else None,
        "channel": session.surveyed_as,
        "contact": {
            "id": str(contact.uuid),
            "name": contact.name,
            "email": contact.email,
            "phone_number": contact.phone,
        },
        "agent": {"id": str(agent.uuid), "name": agent.name, "kind": agent.kind} if agent else None,
    }


def without_time(data: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in data.items() if name != "timestamp"}


def test_a_conversation_starts() -> None:
    session = make_session(messages=0, assignee=make_agent())
    assert without_time(sent_data("conversation.started")) == session_data(session)


def test_each_side_of_a_conversation() -> None:
    session = make_session(messages=0)
    activity.add_message(session, sender="contact", text="Hello?", by=CUSTOMER)
    activity.add_message(session, sender="agent", text="Hello!", by=API, agent=make_agent())
    activity.add_message(
        session,
        sender="ai",
        text="I am here, too.",
        by=API,
        agent=agents.find_or_create(name="Bot", kind="ai"),
    )
    session = session.again()
    for event, sender, text in (
        ("conversation.contact_response", "contact", "Hello?"),
        ("conversation.agent_response", "agent", "Hello!"),
        ("conversation.ai_response", "ai", "I am here, too."),
    ):
        assert without_time(sent_data(event)) == session_data(session) | {"sender": sender, "text": text}


@pytest.mark.parametrize(
    ("end", "status"), [(resolving.resolve, "closed_resolved"), (resolving.close, "closed_unresolved")]
)
def test_a_conversation_ends(end: Any, status: str) -> None:
    session = make_session(messages=0)
    end(session, by=API)
    assert without_time(sent_data("conversation.closed")) == session_data(session.again()) | {
        "status": status,
        "closed_by": "api",
    }


def test_a_conversation_is_handed_to_a_person() -> None:
    session = make_session(messages=0)
    activity.hand_off(
        session, reasons=["insufficient_tools"], summary="Wants a refund", sentiment="negative", by=API
    )
    why = {"reasons": ["insufficient_tools"], "summary": "Wants a refund", "sentiment": "negative"}
    assert without_time(sent_data("conversation.handoff_to_human")) == session_data(session.again()) | why


def test_a_survey_is_sent() -> None:
    session = make_sent_survey("sms", assignee=make_agent()).session
    assert without_time(sent_data("csat.requested")) == session_data(session) | {
        "origin": "auto",
        "delivered_via": "sms",
    }


def test_a_survey_of_channel_api_has_a_place_for_its_address() -> None:
    session = make_sent_survey("api").session
    data = sent_data("csat.requested")
    assert data.pop("url") == "{rating_url}"
    assert without_time(data) == session_data(session) | {"origin": "auto", "delivered_via": "api"}


def test_a_customer_rates_and_changes_their_mind() -> None:
    survey = make_sent_survey(assignee=make_agent())
    settings.change(by=SYSTEM, ask_about=True)
    answering.answer(survey, score=2, comment="Too slow", about="help", source=Source.PAGE)
    answering.answer(survey, score=4, source=Source.EMAIL)
    dispatching.fan_out(seconds=1)
    first, second = (
        json.loads(attempt.body)["data"]
        for attempt in WebhookAttempt.objects.filter(type="csat.score_submitted").order_by("id")
    )
    score = {"score_id": str(survey.again().session.score.uuid)}
    poor = {"score": 2, "label": "Poor", "emoji": "😞", "comment": "Too slow", "about": "help"}
    good = {"score": 4, "label": "Good", "emoji": "🙂"}
    assert (poor | {"source": "page", "revision": 1, "previous_score": None}).items() <= first.items()
    assert (good | {"source": "email", "revision": 2, "previous_score": 2}).items() <= second.items()
    for data in (first, second):
        assert score.items() <= data.items()
        assert session_data(survey.again().session).items() <= data.items()
        assert all(INSTANT.fullmatch(data[name]) for name in ("timestamp", "created_at", "updated_at"))
        assert datetime.fromisoformat(data["created_at"]) <= datetime.fromisoformat(data["updated_at"])
    assert first["created_at"] == second["created_at"]


def test_a_customer_wants_another_look() -> None:
    survey = make_sent_survey(assignee=make_agent())
    settings.change(by=SYSTEM, reopen_by_customer=True)
    answering.answer(survey, score=1, comment="Still broken", source=Source.PAGE)
    assert second_look.ask_for(survey.again(), by=CUSTOMER)
    data = sent_data("csat.reopened_by_customer")
    assert session_data(survey.session.again()).items() <= data.items()


def test_a_customer_takes_the_words_back() -> None:
    survey = make_sent_survey(assignee=make_agent())
    answering.answer(survey, score=1, comment="Still broken", source=Source.PAGE)
    comment_withdrawal.withdraw(survey.again(), by=CUSTOMER)
    data = sent_data("csat.comment_withdrawn")
    assert session_data(survey.session.again()).items() <= data.items()
    assert "Still broken" not in json.dumps(data)


def test_a_delivery_fails() -> None:
    survey = make_sent_survey("email")
    delivery = survey.deliveries.get()
    delivery.change(error="No such mailbox", error_code="550")
    transitions.fail_after_acceptance(delivery, CsatSettings.current())
    assert without_time(sent_data("csat.delivery_failed")) == session_data(survey.again().session) | {
        "channel": "email", "error": "No such mailbox", "code": "550",
    }  # fmt: skip


def test_a_workflow_has_run() -> None:
    steps = [{"id": "vip", "type": "add_tag", "params": {"tag": "vip"}}]
    workflow = editing.create(name="Mark them", by=SYSTEM, trigger_type="ticket-created", blocks=steps)
    editing.activate(workflow, by=SYSTEM)
    session = make_session(messages=0)
    data = sent_data("workflow.run.succeeded")
    run = session.workflow_runs.get()
    ran = {
        "run_id": str(run.uuid),
        "workflow_id": str(workflow.uuid),
        "workflow_name": "Mark them",
        "status": "succeeded",
    }
    assert without_time(data) == session_data(session) | ran


def test_a_contact_is_erased() -> None:
    contact = make_contact()
    erasure.erase(contact, by=API)
    assert without_time(sent_data("contact.erased")) == {"contact_id": str(contact.uuid)}


def test_this_module_covers_every_event() -> None:
    assert set(EVENTS) == {
        "conversation.started",
        "conversation.contact_response",
        "conversation.agent_response",
        "conversation.ai_response",
        "conversation.closed",
        "conversation.handoff_to_human",
        "csat.requested",
        "csat.score_submitted",
        "csat.delivery_failed",
        "csat.reopened_by_customer",
        "csat.comment_withdrawn",
        "workflow.run.succeeded",
        "workflow.run.failed",
        "contact.erased",
        "connection.paused",  # see tests/connectors/test_connections.py
    }


def test_an_entry_of_the_audit_log_says_who_did_what_from_where_and_nothing_of_the_customer(
    admin_user: Any,
) -> None:
    stream = endpoints.add(url="https://93.184.216.34/siem", events=["audit.*"], by=SYSTEM)
    contact = make_contact(name="Ana Souza", email="ana@customer.example")
    with client_address.as_current("203.0.113.7"):
        entry = audit(
            roles.actor_of(admin_user),
            AuditAction.CONTACT_CHANGED,
            after={"changed": ["name"]},
            target=contact,
            contact_id=contact.pk,
        )
    dispatching.fan_out()
    attempt = stream.calls.get(event=entry)
    body = json.loads(attempt.body)
    assert body["type"] == body["event"] == "audit.contact.changed"
    assert body["data"] == {
        "id": str(entry.uuid),
        "at": body["timestamp"],
        "actor": {"kind": "agent", "user_id": admin_user.pk, "username": "ada"},
        "what": "contact.changed",
        "target": f"contact:{contact.uuid}",
        "before": {},
        "after": {"changed": ["name"]},
        "address": "203.0.113.7",
    }
    assert INSTANT.fullmatch(body["data"]["at"])


@pytest.mark.parametrize(
    ("after", "sent"),
    [
        ({"removed": ["Ana Souza is angry", "vip"]}, {"removed": ["…", "…"]}),
        ({"email": "sam@home.example", "phone": ""}, {"email": "…", "phone": ""}),
        ({"url": "https://u:p@hooks.example/T0/s3cret?k=1"}, {"url": "https://hooks.example/…"}),
        ({"blocks": [{"params": {"url": "http://a.example?token=s"}}]},
         {"blocks": [{"params": {"url": "http://a.example/…"}}]}),
        ({"text": "at https://a.example/s now", "n": 5}, {"text": "at https://a.example/… now", "n": 5}),
        ({"channels": {"email": {"enabled": True}}}, {"channels": {"email": {"enabled": True}}}),
    ],
)  # fmt: skip
def test_what_may_say_anything_or_open_something_stays_in_the_log_itself(
    after: dict[str, Any], sent: dict[str, Any]
) -> None:
    stream = endpoints.add(url="https://93.184.216.34/siem", events=["audit.*"], by=SYSTEM)
    entry = audit(SYSTEM, AuditAction.RECORD_CHANGED, before=after, after=after)
    dispatching.fan_out()
    data = json.loads(stream.calls.get(event=entry).body)["data"]
    assert (data["before"], data["after"]) == (sent, sent)


def test_what_the_system_does_by_itself_comes_from_nobody_and_nowhere() -> None:
    stream = endpoints.add(url="https://93.184.216.34/siem", events=["audit.*"], by=SYSTEM)
    entry = audit(SYSTEM, AuditAction.PROVIDER_AWAY)
    dispatching.fan_out()
    data = json.loads(stream.calls.get(event=entry).body)["data"]
    assert data["actor"] == {"kind": "system", "user_id": None, "username": None}
    assert (data["address"], data["target"]) == (None, None)
