"""Sessions from drafts: rows, tags, events and signals, in a few queries however many there are."""

from collections.abc import Collection

import structlog
from django.db import transaction
from django.utils.translation import gettext as _

from csat import signals
from csat.lib.composed import Composed
from csat.lib.rows import insert
from csat.sessions import privacy
from csat.sessions.drafts import Draft
from csat.sessions.models import Session, Tag
from csat.sessions.resolving import Resolution, ended_payload, is_past
from csat.timeline.kinds import Kind
from csat.timeline.models import Event
from csat.timeline.payloads import Created, Noted
from csat.timeline.recording import SYSTEM, Actor, build_event, record_many

log = structlog.get_logger(__name__)


def find(external_id: str) -> Session | None:
    return find_many([external_id]).get(external_id) if external_id else None


def find_many(external_ids: Collection[str]) -> dict[str, Session]:
    """The sessions with these external ids, by id; one whose contact was erased is found by its id's hash."""
    known_as = {name: name for name in external_ids} | {
        hidden: name for name in external_ids for hidden in privacy.hidden_ids(name)
    }
    return {known_as[str(row.external_id)]: row for row in _KNOWN.rows(list(known_as))}


_KNOWN = Composed(lambda names: Session.objects.filter(external_id__among=names), example=[""])


@transaction.atomic
def create(drafts: list[Draft], *, by: Actor) -> list[Session]:
    """Store new sessions with their tags, events and signals, in a few queries.

    An external id that exists is an IntegrityError.
    """
    sessions = insert([draft.row() for draft in drafts])
    pairs = list(zip(sessions, drafts, strict=True))
    insert([Tag(session=session, name=name) for session, draft in pairs for name in draft.tags])
    created = [_created_event(session, draft, by) for session, draft in pairs]
    ended = {
        session.pk: _ended_event(session, draft, by)
        for session, draft in pairs
        if draft.status != Session.Status.OPEN
    }
    notes = [_left_out_event(session, draft) for session, draft in pairs if draft.left_out]
    record_many([*created, *notes, *ended.values()])
    resolved = [(session, draft) for session, draft in pairs if session.status == Session.Status.RESOLVED]
    if ends := [
        Resolution(session, ended[session.pk], True) for session, draft in resolved if not draft.past
    ]:
        signals.sessions_resolved.send(sender=Session, ends=ends)
    if past := [session for session, draft in resolved if draft.past]:
        signals.past_resolved.send(sender=Session, sessions=past)
    return sessions


def _created_event(session: Session, draft: Draft, by: Actor) -> Event:
    return build_event(
        Kind.SESSION_CREATED,
        by=by,
        session_id=session.pk,
        contact_id=session.contact_id,
        at=draft.began,
        unpublished=is_past(draft.began),
        **Created(channel=session.channel),
    )


def _left_out_event(session: Session, draft: Draft) -> Event:
    """A conversation is not lost for one detail of its contact; whoever can mend it reads which.

    What was given is not repeated: it may have made nobody the contact, and then no erasure would find it.
    """
    names = draft.left_out
    log.warning("details of a contact left out", session=str(session.uuid), fields=names)
    return build_event(
        Kind.SESSION_NOTE,
        by=SYSTEM,
        session_id=session.pk,
        contact_id=session.contact_id,
        at=draft.began,
        **Noted(text=_("Left out of the contact: %(details)s") % {"details": ", ".join(names)}),
    )


def _ended_event(session: Session, draft: Draft, by: Actor) -> Event:
    return build_event(
        Kind.SESSION_RESOLVED if session.status == Session.Status.RESOLVED else Kind.SESSION_CLOSED,
        by=by,
        session_id=session.pk,
        contact_id=session.contact_id,
        at=draft.ended,
        unpublished=draft.past,
        **ended_payload(session, ask=not draft.past),
    )
