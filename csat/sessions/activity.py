"""What happens in a conversation between start and end: messages, handoffs, assignments, notes, changes."""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import F, Model
from django.db.models.functions import Greatest
from django.utils import timezone
from django.utils.translation import gettext as _

from csat.lib import languages
from csat.lib.json_limits import clean_object, merge
from csat.lib.text import clean
from csat.lib.types import JsonObject
from csat.people import agents, brands
from csat.people.audit_actions import AuditAction
from csat.people.audit_log import audit
from csat.people.erasure import refuse_erased
from csat.people.models import Agent
from csat.sessions import cleaning, resolving
from csat.sessions.models import Handoff, HandoffReason, Participation, Session
from csat.sessions.resolving import is_past
from csat.sessions.tagging import replace_tags
from csat.timeline.kinds import ActorKind, Kind
from csat.timeline.models import Event
from csat.timeline.payloads import Assigned, HandedOff, Noted, Said
from csat.timeline.recording import Actor, record

SENDERS = ("contact", "agent", "ai")


@transaction.atomic
def add_message(
    session: Session,
    *,
    sender: str,
    text: str,
    by: Actor,
    agent: Agent | None = None,
    sent_at: datetime | None = None,
) -> Event:
    """Add a message of the customer (`contact`), a human agent (`agent`) or an AI (`ai`).

    Without `agent` the assignee wrote it, if of that kind. A message over a day old is not published.
    Raises Refused for an erased contact: no text about them may be stored again.
    """
    text, at = cleaning.body(text, "message"), min(sent_at or timezone.now(), timezone.now())
    if sender not in SENDERS:
        raise cleaning.invalid("sender", _("The sender is contact, agent or ai."))
    _lock_alive(session)
    if sender == "contact":
        session.change(
            customer_messages=session.customer_messages + 1,
            last_customer_message_at=max(session.last_customer_message_at or at, at),
            last_activity_at=max(session.last_activity_at, at),
        )
    else:
        agent = agent or _author(session, sender, by)
        sender = agent.kind if agent and agent.kind == Agent.Kind.AI else sender
        _count_agent_message(session, agent, at)
    message: Said = {"sender": sender, "text": text}
    if sender != "contact":
        message = {"sender": sender, "text": text, **_agent_payload(agent)}
    return record(
        Kind.MESSAGE_RECEIVED if sender == "contact" else Kind.MESSAGE_SENT,
        by=by,
        session_id=session.pk,
        contact_id=session.contact_id,
        at=at,
        unpublished=is_past(at),
        **message,
    )


@transaction.atomic
def hand_off(
    session: Session, *, reasons: Iterable[str], summary: str = "", sentiment: str = "", by: Actor
) -> Handoff:
    """The AI hands the conversation over to people, for one or more reasons; an AI assignee is unassigned."""
    reasons = list(dict.fromkeys(reasons))
    if not reasons or not set(reasons) <= set(HandoffReason.Reason.values):
        raise cleaning.invalid(
            "reasons", _("Choose from: %(reasons)s.") % {"reasons": ", ".join(HandoffReason.Reason.values)}
        )
    _lock_alive(session)
    now, sentiment = timezone.now(), cleaning.line(sentiment, 20, "sentiment")
    handoff = Handoff.objects.create(session=session, summary=clean(summary), sentiment=sentiment)
    HandoffReason.objects.bulk_create(
        HandoffReason(handoff=handoff, session=session, reason=reason) for reason in reasons
    )
    human = session.assignee if session.assignee and session.assignee.kind == Agent.Kind.HUMAN else None
    session.change(
        handed_off_at=now,
        ai_closure_type=Session.Closure.HANDED_OFF,
        sentiment=sentiment or session.sentiment,
        assignee=human,
        last_activity_at=now,
    )
    record(
        Kind.SESSION_HANDED_OFF,
        by=by,
        session_id=session.pk,
        contact_id=session.contact_id,
        **HandedOff(
            handoff_id=str(handoff.uuid), reasons=reasons, summary=handoff.summary, sentiment=sentiment
        ),
    )
    return handoff


@transaction.atomic
def assign(session: Session, agent: Agent | None, *, by: Actor) -> bool:
    """Assign the agent, or None; a session without a team joins the agent's. False when nothing changes."""
    session.lock()
    if session.assignee_id == (agent.pk if agent else None):
        return False
    team = session.team or (agent.team if agent else None)
    session.change(assignee=agent, team=team, **_brand_of_team(session, team=team))
    record(
        Kind.SESSION_ASSIGNED,
        by=by,
        session_id=session.pk,
        contact_id=session.contact_id,
        **_agent_payload(agent),
    )
    return True


@transaction.atomic
def add_note(session: Session, text: str, *, by: Actor) -> Event:
    """Add an internal note; the customer never sees it."""
    _lock_alive(session)
    return record(
        Kind.SESSION_NOTE,
        by=by,
        session_id=session.pk,
        contact_id=session.contact_id,
        **Noted(text=cleaning.body(text, "text")),
    )


