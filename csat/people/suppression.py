"""Suppressed addresses, and contacts who opted out.

A suppression is found by its address, however that is spelled, and after an erasure by its keyed hash.
"""

import hashlib
import hmac
from collections import defaultdict
from collections.abc import Collection, Iterable
from functools import reduce
from operator import or_

from django.conf import settings
from django.db import transaction
from django.db.models import Count, F, Q
from django.db.models.lookups import In
from django.utils import timezone

from csat.lib.tokens import key_id
from csat.people import address_sql, addresses
from csat.people.audit_actions import AuditAction
from csat.people.audit_log import audit
from csat.people.erasure_journal import KeptHash, Wish, note_wish
from csat.people.models import Contact, Suppression, SuppressionReason
from csat.timeline.kinds import ActorKind, Kind
from csat.timeline.payloads import OptedOut
from csat.timeline.recording import Actor, record

# what people say holds for their whole mailbox, what a provider reports for the one address
STOPS = (SuppressionReason.STOP_WORD, SuppressionReason.UNSUBSCRIBED, SuppressionReason.COMPLAINED)


def suppress(medium: str, address: str, *, reason: SuppressionReason) -> Suppression:
    """Suppress this address. Idempotent: the first reason stays until it is lifted; only a STOP replaces a
    bounce.
    """
    medium, address = _place(medium, address)
    if reason in STOPS:
        address = addresses.mailbox_of(medium, address)
    in_force_first = F("lifted_at").asc(nulls_first=True)
    row = Suppression.objects.filter(_matches(medium, address)).order_by(in_force_first, "id").first()
    if row is None:
        key = _keys()[0]
        values = {"address": address, "reason": reason, "key_id": key_id(key)}
        row, is_new = Suppression.objects.get_or_create(
            medium=medium, digest=_digest(key, medium, address), defaults=values
        )
        if is_new:
            note_wish([_kept(row)], stops=True)
            return row
    if row.lifted_at:
        row.change(lifted_at=None, address=address, reason=reason)
        note_wish([_kept(row)], stops=True)
    elif reason in STOPS and row.reason not in STOPS:
        row.change(reason=reason)
        note_wish([_kept(row)], stops=True)
    return row


def lift(medium: str, address: str) -> bool:
    """Lift the suppression of this address (START); False when there was none but by staff."""
    rows = Suppression.objects.filter(_covers(*_place(medium, address)), lifted_at=None)
    return _lift(list(rows.exclude(reason=SuppressionReason.STAFF))) > 0


def _lift(rows: list[Suppression]) -> int:
    if not rows:
        return 0
    note_wish([_kept(row) for row in rows], stops=False)
    now = timezone.now()
    in_force = Suppression.objects.filter(pk__in=[row.pk for row in rows], lifted_at=None)
    return in_force.update(lifted_at=now, updated_at=now)


@transaction.atomic
def lift_by_staff(row: Suppression, *, by: Actor) -> bool:
    """Lift a suppression, even if only its hash is left; False when it was lifted before."""
    if not row.change(where={"lifted_at": None}, lifted_at=timezone.now()):
        return False
    note_wish([_kept(row)], stops=False)
    audit(
        by,
        AuditAction.SUPPRESSION_LIFTED,
        before={"medium": row.medium, "reason": row.reason},
        target=row,
    )
    return True


def is_suppressed(medium: str, address: str) -> bool:
    return (medium, address) in suppressed_among([(medium, address)])


def suppressed_among(pairs: Iterable[tuple[str, str]]) -> set[tuple[str, str]]:
    """Which of these (medium, address) are suppressed, by one query."""
    of_address: defaultdict[tuple[str, str], set[tuple[str, str]]] = defaultdict(set)
    of_mailbox: defaultdict[tuple[str, str], set[tuple[str, str]]] = defaultdict(set)
    for pair in {pair for pair in pairs if pair[1]}:
        medium, address = _place(*pair)
        for form in addresses.spellings(medium, address):
            of_address[medium, form].add(pair)
        for form in addresses.spellings(medium, addresses.mailbox_of(medium, address)):
            of_mailbox[medium, form].add(pair)
    places = of_address.keys() | of_mailbox.keys()
    if not places:
        return set()
    hashed = {(place[0], digest): place for place in places for digest in digests(*place)}
    match = Q(address__in={form for _medium, form in places})
    match |= Q(
        address="",
        medium__in={medium for medium, _form in places},
        digest__in={digest for _medium, digest in hashed},
    )
    found: set[tuple[str, str]] = set()
    for row in Suppression.objects.filter(match, lifted_at=None):
        place = (row.medium, row.address) if row.address else hashed.get((row.medium, row.digest), ("", ""))
        found |= of_address.get(place, set())
        found |= of_mailbox.get(place, set()) if row.reason in STOPS else set()
    return found


