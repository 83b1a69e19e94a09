"""Follow-ups: a low score that somebody on the team looks after."""

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Q, QuerySet
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
from csat.timeline.recording import Actor, build_event, record, record_many

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


def open_of(user: User) -> QuerySet[FollowUp]:
    """Those that this person still has to look after."""
    return FollowUp.objects.filter(owner=user, done_at=None)


@transaction.atomic
def hand_over(user: User, successor: User | None, by: Actor, **_: object) -> tuple[str, int]:
    """Give the open ones of `user` to `successor`; those of scores that they may not see belong to nobody."""
    open_ones = list(open_of(user).select_for_update(of=("self",)).select_related("session").order_by("pk"))
    rows = FollowUp.objects.filter(pk__in=[follow_up.pk for follow_up in open_ones])
    theirs = visibility_for(successor).as_filter("session__score__") if successor else Q(pk=None)
    given = set(rows.filter(theirs).values_list("pk", flat=True))
    rows.filter(pk__in=given).update(owner=successor, updated_at=timezone.now())
    rows.exclude(pk__in=given).update(owner=None, updated_at=timezone.now())
    step = FollowedUp(what=FollowUpStep.HANDED_OVER)
    record_many(
        [
            build_event(
                Kind.FOLLOW_UP,
                by=by,
                session_id=follow_up.session_id,
                contact_id=follow_up.session.contact_id,
                **step,
            )
            for follow_up in open_ones
        ]
    )
    return "follow_ups", len(open_ones)


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
