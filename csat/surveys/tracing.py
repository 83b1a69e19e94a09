"""Tracing: which of our messages a reply or a press answers, and whether it comes from the customer."""

from dataclasses import dataclass
from uuid import UUID

from django.db.models import QuerySet

from csat.channels.base import Update
from csat.channels.kinds import Medium
from csat.surveys import links
from csat.surveys.models import Delivery, Link, Survey
from csat.surveys.states import DeliveryState


@dataclass(frozen=True)
class Trace:
    """`certain`: it answers this very message; otherwise only the address is known. `by_customer`: from the address we wrote to."""

    delivery: Delivery
    certain: bool = True
    by_customer: bool = True


def named(update: Update) -> Survey | None:
    """By our own reference."""
    delivery = _rows().filter(uuid=update.reference).first() if _is_uuid(update.reference) else None
    return delivery.survey if delivery else None


def answered(update: Update) -> Trace | None:
    """A text answers the message it was given to, else the last one its number got; a mail the one it quotes or names."""
    latest = _latest(update)
    if update.medium != Medium.EMAIL:
        mine = _sent(update).filter(provider_id=update.provider_id).first() if update.provider_id else None
        found = mine or latest
        return Trace(found) if found else None
    mail = _by_thread(update) or _by_link(update)
    if mail is None:
        return Trace(latest, certain=False) if latest else None
    return Trace(mail, by_customer=update.address in _addresses(mail))


def _latest(update: Update) -> Delivery | None:
    return _sent(update).order_by("-sent_at", "-id").first() if update.address else None


def _sent(update: Update) -> QuerySet[Delivery]:
    return _rows().filter(medium=update.medium, address=update.address, state=DeliveryState.SENT, failed_at=None)


def _by_thread(update: Update) -> Delivery | None:
    """By our Message-ID, or by the one the ESP put in its place."""
    mails = _rows().filter(medium=Medium.EMAIL)
    for message_id in update.thread:
        own = message_id.partition("@")[0] or message_id
        found = mails.filter(uuid=own).first() if _is_uuid(own) else None
        found = found or mails.filter(provider_id__in=[message_id, f"<{message_id}>", own]).first()
        if found:
            return found
    return None


def _by_link(update: Update) -> Delivery | None:
    """By the rating link in what it quotes."""
    for token in update.tokens:
        link = links.find(token, Link.Purpose.RATE)
        found = _rows().filter(survey=link.survey, medium=Medium.EMAIL).order_by("-id").first() if link else None
        if found:
            return found
    return None


def _addresses(delivery: Delivery) -> set[str]:
    return {delivery.address.casefold(), delivery.survey.contact.email.casefold()} - {""}


def _rows() -> QuerySet[Delivery]:
    return Delivery.objects.select_related("survey__session__contact", "survey__contact")


def _is_uuid(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True
