"""The events that a conversation's page shows as one line: text, icon and tone of each."""

from django.db.models import TextChoices
from django.utils.translation import gettext as _

from csat.channels.kinds import Channel
from csat.people import audit_actions
from csat.people.audit_actions import AuditAction
from csat.sessions.models import HandoffReason, Session
from csat.surveys.choices import Origin
from csat.timeline.kinds import ActorKind, Kind
from csat.timeline.models import Event
from csat.timeline.payloads import (
    Assigned,
    Audited,
    Delivered,
    DeliveryFailed,
    Ended,
    FollowedUp,
    FollowUpStep,
    HandedOff,
    LinkHandedOut,
    Overdue,
    Requested,
    RunEnded,
    Skipped,
    Tagged,
    read,
)

Fact = tuple[str, str, str]  # text, icon, tone


def label_in(choices: type[TextChoices], value: object) -> str:
    return str(choices(value).label) if value in choices.values else ""


def actor_name(event: Event) -> str:
    return event.actor_name or str(ActorKind(event.actor_kind).label)


def _by(event: Event, named: str, plain: str) -> str:
    """`Resolved by Sam`; no name for what the system does by itself."""
    by_itself = event.actor_kind == ActorKind.SYSTEM and not event.actor_name
    return plain if by_itself else named % {"name": actor_name(event)}


def _workflow_name(event: Event) -> str:
    return read(event, RunEnded).get("workflow_name") or actor_name(event)


def _channel(kind: object) -> str:
    return label_in(Channel, kind)


def _joined(*parts: str | None) -> str:
    return " · ".join(filter(None, parts))


def fact_of(event: Event, session: Session) -> Fact | None:
    """None for an event that is no line of its own."""
    if event.kind.startswith("csat."):
        return _csat_fact(event)
    match Kind(event.kind):
        case Kind.SESSION_CREATED:
            return _("Conversation started"), str(session.channel), ""
        case Kind.SESSION_RESOLVED:
            text = _by(event, _("Resolved by %(name)s"), _("Resolved"))
            if not read(event, Ended).get("ask", True):
                text = _("%(text)s, without survey") % {"text": text}
            return text, "check", ""
        case Kind.SESSION_CLOSED:
            return _by(event, _("Closed unresolved by %(name)s"), _("Closed unresolved")), "cross", ""
        case Kind.SESSION_REOPENED:
            return _by(event, _("Reopened by %(name)s"), _("Reopened")), "reopen", ""
        case Kind.SESSION_HANDED_OFF:
            handoff = read(event, HandedOff)
            reasons = [label_in(HandoffReason.Reason, reason) for reason in handoff.get("reasons", [])]
            text = _("Handed off to a person: %(reasons)s") % {"reasons": ", ".join(filter(None, reasons))}
            summary = handoff.get("summary")
            return (f"{text} – {summary}" if summary else text), "person", ""
        case Kind.SESSION_TAGGED:
            return _("Tagged %(tag)s") % {"tag": read(event, Tagged).get("tag", "")}, "tag", ""
        case Kind.SESSION_ASSIGNED:
            name = read(event, Assigned).get("agent_name")
            return (_("Assigned to %(name)s") % {"name": name} if name else _("Unassigned")), "person", ""
        case Kind.CONTACT_OPTED_OUT:
            return _("The customer has opted out"), "cross", ""
        case Kind.CONTACT_OPTED_IN:
            return _("The customer opted in again"), "check", ""
        case Kind.RUN_SUCCEEDED:
            return _("Workflow: %(name)s") % {"name": _workflow_name(event)}, "workflows", ""
        case Kind.RUN_FAILED:
            return _("Workflow failed: %(name)s") % {"name": _workflow_name(event)}, "workflows", "bad"
        case Kind.AUDIT:
            return _change_by_staff(event), "settings", ""
    return None


def _change_by_staff(event: Event) -> str:
    """Which fields of the conversation were changed, or what else was done."""
    change = read(event, Audited)
    what = change.get("what", "")
    if what not in audit_actions.stored_as([AuditAction.CONVERSATION_CHANGED]):
        return _joined(audit_actions.label(what), actor_name(event))
    names = ", ".join(name.replace("_", " ") for name in change.get("after", {}))
    return _("%(name)s changed: %(what)s") % {"name": actor_name(event), "what": names}


def _csat_fact(event: Event) -> Fact | None:
    match Kind(event.kind):
        case Kind.CSAT_REQUESTED:
            request = read(event, Requested)
            channel = _channel(request.get("delivered_via") or request.get("channel"))
            origin = label_in(Origin, request.get("origin"))
            return _joined(_("CSAT requested"), channel, origin), "outbox", ""
        case Kind.CSAT_DELIVERED:
            channel = _channel(read(event, Delivered).get("delivered_via"))
            return _joined(_("CSAT delivered"), channel), "check", ""
        case Kind.CSAT_DELIVERY_FAILED:
            failure = read(event, DeliveryFailed)
            channel, fallback = _channel(failure.get("delivered_via")), _channel(failure.get("fallback"))
            text = _joined(_("CSAT delivery failed"), channel, failure.get("error"))
            if fallback:
                text = _("%(text)s – %(channel)s takes over") % {"text": text, "channel": fallback}
            return text, "warning", "bad"
        case Kind.CSAT_SKIPPED:
            return _joined(_("CSAT skipped"), read(event, Skipped).get("text")), "cross", ""
        case Kind.CSAT_WITHDRAWN:
            return _("CSAT withdrawn"), "reopen", ""
        case Kind.CSAT_LINK_HANDED_OUT:
            if read(event, LinkHandedOut).get("purpose") == "copy":
                return _("Rating link copied by %(name)s") % {"name": actor_name(event)}, "link", ""
            return _("Rating link handed out by %(name)s") % {"name": actor_name(event)}, "link", ""
        case Kind.CSAT_REOPENED:
            return _("The customer says it is not solved"), "reopen", "warn"
        case Kind.CSAT_COMMENT_WITHDRAWN:
            return _("The customer withdrew the words of the rating"), "cross", ""
        case Kind.FOLLOW_UP_OVERDUE:
            owner = read(event, Overdue).get("owner")
            text = _("Follow-up overdue, of %(name)s") % {"name": owner} if owner else _("Follow-up overdue")
            return text, "flag", "bad"
        case Kind.FOLLOW_UP:
            step = read(event, FollowedUp)
            text = label_in(FollowUpStep, step.get("what")) or _("Follow-up")
            note = f" – {step['note']}" if step.get("note") else ""
            return _joined(text, actor_name(event)) + note, "flag", "warn"
    return None
