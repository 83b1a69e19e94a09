"""Sessions from drafts: rows, tags, facts and signals, in a few queries however many there are."""

from django.db import transaction

from csat import signals
from csat.sessions.drafts import Draft
from csat.sessions.models import Session, Tag
from csat.sessions.resolving import End, is_past
from csat.timeline.kinds import Kind
from csat.timeline.models import Event
from csat.timeline.recording import Actor, fact, record_many


def find(external_id: str) -> Session | None:
    return Session.objects.filter(external_id=external_id).first() if external_id else None


@transaction.atomic
def create(drafts: list[Draft], *, by: Actor) -> list[Session]:
    """Rows, tags, facts and signals of new sessions, in a few queries. An external id that exists is an IntegrityError."""
    sessions = Session.objects.bulk_create([draft.row() for draft in drafts])
    pairs = list(zip(sessions, drafts, strict=True))
    Tag.objects.bulk_create(Tag(session=session, name=name) for session, draft in pairs for name in draft.tags)
    begun = [_begun(session, draft, by) for session, draft in pairs]
    ended = {session.pk: _ended(session, draft, by) for session, draft in pairs if draft.status != Session.Status.OPEN}
    record_many([*begun, *ended.values()])
    _tell(pairs, ended)
    return sessions


def _begun(session: Session, draft: Draft, by: Actor) -> Event:
    return fact(
        Kind.SESSION_CREATED, by=by, session_id=session.pk, contact_id=session.contact_id, at=draft.began, quiet=is_past(draft.began),
        channel=session.channel,
    )  # fmt: skip


def _ended(session: Session, draft: Draft, by: Actor) -> Event:
    kind = Kind.SESSION_RESOLVED if session.status == Session.Status.RESOLVED else Kind.SESSION_CLOSED
    agent = session.resolver
    return fact(
        kind, by=by, session_id=session.pk, contact_id=session.contact_id, at=draft.ended, quiet=draft.past, status=session.status,
        ask=not draft.past, agent_id=str(agent.uuid) if agent else "", agent_name=agent.name if agent else "",
    )  # fmt: skip


def _tell(pairs: list[tuple[Session, Draft]], events: dict[int, Event]) -> None:
    resolved = [(session, draft) for session, draft in pairs if session.status == Session.Status.RESOLVED]
    if fresh := [End(session, events[session.pk], True) for session, draft in resolved if not draft.past]:
        signals.sessions_resolved.send(sender=Session, ends=fresh)
    if past := [session for session, draft in resolved if draft.past]:
        signals.past_resolved.send(sender=Session, sessions=past)
