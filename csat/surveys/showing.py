"""The Web Chat card: what a widget may show now, and that it was shown."""

from dataclasses import dataclass
from functools import cache

from django.db import connection, transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from csat.channels.kinds import Medium
from csat.lib import tokens
from csat.sessions.models import Session
from csat.surveys import noting, telling
from csat.surveys.holding import hold
from csat.surveys.models import CsatSettings, Delivery, Link, Score, Survey
from csat.surveys.states import DeliveryState, SurveyState


@dataclass(frozen=True)
class CardState:
    """`state`: none, due (ask), answered (read-only, may be changed). `version` changes whenever the card does."""

    state: str = "none"
    survey_id: str = ""
    request: int = 0  # a higher one: asked again, so show it again
    language: str = "en"
    score: int | None = None
    comment: str = ""
    version: str = "none"

    @property
    def visible(self) -> bool:
        return self.state != "none"


HIDDEN = CardState()
LIVING = (SurveyState.SENT, SurveyState.ANSWERED)


def card_state(session: Session) -> CardState:
    """Nothing before the survey is due, after it was withdrawn, or when its link has ended. Two small queries.

    Asked again after an answer it is due again, with the rating that stands.
    """
    return _state(Survey.objects.filter(session=session).select_related("score").first())


def state_behind(token: str) -> CardState | None:
    """The same for whoever polls with a widget token: one query while nothing is due, two otherwise. None: no such token."""
    with connection.cursor() as cursor:
        cursor.execute(_waiting(), [tokens.digest(token), Link.Purpose.WIDGET, connection.ops.adapt_datetimefield_value(timezone.now())])
        found = cursor.fetchone()
    if found is None:
        return None
    survey, state = found
    return _state_of(_cards(survey=survey).select_related("survey__score").last()) if state in LIVING else HIDDEN


@transaction.atomic
def shown(survey: Survey) -> bool:
    """The customer has the card before them: the survey counts as requested from now on. False when that was known."""
    survey = hold(survey)
    card = survey.deliveries.filter(medium=Medium.CARD, request=survey.request).exclude(state=DeliveryState.CANCELLED).last()
    if card is None or survey.state not in LIVING:
        return False
    now = timezone.now()
    after_all = {"state": DeliveryState.SENT, "failed_at": None, "error_code": ""}  # given up for an email, but here they are
    if not card.change(where={"shown_at": None}, shown_at=now, delivered_at=now, **after_all):
        return False
    card.survey = survey
    telling.changed(survey)
    noting.reached(card, CsatSettings.current())
    return True


@cache
def _waiting() -> str:
    """The survey and its state behind a widget link: written once, for composing it costs more than the whole rest of a poll."""
    live = Link.objects.filter(sha256="").filter(purpose=Link.Purpose.WIDGET).filter(Q(expires_at__gt=timezone.now()) | Q(expires_at=None))
    live = live.filter(revoked_at=None)
    return live.values_list("session__survey", "session__survey__state").query.sql_with_params()[0]


def _state(survey: Survey | None) -> CardState:
    if survey is None or survey.state not in LIVING:
        return HIDDEN
    card = _cards(survey=survey).only("survey_id", "sent_at").last()
    if card:
        card.survey = survey
    return _state_of(card)


def _state_of(card: Delivery | None) -> CardState:
    if card is None or _ended(card.survey):
        return HIDDEN
    survey = card.survey
    score: Score | None = getattr(survey, "score", None)
    answered = score is not None and not (card.sent_at and score.submitted_at < card.sent_at)
    return CardState(
        state="answered" if answered else "due",
        survey_id=str(survey.uuid),
        request=survey.request,
        language=survey.language,
        score=score.score if score else None,
        comment=score.comment if score else "",
        version=f"{survey.pk}.{survey.request}.{int(score.updated_at.timestamp() * 1000) if score else 0}",
    )


def _cards(**survey: object) -> QuerySet[Delivery]:
    """The card of the present request; one that failed counts too: an email went out instead, and the card may still be used."""
    cards = Delivery.objects.filter(**survey, medium=Medium.CARD, request=F("survey__request"))
    return cards.filter(state__in=[DeliveryState.SENT, DeliveryState.FAILED])


def _ended(survey: Survey) -> bool:
    return survey.expires_at is not None and survey.expires_at <= timezone.now()
