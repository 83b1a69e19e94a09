"""Guaranteed delivery: when a channel finally fails, the next that reaches the contact takes over."""

from typing import Any

import structlog
from django.db import IntegrityError, transaction
from django.utils import timezone

from csat.channels import registry
from csat.jobs import Job, enqueue
from csat.surveys import events
from csat.surveys.choices import NO_OTHER_CHANNEL, NOT_SHOWN, PROVIDER_AWAY, DeliveryState, SurveyState
from csat.surveys.delivery.send_gates import reachability
from csat.surveys.gates import first_failed
from csat.surveys.models import CsatSettings, Delivery

log = structlog.get_logger(__name__)


def next_hop(delivery: Delivery, settings: CsatSettings) -> Delivery | None:
    """Create the delivery that takes over, due now; None when there is none.

    A channel that is switched off may take over, an opted-out or closed address never.
    """
    survey = delivery.survey
    if not settings.guaranteed_delivery or delivery.reason == Delivery.Reason.REMINDER:
        return None
    over = survey.state in (SurveyState.CANCELLED, SurveyState.EXPIRED)
    if over or delivery.request_number != survey.request_number:
        return None
    hops = survey.deliveries.filter(request_number=delivery.request_number)
    first = hops.exclude(reason=Delivery.Reason.FALLBACK).order_by("id").first()
    for channel in _next_channels(first or delivery):
        hop = _create_hop(delivery, channel)
        if hop:
            enqueue(Job.SEND_DUE)
            return hop
    return None


def _next_channels(first: Delivery) -> tuple[str, ...]:
    """Its fallbacks; where somebody else carried it, first the channel by itself."""
    own = () if first.medium == registry.get(first.channel).medium else (first.channel,)
    return own + registry.fallbacks(first.channel, connected=first.survey.session.connected)


def _create_hop(delivery: Delivery, channel: str) -> Delivery | None:
    """None when the contact cannot be reached on this channel, or was tried there already."""
    survey, medium = delivery.survey, registry.get(channel).medium
    gates, address = reachability(
        survey.session, channel, medium=medium, origin=delivery.origin, force=survey.forced
    )
    hops = survey.deliveries.filter(request_number=delivery.request_number)
    tried = hops.filter(medium=medium, address=address) | hops.filter(channel=channel, medium=medium)
    if first_failed(gates) or tried.exists():
        return None
    try:
        with transaction.atomic():
            return Delivery.objects.create(
                survey=survey,
                request_number=delivery.request_number,
                channel=channel,
                medium=medium,
                address=address,
                reason=Delivery.Reason.FALLBACK,
                origin=delivery.origin,
                asked_by=delivery.asked_by,
                next_try=timezone.now(),
            )
    except IntegrityError:  # never_twice_to_an_address: another worker created it
        return None


def fall_back_or_fail(delivery: Delivery, settings: CsatSettings) -> None:
    """A delivery has failed: the next channel takes over, or the survey has failed; an event says which."""
    survey = delivery.survey
    hop = None if survey.state == SurveyState.ANSWERED else next_hop(delivery, settings)
    if hop is None:
        survey.move(SurveyState.SENT if has_another_sent(delivery) else SurveyState.FAILED)
    survey.mark_changed()
    events.record_failed(delivery, then=hop)
    log.warning(
        "a message has failed for good",
        channel=delivery.channel,
        delivery=str(delivery.uuid),
        survey=str(delivery.survey.uuid),
        error=delivery.error,
        code=delivery.error_code,
        then=hop.channel if hop else None,
    )


def fall_back_from_card(card: Delivery, settings: CsatSettings) -> bool:
    """A card nobody was shown fails only when another channel takes over. Call it inside a transaction."""
    unshown = {"state": DeliveryState.SENT, "shown_at": None}
    return _fail_if_another_takes_over(card, settings, code=NOT_SHOWN, where=unshown)


def fall_back_from_outage(delivery: Delivery, settings: CsatSettings) -> bool:
    """What waits for a provider fails only when another channel takes over. Call it inside a transaction.

    What may have gone out already waits on.
    """
    waits = {"state": DeliveryState.DUE, "uncertain_since": None}
    if _fail_if_another_takes_over(delivery, settings, code=PROVIDER_AWAY, where=waits):
        return True
    delivery.change(where=waits, error_code=NO_OTHER_CHANNEL)
    return False


def _fail_if_another_takes_over(
    delivery: Delivery, settings: CsatSettings, *, code: str, where: dict[str, Any]
) -> bool:
    state, code_before = delivery.state, delivery.error_code
    failed = {"state": DeliveryState.FAILED, "failed_at": timezone.now(), "error_code": code}
    if not delivery.change(where=where, **failed):
        return False
    hop = next_hop(delivery, settings)
    if hop is None:
        delivery.change(state=state, failed_at=None, error_code=code_before)
        return False
    delivery.survey.mark_changed()
    events.record_failed(delivery, then=hop)
    return True


def has_another_sent(delivery: Delivery) -> bool:
    """Whether an earlier message of this survey is still with the customer."""
    return delivery.survey.deliveries.filter(state=DeliveryState.SENT).exclude(pk=delivery.pk).exists()
