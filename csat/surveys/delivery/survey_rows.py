"""The rows scheduling works on: sessions' surveys, locked or new, and what became of them before."""

from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import prefetch_related_objects

from csat.sessions.models import Session
from csat.surveys.choices import DeliveryState, SurveyState
from csat.surveys.delivery import message
from csat.surveys.models import Delivery, Score, Survey
from csat.surveys.rules.eligibility import Policy


def lock_surveys(sessions: list[Session], *, locked: bool = False) -> list[Survey]:
    """Each session's survey, its row locked; one that is not there yet is new and not stored.

    `locked`: this transaction has locked the sessions already, or made them.
    """
    if not locked:
        rows = Session.objects.select_for_update(no_key=True)
        rows = rows.filter(pk__in=[session.pk for session in sessions])
        list(rows.order_by("pk").values_list("pk", flat=True))  # sessions are locked first, in one order
    prefetch_related_objects(sessions, "contact")
    stored = Survey.objects.select_for_update(no_key=True).filter(session__in=sessions).order_by("session_id")
    by_session = {survey.session_id: survey for survey in stored}
    surveys = []
    for session in sessions:
        survey = by_session.get(session.pk) or Survey(session=session, contact_id=session.contact_id)
        survey.session = session  # so that the caller's session shows what becomes of it
        surveys.append(survey)
    return surveys


def lock_or_create_survey(session: Session, policy: Policy) -> tuple[Survey, bool]:
    """A new one is scheduled; the caller moves it on in the same transaction."""
    survey = lock_surveys([session])[0]
    if survey.pk:
        return survey, False
    for name, value in channel_and_language(session, policy).items():
        setattr(survey, name, value)
    survey.save(force_insert=True)
    if not session.brand_settled:  # from the first message to the thank-you page it is one
        session.change(brand_settled=True)
    return survey, True


@dataclass
class History:
    """What became of a survey before now."""

    delivery_states: set[str] = field(default_factory=set)
    answered_at: datetime | None = None
    reopened_at: datetime | None = None  # by the customer, after a low score

    def asked_before(self, survey: Survey) -> bool:
        return survey.state == SurveyState.ANSWERED or bool(self.delivery_states - {DeliveryState.CANCELLED})

    def on_its_way(self, survey: Survey) -> bool:
        """Waiting to be sent, or sent and not answered: a resolution asks nobody a second time."""
        if survey.state == SurveyState.SENT:
            live = {DeliveryState.DUE, DeliveryState.SENDING, DeliveryState.SENT}
            return bool(self.delivery_states & live)
        return survey.pk is not None and survey.state == SurveyState.SCHEDULED


def histories_of(surveys: list[Survey]) -> dict[int | None, History]:
    """By the surveys' primary keys; all new surveys share an empty one."""
    histories: dict[int | None, History] = {survey.pk: History() for survey in surveys}
    deliveries = Delivery.objects.filter(survey__in=histories)
    for pk, state in deliveries.values_list("survey_id", "state").distinct():
        histories[pk].delivery_states.add(state)
    scores = Score.objects.filter(survey__in=histories)
    for pk, submitted_at, reopened_at in scores.values_list("survey_id", "submitted_at", "reopened_at"):
        histories[pk].answered_at, histories[pk].reopened_at = submitted_at, reopened_at
    return histories


def channel_and_language(session: Session, policy: Policy) -> dict[str, str]:
    """Those of the survey now; the session may have been bridged into the widget meanwhile."""
    language = message.language_for(session, policy.settings, fallback=policy.language)
    return {"channel": session.surveyed_as, "language": language}