def suppressions_of(contact: Contact) -> list[Suppression]:
    """The suppressions in force on this contact's addresses."""
    return list(_rows_of(addresses_of(contact), lifted_at=None))


def has_suppressed_address() -> Q:
    """A filter for contacts with a suppressed address; one whose address was erased does not count."""
    rows = Suppression.objects.filter(lifted_at=None).exclude(address="")
    emails, numbers = (
        rows.filter(medium=Suppression.Medium.EMAIL),
        rows.filter(medium=Suppression.Medium.PHONE),
    )
    return (
        Q(email__in=emails.values("address"))
        | Q(In(address_sql.mailbox(), emails.filter(reason__in=STOPS).values("address")))
        | Q(phone__in=numbers.values("address"))
        | Q(In(address_sql.other_spelling(), numbers.values("address")))
    )


@transaction.atomic
def opt_out(
    contact: Contact, *, by: Actor, reason: SuppressionReason = SuppressionReason.UNSUBSCRIBED
) -> bool:
    """The contact wants no surveys on any channel; False when they had opted out before.

    What staff stops after the contact did is stopped by staff: only staff allows it again.
    """
    stopped_before = Q(opted_out_at__isnull=False)
    if reason == SuppressionReason.STAFF:
        stopped_before &= Q(opt_out_reason=reason)
    values = {"opted_out_at": timezone.now(), "opt_out_reason": reason, "updated_at": timezone.now()}
    if not Contact.objects.filter(~stopped_before, pk=contact.pk).update(**values):
        return False
    contact.refresh_from_db(fields=list(values))
    note_wish(_hashes_of_addresses(contact, reason), stops=True, reason=reason, contact=contact)
    record(Kind.CONTACT_OPTED_OUT, by=by, contact_id=contact.pk, **OptedOut(reason=reason))
    if reason == SuppressionReason.STAFF:
        audit(by, AuditAction.CONTACT_OPTED_OUT, target=contact, contact_id=contact.pk)
    return True


@transaction.atomic
def opt_in(contact: Contact, *, by: Actor) -> bool:
    """Undo `opt_out`. Addresses suppressed for another reason (bounce, STOP) stay suppressed, and the contact
    does not undo what staff did.
    """
    if by.kind == ActorKind.CONTACT and contact.opt_out_reason == SuppressionReason.STAFF:
        return False
    lifted = _lift([row for row in suppressions_of(contact) if row.reason == SuppressionReason.UNSUBSCRIBED])
    changed = contact.change(where={"opted_out_at__isnull": False}, opted_out_at=None, opt_out_reason="")
    if not (changed or lifted):
        return False
    note_wish(_hashes_of_addresses(contact, ""), stops=False, contact=contact)
    record(Kind.CONTACT_OPTED_IN, by=by, contact_id=contact.pk)
    if by.user_id:
        audit(by, AuditAction.CONTACT_OPTED_IN, target=contact, contact_id=contact.pk)
    return True


def keep_opt_out(contact: Contact) -> None:
    """Before an erasure: an opt-out stays as a suppression of the addresses."""
    for medium, address in addresses_of(contact) if contact.opted_out_at else ():
        if not is_suppressed(medium, address):
            suppress(medium, address, reason=SuppressionReason.UNSUBSCRIBED)


def erase_addresses(pairs: Iterable[tuple[str, str]]) -> list[int]:
    """Of these (medium, address) only the hash stays; the primary keys of their suppressions."""
    pks = []
    for row in _rows_of(pairs):
        pks.append(row.pk)
        if row.address:
            pks.append(_forget_address(row).pk)
    return pks


def _forget_address(row: Suppression) -> Suppression:
    """Leave the hash under the present key, in this row or in that of an earlier erasure."""
    key = _keys()[0]
    digest = _digest(key, row.medium, row.address)
    twin = Suppression.objects.filter(medium=row.medium, digest=digest).exclude(pk=row.pk).first()
    if twin is None:
        row.change(address="", digest=digest, key_id=key_id(key))
        return row
    in_force = row if row.lifted_at is None else twin
    twin.change(address="", lifted_at=in_force.lifted_at, reason=in_force.reason)
    row.delete()
    return twin


def hashes_of(pairs: Iterable[tuple[str, str]]) -> list[KeptHash]:
    """Of these (medium, address), erased already, the suppressions in force: their hashes, to be kept."""
    return [_kept(row) for row in _rows_of(pairs, lifted_at=None) if not row.address]


