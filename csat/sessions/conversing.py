"""What happens between start and end: messages, handoffs, tags, assignments, notes."""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import F
from django.db.models.functions import Greatest
from django.utils import timezone
from django.utils.translation import gettext as _

from csat.lib import languages
from csat.lib.refusal import Refused
from csat.lib.text import clean, clean_json
from csat.people import agents
from csat.people.auditing import audit
from csat.people.models import Agent, Team
from csat.sessions import resolving, words
from csat.sessions.models import Handoff, HandoffReason, Participation, Session
from csat.sessions.resolving import is_past
from csat.sessions.tagging import replace_tags, tag, untag
from csat.timeline.kinds import ActorKind, Kind
from csat.timeline.models import Event
from csat.timeline.recording import Actor, record

__all__ = ["add_message", "assign", "change", "hand_off", "note", "tag", "untag"]

SENDERS = ("contact", "agent", "ai")


@transaction.atomic
def add_message(
    session: Session, *, sender: str, text: str, by: Actor, agent: Agent | None = None, sent_at: datetime | None = None
) -> Event:
    """Note what the customer (`contact`), a person (`agent`) or an AI (`ai`) wrote.

    Without `agent` it was the assignee, if of that kind. A message of the past (`sent_at` over a day ago) is told to nobody.
    Raises Refused for a contact who was erased: words about them must not come back.
    """
    text, at = words.body(text, "message"), min(sent_at or timezone.now(), timezone.now())
    if sender not in SENDERS:
        raise words.wrong("sender", _("A message is by contact, agent or ai."))
    if session.contact.erased_at:
        raise Refused(_("This contact was erased."))
    session.lock()
    if sender == "contact":
        _heard(session, at)
    else:
        agent = agent or _speaker(session, sender, by)
        sender = agent.kind if agent and agent.kind == Agent.Kind.AI else sender
        _spoke(session, agent, at)
    return record(
        Kind.MESSAGE_RECEIVED if sender == "contact" else Kind.MESSAGE_SENT,
        by=by,
        session_id=session.pk,
        contact_id=session.contact_id,
        at=at,
        quiet=is_past(at),
        sender=sender,
        text=text,
        **({} if sender == "contact" else _named(agent)),
    )


@transaction.atomic
def hand_off(session: Session, *, reasons: Iterable[str], summary: str = "", sentiment: str = "", by: Actor) -> Handoff:
    """The AI hands the conversation to people, for one or more reasons. An AI that was assigned no longer is."""
    given = list(dict.fromkeys(reasons))
    unknown = [reason for reason in given if reason not in HandoffReason.Reason.values]
    if unknown or not given:
        raise words.wrong("reasons", _("Choose from: %(reasons)s.") % {"reasons": ", ".join(HandoffReason.Reason.values)})
    session.lock()
    now, sentiment = timezone.now(), words.line(sentiment, 20, "sentiment")
    handoff = Handoff.objects.create(session=session, summary=clean(summary), sentiment=sentiment)
    HandoffReason.objects.bulk_create(HandoffReason(handoff=handoff, session=session, reason=reason) for reason in given)
    still = session.assignee if session.assignee and session.assignee.kind == Agent.Kind.HUMAN else None
    session.change(
        handed_off_at=now,
        ai_closure_type=Session.Closure.HANDED_OFF,
        sentiment=sentiment or session.sentiment,
        assignee=still,
        last_activity_at=now,
    )
    record(
        Kind.SESSION_HANDED_OFF,
        by=by,
        session_id=session.pk,
        contact_id=session.contact_id,
        handoff_id=str(handoff.uuid),
        reasons=given,
        summary=handoff.summary,
        sentiment=sentiment,
    )
    return handoff


@transaction.atomic
def assign(session: Session, agent: Agent | None, *, by: Actor) -> bool:
    """Give it to this agent, or to nobody; a session without team joins the agent's. False when nothing changes."""
    session.lock()
    if session.assignee_id == (agent.pk if agent else None):
        return False
    session.change(assignee=agent, team=session.team or (agent.team if agent else None))
    record(Kind.SESSION_ASSIGNED, by=by, session_id=session.pk, contact_id=session.contact_id, **_named(agent))
    return True


@transaction.atomic
def note(session: Session, text: str, *, by: Actor) -> Event:
    """A note among the staff; the customer never sees it."""
    return record(Kind.SESSION_NOTE, by=by, session_id=session.pk, contact_id=session.contact_id, text=words.body(text, "text"))


