"""Recording an answer: page, card, Slack, SMS, email and API all end here."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef, QuerySet, Subquery
from django.utils import timezone
from django.utils.translation import gettext as _

from csat import scale, signals
from csat.lib.composed import Composed
from csat.lib.refusal import Invalid
from csat.lib.rows import insert
from csat.lib.text import clean
from csat.lib.types import JsonObject
from csat.people.audit_actions import AuditAction
from csat.people.audit_log import audit
from csat.surveys.answers import bot_detection, comment_wait
from csat.surveys.choices import About, DeliveryState, QuarantineReason, Source, SurveyState
from csat.surveys.models import Answer, CsatSettings, Delivery, FollowUp, Score, Survey, source_choices
from csat.surveys.rules.sending_hours import office_time_after
from csat.timeline.kinds import ActorKind, Kind
from csat.timeline.payloads import Submitted
from csat.timeline.recording import Actor, record

MAX_COMMENT = 5000
MAX_TRIES = 5


def answer(
    survey: Survey,
    *,
    score: int,
    source: str,
    comment: str = "",
    about: str | None = None,
    provenance: JsonObject | None = None,
    quarantine: QuarantineReason | None = None,
    await_comment: bool = False,
    by: Actor | None = None,
) -> Answer:
    """Record an answer; the latest accepted one is the session's score. Raises Invalid.

    Equal to the score that stands, it is no new answer: nothing is recorded, and that one is returned.
    `quarantine`: why it does not count; no event is recorded then. `await_comment`: a low score without a
    comment waits for one before webhooks and workflows hear of it. Concurrent calls each add an answer. One
    by a link that staff copied (`handed_out_by` in its provenance) never replaces a score, and one from a
    browser where staff are logged in (`staff_browser`) only their own.
    """
    if source not in Source.values and source not in dict(source_choices()):
        raise Invalid(_("There is no such source."), fields={"source": [_("There is no such source.")]})
    save = partial(
        _save,
        survey,
        score=_valid_score(score),
        source=source,
        comment=_valid_comment(comment),
        about=_valid_about(about),
        provenance=provenance or {},
        reason=quarantine or "",
        await_comment=await_comment,
        by=by or _customer(survey),
    )
    for _attempt in range(MAX_TRIES - 1):
        try:
            return save()
        except IntegrityError:  # another answer took this revision
            continue
    return save()


@transaction.atomic
def add_comment(answer: Answer, *, comment: str, about: str | None = None) -> Answer:
    """Add the comment to its answer, or record it as the next revision once the answer is published."""
    locked = _lock(answer.survey)
    survey, score = locked.survey, locked.score
    answer.refresh_from_db()
    comment, about = _valid_comment(comment), _valid_about(about) or answer.about
    if (comment, about) == (answer.comment, answer.about):
        return answer
    if answer.state == Answer.State.QUARANTINED:
        answer.change(comment=comment, about=about)
        return answer
    if comment_wait.publish_with_comment(answer, comment, about):
        Score.objects.filter(answer=answer).update(comment=comment, about=about, updated_at=timezone.now())
        # reports count by `about`
        signals.surveys_changed.send(sender=Survey, session_ids=[survey.session_id])
        return answer
    if is_by_copied_link(answer) and not (score and score.answer_id == answer.pk):
        return answer  # the customer has rated by their own link since
    return _save(
        survey,
        may_replace=True,
        score=score.score if score else answer.score,
        source=answer.source,
        comment=comment,
        about=about,
        provenance=answer.provenance,
        by=_customer(survey),
    )


def is_by_copied_link(answer: Answer) -> bool:
    return "handed_out_by" in answer.provenance


@transaction.atomic
def restore(answer: Answer, *, by: Actor) -> bool:
    """Take it out of quarantine: it becomes the score unless a later answer is. False when it was not in."""
    locked = _lock(answer.survey)
    survey = locked.survey
    if not answer.change(where={"state": Answer.State.QUARANTINED}, state=Answer.State.ACCEPTED):
        return False
    audit(
        by,
        AuditAction.ANSWER_RESTORED,
        before={"reason": answer.reason},
        after={"revision": answer.revision},
        target=survey.session,
        session_id=survey.session_id,
    )
    if not survey.answers.filter(state=Answer.State.ACCEPTED, revision__gt=answer.revision).exists():
        _make_score(locked, answer, by=_customer(survey))
    return True


@transaction.atomic
def _save(
    survey: Survey, *, by: Actor, await_comment: bool = False, may_replace: bool = False, **fields: object
) -> Answer:
    said = fields | {"await_comment": await_comment}
    if survey.answered_at:  # one that says the same again takes no lock, and its session is not changed
        standing = Answer.objects.filter(standing__survey=survey).first()
        if standing and _is_repeated(standing, said):
            return standing
    given, locked = survey, _lock(survey)
    survey, score = locked.survey, locked.score
    given.answered_at = survey.answered_at or timezone.now()  # said again, it may repeat an answer
    if score and _is_repeated(score.answer, said):  # another process was faster
        return score.answer
    answer = Answer(survey=survey, revision=locked.latest_revision + 1, **fields)
    if score and not (answer.reason or may_replace):
        answer.reason = _why_staff_may_not_replace(score, answer)
    answer.state = Answer.State.QUARANTINED if answer.reason else Answer.State.ACCEPTED
    if answer.state == Answer.State.ACCEPTED and not _quarantine_burst(locked, answer, by=by):
        waits = await_comment and scale.is_low(answer.score) and not answer.comment
        _make_score(locked, answer, by=by, publish_in=comment_wait.COMMENT_WAIT if waits else None)
    if answer.state == Answer.State.QUARANTINED:
        if answer.pk is None:
            insert([answer])
        signals.surveys_changed.send(sender=Survey, session_ids=[survey.session_id])  # reports count it, too
    return answer


def _is_repeated(standing: Answer, said: JsonObject) -> bool:
    """Whether the answer that stands says the same already. It waits for no comment any more when this one
    does not. By a link that staff copied only what was said by that link is said again.
    """
    if said.get("reason") or any(
        getattr(standing, name) != said[name] for name in ("score", "comment", "about")
    ):
        return False
    provenance = said.get("provenance") or {}
    if "handed_out_by" in provenance and standing.provenance.get("link") != provenance.get("link"):
        return False
    standing.repeated = True
    if not said["await_comment"]:
        comment_wait.publish_now(standing)
    return True


def _why_staff_may_not_replace(score: Score, answer: Answer) -> QuarantineReason | str:
    """A rating stands against whoever is logged in as staff where the next one comes from, unless they gave
    it themselves, and against a link that staff copied. Of practice anything does.
    """
    if is_by_copied_link(answer):
        return QuarantineReason.COPIED_LINK
    member = answer.provenance.get("staff_browser")
    if not member or answer.survey.session.practice:
        return ""
    theirs = score.answer.provenance.get("staff_browser") == member
    return "" if theirs else QuarantineReason.STAFF_BROWSER


def _quarantine_burst(locked: "_Locked", answer: Answer, *, by: Actor) -> bool:
    """Quarantine a link scanner's answers, this one among them; the first stays, and is the score again."""
    if answer.source != Source.PAGE or answer.revision < bot_detection.MIN_SCORES:
        return False
    insert([answer])
    burst = bot_detection.burst_of_scores(answer)
    for scanned in burst:
        scanned.change(state=Answer.State.QUARANTINED, reason=QuarantineReason.MANY_SCORES)
    if burst:
        answer.refresh_from_db()
        first = locked.survey.answers.filter(state=Answer.State.ACCEPTED).last()
        if first and not (locked.score and locked.score.answer_id == first.pk):
            _make_score(locked, first, by=by)
    return bool(burst)


