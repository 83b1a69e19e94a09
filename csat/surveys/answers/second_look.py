"""*Still not solved?*: after a low score the customer has the conversation looked at again, once."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from csat import scale
from csat.jobs import Job, enqueue
from csat.sessions import resolving
from csat.sessions.models import Session
from csat.surveys.answers import comment_wait, follow_ups
from csat.surveys.models import CsatSettings, FollowUp, Score, Survey
from csat.surveys.rules.sending_hours import office_time_after
from csat.timeline.kinds import Kind
from csat.timeline.models import Event
from csat.timeline.payloads import Reopened, read
from csat.timeline.recording import Actor, record


@dataclass(frozen=True)
class Offer:
    """`until`: when we will have looked at it, at the latest."""

    until: datetime


def offer(score: Score, settings: CsatSettings) -> Offer | None:
    """What the thank-you page promises whoever presses now; None: nothing is offered."""
    if not is_offered(score, settings):
        return None
    return Offer(_promised(settings))


def is_offered(score: Score, settings: CsatSettings) -> bool:
    """Once in a conversation, after 1 or 2, where the settings and the conversation's team allow it."""
    team = score.session.team
    allowed = settings.reopen_by_customer and (team is None or team.reopen_by_customer)
    return allowed and scale.is_low(score.score) and score.reopened_at is None


def promised_until(score: Score) -> datetime | None:
    """What was promised on the press, of a customer who waits for it still. It may have passed meanwhile.

    The team may have an earlier time of its own, by which it counts the follow-up as overdue.
    """
    if score.reopened_at is None or not follow_ups.is_open(score.session):
        return None
    presses = Event.objects.filter(session_id=score.session_id, kind=Kind.CSAT_REOPENED)
    press = presses.order_by("-id").first()
    promised = read(press, Reopened)["due_at"] if press else ""
    return datetime.fromisoformat(promised) if promised else None


@transaction.atomic
def ask_for(survey: Survey, *, by: Actor) -> bool:
    """Reopen the conversation, and give its follow-up an owner and the time that was promised.

    False when it was not offered, or was asked for before: pressed twice, it happens once.
    """
    survey.lock(changed=True)
    rows = Score.objects.select_related("session__team__follow_up_owner", "answer")
    score, settings = rows.filter(survey=survey).first(), CsatSettings.current()
    if score is None or not is_offered(score, settings):
        return False
    if not score.change(where={"reopened_at": None}, reopened_at=timezone.now()):
        return False
    comment_wait.publish_now(score.answer)  # before this, so that others hear of both in order
    session = Session.objects.select_related("assignee__user", "resolver__user", "team__follow_up_owner").get(
        pk=survey.session_id
    )
    resolving.reopen(session, by=by)  # it may be open already: somebody was faster
    promised = _promised(settings)
    follow_up = FollowUp.open_for(session, due_at=promised)
    if follow_up.is_overdue:  # what was due before the press is due anew, and escalates anew
        follow_up.change(due_at=promised, overdue_at=None)
    if follow_up.owner is None and (owner := follow_ups.owner_by_rule(session)):
        follow_up.change(owner=owner)
    _record(survey, score, follow_up, promised, by=by)
    if follow_up.owner_id:
        enqueue(Job.TELL_OWNER, follow_up.pk)
    return True


def _promised(settings: CsatSettings) -> datetime:
    return office_time_after(timedelta(hours=settings.reopen_within_hours), timezone.now(), settings)


def _record(survey: Survey, score: Score, follow_up: FollowUp, promised: datetime, *, by: Actor) -> None:
    payload = Reopened(
        survey_id=str(survey.uuid),
        channel=survey.channel,
        score=score.score,
        due_at=promised.isoformat(),
        owner=follow_up.owner.get_username() if follow_up.owner else "",
    )
    record(
        Kind.CSAT_REOPENED,
        by=by,
        session_id=survey.session_id,
        contact_id=survey.contact_id,
        **payload,
    )
