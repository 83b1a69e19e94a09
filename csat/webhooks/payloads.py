"""What a webhook says: bodies exactly as docs/integrators.md and the contract name them."""

import json
import uuid
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from csat.people.models import Agent, Contact, Organization
from csat.sessions.models import Session
from csat.surveys.models import Survey
from csat.timeline.kinds import Kind
from csat.timeline.models import Event

CLOSED: dict[str, str] = {Kind.SESSION_RESOLVED: "closed_resolved", Kind.SESSION_CLOSED: "closed_unresolved"}
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


def of_events(events: Iterable[tuple[Event, str]]) -> list[str]:
    """The bodies that tell these, each under its webhook name; a handful of queries whatever their number."""
    told = list(events)
    sessions = _sessions({event.session_id for event, _name in told if event.session_id})
    surveys = dict(Survey.objects.filter(session__in=sessions).values_list("session_id", "uuid"))
    erased = {event.contact_id for event, _name in told if event.kind == Kind.CONTACT_ERASED and event.contact_id}
    contacts = dict(Contact.objects.filter(pk__in=erased).values_list("pk", "uuid")) if erased else {}
    organization = Organization.current().uuid

    def tell(event: Event, name: str) -> str:
        data: dict[str, Any] = {"timestamp": stamp(event.at)}
        if event.session_id:
            data = _about_session(event, sessions[event.session_id], surveys.get(event.session_id))
        data |= {name: _told(name, event.data[name]) for name in FACTS.get(event.kind, ()) if name in event.data}
        if event.kind in (Kind.SESSION_RESOLVED, Kind.SESSION_CLOSED):
            data |= {"status": CLOSED[event.kind], "closed_by": event.actor_kind}
        if event.kind == Kind.CONTACT_ERASED:
            contact = contacts.get(event.contact_id or 0)
            data |= {"contact_id": str(contact) if contact else None}
        return body(name, data, at=event.at, organization=organization)

    return [tell(event, name) for event, name in told]


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


def _sessions(pks: set[int]) -> dict[int, Session]:
    return Session.objects.select_related("contact", "assignee", "resolver").in_bulk(pks) if pks else {}


def _about_session(event: Event, session: Session, survey: uuid.UUID | None) -> dict[str, Any]:
    return {
        "conversation_id": str(session.uuid),
        "session_id": str(session.uuid),
        "ticket_number": session.ticket_number,
        "survey_id": str(survey) if survey else None,
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