def _make_score(locked: "_Locked", answer: Answer, *, by: Actor, publish_in: timedelta | None = None) -> None:
    """Make this answer the session's score, and record csat.submitted. A new answer is stored with its event
    in it, so the event comes first; reports mark the survey's days then, so what they read comes before.
    """
    survey, score, now = locked.survey, locked.score, timezone.now()
    previous_score = score.score if score else None
    if score:
        comment_wait.publish_now(score.answer)  # before the new one, so that others hear of both in order
    else:
        score = Score(survey=survey, created_at=now)
    survey.move(
        SurveyState.ANSWERED,
        answered_at=now,
        remind_at=None,
        counted_at=survey.counted_at or survey.counts_at(score.created_at),
    )
    if locked.has_waiting:
        waiting = Delivery.objects.filter(survey=survey, state=DeliveryState.DUE, uncertain_since=None)
        waiting.update(state=DeliveryState.CANCELLED, updated_at=now)
    event = record(
        Kind.CSAT_SUBMITTED,
        by=by,
        session_id=survey.session_id,
        contact_id=survey.contact_id,
        publish_after=now + publish_in if publish_in else None,
        **_payload(survey, score, answer, previous_score, now),
    )
    if answer.pk is None:
        answer.event_id = event.pk
        insert([answer])
    else:
        answer.change(event_id=event.pk)
    _copy(survey, answer, into=score, now=now)
    _open_or_close_follow_up(survey, answer.score, first=previous_score is None)


