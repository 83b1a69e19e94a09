"""Answering: page, card, Slack, SMS, email and API all end here."""

from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext as _

from csat import signals
from csat.jobs import Job, enqueue
from csat.lib.refusal import Invalid
from csat.lib.text import clean
from csat.people.auditing import audit
from csat.surveys import doubting, following, scale, telling
from csat.surveys.about import About
from csat.surveys.holding import touch
from csat.surveys.models import Answer, Delivery, Score, Source, Survey
from csat.surveys.states import DeliveryState, SurveyState
from csat.timeline.kinds import ActorKind, Kind
from csat.timeline.models import Event
from csat.timeline.recording import Actor, record_many

PATIENCE = timedelta(seconds=120)  # how long a low score waits for its comment before others hear of it
LONGEST = 5000
TRIES = 5


def answer(
    survey: Survey,
    *,
    score: int,
    source: str,
    comment: str = "",
    about: str | None = None,
    provenance: dict[str, Any] | None = None,
    quarantine: str = "",
    hold: bool = False,
    by: Actor | None = None,
) -> Answer:
    """Keep the answer; the latest accepted one is the session's score. Raises Invalid.

    `quarantine`: why it is kept apart (no score, nobody is told). `hold`: a low score without a comment waits two minutes
    for one (`add_comment` or `finish`) before webhooks and workflows hear of it. Any number at once: each becomes an answer.
    """
    values = {"score": _score(score), "source": _source(source), "comment": _comment(comment), "about": _about(about)}
    values |= {"provenance": provenance or {}, "reason": quarantine[:40]}
    for left in reversed(range(TRIES)):
        try:
            return _keep(survey, hold=hold, by=by or _customer(survey), **values)
        except IntegrityError:  # another answer took this revision
            if not left:
                raise
    raise AssertionError("unreachable")


@transaction.atomic
def add_comment(given: Answer, *, comment: str, about: str | None = None) -> Answer:
    """The comment joins its answer; once others were told of the answer it is the next revision."""
    survey = _locked(given.survey)
    given.refresh_from_db()
    comment, about = _comment(comment), _about(about) or given.about
    if (comment, about) == (given.comment, given.about):
        return given
    if given.state == Answer.State.QUARANTINED:
        given.change(comment=comment, about=about)
    elif _held(given) and _complete(given, comment, about):
        Score.objects.filter(answer=given).update(comment=comment, about=about, updated_at=timezone.now())
        signals.surveys_changed.send(sender=Survey, session_ids=[survey.session_id])  # it is about something else now
    else:
        standing = Score.objects.filter(survey=survey).values_list("score", flat=True).first() or given.score
        return answer(survey, score=standing, source=given.source, comment=comment, about=about, provenance=given.provenance)
    return given


def finish(given: Answer) -> bool:
    """No comment will come: others may hear of the answer now. False when they have."""
    now = timezone.now()
    waiting = Event.objects.filter(pk=given.event_id or 0, dispatched_at=None, dispatch_after__gt=now)
    released = waiting.update(dispatch_after=now) > 0
    if released:
        enqueue(Job.FAN_OUT)
    return released


def awaits_comment(given: Answer) -> bool:
    """Whether a comment still joins this answer before others hear of it."""
    waiting = Event.objects.filter(pk=given.event_id or 0, dispatched_at=None, dispatch_after__gt=timezone.now())
    return not given.comment and waiting.exists()


@transaction.atomic
def restore(given: Answer, *, by: Actor) -> bool:
    """Out of quarantine; it becomes the score only when no later answer is. False when it was not in quarantine."""
    survey = _locked(given.survey)
    where = {"state": Answer.State.QUARANTINED}
    if not given.change(where=where, state=Answer.State.ACCEPTED):
        return False
    audit(by, "answer restored", before={"reason": given.reason}, after={"revision": given.revision}, session_id=survey.session_id)
    later = survey.answers.filter(state=Answer.State.ACCEPTED, revision__gt=given.revision).exists()
    if not later:
        _stand(survey, given, by=_customer(survey), hold=False)
    return True


@transaction.atomic
def _keep(survey: Survey, *, hold: bool, by: Actor, **values: Any) -> Answer:
    survey = _locked(survey)
    last = survey.answers.aggregate(last=Max("revision"))["last"] or 0
    state = Answer.State.QUARANTINED if values["reason"] else Answer.State.ACCEPTED
    given = Answer.objects.create(survey=survey, revision=last + 1, state=state, **values)
    if state == Answer.State.ACCEPTED and not _set_apart(survey, given, by=by):
        _stand(survey, given, by=by, hold=hold and given.score <= scale.LOW and not given.comment)
    if given.state == Answer.State.QUARANTINED:
        signals.surveys_changed.send(sender=Survey, session_ids=[survey.session_id])  # where quarantined answers count
    return given


