"""What a webhook says: bodies exactly as docs/integrators.md and the contract name them."""

import json
import uuid
from datetime import UTC, datetime
from typing import Any

from csat.people.models import Agent, Contact, Organization
from csat.sessions.models import Session
from csat.surveys.models import Survey
from csat.timeline.kinds import Kind
from csat.timeline.models import Event

# what each kind takes over from the fact itself
FACTS: dict[str, tuple[str, ...]] = {
    Kind.MESSAGE_RECEIVED: ("text", "sender"),
    Kind.MESSAGE_SENT: ("text", "sender"),
    Kind.SESSION_HANDED_OFF: ("reasons", "summary", "sentiment"),
    Kind.CSAT_REQUESTED: ("origin", "delivered_via", "url"),
    Kind.CSAT_DELIVERY_FAILED: ("channel", "error", "code"),
    Kind.CSAT_SUBMITTED: (
        *("score_id", "score", "label", "emoji", "comment", "about", "source"),
        *("revision", "previous_score", "created_at", "updated_at"),
    ),
    Kind.RUN_SUCCEEDED: ("run_id", "workflow_id", "workflow_name", "status"),
    Kind.RUN_FAILED: ("run_id", "workflow_id", "workflow_name", "status", "error"),
}


def body(event_type: str, data: dict[str, Any], *, at: datetime, organization: uuid.UUID) -> str:
    """The JSON text of one call."""
    envelope = {"type": event_type, "event": event_type, "timestamp": stamp(at), "organization_id": str(organization), "data": data}
    return json.dumps(envelope, ensure_ascii=False, separators=(",", ":"))


def of_event(event: Event, event_type: str) -> str:
    """The body that tells `event`; a handful of queries, once an event whatever the number of endpoints."""
    data: dict[str, Any] = _about_session(event) if event.session_id else {"timestamp": stamp(event.at)}
    data |= {name: _told(name, event.data[name]) for name in FACTS.get(event.kind, ()) if name in event.data}
    if event.kind in (Kind.SESSION_RESOLVED, Kind.SESSION_CLOSED):
        data |= {"status": "closed_" + event.kind.removeprefix("session.").replace("closed", "unresolved"), "closed_by": event.actor_kind}
    if event.kind == Kind.CONTACT_ERASED and event.contact_id:
        erased = Contact.objects.filter(pk=event.contact_id).values_list("uuid", flat=True).first()
        data |= {"contact_id": str(erased) if erased else None}
    return body(event_type, data, at=event.at, organization=Organization.current().uuid)


def test_body(event_type: str, *, at: datetime) -> str:
    return body(
        event_type,
        {"timestamp": stamp(at), "message": "A test from your CSAT application."},
        at=at,
        organization=Organization.current().uuid,
    )


def stamp(at: datetime) -> str:
    """ISO 8601 in UTC, `Z`."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _told(name: str, value: Any) -> Any:
    return stamp(datetime.fromisoformat(value)) if name.endswith("_at") and value else value


def _about_session(event: Event) -> dict[str, Any]:
    session = Session.objects.select_related("contact", "assignee", "resolver").get(pk=event.session_id or 0)
    survey = Survey.objects.filter(session=session).only("uuid").first()
    return {
        "conversation_id": str(session.uuid),
        "session_id": str(session.uuid),
        "ticket_number": session.ticket_number,
        "survey_id": str(survey.uuid) if survey else None,
        "timestamp": stamp(event.at),
        "channel": session.surveyed_as,
        "contact": _contact(session.contact),
        "agent": _agent(session.resolver or session.assignee),
    }


def _contact(contact: Contact) -> dict[str, Any]:
    return {
        "id": str(contact.uuid),
        "name": contact.name or None,
        "email": contact.email or None,
        "phone_number": contact.phone or None,
    }


def _agent(agent: Agent | None) -> dict[str, Any] | None:
    return {"id": str(agent.uuid), "name": agent.name, "kind": agent.kind} if agent else None