def _copy(survey: Survey, answer: Answer, *, into: Score, now: datetime) -> None:
    into.answer, into.submitted_at = answer, now
    into.score, into.comment = answer.score, answer.comment
    into.about, into.source = answer.about, answer.source
    into.imported = bool(answer.provenance.get("import"))
    into.seen_at = None
    into.words_withdrawn_at = None if answer.comment else into.words_withdrawn_at
    into.session, into.contact_id, into.channel = survey.session, survey.contact_id, survey.channel
    into.agent_id = survey.session.resolver_id or survey.session.assignee_id
    if into.pk is None:
        insert([into])
    else:
        into.save()


def _open_or_close_follow_up(survey: Survey, score: int, *, first: bool) -> None:
    """A low score opens a follow-up, again if it was done; a better one closes it unless it is taken, and
    there is none before the first score.
    """
    now = timezone.now()
    if not scale.is_low(score):
        if not first:
            untaken = FollowUp.objects.filter(session=survey.session, owner=None, done_at=None)
            untaken.update(done_at=now, updated_at=now)
        return
    settings = CsatSettings.current()
    hours = settings.follow_up_hours.get(score)
    due_at = office_time_after(timedelta(hours=hours), now, settings) if hours else None
    FollowUp.open_for(survey.session, due_at=due_at)


def _payload(
    survey: Survey, score: Score, answer: Answer, previous_score: int | None, now: datetime
) -> Submitted:
    words = scale.words(answer.score)
    payload: Submitted = {
        "survey_id": str(survey.uuid),
        "channel": survey.channel,
        "score_id": str(score.uuid),
        "answer_id": str(answer.uuid),
        "score": answer.score,
        "label": words["label"],
        "emoji": words["emoji"],
        "comment": answer.comment,
        "about": answer.about,
        "source": answer.source,
        "revision": answer.revision,
        "previous_score": previous_score,
        "created_at": score.created_at.isoformat(),
        "updated_at": now.isoformat(),
    }
    if user := answer.provenance.get("user_name") or answer.provenance.get("user"):
        payload["pressed_by"] = user
    return payload


@dataclass(frozen=True)
class _Locked:
    """A survey under its lock, and what was read of it then."""

    survey: Survey  # with its session
    score: Score | None  # that stands, with its answer
    latest_revision: int  # of its answers; 0: none
    has_waiting: bool  # a delivery that is due


def _lock(survey: Survey) -> _Locked:
    """Lock the session and then the survey, which is read anew; the session counts as changed.

    Whoever answers holds the session's lock, so what this second statement reads is the latest.
    """
    survey.mark_session_changed()
    locked: Any = _LOCKED.get(survey.pk)
    score: Score | None = getattr(locked, "score", None)
    return _Locked(locked, score, locked.latest_revision or 0, locked.has_waiting)


def _to_lock(pk: int) -> QuerySet[Survey]:
    answers = Answer.objects.filter(survey=OuterRef("pk")).order_by("-revision")
    waiting = Delivery.objects.filter(survey=OuterRef("pk"), state=DeliveryState.DUE, uncertain_since=None)
    return (
        Survey.objects.select_for_update(no_key=True, of=("self",))
        .select_related("session", "score__answer")
        .annotate(latest_revision=Subquery(answers.values("revision")[:1]), has_waiting=Exists(waiting))
        .filter(pk=pk)
    )


_LOCKED = Composed(_to_lock, example=-1)


def _customer(survey: Survey) -> Actor:
    return Actor(ActorKind.CONTACT, str(survey.contact.uuid), survey.contact.name)


def _valid_score(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value not in scale.BY_SCORE:
        raise Invalid(_("A score is 1, 2, 3, 4 or 5."), fields={"score": [_("A score is 1, 2, 3, 4 or 5.")]})
    return value


def _valid_comment(value: str) -> str:
    text = clean(value)
    if len(text) > MAX_COMMENT:
        raise Invalid(
            _("Too long."), fields={"comment": [_("At most %(n)d characters.") % {"n": MAX_COMMENT}]}
        )
    return text


def _valid_about(value: str | None) -> str | None:
    if value and value not in About.values:
        raise Invalid(_("There is no such choice."), fields={"about": [_("There is no such choice.")]})
    return value or None
