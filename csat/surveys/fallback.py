"""Guaranteed delivery: when a channel finally fails, the next one the contact can be reached on takes over."""

from django.db import IntegrityError, transaction
from django.utils import timezone

from csat.channels import registry
from csat.channels.kinds import FALLBACK
from csat.jobs import Job, enqueue
from csat.surveys.clearing import reaching
from csat.surveys.gates import failed
from csat.surveys.models import CsatSettings, Delivery, Survey
from csat.surveys.states import SurveyState


def next_hop(delivery: Delivery, rules: CsatSettings) -> Delivery | None:
    """The delivery that takes over, due now; None when there is none. Ignores the target's toggle, obeys every opt-out."""
    survey = delivery.survey
    if not rules.guaranteed_delivery or delivery.reason == Delivery.Reason.REMINDER:
        return None
    if delivery.request != survey.request or survey.state in (SurveyState.CANCELLED, SurveyState.EXPIRED):
        return None  # nobody waits for it any more
    first = survey.deliveries.filter(request=delivery.request).exclude(reason=Delivery.Reason.FALLBACK).order_by("id").first()
    for channel in FALLBACK.get(first.channel if first else delivery.channel, []):
        hop = _hop(delivery, channel)
        if hop:
            enqueue(Job.SEND_DUE)
            return hop
    return None


def _hop(delivery: Delivery, channel: str) -> Delivery | None:
    survey, medium = delivery.survey, registry.get(channel).medium
    gates, address = reaching(survey.session, channel, medium=medium)
    used = survey.deliveries.filter(request=delivery.request)
    if failed(gates) or used.filter(medium=medium, address=address).exists() or used.filter(channel=channel).exists():
        return None
    try:
        with transaction.atomic():
            return _create(delivery, survey, channel, medium=medium, address=address)
    except IntegrityError:  # never_twice_to_an_address: another worker made it
        return None


def _create(delivery: Delivery, survey: Survey, channel: str, *, medium: str, address: str) -> Delivery:
    return Delivery.objects.create(
        survey=survey,
        request=delivery.request,
        channel=channel,
        medium=medium,
        address=address,
        reason=Delivery.Reason.FALLBACK,
        origin=delivery.origin,
        asked_by=delivery.asked_by,
        next_try=timezone.now(),
    )
