"""Receipts: what providers report after they took a message, whether late, twice or out of order."""

from dataclasses import replace
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from csat.channels.base import EventType, ProviderEvent
from csat.lib.text import as_uuid
from csat.people import suppression
from csat.people.models import SuppressionReason
from csat.surveys import events
from csat.surveys.choices import DeliveryState
from csat.surveys.delivery import transitions
from csat.surveys.delivery.transitions import error_of
from csat.surveys.models import CsatSettings, Delivery

SUPPRESSED_BY = {
    EventType.BOUNCED: SuppressionReason.BOUNCED,
    EventType.COMPLAINED: SuppressionReason.COMPLAINED,
    EventType.OPTED_OUT: SuppressionReason.STOP_WORD,
}


@transaction.atomic
def apply(event: ProviderEvent) -> bool:
    """Store what one event says; False when it is not new.

    Replies and presses are answers, not receipts: they change nothing here.
    """
    changed = apply_opt_out(event)
    delivery = _lock_delivery(event)
    if delivery and delivery.survey.contact.erased_at:  # its address stays as a hash alone
        suppression.erase_addresses([(event.medium, event.address)] if event.address else [])
        return changed
    if delivery is None or not delivery.keep_event(event):
        return changed
    handle = HANDLERS.get(event.type)
    return (handle(delivery, event) if handle else False) or changed


def apply_returned_mail(event: ProviderEvent, delivery: Delivery) -> bool:
    """A mail server sent this delivery's mail back: as if its provider had told so.

    What came back from another address than the one we wrote to, by a forward, suppresses nothing.
    """
    ours = event.address in ("", delivery.address.casefold())
    if not ours:
        event = replace(event, type=EventType.FAILED, suppress=False)
    return apply(replace(event, reference=str(delivery.uuid), address=delivery.address))


def apply_opt_out(event: ProviderEvent) -> bool:
    """STOP, START, bounces and complaints are about an address, whether we know the delivery or not."""
    if not event.address or not event.medium:
        return False
    if event.type == EventType.OPTED_IN:
        return suppression.lift(event.medium, event.address)
    reason = SUPPRESSED_BY.get(event.type) or (SuppressionReason.PROVIDER if event.suppress else None)
    if reason is None:
        return False
    known = suppression.is_suppressed(event.medium, event.address)
    suppression.suppress(event.medium, event.address, reason=reason)
    return not known


def _lock_delivery(event: ProviderEvent) -> Delivery | None:
    """The delivery that the event names, locked after its survey."""
    rows = Delivery.objects.select_related("survey__session__contact", "survey__contact")
    if event.reference:
        reference = as_uuid(event.reference)
        delivery = rows.filter(uuid=reference).first() if reference else None
    else:
        delivery = rows.filter(provider_id=event.provider_id).first() if event.provider_id else None
    if delivery is None:
        return None
    survey = delivery.survey
    survey.lock()
    delivery = Delivery.objects.select_for_update(no_key=True).get(pk=delivery.pk)
    delivery.survey = survey
    return delivery


def _delivered(delivery: Delivery, event: ProviderEvent) -> bool:
    if not delivery.change(where={"delivered_at": None, "failed_at": None}, delivered_at=_at(event)):
        return False
    delivery.survey.mark_changed()
    events.record_delivered(delivery)
    return True


def _opened(delivery: Delivery, event: ProviderEvent) -> bool:
    """Whoever opened it has it, even if no event said that it was delivered."""
    _delivered(delivery, event)
    return delivery.change(where={"opened_at": None}, opened_at=_at(event))


def _failed(delivery: Delivery, event: ProviderEvent) -> bool:
    """A failure after `delivered` came out of order. A passing one is retried before a fallback."""
    if delivery.delivered_at:
        return False
    may_pass = delivery.failed_at is None and delivery.attempt <= event.tries
    if may_pass and transitions.requeue(delivery, text=event.text, code=event.code):
        return True
    return _bounced(delivery, event)


def _bounced(delivery: Delivery, event: ProviderEvent) -> bool:
    error = error_of(event.text or str(event.type), event.code)
    if not delivery.change(where={"failed_at": None}, failed_at=_at(event), **error):
        return False
    if delivery.state == DeliveryState.SENT:  # while it is still being sent, mark_sent will see failed_at
        transitions.fail_after_acceptance(delivery, CsatSettings.current())
    return True


def _at(event: ProviderEvent) -> datetime:
    return event.at or timezone.now()


HANDLERS = {
    EventType.DELIVERED: _delivered,
    EventType.OPENED: _opened,
    EventType.FAILED: _failed,
    EventType.BOUNCED: _bounced,
}
