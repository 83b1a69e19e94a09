"""Who must not be written to: suppressed addresses, and contacts who said stop."""

import hashlib
import hmac

from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from csat.lib.refusal import Invalid
from csat.people import addresses
from csat.people.auditing import audit
from csat.people.models import Contact, Suppression
from csat.timeline.kinds import Kind
from csat.timeline.recording import Actor, record

PHONES = {"sms", "whatsapp", "phone", "phone_voice"}  # STOP on one of them counts for all
UNSUBSCRIBED = "unsubscribed"


def suppress(medium: str, address: str, *, reason: str) -> Suppression:
    """Write to this address no more. Idempotent: the first reason stands while it lasts."""
    medium, address = _kept(medium, address)
    found = _find(medium, address).first()
    if found is None:
        found, made = Suppression.objects.get_or_create(
            medium=medium, digest=digests(medium, address)[0], defaults={"address": address, "reason": reason[:40]}
        )
        if made:
            return found
    if found.lifted_at or not found.address:
        found.change(lifted_at=None, address=address, reason=reason[:40] if found.lifted_at else found.reason)
    return found


def lift(medium: str, address: str) -> bool:
    """Write to this address again (START); whether it was suppressed."""
    medium, address = _kept(medium, address)
    return _find(medium, address).filter(lifted_at=None).update(lifted_at=timezone.now(), updated_at=timezone.now()) > 0


@transaction.atomic
def allow(row: Suppression, *, by: Actor) -> bool:
    """The staff lift it, also where only the hash of the address is left; False when it was lifted before."""
    if not row.change(where={"lifted_at": None}, lifted_at=timezone.now()):
        return False
    audit(by, "suppression", before={"id": str(row.uuid), "medium": row.medium, "reason": row.reason}, after={"lifted": True})
    return True


def is_suppressed(medium: str, address: str) -> bool:
    if not address:
        return False
    medium, address = _kept(medium, address)
    return _find(medium, address).filter(lifted_at=None).exists()


def of(contact: Contact) -> list[Suppression]:
    """The suppressions in force on this contact's addresses."""
    pairs = [(Suppression.Medium.EMAIL.value, contact.email), (Suppression.Medium.PHONE.value, contact.phone)]
    wanted = [digest for medium, address in pairs if address for digest in digests(medium, address)]
    return list(Suppression.objects.filter(digest__in=wanted, lifted_at=None))


def blocked() -> Q:
    """Contacts with a suppressed address, as a filter; one of which only the hash is left is not found by it."""
    known = Suppression.objects.filter(lifted_at=None).exclude(address="").values("address")
    return Q(email__in=known.filter(medium=Suppression.Medium.EMAIL)) | Q(phone__in=known.filter(medium=Suppression.Medium.PHONE))


@transaction.atomic
def opt_out(contact: Contact, *, by: Actor, reason: str = UNSUBSCRIBED) -> bool:
    """The contact wants no more surveys, on any channel; False when that was known."""
    if not contact.change(where={"opted_out_at": None}, opted_out_at=timezone.now(), opt_out_reason=reason[:40]):
        return False
    record(Kind.CONTACT_OPTED_OUT, by=by, contact_id=contact.pk, reason=reason[:40])
    return True


@transaction.atomic
def opt_in(contact: Contact, *, by: Actor) -> bool:
    """The contact may be asked again. An address that bounced or said STOP to its carrier stays suppressed."""
    mine = [found.pk for found in of(contact) if found.reason == UNSUBSCRIBED]
    lifted = Suppression.objects.filter(pk__in=mine).update(lifted_at=timezone.now(), updated_at=timezone.now())
    changed = contact.change(where={"opted_out_at__isnull": False}, opted_out_at=None, opt_out_reason="")
    if not (changed or lifted):
        return False
    record(Kind.CONTACT_OPTED_IN, by=by, contact_id=contact.pk)
    return True


def forget(contact: Contact) -> None:
    """Before an erasure: of the suppressed addresses only the keyed hash stays, and so does a wish not to be asked."""
    if contact.opted_out_at:
        for medium, address in ((Suppression.Medium.EMAIL, contact.email), (Suppression.Medium.PHONE, contact.phone)):
            if address and not is_suppressed(medium, address):
                suppress(medium, address, reason=UNSUBSCRIBED)
    for medium, address in ((Suppression.Medium.EMAIL, contact.email), (Suppression.Medium.PHONE, contact.phone)):
        if address:
            _find(medium, address).update(address="", updated_at=timezone.now())


def digests(medium: str, address: str) -> list[str]:
    """The keyed hash of an address under every key there is, the one for new rows first: old rows outlive a key rotation."""
    words = f"suppression|{medium}|{address}".encode()
    return [hmac.digest(key.encode(), words, "sha256").hex() for key in _keys()]


def _keys() -> list[str]:
    derived = hashlib.sha256(f"suppression|{settings.SECRET_KEY}".encode()).hexdigest()
    return [*settings.LINK_KEYS, derived]


def _find(medium: str, address: str) -> QuerySet[Suppression]:
    return Suppression.objects.filter(medium=medium, digest__in=digests(medium, address))


def _kept(medium: str, address: str) -> tuple[str, str]:
    """What cannot be read as an address is kept as it came: a stop must not fail."""
    address = address.removeprefix("whatsapp:").strip()
    try:
        kept = addresses.phone(address) if medium in PHONES else addresses.email(address)
    except Invalid:
        kept = address.lower()
    return (Suppression.Medium.PHONE.value if medium in PHONES else medium), kept