@transaction.atomic
def update(session: Session, *, by: Actor, **fields: Any) -> Session:
    """Change the fields of CLEAN, `status`, `assignee` or `tags` (the whole set); custom_data is merged.

    The status comes last, through resolve, close and reopen, so that the other fields count for the survey.
    Raises Invalid.
    """
    status, tags = fields.pop("status", None), fields.pop("tags", None)
    values = {name: CLEAN[name](value) for name, value in fields.items() if name != "assignee"}
    if status is not None and status not in Session.Status.values:
        raise cleaning.invalid(
            "status", _("Choose from: %(names)s.") % {"names": ", ".join(Session.Status.values)}
        )
    if "assignee" in fields:
        assign(session, fields["assignee"], by=by)
    if tags is not None:
        replace_tags(session, tags, by=by)
    if values:
        _change_and_audit(session, values, by=by)
    if status is not None:
        STATUS[status](session, by=by)
    return session


def _change_and_audit(session: Session, values: JsonObject, *, by: Actor) -> None:
    session.lock()
    if "custom_data" in values:
        values["custom_data"] = merge(session.custom_data, values["custom_data"])
    if "brand" not in values and {"team", "brand_settled"} & set(values):
        values |= _brand_of_team(session, **values)
    values = {name: value for name, value in values.items() if getattr(session, name) != value}
    if not values:
        return
    if any(values[name] for name in WORDS & set(values)):
        refuse_erased(session.contact)
    before = _told(session, values)
    session.change(**values)
    audit(
        by,
        AuditAction.CONVERSATION_CHANGED,
        before=before,
        after=_told(session, values) | dict.fromkeys(WORDS & set(values), "changed"),
        target=session,
        session_id=session.pk,
        contact_id=session.contact_id,
    )


def _brand_of_team(session: Session, **values: Any) -> JsonObject:
    """The brand that comes with another team, unless it is settled."""
    team, settled = values.get("team", session.team), values.get("brand_settled", session.brand_settled)
    if settled or (team == session.team and not session.brand_settled):
        return {}
    return {"brand": brands.of_team(team)}


def _told(session: Session, names: Iterable[str]) -> JsonObject:
    """These fields for the audit log, without what may say something of the person."""
    values = {name: getattr(session, name) for name in names if name not in WORDS}
    return {name: str(value) if isinstance(value, Model) else value for name, value in values.items()}


def _closure(value: str | None) -> str | None:
    if value and value not in Session.Closure.values:
        raise cleaning.invalid(
            "ai_closure_type", _("Choose from: %(names)s.") % {"names": ", ".join(Session.Closure.values)}
        )
    return value or None


STATUS: dict[str, Callable[..., bool]] = {
    Session.Status.RESOLVED: resolving.resolve,
    Session.Status.UNRESOLVED: resolving.close,
    Session.Status.OPEN: resolving.reopen,
}
WORDS = {"subject", "sentiment", "custom_data"}  # may say something of the person
CLEAN: dict[str, Callable[[Any], Any]] = {
    "team": lambda team: team,
    "brand": lambda brand: brand,
    "brand_settled": bool,
    "sentiment": lambda text: cleaning.line(text or "", 20, "sentiment"),
    "language": languages.name_of,
    "skip_csat": bool,
    "ai_closure_type": _closure,
    "subject": lambda text: cleaning.line(text or "", 500, "subject"),
    "bridged_to_web": bool,
    "custom_data": clean_object,
}


def _count_agent_message(session: Session, agent: Agent | None, at: datetime) -> None:
    """Count the message for its agent; the session remembers the human who wrote last."""
    values: JsonObject = {"last_activity_at": max(session.last_activity_at, at)}
    if agent:
        part = Participation.objects.filter(session=session, agent=agent)
        humans = Participation.objects.filter(session=session, agent__kind=Agent.Kind.HUMAN)
        if agent.kind == Agent.Kind.HUMAN and not humans.filter(last_at__gt=at).exists():
            values["last_human"] = agent
        if not part.update(messages=F("messages") + 1, last_at=Greatest("last_at", at)):
            Participation.objects.create(session=session, agent=agent, messages=1, last_at=at)
    session.change(**values)


def _lock_alive(session: Session) -> None:
    """Raises Refused when its contact was erased, even while we waited: no words may be stored again."""
    session.lock()
    refuse_erased(session.contact)


def _author(session: Session, sender: str, by: Actor) -> Agent | None:
    kind = Agent.Kind.AI if sender == "ai" else Agent.Kind.HUMAN
    if session.assignee and session.assignee.kind == kind:
        return session.assignee
    if by.id and by.kind in (ActorKind.AGENT, ActorKind.AI):
        return Agent.objects.filter(uuid=by.id, kind=kind).first()
    return agents.find_or_create(name="AI", kind="ai") if sender == "ai" else None


def _agent_payload(agent: Agent | None) -> Assigned:
    return {"agent_id": str(agent.uuid) if agent else "", "agent_name": agent.name if agent else ""}
