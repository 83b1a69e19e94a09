"""Ending a conversation and opening it again: the one way in for API, inbox, admin, customer, integration and workflow."""

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from csat import signals
from csat.people.models import Agent
from csat.sessions.models import Participation, Session
from csat.timeline.kinds import ActorKind, Kind
from csat.timeline.recording import Actor, record

PAST = timedelta(hours=24)  # what was resolved longer ago is history: nobody is asked, nobody outside is told


@transaction.atomic
def resolve(session: Session, *, by: Actor, ask: bool = True, at: datetime | None = None) -> bool:
    """Close it as resolved, give the credit, and (unless `ask` is False) let a survey be scheduled.

    False when it was resolved already. `at` is when it happened, for those who tell late.
    """
    session.lock()
    if session.status == Session.Status.RESOLVED:
        return False
    now = timezone.now()
    at = min(at or now, now)
    past = is_past(at)
    ask = ask and not past
    session.change(
        status=Session.Status.RESOLVED,
        resolved_at=at,
        closed_at=at,
        last_activity_at=max(session.last_activity_at, at),
        ai_closure_type=session.ai_closure_type or (Session.Closure.RESOLVED if by.kind == ActorKind.AI else None),
        resolver=credit(session, by=by),
        most_replies=_most_replies(session),
    )
    event = record(
        Kind.SESSION_RESOLVED,
        by=by,
        session_id=session.pk,
        contact_id=session.contact_id,
        at=at,
        quiet=past,
        **_told(session, ask),
    )
    signals.session_resolved.send(sender=Session, session=session, event=event, ask=ask)
    return True


@transaction.atomic
def close(session: Session, *, by: Actor) -> bool:
    """Close it as unresolved: no survey. One that was resolved is reopened first, which withdraws its survey."""
    session.lock()
    if session.status == Session.Status.UNRESOLVED:
        return False
    if session.status == Session.Status.RESOLVED:
        reopen(session, by=by)
    now = timezone.now()
    session.change(status=Session.Status.UNRESOLVED, closed_at=now, last_activity_at=now)
    record(Kind.SESSION_CLOSED, by=by, session_id=session.pk, contact_id=session.contact_id, status=session.status)
    return True


@transaction.atomic
def reopen(session: Session, *, by: Actor) -> bool:
    """Open it again; False when it is open. The credit stays until it is resolved anew."""
    session.lock()
    if session.status == Session.Status.OPEN:
        return False
    session.change(status=Session.Status.OPEN, resolved_at=None, closed_at=None, last_activity_at=timezone.now())
    event = record(Kind.SESSION_REOPENED, by=by, session_id=session.pk, contact_id=session.contact_id)
    signals.session_reopened.send(sender=Session, session=session, event=event)
    return True


def is_past(at: datetime) -> bool:
    return at < timezone.now() - PAST


def credit(session: Session, *, by: Actor) -> Agent | None:
    """Whose work the rating will speak of: the assignee, else the last human who wrote, else the AI, else who resolved it."""
    if session.assignee or session.last_human:
        return session.assignee or session.last_human
    wrote = Participation.objects.filter(session=session, agent__kind=Agent.Kind.AI).order_by("-last_at").select_related("agent").first()
    return wrote.agent if wrote else _acting(by)


def _acting(by: Actor) -> Agent | None:
    if by.kind in (ActorKind.AGENT, ActorKind.AI) and by.id:
        return Agent.objects.filter(uuid=by.id).first()
    return None


def _most_replies(session: Session) -> Agent | None:
    busiest = session.participations.order_by("-messages", "-last_at").select_related("agent").first()
    return busiest.agent if busiest else None


def _told(session: Session, ask: bool) -> dict[str, Any]:
    agent = session.resolver
    return {"status": session.status, "ask": ask, "agent_id": str(agent.uuid) if agent else "", "agent_name": agent.name if agent else ""}
