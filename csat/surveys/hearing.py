"""Hearing: answers that come back through a channel itself: a pressed face, a typed rating, a comment after it."""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from csat.channels.base import Update, What
from csat.channels.kinds import Medium
from csat.channels.replies import AskBack, Rating, read_rating
from csat.sessions import conversing
from csat.surveys import answering, links
from csat.surveys.holding import hold
from csat.surveys.models import Answer, Delivery, Source, Survey
from csat.surveys.states import DeliveryState, SurveyState
from csat.timeline.kinds import ActorKind
from csat.timeline.recording import Actor

SOURCE = {Medium.SLACK: Source.SLACK, Medium.SMS: Source.SMS, Medium.WHATSAPP: Source.WHATSAPP, Medium.EMAIL: Source.EMAIL}
JOINS = timedelta(minutes=30)  # how long a comment still belongs to the number before it


class Meant(StrEnum):
    RATED = "rated"
    REPEATED = "repeated"  # the same press or reply, told twice
    COMMENTED = "commented"
    UNCLEAR = "unclear"  # about a rating, but not which: asked back
    SOMEBODY_ELSE = "somebody_else"  # pressed by another person in a shared channel
    LEFT = "left"  # not ours: it stays in the conversation


@dataclass(frozen=True)
class Heard:
    """What an update turned out to be, and how to answer it."""

    meant: Meant
    score: int = 0
    language: str = "en"


def hear(update: Update) -> Heard | None:
    """Take it as an answer where it is one; None for what is not about a survey at all."""
    act = {What.PRESSED: _pressed, What.COMMENTED: _commented, What.REPLIED: _replied}.get(update.what)
    return act(update) if act else None


@transaction.atomic
def _pressed(update: Update) -> Heard | None:
    survey = _named(update)
    if survey is None or update.score is None or not _may_answer(survey):
        return None
    if update.user and _customer_user(survey) not in ("", update.user):
        return Heard(Meant.SOMEBODY_ELSE, language=survey.language)
    return _answer(survey, update, update.score)


@transaction.atomic
def _commented(update: Update) -> Heard | None:
    survey = _named(update)
    given = _latest(survey, update) if survey else None
    if survey is None or given is None or not update.text.strip():
        return None
    answering.add_comment(given, comment=update.text[: answering.LONGEST])
    return Heard(Meant.COMMENTED, given.score, survey.language)


@transaction.atomic
def _replied(update: Update) -> Heard | None:
    """A typed rating from an address that was asked and may still answer, or the comment after it; the rest is left to the conversation."""
    survey = _asked(update)
    if survey is None:
        return None
    rating = read_rating(update.text, survey.language) if _may_answer(survey) else None
    if isinstance(rating, Rating):
        return _answer(survey, update, rating.score, comment=rating.comment)
    given = _latest(survey, update)
    if given and not given.comment and update.text.strip():
        answering.add_comment(given, comment=update.text[: answering.LONGEST])
        return Heard(Meant.COMMENTED, given.score, survey.language)
    _leave(survey, update)
    return Heard(Meant.UNCLEAR if isinstance(rating, AskBack) else Meant.LEFT, language=survey.language)


def _answer(survey: Survey, update: Update, score: int, *, comment: str = "") -> Heard:
    hold(survey)
    if update.event_id and survey.answers.filter(provenance__event=update.event_id).exists():
        return Heard(Meant.REPEATED, score, survey.language)
    provenance = {"event": update.event_id, "user": update.user}
    answering.answer(survey, score=score, source=SOURCE[Medium(update.medium)], comment=comment, provenance=provenance, hold=True)
    return Heard(Meant.RATED, score, survey.language)


def _leave(survey: Survey, update: Update) -> None:
    """Never eaten: it stands in the conversation, where the team and the webhooks find it."""
    by = Actor(ActorKind.CONTACT, str(survey.contact.uuid), survey.contact.name)
    conversing.add_message(survey.session, sender="contact", text=update.text or "…", by=by)


def _customer_user(survey: Survey) -> str:
    """Whose press counts: the Slack user the helpdesk named (`slack_user_id`), else whoever pressed first."""
    named = survey.session.custom_data.get("slack_user_id") or survey.contact.custom_data.get("slack_user_id")
    if named:
        return str(named)
    first = survey.answers.filter(source=Source.SLACK).order_by("revision").first()
    return str(first.provenance.get("user") or "") if first else ""


def _latest(survey: Survey, update: Update) -> Answer | None:
    mine = survey.answers.filter(source=SOURCE[Medium(update.medium)], provenance__user=update.user, created_at__gte=timezone.now() - JOINS)
    return mine.order_by("-revision").first()


def _named(update: Update) -> Survey | None:
    try:
        reference = UUID(update.reference)
    except ValueError:
        return None
    delivery = Delivery.objects.select_related("survey__session", "survey__contact").filter(uuid=reference).first()
    return delivery.survey if delivery else None


def _asked(update: Update) -> Survey | None:
    """The survey this address was last asked by."""
    sent = Delivery.objects.filter(medium=update.medium, address=update.address, state=DeliveryState.SENT, failed_at=None)
    latest = sent.select_related("survey__session", "survey__contact").order_by("-sent_at", "-id").first()
    return latest.survey if latest else None


def _may_answer(survey: Survey) -> bool:
    return survey.state in (SurveyState.SCHEDULED, SurveyState.SENT, SurveyState.ANSWERED) and links.standing(survey) in (
        "open",
        "answered",
    )
