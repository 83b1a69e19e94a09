"""Follow-ups: a low score that somebody on the team looks after, and until when."""

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from csat.lib.refusal import Invalid, Missing
from csat.lib.text import clean
from csat.people import roles
from csat.people.permissions import Verb, role_may
from csat.sessions.models import Session
from csat.surveys.models import FollowUp
from csat.surveys.visibility import visibility_for
from csat.timeline.kinds import Kind
from csat.timeline.payloads import FollowedUp, FollowUpStep, Overdue
from csat.timeline.recording import SYSTEM, Actor, build_event, record, record_many

MAX_NOTE = 5000
MAX_RESOLUTION = 500  # one sentence
BATCH = 500


def is_open(session: Session) -> bool:
    return FollowUp.objects.filter(session=session, done_at=None).exists()


def owner_by_rule(session: Session) -> User | None:
    """Who looks after it when nobody has taken it: the agent it is assigned to, else who resolved it, else
    the one that its team names; of these the first who may.
    """
    agents = (session.assignee, session.resolver)
    candidates = [agent.user for agent in agents if agent] + [session.team and session.team.follow_up_owner]
    return next((user for user in candidates if user and _may_own(user, session)), None)


def mark_overdue() -> int:
    """Record once of each that is late that it is; workflows hear of it. How many."""
    late = FollowUp.objects.filter(done_at=None, overdue_at=None, due_at__lte=timezone.now())
    rows = late.select_related("session", "owner").order_by("due_at")[:BATCH]
    return sum(_mark_overdue(follow_up) for follow_up in rows)


@transaction.atomic
def _mark_overdue(follow_up: FollowUp) -> bool:
    now, still_late = timezone.now(), {"done_at": None, "overdue_at": None, "due_at": follow_up.due_at}
    if not follow_up.change(where=still_late, overdue_at=now):
        return False
    session, owner, due_at = follow_up.session, follow_up.owner, follow_up.due_at or now
    late = Overdue(due_at=due_at.isoformat(), owner=owner.get_username() if owner else "")
    record(Kind.FOLLOW_UP_OVERDUE, by=SYSTEM, session_id=session.pk, contact_id=session.contact_id, **late)
    return True


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
def say_what_was_done(session: Session, user: User, text: str) -> FollowUp:
    """One sentence that the customer reads on the page behind their rating link; an empty one takes it back.

    Raises Invalid when it is longer than `MAX_RESOLUTION` characters.
    """
    text = clean(text)
    if len(text) > MAX_RESOLUTION:
        too_long = _("At most %(n)d characters.") % {"n": MAX_RESOLUTION}
        raise Invalid(too_long, fields={"resolution": [too_long]})
    follow_up = _lock(session, user)
    if follow_up.resolution != text:
        follow_up.change(resolution=text)
        _record(session, user, FollowedUp(what=FollowUpStep.TOLD, note=text))
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


def _may_own(user: User, session: Session) -> bool:
    may = role_may(roles.role_of(user), Verb.HANDLE_FOLLOW_UP)
    return may and visibility_for(user).can_see_session(session)


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
