"""Receipts: what providers tell after they took a message. Late, doubled or in any order, they break nothing."""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from csat.channels.base import Update, What
from csat.people import suppressing
from csat.surveys import noting, telling
from csat.surveys.holding import hold
from csat.surveys.models import CsatSettings, Delivery
from csat.surveys.states import DeliveryState

KEPT = 20  # updates kept in a delivery's raw
SUPPRESS = {What.BOUNCED: "bounced", What.COMPLAINED: "complained", What.OPTED_OUT: "stop_word"}


@transaction.atomic
def apply(update: Update) -> bool:
    """Note one update; False when it tells nothing new. Replies and presses are answers, not receipts: False too."""
    changed = respect(update)
    delivery = _held(update)
    if delivery is None or seen(delivery, update):
        return changed
    act = ACTS.get(update.what)
    return (act(delivery, update) if act else False) or changed


def respect(update: Update) -> bool:
    """STOP, START, bounces and complaints speak of an address, whether we know the delivery or not."""
    if not update.address or not update.medium:
        return False
    if update.what == What.OPTED_IN:
        return suppressing.lift(update.medium, update.address)
    reason = SUPPRESS.get(update.what) or ("provider" if update.suppress else "")
    if not reason or suppressing.is_suppressed(update.medium, update.address):
        return False
    suppressing.suppress(update.medium, update.address, reason=reason)
    return True


def _held(update: Update) -> Delivery | None:
    found = _of(update)
    if found is None:
        return None
    survey = hold(found.survey)
    delivery = Delivery.objects.select_for_update(no_key=True).get(pk=found.pk)
    delivery.survey = survey
    return delivery


def _of(update: Update) -> Delivery | None:
    rows = Delivery.objects.select_related("survey__session__contact")
    if update.reference:
        return rows.filter(uuid=update.reference).first() if _is_uuid(update.reference) else None
    return rows.filter(provider_id=update.provider_id).first() if update.provider_id else None


def seen(delivery: Delivery, update: Update) -> bool:
    """Keep the provider's own words, and know an event that comes twice."""
    told: list[dict[str, Any]] = delivery.raw.get("updates", [])
    if update.event_id and any(one["id"] == update.event_id for one in told):
        return True
    one = {"id": update.event_id, "what": str(update.what), "code": update.code, "at": _at(update).isoformat()}
    delivery.change(raw=delivery.raw | {"updates": [*told, one][-KEPT:]})
    return False


def _delivered(delivery: Delivery, update: Update) -> bool:
    if not delivery.change(where={"delivered_at": None, "failed_at": None}, delivered_at=_at(update)):
        return False
    telling.changed(delivery.survey)
    telling.delivered(delivery)
    return True


def _opened(delivery: Delivery, update: Update) -> bool:
    """Whoever opened it has it, even if nobody told us that it was delivered."""
    _delivered(delivery, update)
    return delivery.change(where={"opened_at": None}, opened_at=_at(update))


def _failed(delivery: Delivery, update: Update) -> bool:
    """A failure after `delivered` came out of order. One that may pass is tried again before the next channel takes over."""
    if delivery.delivered_at:
        return False
    given_back = delivery.failed_at is None and delivery.attempt <= update.tries
    return (given_back and noting.given_back(delivery, text=update.text, code=update.code)) or _bounced(delivery, update)


def _bounced(delivery: Delivery, update: Update) -> bool:
    values = {"failed_at": _at(update), "error": (update.text or str(update.what))[:500], "error_code": update.code[:40]}
    if not delivery.change(where={"failed_at": None}, **values):
        return False
    if delivery.state == DeliveryState.SENT:  # while it is still being noted as sent, noting sees failed_at
        noting.failed(delivery, CsatSettings.current())
    return True


def _is_uuid(text: str) -> bool:
    return len(text) in (32, 36) and all(char in "0123456789abcdef-" for char in text.lower())


def _at(update: Update) -> datetime:
    return update.at or timezone.now()


ACTS = {What.DELIVERED: _delivered, What.OPENED: _opened, What.FAILED: _failed, What.BOUNCED: _bounced}
