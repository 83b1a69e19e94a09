"""Webhook bodies, exactly as docs/integrators.md describes them."""

import json
import re
import uuid
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from csat.lib.types import JsonObject
from csat.people import audit_entries
from csat.people.models import Agent, Contact, Organization
from csat.sessions.models import Session
from csat.surveys import kept_links
from csat.surveys.models import Survey
from csat.timeline.kinds import ActorKind, Kind
from csat.timeline.models import Event
from csat.timeline.payloads import Audited, read
from csat.webhooks.models import WebhookAttempt

HIDDEN = "…"
# of before and after in an entry of the audit log: `removed` are the tags of a conversation
HIDDEN_FIELDS = {"email", "new_email", "phone", "removed"}
WEB_ADDRESS = re.compile(r"(https?://)(?:[^/?#\s]*@)?([^/?#\s]+)\S*", re.IGNORECASE)
# by kind of event: what is copied from its data
EVENT_FIELDS: dict[str, tuple[str, ...]] = {
    Kind.MESSAGE_RECEIVED: ("text", "sender"),
    Kind.MESSAGE_SENT: ("text", "sender"),
    Kind.SESSION_HANDED_OFF: ("reasons", "summary", "sentiment"),
    Kind.CSAT_REQUESTED: ("origin", "delivered_via", "url"),
    Kind.CSAT_DELIVERY_FAILED: ("channel", "error", "code"),
    Kind.CSAT_SUBMITTED: (
        *("score_id", "score", "label", "emoji", "comment", "about", "source"),
        *("revision", "previous_score", "created_at", "updated_at"),
    ),
    Kind.CSAT_REOPENED: ("score", "due_at"),
    Kind.CSAT_COMMENT_WITHDRAWN: ("score_id", "score"),
    Kind.CONNECTION_PAUSED: ("connection_id", "system", "name", "reason"),
    Kind.RUN_SUCCEEDED: ("run_id", "workflow_id", "workflow_name", "status"),
    Kind.RUN_FAILED: ("run_id", "workflow_id", "workflow_name", "status", "error"),
}


def body(event_type: str, data: JsonObject, *, at: datetime, organization: uuid.UUID) -> str:
    """The JSON text of one webhook: envelope and data."""
    envelope = {
        "type": event_type,
        "event": event_type,
        "timestamp": stamp(at),
        "organization_id": str(organization),
        "data": data,
    }
    return _dump(envelope)


def _dump(envelope: JsonObject) -> str:
    return json.dumps(envelope, ensure_ascii=False, separators=(",", ":"))


def bodies(typed_events: Iterable[tuple[Event, str]]) -> list[str]:
    """The bodies of (event, webhook type) pairs, in their order; a handful of queries for any number."""
    typed_events = list(typed_events)
    events = [event for event, _type in typed_events]
    session_ids = {event.session_id for event in events if event.session_id and event.kind != Kind.AUDIT}
    sessions = Session.objects.select_related("contact", "assignee", "resolver").in_bulk(session_ids)
    survey_ids = dict(Survey.objects.filter(session__in=sessions).values_list("session_id", "uuid"))
    erased = {event.contact_id for event in events if event.kind == Kind.CONTACT_ERASED and event.contact_id}
    contact_ids = dict(Contact.objects.filter(pk__in=erased).values_list("pk", "uuid")) if erased else {}
    organization = Organization.current().uuid

    def build(event: Event, event_type: str) -> str:
        if event.kind == Kind.AUDIT:
            return body(event_type, _audit_data(event), at=event.at, organization=organization)
        data: JsonObject = {"timestamp": stamp(event.at)}
        if event.session_id:
            data = _session_data(event, sessions[event.session_id], survey_ids.get(event.session_id))
        data |= _event_data(event)
        if event.kind == Kind.CONTACT_ERASED:
            contact_id = contact_ids.get(event.contact_id or 0)
            data |= {"contact_id": str(contact_id) if contact_id else None}
        return body(event_type, data, at=event.at, organization=organization)

    return [build(event, event_type) for event, event_type in typed_events]


