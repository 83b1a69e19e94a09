"""Forgetting a person: their data goes everywhere, the figures stay."""

from typing import Any

from django.db import transaction
from django.utils import timezone

from csat import signals
from csat.channels.outbox import SandboxMessage
from csat.people import repeating, suppressing
from csat.people.models import Contact
from csat.timeline import blanking
from csat.timeline.kinds import Kind
from csat.timeline.models import Event
from csat.timeline.recording import Actor, record

BLANK: dict[str, Any] = {
    "name": "",
    "email": "",
    "phone": "",
    "external_id": None,
    "language": "",
    "timezone": "",
    "custom_data": {},
    "opt_out_reason": "",
}


@transaction.atomic
def erase(contact: Contact, *, by: Actor) -> bool:
    """Blank the contact and all that was said; False when it was done before.

    The row stays, because sessions and scores point at it, but `Contact.objects.alive()` no longer has it. Rooms above
    blank their own on the signal contact_erased, in the same transaction.
    """
    contact.lock()
    if contact.erased_at:
        return False
    suppressing.forget(contact)
    _clear_sandbox(contact)
    repeating.forget_contact(contact)
    blanking.blank(Event.objects.filter(contact_id=contact.pk))
    contact.change(**BLANK, erased_at=timezone.now())
    event = record(Kind.CONTACT_ERASED, by=by, contact_id=contact.pk, contact_uuid=str(contact.uuid))
    signals.contact_erased.send(sender=Contact, contact=contact, event=event)
    return True


def _clear_sandbox(contact: Contact) -> None:
    mine = [address for address in (contact.email, contact.phone, contact.phone and f"whatsapp:{contact.phone}") if address]
    SandboxMessage.objects.filter(to__in=mine).delete()
