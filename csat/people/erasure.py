"""Erasing a person: their data goes everywhere, the figures stay."""

from collections.abc import Iterable
from itertools import islice
from typing import cast

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from csat import signals
from csat.lib.refusal import Refused
from csat.lib.types import JsonObject
from csat.people import erasure_journal, privacy, suppression
from csat.people.audit_actions import AuditAction
from csat.people.audit_log import audit
from csat.people.erasure_journal import Entry
from csat.people.models import Contact
from csat.timeline.kinds import Kind
from csat.timeline.payloads import Erased
from csat.timeline.recording import Actor, record

BATCH = 500  # entries of the journal looked for together


@transaction.atomic
def erase(contact: Contact, *, by: Actor) -> bool:
    """Blank the contact and all texts; False when it was erased before.

    The row stays, because sessions and scores point at it, but not among `Contact.objects.alive()`.
    Every other room erases what it holds on the signal contact_erased, in the same transaction.
    """
    contact.lock()
    if contact.erased_at:
        return False
    pairs = suppression.addresses_of(contact)
    privacy.erase(contact)
    blank = {name: value for name, value in privacy.BLANK.items() if name != "external_id"}
    contact.change(**blank, erased_at=timezone.now())
    event = record(
        Kind.CONTACT_ERASED, by=by, contact_id=contact.pk, **Erased(contact_uuid=str(contact.uuid))
    )
    audit(by, AuditAction.CONTACT_ERASED, target=contact, contact_id=contact.pk)
    addresses = [address for _medium, address in pairs]
    signals.contact_erased.send(sender=Contact, contact=contact, event=event, addresses=addresses)
    # last, because it is unique: from here on whoever adds rows of the contact waits for us
    contact.change(external_id=None)
    erasure_journal.note(contact, suppression.hashes_of(pairs))
    return True


def erase_again(entries: Iterable[Entry], *, by: Actor) -> int:
    """In a database from before they were erased, erase those of the journal; how many were. Idempotent."""
    remaining, number = iter(entries), 0
    while batch := list(islice(remaining, BATCH)):
        suppression.keep_hashes([kept for entry in batch for kept in entry["suppressed"]])
        ids = [entry["contact"] for entry in batch]
        number += sum(erase(contact, by=by) for contact in Contact.objects.alive().filter(uuid__in=ids))
    return number


def refuse_erased(contact: Contact) -> None:
    """Raise Refused for an erased contact: no words about them may be stored again."""
    if contact.erased_at:
        raise Refused(_("This contact was erased."))


def data_of(contact: Contact) -> dict[str, object]:
    """What every room holds of a contact, as plain values; times stay datetimes."""
    data: dict[str, object] = {}
    for _room, part in signals.contact_data.send(sender=Contact, contact=contact):
        data |= cast(JsonObject, part)
    return data