def _set_apart(survey: Survey, given: Answer, *, by: Actor) -> bool:
    """Into quarantine with answers no person gives, the new one among them; the first of them is the rating again."""
    apart = doubting.scattered(given)
    for one in apart:
        one.change(state=Answer.State.QUARANTINED, reason=doubting.SCATTERED)
    if apart:
        given.refresh_from_db()
        first = survey.answers.filter(state=Answer.State.ACCEPTED).last()
        if first and not Score.objects.filter(answer=first).exists():
            _stand(survey, first, by=by, hold=False)
    return bool(apart)


def _stand(survey: Survey, given: Answer, *, by: Actor, hold: bool) -> None:
    """This answer is the rating from now on."""
    now, session = timezone.now(), survey.session
    previous = Score.objects.filter(survey=survey).select_related("answer").first()
    if previous:
        previous.survey = survey
        finish(previous.answer)  # told first, so that others hear of the answers in their order
    before = previous.score if previous else None
    standing = previous or Score(survey=survey, created_at=now)
    _copy(standing, given, now)
    survey.move(SurveyState.ANSWERED, answered_at=now, remind_at=None, counted_at=survey.counted_at or standing.created_at)
    _cancel_asking(survey)
    words = _told(standing, given, before)
    told = telling.of(Kind.CSAT_SUBMITTED, survey, by=by, hold_until=now + PATIENCE if hold else None, **words)
    record_many([told])
    given.change(event_id=told.pk)
    following.judge(session, given.score)


def _copy(standing: Score, given: Answer, now: datetime) -> None:
    survey = standing.survey
    standing.answer, standing.submitted_at = given, now
    standing.score, standing.comment, standing.about, standing.source = given.score, given.comment, given.about, given.source
    standing.session, standing.contact, standing.channel = survey.session, survey.contact, survey.channel
    standing.agent_id = survey.session.resolver_id or survey.session.assignee_id
    standing.save()


def _told(standing: Score, given: Answer, previous: int | None) -> dict[str, Any]:
    said = {"comment": given.comment, "about": given.about, "source": given.source}
    if who := given.provenance.get("user_name") or given.provenance.get("user"):
        said["pressed_by"] = who
    numbers = {"revision": given.revision, "previous_score": previous}
    times = {"created_at": standing.created_at.isoformat(), "updated_at": standing.submitted_at.isoformat()}
    return {**scale.words(given.score), **said, **numbers, **times, "score_id": str(standing.uuid), "answer_id": str(given.uuid)}


def _held(given: Answer) -> bool:
    return Event.objects.filter(pk=given.event_id or 0, dispatched_at=None).exists()


def _complete(given: Answer, comment: str, about: str | None) -> bool:
    """Write into the event that still waits, and let it go; False when fan-out had it meanwhile."""
    event = Event.objects.select_for_update().get(pk=given.event_id or 0)
    data = event.data | {"comment": comment, "about": about}
    waiting = Event.objects.filter(pk=event.pk, dispatched_at=None)
    if not waiting.update(data=data, dispatch_after=timezone.now()):
        return False
    given.change(comment=comment, about=about)
    enqueue(Job.FAN_OUT)
    return True


def _cancel_asking(survey: Survey) -> None:
    """Whoever has answered is not asked by what was still waiting."""
    waiting = Delivery.objects.filter(survey=survey, state=DeliveryState.DUE, uncertain_since=None)
    waiting.update(state=DeliveryState.CANCELLED, updated_at=timezone.now())


def _locked(survey: Survey) -> Survey:
    """With its session taken first, which counts as changed."""
    touch([survey.session_id])
    rows = Survey.objects.select_for_update(no_key=True, of=("self",)).select_related("session__resolver", "contact")
    return rows.get(pk=survey.pk)


def _customer(survey: Survey) -> Actor:
    return Actor(ActorKind.CONTACT, str(survey.contact.uuid), survey.contact.name)


def _score(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value not in scale.BY_SCORE:
        raise Invalid(_("A score is 1, 2, 3, 4 or 5."), fields={"score": [_("A score is 1, 2, 3, 4 or 5.")]})
    return value


def _source(value: str) -> str:
    if value not in Source.values:
        raise Invalid(_("There is no such source."), fields={"source": [_("There is no such source.")]})
    return value


def _comment(value: str) -> str:
    text = clean(value)
    if len(text) > LONGEST:
        raise Invalid(_("Too long."), fields={"comment": [_("At most %(n)d characters.") % {"n": LONGEST}]})
    return text


def _about(value: str | None) -> str | None:
    if value and value not in About.values:
        raise Invalid(_("There is no such choice."), fields={"about": [_("There is no such choice.")]})
    return value or None
