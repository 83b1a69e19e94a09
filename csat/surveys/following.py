"""Following up: somebody looks after a customer who was not happy."""

from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from csat.lib.refusal import Missing
from csat.lib.text import clean
from csat.people import roles
from csat.sessions.models import Session
from csat.surveys import scale
from csat.surveys.models import FollowUp
from csat.timeline.kinds import Kind
from csat.timeline.recording import record


def needs(session: Session) -> bool:
    """Does somebody still have to look after this customer?"""
    return FollowUp.objects.filter(session=session, done_at=None).exists()


@transaction.atomic
def take(session: Session, user: User) -> FollowUp:
    """It is mine."""
    follow_up = _of(session)
    follow_up.change(owner=user)
    _tell(session, user, what="taken")
    return follow_up


@transaction.atomic
def note(session: Session, user: User, text: str) -> FollowUp:
    """What was found out or agreed; replaces the earlier note, which the timeline keeps."""
    follow_up = _of(session)
    follow_up.change(note=clean(text)[:5000])
    _tell(session, user, what="noted", note=follow_up.note)
    return follow_up


@transaction.atomic
def done(session: Session, user: User) -> FollowUp:
    follow_up = _of(session)
    if follow_up.change(where={"done_at": None}, done_at=timezone.now(), owner=follow_up.owner or user):
        _tell(session, user, what="done")
    return follow_up


def judge(session: Session, score: int) -> None:
    """A low score opens a follow-up (again); a better one closes what nobody had begun."""
    if score <= scale.LOW:
        follow_up, made = FollowUp.objects.get_or_create(session=session)
        if not made:
            follow_up.change(where={"done_at__isnull": False}, done_at=None)
    else:
        FollowUp.objects.filter(session=session, owner=None, done_at=None).update(done_at=timezone.now(), updated_at=timezone.now())


def _of(session: Session) -> FollowUp:
    follow_up = FollowUp.objects.select_for_update(of=("self",)).select_related("owner").filter(session=session).first()
    if follow_up is None:
        raise Missing(_("This session needs no follow-up."))
    return follow_up


def _tell(session: Session, user: User, **data: Any) -> None:
    record(Kind.FOLLOW_UP, by=roles.actor_of(user), session_id=session.pk, contact_id=session.contact_id, **data)
