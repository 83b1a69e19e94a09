"""Undoing a whole import: what it stored goes, except what something else has touched since."""

from collections import defaultdict
from collections.abc import Collection

from django.db import transaction
from django.db.models import Exists, Max, OuterRef, QuerySet

from csat import signals
from csat.imports import progress
from csat.imports.models import Import, ImportedRow
from csat.lib import advisory_lock
from csat.lib.rows import bulk_save
from csat.people.models import Agent, Contact
from csat.sessions.models import Session
from csat.surveys.choices import SurveyState
from csat.surveys.models import Answer, FollowUp, Score, Survey
from csat.timeline.models import Event

BATCH = 500
Outcome = ImportedRow.Outcome


def undo(source: Import) -> None:
    """In batches, the last rows first, so that a contact goes after all of its conversations.

    Raises progress.Stopped when another worker has it.
    """
    left = source.rows.filter(outcome__in=[Outcome.NEW, Outcome.UPDATED])
    done = source.progress
    progress.advance(source, total=done + left.count())
    for outcome in (Outcome.NEW, Outcome.UPDATED):
        waiting = left.filter(outcome=outcome).order_by("-number").values_list("session", flat=True)
        while session_ids := set(waiting[:BATCH]):
            with transaction.atomic():
                rows = list(source.rows.filter(session__in=session_ids))
                kept = _undo_rows(rows)
                done += len(rows)
                progress.advance(source, progress=done, kept=source.kept + kept)
            advisory_lock.yield_to_others()
    with transaction.atomic():
        _delete_agents(source)
        progress.drop_file(source, "rejects")
        progress.finish(source, Import.State.UNDONE)


def _undo_rows(rows: list[ImportedRow]) -> int:
    """How many are kept, because their conversation was touched since."""
    by_session: dict[int, list[ImportedRow]] = defaultdict(list)
    for row in rows:
        if row.session_id:
            by_session[row.session_id].append(row)
    touched = _touched(by_session)
    ours = [pk for pk in by_session if pk not in touched]
    created = [pk for pk in ours if any(row.outcome == Outcome.NEW for row in by_session[pk])]
    signals.surveys_changed.send(sender=Import, session_ids=ours)  # before: their days are read from them
    _take_back([row for pk in ours if pk not in created for row in by_session[pk]])
    _delete_sessions(created)
    _delete_contacts({row.new_contact_id for pk in created for row in by_session[pk] if row.new_contact_id})
    kept = [row.pk for pk in touched for row in by_session[pk]]
    return ImportedRow.objects.filter(pk__in=kept).update(outcome=Outcome.KEPT)


def _touched(by_session: dict[int, list[ImportedRow]]) -> set[int]:
    """Sessions that have changed, or of which something was recorded, since these rows were stored."""
    sessions = Session.objects.select_for_update(no_key=True).filter(pk__in=by_session).order_by("pk")
    now = dict(sessions.values_list("pk", "updated_at"))
    events = _latest(Event.objects.filter(session_id__in=by_session), "session_id")
    answers = _latest(Answer.objects.filter(survey__session__in=by_session), "survey__session")
    return {
        pk
        for pk, rows in by_session.items()
        if now.get(pk) != max(row.session_after for row in rows if row.session_after)
        or events.get(pk, 0) > max(row.event_id or 0 for row in rows)
        or answers.get(pk, 0) > max(row.answer_id or 0 for row in rows)
    }


def _latest(rows: QuerySet[Event] | QuerySet[Answer], key: str) -> dict[int, int]:
    return dict(rows.order_by().values_list(key).annotate(Max("pk")))


def _delete_sessions(ids: Collection[int]) -> None:
    Event.objects.filter(session_id__in=ids).delete()
    FollowUp.objects.filter(session__in=ids).delete()
    Score.objects.filter(session__in=ids).delete()
    Answer.objects.filter(survey__session__in=ids).delete()
    Survey.objects.filter(session__in=ids).delete()
    Session.objects.filter(pk__in=ids).delete()


def _take_back(rows: list[ImportedRow]) -> None:
    """Remove the ratings that were added to conversations which were there before."""
    if not rows:
        return
    ids = {row.session_id: row for row in rows if row.session_id}
    surveys = {survey.session_id: survey for survey in Survey.objects.filter(session__in=ids)}
    scores = {score.session_id: score for score in Score.objects.filter(session__in=ids)}
    removed = [row.answer_id for row in rows if row.answer_id]
    left = Answer.objects.filter(survey__session__in=ids, state=Answer.State.ACCEPTED).exclude(pk__in=removed)
    standing = {answer.survey_id: answer for answer in left.order_by("created_at", "revision")}
    _reset_scores(surveys, scores, standing)
    _reset_surveys([survey for survey in surveys.values() if survey.pk not in standing], ids)
    Answer.objects.filter(pk__in=removed).delete()
    Event.objects.filter(pk__in=[row.event_id for row in rows]).delete()
    Survey.lock_all(list(surveys.values()), changed=True)
    _follow_clock(rows)
    ImportedRow.objects.filter(pk__in=[row.pk for row in rows]).delete()


def _reset_scores(surveys: dict[int, Survey], scores: dict[int, Score], standing: dict[int, Answer]) -> None:
    """The latest answer that is left is the score again; without one there is none."""
    changed = []
    for session_id, score in scores.items():
        if answer := standing.get(surveys[session_id].pk):
            score.answer, score.score, score.comment, score.about = (
                answer,
                answer.score,
                answer.comment,
                answer.about,
            )
            score.source, score.submitted_at = answer.source, answer.created_at
            score.imported = bool(answer.provenance.get("import"))
            changed.append(score)
    bulk_save(changed, "answer", "score", "comment", "about", "source", "submitted_at", "imported")
    Score.objects.filter(survey__in=surveys.values()).exclude(survey__in=standing).delete()


def _reset_surveys(surveys: list[Survey], rows: dict[int, ImportedRow]) -> None:
    for survey in surveys:
        survey.state = rows[survey.session_id].survey_before or SurveyState.SKIPPED
        survey.answered_at, survey.counted_at = None, survey.requested_at
    bulk_save(surveys, "state", "answered_at", "counted_at")


def _follow_clock(rows: list[ImportedRow]) -> None:
    """An earlier import of these conversations may still be undone: only this one had touched them since."""
    latest_first = sorted(rows, key=lambda row: -row.number)
    before = {row.session_id: row.session_before for row in latest_first if row.session_id}
    now = dict(Session.objects.filter(pk__in=before).values_list("pk", "updated_at"))
    earlier = ImportedRow.objects.filter(session__in=before).exclude(pk__in=[row.pk for row in rows])
    same = [row for row in earlier if row.session_id and row.session_after == before[row.session_id]]
    for row in same:
        row.session_after = now[row.session_id or 0]
    ImportedRow.objects.bulk_update(same, ["session_after"])


def _delete_contacts(ids: Collection[int]) -> None:
    """Those that nothing else names."""
    of_contact = Event.objects.filter(contact_id=OuterRef("pk"))
    known = Contact.objects.filter(pk__in=ids, sessions=None, surveys=None, scores=None, opted_out_at=None)
    known.alive().exclude(Exists(of_contact)).delete()


def _delete_agents(source: Import) -> None:
    """Those that the import has added, and that nothing names."""
    added = Agent.objects.filter(pk__in=source.agents_added, user=None, participations=None, scores=None)
    added.filter(assigned=None, resolved=None).delete()
