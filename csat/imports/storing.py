"""Storing a batch of past conversations: rows, ratings and facts in a few queries. Nobody is told of any."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

from django.db.models import Max, prefetch_related_objects
from django.utils import timezone
from django.utils.translation import gettext as _

from csat import scale, signals
from csat.imports.matching import Match, Outcome
from csat.imports.models import Import, ImportedRow
from csat.imports.reading import PastConversation
from csat.lib.refusal import Invalid
from csat.lib.rows import bulk_save
from csat.people import agents, contacts
from csat.people.models import Agent, Contact, Team
from csat.sessions.drafts import Draft
from csat.sessions.models import Session
from csat.sessions.resolving import ended_payload
from csat.surveys.choices import DeliveryState, Source, SurveyState
from csat.surveys.models import Answer, Delivery, Score, Survey
from csat.themes import tagging
from csat.timeline.kinds import ActorKind, Kind
from csat.timeline.models import Event
from csat.timeline.payloads import Created, Noted, Submitted
from csat.timeline.recording import SYSTEM, Actor, build_event, record_many


@dataclass
class Stored:
    """One row of the file that changes something, and what it has become."""

    conversation: PastConversation
    outcome: Outcome
    session: Session
    session_before: datetime | None = None
    new_contact_id: int | None = None
    survey: Survey | None = None
    survey_before: str = ""
    answer: Answer | None = None
    last_event: Event | None = None


class Staff:
    """Agents and teams that a file names, and which agents are new by it."""

    def __init__(self, source: Import) -> None:
        self.source = source
        self.directory = agents.Directory()

    def read(self, conversations: list[PastConversation]) -> None:
        """Look up at once whom these name."""
        named = [(*conversation.agent, Agent.Kind.HUMAN.value) for conversation in conversations]
        self.directory.read(named, [conversation.team for conversation in conversations])

    def agent(self, name: str, email: str) -> Agent | None:
        agent, since = self._find_or_create(name, email), self.source.started_at
        if agent and since and agent.created_at >= since and agent.pk not in self.source.agents_added:
            self.source.agents_added.append(agent.pk)
        return agent

    def team(self, name: str) -> Team | None:
        return self.directory.team(name)

    def forget(self) -> None:
        """What was looked up in a transaction that was rolled back may be gone."""
        self.directory = agents.Directory()

    def _find_or_create(self, name: str, email: str) -> Agent | None:
        """By name alone where the address is none."""
        try:
            return self.directory.agent(name, email) if name or email else None
        except Invalid:
            return self.directory.agent(name or email, "")


def store(matches: Iterable[Match], source: Import, staff: Staff) -> None:
    """Store what is new in these rows. Call it in the transaction that notes how far the import is."""
    by = Actor(ActorKind.INTEGRATION, "import", source.get_kind_display())
    changing = [match for match in matches if match.outcome != Outcome.UNCHANGED]
    if not changing:
        return
    new = _create_sessions([match for match in changing if match.outcome == Outcome.NEW], staff)
    sessions = {stored.conversation.external_id: stored.session for stored in new}
    updates = [
        Stored(match.conversation, match.outcome, session, session.updated_at)
        for match in changing
        if match.outcome == Outcome.UPDATED
        and (session := match.session or sessions[match.conversation.external_id])
    ]
    prefetch_related_objects([stored.session for stored in updates], "contact")
    record_many([event for stored in new for event in _events_of_session(stored, by)])
    ratings = [stored for stored in (*new, *updates) if stored.conversation.score]
    _add_surveys(ratings, new)
    _add_ratings(ratings, source)
    _keep_track([*new, *updates], source)


def _create_sessions(matches: list[Match], staff: Staff) -> list[Stored]:
    conversations = [match.conversation for match in matches]
    staff.read(conversations)
    people = _find_contacts(conversations)
    sessions = Session.objects.bulk_create(
        _draft(match.conversation, contact, staff).row()
        for match, (contact, _new) in zip(matches, people, strict=True)
    )
    return [
        Stored(match.conversation, match.outcome, session, new_contact_id=contact.pk if is_new else None)
        for match, session, (contact, is_new) in zip(matches, sessions, people, strict=True)
    ]


def _find_contacts(conversations: list[PastConversation]) -> list[tuple[Contact, bool]]:
    """A name out of the past is given to new contacts, and to those without one."""
    pairs = contacts.find_or_create_many(
        [replace(conversation.details, name="") for conversation in conversations]
    )
    named = {}
    for (contact, _new), conversation in zip(pairs, conversations, strict=True):
        if conversation.details.name and not contact.name:
            contact.name = conversation.details.name
            named[contact.pk] = contact
    bulk_save(list(named.values()), "name")
    return pairs


def _draft(conversation: PastConversation, contact: Contact, staff: Staff) -> Draft:
    return Draft(
        contact=contact,
        channel=conversation.channel,
        external_id=conversation.external_id,
        subject=conversation.subject,
        language=conversation.language,
        assignee=staff.agent(*conversation.agent),
        team=staff.team(conversation.team),
        created_at=conversation.at,
        resolved_at=conversation.at,
        status=Session.Status.RESOLVED,
    )


def _events_of_session(stored: Stored, by: Actor) -> list[Event]:
    session, at = stored.session, stored.conversation.at
    build = partial(
        build_event, session_id=session.pk, contact_id=session.contact_id, at=at, unpublished=True
    )
    events = [
        build(Kind.SESSION_CREATED, by=by, **Created(channel=session.channel)),
        build(Kind.SESSION_RESOLVED, by=by, **ended_payload(session, ask=False)),
    ]
    if names := stored.conversation.left_out:
        text = _("Left out of the contact: %(details)s") % {"details": ", ".join(names)}
        events.append(build(Kind.SESSION_NOTE, by=SYSTEM, **Noted(text=text)))
    stored.last_event = events[-1]
    return events


def _add_surveys(ratings: list[Stored], new: list[Stored]) -> None:
    """Answered ones; a new session that nobody rated gets one that was skipped, as all of the past do."""
    times: dict[int, list[datetime]] = defaultdict(list)
    for stored in ratings:
        times[stored.session.pk].append(stored.conversation.at)
    if unrated := [stored.session for stored in new if stored.session.pk not in times]:
        signals.past_resolved.send(sender=Session, sessions=unrated)
    surveys = {survey.session_id: survey for survey in Survey.objects.filter(session__in=times)}
    before = {pk: survey.state for pk, survey in surveys.items()}
    _mark_answered(list(surveys.values()), times)
    missing = {stored.session.pk: stored.session for stored in ratings if stored.session.pk not in surveys}
    added = Survey.objects.bulk_create(
        _answered_survey(session, times[pk]) for pk, session in missing.items()
    )
    surveys |= {survey.session_id: survey for survey in added}
    for stored in ratings:
        stored.survey = surveys[stored.session.pk]
        stored.survey_before = before.get(stored.session.pk, "")


def _answered_survey(session: Session, times: list[datetime]) -> Survey:
    return Survey(
        session=session,
        contact_id=session.contact_id,
        channel=session.surveyed_as,
        language=session.language,
        state=SurveyState.ANSWERED,
        created_at=min(times),
        counted_at=min(times),
        answered_at=max(times),
    )


def _mark_answered(surveys: list[Survey], times: dict[int, list[datetime]]) -> None:
    if not surveys:
        return
    Survey.lock_all(surveys, changed=True)
    for survey in surveys:
        rated_at = times[survey.session_id]
        survey.state, survey.remind_at = SurveyState.ANSWERED, None
        survey.answered_at = max([*rated_at, *filter(None, [survey.answered_at])])
        survey.counted_at = survey.counted_at or min(rated_at)
    bulk_save(surveys, "state", "remind_at", "answered_at", "counted_at")
    waiting = Delivery.objects.filter(survey__in=surveys, state=DeliveryState.DUE, uncertain_since=None)
    waiting.update(state=DeliveryState.CANCELLED, updated_at=timezone.now())


def _add_ratings(ratings: list[Stored], source: Import) -> None:
    """An answer for each; of those of one session the latest is its score."""
    surveys = [stored.survey for stored in ratings if stored.survey]
    counted = (
        Answer.objects.filter(survey__in=surveys).order_by().values_list("survey").annotate(Max("revision"))
    )
    revisions = defaultdict(int, counted)
    scores = {score.survey_id: score for score in Score.objects.filter(survey__in=surveys)}
    events, changed = [], {}
    for stored in sorted(ratings, key=lambda stored: stored.conversation.at):
        survey = stored.survey
        assert survey
        revisions[survey.pk] += 1
        stored.answer = _answer(stored, revisions[survey.pk], source)
        previous = scores.get(survey.pk)
        if previous is None or stored.conversation.at >= previous.submitted_at:
            scores[survey.pk] = changed[survey.pk] = _score(stored, previous)
        stored.last_event = _submitted(stored, scores[survey.pk], previous.score if previous else None)
        events.append(stored.last_event)
    record_many(events)
    _write(ratings, list(changed.values()))


def _answer(stored: Stored, revision: int, source: Import) -> Answer:
    conversation = stored.conversation
    assert stored.survey
    assert conversation.score
    return Answer(
        survey=stored.survey,
        revision=revision,
        score=conversation.score,
        comment=conversation.comment,
        source=Source.API,
        created_at=conversation.at,
        provenance={"import": str(source.uuid), "original": conversation.original},
    )


def _score(stored: Stored, previous: Score | None) -> Score:
    """A new object even for a stored row, so that the one before can still be compared with."""
    session, answer, survey = stored.session, stored.answer, stored.survey
    assert answer
    assert survey
    kept = {"pk": previous.pk, "uuid": previous.uuid, "created_at": previous.created_at} if previous else {}
    return Score(
        session=session,
        survey=survey,
        answer=answer,
        contact_id=session.contact_id,
        agent_id=session.resolver_id or session.assignee_id,
        score=answer.score,
        comment=answer.comment,
        about=answer.about,
        channel=survey.channel,
        source=answer.source,
        submitted_at=answer.created_at,
        imported=True,
        **{"created_at": answer.created_at} | kept,
    )


def _submitted(stored: Stored, score: Score, previous_score: int | None) -> Event:
    answer, survey, session = stored.answer, stored.survey, stored.session
    assert answer
    assert survey
    words = scale.words(answer.score)
    payload = Submitted(
        survey_id=str(survey.uuid),
        channel=survey.channel,
        score_id=str(score.uuid),
        answer_id=str(answer.uuid),
        score=answer.score,
        label=words["label"],
        emoji=words["emoji"],
        comment=answer.comment,
        about=answer.about,
        source=answer.source,
        revision=answer.revision,
        previous_score=previous_score,
        created_at=score.created_at.isoformat(),
        updated_at=answer.created_at.isoformat(),
    )
    return build_event(
        Kind.CSAT_SUBMITTED,
        by=Actor(ActorKind.CONTACT, str(session.contact.uuid), session.contact.name),
        session_id=session.pk,
        contact_id=session.contact_id,
        at=answer.created_at,
        unpublished=True,
        **payload,
    )


def _write(ratings: list[Stored], scores: list[Score]) -> None:
    for stored in ratings:
        assert stored.answer
        assert stored.last_event
        stored.answer.event_id = stored.last_event.pk
    Answer.objects.bulk_create(stored.answer for stored in ratings if stored.answer)
    for score in scores:
        score.answer_id = score.answer.pk
    replaced = [score for score in scores if score.pk]
    Score.objects.bulk_create(score for score in scores if not score.pk)
    fields = ("answer", "score", "comment", "about", "source", "submitted_at", "imported", "agent")
    bulk_save(replaced, *fields)
    tagging.tag([score.pk for score in scores])


def _keep_track(rows: list[Stored], source: Import) -> None:
    """What an undo needs."""
    ids = {stored.session.pk for stored in rows}
    now = dict(Session.objects.filter(pk__in=ids).values_list("pk", "updated_at"))
    ImportedRow.objects.bulk_create(
        ImportedRow(
            source=source,
            number=stored.conversation.number,
            outcome=stored.outcome.value,
            session=stored.session,
            answer_id=stored.answer.pk if stored.answer else None,
            event_id=stored.last_event.pk if stored.last_event else None,
            new_contact_id=stored.new_contact_id,
            survey_before=stored.survey_before,
            session_before=stored.session_before,
            session_after=now[stored.session.pk],
        )
        for stored in rows
    )