def keep_hashes(hashes: Iterable[KeptHash]) -> None:
    """Suppress addresses of which only these hashes are known; one that is suppressed stays as it is."""
    Suppression.objects.bulk_create([Suppression(**kept) for kept in hashes], ignore_conflicts=True)


def wish_again(wishes: Iterable[Wish], *, by: Actor) -> None:
    """In a database from before, what people wished since then, in its order. Idempotent.

    Of a contact who is not there yet, and of an address alone, the hashes are kept.
    """
    for wish in wishes:
        uuid = wish["contact"]
        contact = Contact.objects.alive().filter(uuid=uuid).first() if uuid else None
        if contact and wish["stops"]:
            known = wish["reason"] in SuppressionReason.values  # not one of a later version
            reason = SuppressionReason(wish["reason"]) if known else SuppressionReason.UNSUBSCRIBED
            opt_out(contact, by=by, reason=reason)
        elif contact:
            opt_in(contact, by=by)
        else:
            for kept in wish["addresses"]:
                _wish_again_of(kept, stops=wish["stops"])


def _wish_again_of(kept: KeptHash, *, stops: bool) -> None:
    rows = Suppression.objects.filter(medium=kept["medium"], digest=kept["digest"])
    if not stops:
        rows.filter(lifted_at=None).update(lifted_at=timezone.now(), updated_at=timezone.now())
    elif not rows.update(lifted_at=None, reason=kept["reason"], updated_at=timezone.now()):
        keep_hashes([kept])


def _kept(row: Suppression) -> KeptHash:
    return KeptHash(medium=row.medium, digest=row.digest, key_id=row.key_id, reason=row.reason)


def _hashes_of_addresses(contact: Contact, reason: str) -> list[KeptHash]:
    key = _keys()[0]
    return [
        KeptHash(medium=kind, digest=_digest(key, kind, address), key_id=key_id(key), reason=reason)
        for kind, address in (_place(*pair) for pair in addresses_of(contact))
    ]


def unknown_keys() -> dict[str, int]:
    """How many suppressions in force are hashes under a key that is not there, by the key's id."""
    known = {"", *(key_id(key) for key in _keys())}
    rows = Suppression.objects.filter(address="", lifted_at=None).exclude(key_id__in=known).order_by()
    return dict(rows.values_list("key_id").annotate(Count("pk")))


def addresses_of(contact: Contact) -> list[tuple[str, str]]:
    pairs = [(Suppression.Medium.EMAIL.value, contact.email), (Suppression.Medium.PHONE.value, contact.phone)]
    return [(medium, address) for medium, address in pairs if address]


def digests(medium: str, address: str) -> list[str]:
    """The address's hash under each key, the newest key first: old rows outlive a key rotation."""
    return [_digest(key, medium, address) for key in _keys()]


def _digest(key: str, medium: str, address: str) -> str:
    return hmac.digest(key.encode(), f"suppression|{medium}|{address}".encode(), "sha256").hex()


def _keys() -> list[str]:
    """LINK_KEYS, then those made of SECRET_KEY and of former ones, which may stand among LINK_KEYS."""
    secrets = [settings.SECRET_KEY, *settings.LINK_KEYS]
    return [
        *settings.LINK_KEYS,
        *(hashlib.sha256(f"suppression|{one}".encode()).hexdigest() for one in secrets),
    ]


def _rows_of(pairs: Iterable[tuple[str, str]], **lookups: object) -> Collection[Suppression]:
    matches = [_covers(*_place(medium, address)) for medium, address in pairs]
    return Suppression.objects.filter(reduce(or_, matches), **lookups) if matches else ()


def _covers(medium: str, address: str) -> Q:
    """Rows that stop this address: its own, and a STOP of its mailbox."""
    mailbox = addresses.mailbox_of(medium, address)
    return _matches(medium, address) | (_matches(medium, mailbox) & Q(reason__in=STOPS))


def _matches(medium: str, address: str) -> Q:
    """Rows of this very address, however it is spelled."""
    forms = addresses.spellings(medium, address)
    hashed = [digest for form in forms for digest in digests(medium, form)]
    return Q(medium=medium) & (Q(address__in=forms) | Q(address="", digest__in=hashed))


def _place(medium: str, address: str) -> tuple[str, str]:
    """Both as they are stored: STOP on one channel counts for all that need the same address."""
    kind = addresses.kind_of(medium)
    address = addresses.stored(kind, address)
    return kind, address if kind in addresses.STORED else address.lower()
