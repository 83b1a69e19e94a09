"""The Web Chat card: what the widget shows now, and that the customer saw it."""

from dataclasses import dataclass
from functools import cache

from django.db import connection, transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from csat.channels.kinds import Medium
from csat.lib import tokens
from csat.sessions.models import Session
from csat.surveys.choices import DeliveryState, SurveyState
from csat.surveys.delivery import results
from csat.surveys.models import CsatSettings, Delivery, Link, Score, Survey


@dataclass(frozen=True)
class CardState:
    """What the widget polls; `version` changes whenever the card does."""

    state: str = "none"  # none, due (ask) or answered (may be changed)
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
LIVE_STATES = (SurveyState.SENT, SurveyState.ANSWERED)


def card_state(session: Session) -> CardState:
    """Hidden before the survey is due, after it was withdrawn and once its link has ended. Two queries.

    Asked again after an answer it is due again, with the current rating.
    """
    survey = Survey.objects.filter(session=session).select_related("score").first()
    if survey is None or survey.state not in LIVE_STATES:
        return HIDDEN
    card = _cards(survey).only("survey_id", "sent_at").last()
    return _state_of(survey, card)


def card_state_by_token(token: str) -> CardState | None:
    """The same by widget token; None for an unknown one. One query while it is hidden, two otherwise."""
    now = connection.ops.adapt_datetimefield_value(timezone.now())
    with connection.cursor() as cursor:
        cursor.execute(_survey_by_token_sql(), [tokens.digest(token), Link.Purpose.WIDGET, now])
        row = cursor.fetchone()
    if row is None:
        return None
    survey_pk, state = row
    if state not in LIVE_STATES:
        return HIDDEN
    card = _cards(survey_pk).select_related("survey__score").last()
    return _state_of(card.survey, card) if card else HIDDEN


@transaction.atomic
def mark_shown(survey: Survey) -> bool:
    """The customer sees the card: the survey counts as requested from now on. False when it already did."""
    survey.lock()
    cards = survey.deliveries.filter(medium=Medium.CARD, request_number=survey.request_number)
    card = cards.exclude(state=DeliveryState.CANCELLED).last()
    if card is None or survey.state not in LIVE_STATES:
        return False
    now = timezone.now()
    shown = card.change(
        where={"shown_at": None},
        shown_at=now,
        delivered_at=now,
        state=DeliveryState.SENT,  # where it had failed, and an email went out instead
        failed_at=None,
        error_code="",
    )
    if not shown:
        return False
    card.survey = survey
    survey.mark_changed()
    results.mark_reached([card], CsatSettings.current())
    return True


@cache
def _survey_by_token_sql() -> str:
    """A widget link's survey and its state. Cached: to compose it costs more than all the rest of a poll."""
    links = Link.objects.filter(sha256="").filter(purpose=Link.Purpose.WIDGET)
    links = links.filter(Q(expires_at__gt=timezone.now()) | Q(expires_at=None)).filter(revoked_at=None)
    return links.values_list("session__survey", "session__survey__state").query.sql_with_params()[0]


def _cards(survey: Survey | int) -> QuerySet[Delivery]:
    """The card of the current request; a failed one, too: it may still be used although an email went out."""
    request_number = F("survey__request_number")
    cards = Delivery.objects.filter(survey=survey, medium=Medium.CARD, request_number=request_number)
    return cards.filter(state__in=[DeliveryState.SENT, DeliveryState.FAILED])


def _state_of(survey: Survey, card: Delivery | None) -> CardState:
    if card is None or survey.is_past_expiry:
        return HIDDEN
    score: Score | None = getattr(survey, "score", None)
    answered = score is not None and not (card.sent_at and score.submitted_at < card.sent_at)
    changed_at = int(score.updated_at.timestamp() * 1000) if score else 0
    return CardState(
        state="answered" if answered else "due",
        survey_id=str(survey.uuid),
        request=survey.request_number,
        language=survey.language,
        score=score.score if score else None,
        comment=score.comment if score else "",
        version=f"{survey.pk}.{survey.request_number}.{changed_at}",
    )
