"""Answers by mail: a reply is heard, and one short mail goes back, from a worker."""

import uuid

import structlog
from django.core.cache import cache

from csat.channels import answers, mailing, registry
from csat.channels.base import Update
from csat.channels.kinds import Medium
from csat.jobs import Job, enqueue
from csat.lib.outcomes import Outcome
from csat.surveys import asking, hearing
from csat.surveys.clearing import reaching
from csat.surveys.gates import failed
from csat.surveys.hearing import Heard, Meant
from csat.surveys.models import CsatSettings, Delivery
from csat.surveys.states import DeliveryState
from csat.timeline.kinds import Kind
from csat.timeline.models import Event

log = structlog.get_logger(__name__)
A_DAY = 86400  # seconds in which one survey is asked back once: two robots must not talk to each other


def take(update: Update) -> Heard | None:
    """Hear a mail; a rating is thanked for, an unclear one asked back."""
    heard = hearing.hear(update)
    if heard and heard.meant in (Meant.RATED, Meant.UNCLEAR) and heard.event_id:
        enqueue(Job.ANSWER_BACK, heard.event_id)
    return heard


def by_mail(event_id: int) -> bool:
    """Answer the reply this fact tells of; whether a mail went out. Called twice it sends one; what fails is a nicety lost."""
    event = Event.objects.get(pk=event_id)
    delivery = _mail_about(event)
    if delivery is None or not _may_write(delivery) or not _first_time(event, delivery):
        return False
    rules = CsatSettings.current()
    ask = asking.build(delivery, rules)
    message = mailing.answer_back(Medium.EMAIL, ask, _words(event, delivery.survey.language), reference=str(_named(event)))
    try:
        registry.get(delivery.channel).send(message)
    except Outcome as trouble:
        log.warning("a reply by mail was not answered", error=trouble.text, code=trouble.code)
        return False
    return True


def _mail_about(event: Event) -> Delivery | None:
    rows = Delivery.objects.select_related("survey__session__contact", "survey__contact")
    mails = rows.filter(survey__session=event.session_id or 0, medium=Medium.EMAIL, state=DeliveryState.SENT)
    return mails.order_by("-id").first()


def _may_write(delivery: Delivery) -> bool:
    gates, _address = reaching(delivery.survey.session, delivery.channel, medium=delivery.medium, address=delivery.address)
    return failed(gates) is None


def _first_time(event: Event, delivery: Delivery) -> bool:
    if not cache.add(f"answered-back:{event.pk}", 1, A_DAY):
        return False
    return event.kind == Kind.CSAT_SUBMITTED or cache.add(f"asked-back:{delivery.survey_id}", 1, A_DAY)


def _words(event: Event, language: str) -> str:
    return (
        answers.thanks(event.data["score"], language=language) if event.kind == Kind.CSAT_SUBMITTED else answers.ask_back(language=language)
    )


def _named(event: Event) -> uuid.UUID:
    """One Message-ID for one answer, however often it is sent."""
    return uuid.uuid5(uuid.NAMESPACE_URL, f"answer-back:{event.pk}")