def restore_links(attempts: Iterable[WebhookAttempt]) -> None:
    """Put the live rating link into what is posted of these: the body that is kept has none."""
    kept = [attempt for attempt in attempts if kept_links.RATING_URL in attempt.body]
    if not kept:
        return
    events = Event.objects.in_bulk({attempt.event_id for attempt in kept if attempt.event_id})
    events = {pk: event for pk, event in events.items() if _may_hold(event)}
    session_ids = {event.session_id for event in events.values()}
    surveys = {survey.session_id: survey for survey in Survey.objects.filter(session__in=session_ids)}
    for attempt in kept:
        event = events.get(attempt.event_id or 0)
        survey = surveys.get(event.session_id or 0) if event else None
        if survey:
            envelope = json.loads(attempt.body)
            for name in ("url", "text"):
                if name in envelope["data"]:
                    envelope["data"][name] = kept_links.restore(envelope["data"][name], survey)
            attempt.posted = _dump(envelope)


def _may_hold(event: Event) -> bool:
    """Only a request and what a workflow wrote: elsewhere it would be somebody's own words."""
    by_workflow = event.kind == Kind.MESSAGE_SENT and event.actor_kind == ActorKind.WORKFLOW
    return by_workflow or event.kind == Kind.CSAT_REQUESTED


def test_body(event_type: str, *, at: datetime) -> str:
    """The body that the Test button of an endpoint sends."""
    data = {"timestamp": stamp(at), "message": "A test from your CSAT application."}
    return body(event_type, data, at=at, organization=Organization.current().uuid)


def stamp(at: datetime) -> str:
    """ISO 8601 in UTC to the millisecond, ending in `Z`."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _event_data(event: Event) -> JsonObject:
    names = [name for name in EVENT_FIELDS.get(event.kind, ()) if name in event.data]
    data = {name: event.data[name] for name in names}
    data |= {
        name: stamp(datetime.fromisoformat(data[name]))
        for name in names
        if name.endswith("_at") and data[name]
    }
    if event.kind in (Kind.SESSION_RESOLVED, Kind.SESSION_CLOSED):
        status = "closed_resolved" if event.kind == Kind.SESSION_RESOLVED else "closed_unresolved"
        data |= {"status": status, "closed_by": event.actor_kind}
    return data


def _audit_data(event: Event) -> JsonObject:
    """An entry of the audit log, and nothing of the customer it may be about but the id in `target`."""
    entry = read(event, Audited)
    return {
        "id": str(event.uuid),
        "at": stamp(event.at),
        "actor": {
            "kind": event.actor_kind,
            "user_id": audit_entries.user_id_of(event),
            "username": event.actor_name or None,
        },
        "what": entry["what"],
        "target": entry.get("target"),
        "before": _outward(entry["before"]),
        "after": _outward(entry["after"]),
        "address": entry.get("client_address"),
    }


def _outward(value: Any, name: str = "") -> Any:
    """What was before, or after, without what is for readers of the log itself: tags, which may say anything,
    mails and phones, and all but the host of an address on the web, for the rest of it may be a password.
    """
    match value:
        case dict():
            return {key: _outward(inner, key) for key, inner in value.items()}
        case list():
            return [_outward(inner, name) for inner in value]
        case str() if name in HIDDEN_FIELDS and value:
            return HIDDEN
        case str():
            return WEB_ADDRESS.sub(rf"\1\2/{HIDDEN}", value)
    return value


def _session_data(event: Event, session: Session, survey_id: uuid.UUID | None) -> JsonObject:
    return {
        "conversation_id": str(session.uuid),
        "session_id": str(session.uuid),
        "ticket_number": session.ticket_number,
        "survey_id": str(survey_id) if survey_id else None,
        "timestamp": stamp(event.at),
        "channel": session.surveyed_as,
        "contact": _contact_data(session.contact),
        "agent": _agent_data(session.resolver or session.assignee),
    }


def _contact_data(contact: Contact) -> JsonObject:
    return {
        "id": str(contact.uuid),
        "name": contact.name or None,
        "email": contact.email or None,
        "phone_number": contact.phone or None,
    }


def _agent_data(agent: Agent | None) -> JsonObject | None:
    return {"id": str(agent.uuid), "name": agent.name, "kind": agent.kind} if agent else None
