"""Resolving, closing and reopening a conversation: the same for API, inbox, admin and workflows."""

import functools
from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import NamedTuple

from django.db import transaction
from django.db.models import prefetch_related_objects
from django.utils import timezone

from csat import signals
from csat.lib.composed import Composed
from csat.lib.rows import bulk_save
from csat.people.models import Agent
from csat.sessions.models import Participation, Session, lock_all
from csat.timeline.kinds import ActorKind, Kind
from csat.timeline.models import Event
from csat.timeline.payloads import Ended, read
from csat.timeline.recording import Actor, build_event, record, record_many

# what was resolved longer ago is history: no survey, nothing is published
MAX_AGE = timedelta(hours=24)


class Resolution(NamedTuple):
    """A conversation that was just resolved, with its event; `ask`: may a survey follow?"""

    session: Session
    event: Event
    ask: bool
    active_at: datetime | None = None  # when something last happened in it before; None: nobody knows


def resolve(session: Session, *, by: Actor, ask: bool = True, at: datetime | None = None) -> bool:
    """Close it as resolved, credit an agent, and (unless `ask` is False) let a survey be scheduled.

    False when it was resolved already. `at`: when it happened, if not now.
    """
    return bool(resolve_many({session: at}, by=by, ask=ask))


@transaction.atomic
def resolve_many(
    sessions: Mapping[Session, datetime | None], *, by: Actor, ask: bool = True
) -> list[Session]:
    """Resolve many in a few queries, each at its time (None: now); returns those not resolved before."""
    lock_all(sessions)
    unresolved = [session for session in sessions if session.status != Session.Status.RESOLVED]
    _set_resolvers(unresolved, by=by)
    now, active_at = timezone.now(), {session.pk: session.last_activity_at for session in unresolved}
    for session in unresolved:
        _set_resolved(session, min(sessions[session] or now, now), by=by)
    bulk_save(
        unresolved,
        "status",
        "resolved_at",
        "closed_at",
        "last_activity_at",
        "ai_closure_type",
        "brand_settled",
        "resolver",
        "most_replies",
    )
    events = record_many([_resolved_event(session, by, ask) for session in unresolved])
    ends = [
        Resolution(session, event, bool(read(event, Ended).get("ask")), active_at[session.pk])
        for session, event in zip(unresolved, events, strict=True)
    ]
    if ends:
        signals.sessions_resolved.send(sender=Session, ends=ends)
    return unresolved


@transaction.atomic
def close(session: Session, *, by: Actor) -> bool:
    """Close it as unresolved: no survey. A resolved one is reopened first, which withdraws its survey."""
    session.lock()
    if session.status == Session.Status.UNRESOLVED:
        return False
    if session.status == Session.Status.RESOLVED:
        reopen(session, by=by)
    now = timezone.now()
    session.change(status=Session.Status.UNRESOLVED, closed_at=now, last_activity_at=now)
    record(
        Kind.SESSION_CLOSED,
        by=by,
        session_id=session.pk,
        contact_id=session.contact_id,
        **Ended(status=session.status),
    )
    return True


@transaction.atomic
def reopen(session: Session, *, by: Actor) -> bool:
    """Open it again; False when it is open. Its resolver stays until it is resolved anew."""
    session.lock()
    if session.status == Session.Status.OPEN:
        return False
    session.change(
        status=Session.Status.OPEN, resolved_at=None, closed_at=None, last_activity_at=timezone.now()
    )
    event = record(Kind.SESSION_REOPENED, by=by, session_id=session.pk, contact_id=session.contact_id)
    signals.session_reopened.send(sender=Session, session=session, event=event)
    return True


def is_past(at: datetime) -> bool:
    return at < timezone.now() - MAX_AGE


def _set_resolved(session: Session, at: datetime, *, by: Actor) -> None:
    session.status = Session.Status.RESOLVED
    session.resolved_at = session.closed_at = at
    session.last_activity_at = max(session.last_activity_at, at)
    session.brand_settled = True
    session.ai_closure_type = session.ai_closure_type or (
        Session.Closure.RESOLVED if by.kind == ActorKind.AI else None
    )


def _resolved_event(session: Session, by: Actor, ask: bool) -> Event:
    at = session.resolved_at
    past = at is not None and is_past(at)
    return build_event(
        Kind.SESSION_RESOLVED,
        by=by,
        session_id=session.pk,
        contact_id=session.contact_id,
        at=at,
        unpublished=past,
        **ended_payload(session, ask=ask and not past),
    )


def ended_payload(session: Session, *, ask: bool) -> Ended:
    """The data of the event of its end; `ask`: may a survey follow?"""
    agent = session.resolver
    return Ended(
        status=session.status,
        ask=ask,
        agent_id=str(agent.uuid) if agent else "",
        agent_name=agent.name if agent else "",
    )


def _set_resolvers(sessions: list[Session], *, by: Actor) -> None:
    """Credit the assignee, else the last human who wrote, else the AI, else whoever resolved it."""
    prefetch_related_objects(sessions, "contact", "assignee", "last_human")
    parts_by_session: dict[int, list[Participation]] = defaultdict(list)
    for part in _PARTS.rows([session.pk for session in sessions]):
        parts_by_session[part.session_id].append(part)
    acting_agent = functools.cache(lambda: _agent_of(by))
    for session in sessions:
        parts = parts_by_session[session.pk]
        ai = next((part.agent for part in parts if part.agent.kind == Agent.Kind.AI), None)
        session.resolver = session.assignee or session.last_human or ai or acting_agent()
        session.most_replies = max(parts, key=lambda part: part.messages).agent if parts else None


_PARTS = Composed(
    lambda pks: Participation.objects.filter(session__among=pks).order_by("-last_at").select_related("agent"),
    example=[-1],
)


def _agent_of(by: Actor) -> Agent | None:
    if by.kind in (ActorKind.AGENT, ActorKind.AI) and by.id:
        return Agent.objects.filter(uuid=by.id).first()
    return None
