"""Ending a conversation and opening it again: the one way in for API, inbox, admin, customer, integration and workflow."""

import functools
from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import NamedTuple

from django.db import transaction
from django.db.models import prefetch_related_objects
from django.utils import timezone

from csat import signals
from csat.lib.rows import keep
from csat.people.models import Agent
from csat.sessions.models import Participation, Session, lock_all
from csat.timeline.kinds import ActorKind, Kind
from csat.timeline.models import Event
from csat.timeline.recording import Actor, fact, record, record_many

PAST = timedelta(hours=24)  # what was resolved longer ago is history: nobody is asked, nobody outside is told


class End(NamedTuple):
    """A conversation that was just resolved, with the fact that tells it; `ask`: may a survey follow?"""

    session: Session
    event: Event
    ask: bool


def resolve(session: Session, *, by: Actor, ask: bool = True, at: datetime | None = None) -> bool:
    """Close it as resolved, give the credit, and (unless `ask` is False) let a survey be scheduled.

    False when it was resolved already. `at` is when it happened, for those who tell late.
    """
    return bool(resolve_many({session: at}, by=by, ask=ask))


@transaction.atomic
def resolve_many(sessions: Mapping[Session, datetime | None], *, by: Actor, ask: bool = True) -> list[Session]:
    """The same for many, in a few queries: each with when it happened, None for now. Those that were not resolved already."""
    lock_all(sessions)
    todo = [session for session in sessions if session.status != Session.Status.RESOLVED]
    _give_credit(todo, by=by)
    now = timezone.now()
    for session in todo:
        _close(session, min(sessions[session] or now, now), by=by)
    keep(todo, "status", "resolved_at", "closed_at", "last_activity_at", "ai_closure_type", "resolver", "most_replies")
    events = record_many([_fact(session, by, ask) for session in todo])
    ends = [End(session, event, event.data["ask"]) for session, event in zip(todo, events, strict=True)]
    if ends:
        signals.sessions_resolved.send(sender=Session, ends=ends)
    return todo


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


def _close(session: Session, at: datetime, *, by: Actor) -> None:
    session.status = Session.Status.RESOLVED
    session.resolved_at = session.closed_at = at
    session.last_activity_at = max(session.last_activity_at, at)
    session.ai_closure_type = session.ai_closure_type or (Session.Closure.RESOLVED if by.kind == ActorKind.AI else None)


def _fact(session: Session, by: Actor, ask: bool) -> Event:
    agent, at = session.resolver, session.resolved_at
    past = at is not None and is_past(at)
    return fact(
        Kind.SESSION_RESOLVED, by=by, session_id=session.pk, contact_id=session.contact_id, at=at, quiet=past, status=session.status,
        ask=ask and not past, agent_id=str(agent.uuid) if agent else "", agent_name=agent.name if agent else "",
    )  # fmt: skip


def _give_credit(sessions: list[Session], *, by: Actor) -> None:
    """Whose work the rating will speak of: the assignee, else the last human who wrote, else the AI, else who resolved it."""
    prefetch_related_objects(sessions, "contact", "assignee", "last_human")
    wrote: dict[int, list[Participation]] = defaultdict(list)
    for part in Participation.objects.filter(session__in=sessions).order_by("-last_at").select_related("agent"):
        wrote[part.session_id].append(part)
    acting = functools.cache(lambda: _acting(by))
    for session in sessions:
        parts = wrote[session.pk]
        ai = next((part.agent for part in parts if part.agent.kind == Agent.Kind.AI), None)
        session.resolver = session.assignee or session.last_human or ai or acting()
        session.most_replies = max(parts, key=lambda part: part.messages).agent if parts else None


def _acting(by: Actor) -> Agent | None:
    if by.kind in (ActorKind.AGENT, ActorKind.AI) and by.id:
        return Agent.objects.filter(uuid=by.id).first()
    return None