@transaction.atomic
def change(session: Session, *, by: Actor, **fields: Any) -> Session:
    """Set any of status, assignee (Agent or None), team (Team or None), tags (the whole set), sentiment, language,
    skip_csat, ai_closure_type, subject, bridged_to_web and custom_data (merged). Raises Invalid.

    The status comes last, through resolve, close and reopen, so that the other fields count for the survey.
    """
    status, tags = fields.pop("status", None), fields.pop("tags", None)
    values = {name: CHANGE[name](value) for name, value in fields.items() if name != "assignee"}
    if status is not None and status not in Session.Status.values:
        raise words.wrong("status", _("Choose from: %(names)s.") % {"names": ", ".join(Session.Status.values)})
    if "assignee" in fields:
        assign(session, fields["assignee"], by=by)
    if tags is not None:
        replace_tags(session, tags, by=by)
    _set(session, values, by=by)
    if status is not None:
        STATUS[status](session, by=by)
    return session


def _set(session: Session, values: dict[str, Any], *, by: Actor) -> None:
    session.lock()
    if "custom_data" in values:
        values["custom_data"] = words.merged(session.custom_data, values["custom_data"])
    values = {name: value for name, value in values.items() if getattr(session, name) != value}
    if not values:
        return
    before = {name: _plain(getattr(session, name)) for name in values}
    session.change(**values)
    after = {name: _plain(value) for name, value in values.items()}
    audit(by, "session", before=before, after=after, session_id=session.pk, contact_id=session.contact_id)


def _plain(value: Any) -> Any:
    return str(value) if isinstance(value, Team) else value


def _closure(value: str | None) -> str | None:
    if value and value not in Session.Closure.values:
        raise words.wrong("ai_closure_type", _("Choose from: %(names)s.") % {"names": ", ".join(Session.Closure.values)})
    return value or None


STATUS: dict[str, Callable[..., bool]] = {
    Session.Status.RESOLVED: resolving.resolve,
    Session.Status.UNRESOLVED: resolving.close,
    Session.Status.OPEN: resolving.reopen,
}
CHANGE: dict[str, Callable[[Any], Any]] = {
    "team": lambda team: team,
    "sentiment": lambda text: words.line(text or "", 20, "sentiment"),
    "language": lambda text: languages.named(text),
    "skip_csat": bool,
    "ai_closure_type": _closure,
    "subject": lambda text: words.line(text or "", 500, "subject"),
    "bridged_to_web": bool,
    "custom_data": clean_json,
}


def _heard(session: Session, at: datetime) -> None:
    session.change(
        customer_messages=session.customer_messages + 1,
        last_customer_message_at=max(session.last_customer_message_at or at, at),
        last_activity_at=max(session.last_activity_at, at),
    )


def _spoke(session: Session, agent: Agent | None, at: datetime) -> None:
    values: dict[str, Any] = {"last_activity_at": max(session.last_activity_at, at)}
    if agent and _takes_part(session, agent, at) and agent.kind == Agent.Kind.HUMAN:
        values["last_human"] = agent
    session.change(**values)


def _takes_part(session: Session, agent: Agent, at: datetime) -> bool:
    """Count the agent's message; whether nobody human wrote later."""
    latest = not Participation.objects.filter(session=session, agent__kind=Agent.Kind.HUMAN, last_at__gt=at).exists()
    mine = Participation.objects.filter(session=session, agent=agent)
    if not mine.update(messages=F("messages") + 1, last_at=Greatest("last_at", at)):
        Participation.objects.create(session=session, agent=agent, messages=1, last_at=at)
    return latest


def _speaker(session: Session, sender: str, by: Actor) -> Agent | None:
    kind = Agent.Kind.AI if sender == "ai" else Agent.Kind.HUMAN
    if session.assignee and session.assignee.kind == kind:
        return session.assignee
    if by.id and by.kind in (ActorKind.AGENT, ActorKind.AI):
        return Agent.objects.filter(uuid=by.id, kind=kind).first()
    return agents.find_or_create(name="AI", kind="ai") if sender == "ai" else None


def _named(agent: Agent | None) -> dict[str, Any]:
    return {"agent_id": str(agent.uuid) if agent else "", "agent_name": agent.name if agent else ""}
