"""Hearing: answers that come back through a channel itself: a pressed face, a typed number, a comment."""

from datetime import timedelta
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from csat.channels.base import Update, What
from csat.channels.kinds import Medium
from csat.channels.replies import Rating, read_rating
from csat.surveys import answering, links
from csat.surveys.models import Answer, Delivery, Source, Survey
from csat.surveys.states import DeliveryState, SurveyState

SOURCE = {Medium.SLACK: Source.SLACK, Medium.SMS: Source.SMS, Medium.WHATSAPP: Source.WHATSAPP, Medium.EMAIL: Source.EMAIL}
JOINS = timedelta(minutes=30)  # how long a comment still belongs to the number before it


def hear(update: Update) -> bool:
    """Take it as an answer; False when it is none. The same event twice is one answer."""
    act = {What.PRESSED: _pressed, What.COMMENTED: _commented, What.REPLIED: _replied}.get(update.what)
    return bool(act and act(update))


@transaction.atomic
def _pressed(update: Update) -> bool:
    survey = _named(update)
    if survey is None or update.score is None or not _may_answer(survey):
        return False
    _answer(survey, update, update.score)
    return True


@transaction.atomic
def _commented(update: Update) -> bool:
    survey = _named(update)
    given = _latest(survey, update) if survey else None
    if given is None or not update.text.strip():
        return False
    answering.add_comment(given, comment=update.text[: answering.LONGEST])
    return True


@transaction.atomic
def _replied(update: Update) -> bool:
    """A typed rating from an address that was asked and may still answer; anything else is left to the conversation."""
    survey = _asked(update)
    rating = read_rating(update.text, survey.language) if survey else None
    if survey is None or not isinstance(rating, Rating):
        return False
    _answer(survey, update, rating.score, comment=rating.comment)
    return True


def _answer(survey: Survey, update: Update, score: int, *, comment: str = "") -> None:
    Survey.objects.select_for_update().get(pk=survey.pk)
    if update.event_id and survey.answers.filter(provenance__event=update.event_id).exists():
        return
    provenance = {"event": update.event_id, "user": update.user}
    answering.answer(survey, score=score, source=SOURCE[Medium(update.medium)], comment=comment, provenance=provenance, hold=True)


def _latest(survey: Survey, update: Update) -> Answer | None:
    mine = survey.answers.filter(provenance__user=update.user, created_at__gte=timezone.now() - JOINS)
    return mine.order_by("-revision").first()


def _named(update: Update) -> Survey | None:
    try:
        reference = UUID(update.reference)
    except ValueError:
        return None
    delivery = Delivery.objects.select_related("survey").filter(uuid=reference).first()
    return delivery.survey if delivery else None


def _asked(update: Update) -> Survey | None:
    """The survey this address was last asked by."""
    sent = Delivery.objects.filter(medium=update.medium, address=update.address, state=DeliveryState.SENT, failed_at=None)
    latest = sent.select_related("survey").order_by("-sent_at", "-id").first()
    return latest.survey if latest and _may_answer(latest.survey) else None


def _may_answer(survey: Survey) -> bool:
    return survey.state in (SurveyState.SCHEDULED, SurveyState.SENT, SurveyState.ANSWERED) and links.standing(survey) in (
        "open",
        "answered",
    )
