"""The Web Chat card: what a widget may show now, and that it was shown."""

from dataclasses import dataclass

from django.db import transaction
from django.utils import timezone

from csat.channels.kinds import Medium
from csat.lib import tokens
from csat.sessions.models import Session
from csat.surveys import noting
from csat.surveys.holding import hold, touch
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


def card_state(session: Session) -> CardState:
    """Nothing before the survey is due, after it was withdrawn, or when its link has ended. Two small queries.

    Asked again after an answer it is due again, with the rating that stands.
    """
    return _state(Survey.objects.filter(session=session).select_related("score").first())


def state_behind(token: str) -> CardState | None:
    """The same for whoever polls with a widget token: one query while nothing is due, two otherwise. None: no such token."""
    live = Link.objects.filter(sha256=tokens.digest(token), purpose=Link.Purpose.WIDGET, revoked_at=None)
    link = live.select_related("session__survey__score").first()
    if link is None or (link.expires_at and link.expires_at <= timezone.now()):
        return None
    return _state(getattr(link.session, "survey", None))


@transaction.atomic
def shown(survey: Survey) -> bool:
    """The customer has the card before them: the survey counts as requested from now on. False when that was known."""
    survey = hold(survey)
    card = survey.deliveries.filter(medium=Medium.CARD, request=survey.request).exclude(state=DeliveryState.CANCELLED).last()
    if card is None or survey.state not in (SurveyState.SENT, SurveyState.ANSWERED):
        return False
    now = timezone.now()
    after_all = {"state": DeliveryState.SENT, "failed_at": None, "error_code": ""}  # given up for an email, but here they are
    if not card.change(where={"shown_at": None}, shown_at=now, delivered_at=now, **after_all):
        return False
    card.survey = survey
    touch([survey.session_id])
    noting.reached(card, CsatSettings.current())
    return True


def _state(survey: Survey | None) -> CardState:
    if survey is None or survey.state not in (SurveyState.SENT, SurveyState.ANSWERED) or _ended(survey):
        return HIDDEN
    card = _card(survey)
    if card is None:
        return HIDDEN
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


def _card(survey: Survey) -> Delivery | None:
    """The card of the present request; one that failed counts too: an email went out instead, and the card may still be used."""
    cards = survey.deliveries.filter(medium=Medium.CARD, request=survey.request)
    return cards.filter(state__in=[DeliveryState.SENT, DeliveryState.FAILED]).only("survey_id", "sent_at").last()


def _ended(survey: Survey) -> bool:
    return survey.expires_at is not None and survey.expires_at <= timezone.now()
