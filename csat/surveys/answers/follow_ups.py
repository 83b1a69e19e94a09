"""Follow-ups: a low score that somebody on the team looks after."""

from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from csat.lib.refusal import Missing
from csat.lib.text import clean
from csat.people import roles
from csat.sessions.models import Session
from csat.surveys.models import FollowUp
from csat.surveys.visibility import visibility_for
from csat.timeline.kinds import Kind
from csat.timeline.payloads import FollowedUp, FollowUpStep
from csat.timeline.recording import record

MAX_NOTE = 5000


def is_open(session: Session) -> bool:
    return FollowUp.objects.filter(session=session, done_at=None).exists()


@transaction.atomic
def assign_to(session: Session, user: User) -> FollowUp:
    """Raises Missing when the session has no follow-up, or one of a score that `user` may not see; the other
    verbs do, too.
    """
    follow_up = _lock(session, user)
    follow_up.change(owner=user)
    _record(session, user, FollowedUp(what=FollowUpStep.TAKEN))
    return follow_up


@transaction.atomic
def save_note(session: Session, user: User, text: str) -> FollowUp:
    """Replaces the earlier note, which the timeline keeps."""
    follow_up = _lock(session, user)
    follow_up.change(note=clean(text)[:MAX_NOTE])
    _record(session, user, FollowedUp(what=FollowUpStep.NOTED, note=follow_up.note))
    return follow_up


@transaction.atomic
def mark_done(session: Session, user: User) -> FollowUp:
    """Done twice it is recorded once."""
    follow_up = _lock(session, user)
    if follow_up.change(where={"done_at": None}, done_at=timezone.now(), owner=follow_up.owner or user):
        _record(session, user, FollowedUp(what=FollowUpStep.DONE))
    return follow_up


def _lock(session: Session, user: User) -> FollowUp:
    follow_ups = FollowUp.objects.select_for_update(of=("self",)).select_related("owner")
    visible = visibility_for(user).as_filter("session__score__")
    follow_up = follow_ups.filter(visible, session=session).first()
    if follow_up is None:
        raise Missing(_("This conversation needs no follow-up."))
    return follow_up


def _record(session: Session, user: User, step: FollowedUp) -> None:
    actor = roles.actor_of(user)
    record(Kind.FOLLOW_UP, by=actor, session_id=session.pk, contact_id=session.contact_id, **step)
