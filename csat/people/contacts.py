"""Finding, creating, changing and searching contacts."""

import unicodedata
from collections.abc import Iterable
from dataclasses import asdict

from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet
from django.utils import timezone as clock
from django.utils.translation import gettext as _

from csat import signals
from csat.lib import advisory_lock
from csat.lib.json_limits import merge
from csat.lib.refusal import Invalid, Missing, Refused
from csat.lib.rows import insert
from csat.lib.text import identifier, one_line
from csat.lib.types import JsonObject
from csat.people import addresses
from csat.people.audit_actions import AuditAction
from csat.people.audit_log import audit
from csat.people.details import Details
from csat.people.models import Contact
from csat.timeline.recording import Actor

TRIES = 3
REFRESHED = ("name", "language", "timezone")  # the latest value replaces the stored one
CLOCK = {"timezone", "phone"}  # of which one says by whose clock surveys leave
# in the order they are looked for; filled in when missing, never replaced
IDENTITY = ("external_id", "email", "phone")


def find_or_create(
    *,
    email: str | None = "",
    phone: str | None = "",
    name: str | None = "",
    custom_data: JsonObject | None = None,
    language: str | None = "",
    timezone: str | None = "",
    external_id: str | None = None,
) -> tuple[Contact, bool]:
    """The contact with this external_id, else email, else phone (contacts are never merged), else a new one.

    Missing addresses are filled in; a new name, language or time zone replaces the old one.
    The flag: whether it is new. Raises Invalid. Safe to run concurrently.
    """
    details = Details.from_input(
        email=email,
        phone=phone,
        name=name,
        custom_data=custom_data,
        language=language,
        timezone=timezone,
        external_id=external_id,
    )
    return find_or_create_many([details])[0]


def find_or_create_many(people: list[Details]) -> list[tuple[Contact, bool]]:
    """`find_or_create` for many, in a few queries; the same person gets the same contact."""
    for _attempt in range(TRIES):
        try:
            with transaction.atomic():
                return _find_or_create_many(people)
        except IntegrityError:
            continue  # another request has just taken the same address: now it is found
    raise Refused(_("This contact is being changed right now. Try again."))


def change(contact: Contact, *, by: Actor | None = None, **fields: object) -> Contact:
    """Set these fields; None or "" empties one. custom_data is merged: a null in it removes its name.

    Audited when `by` is given. Raises Invalid, also when another contact has the email or external id,
    and Missing for an erased contact.
    """
    try:
        return _change(contact, fields, by)
    except IntegrityError:  # another request has just taken it
        _refuse_taken(contact, _cleaned(contact, fields))
        raise


@transaction.atomic
def _change(contact: Contact, fields: JsonObject, by: Actor | None) -> Contact:
    contact.lock()
    if contact.erased_at:
        raise Missing(_("There is no such contact."))
    values = {
        name: value for name, value in _cleaned(contact, fields).items() if getattr(contact, name) != value
    }
    if values:
        _refuse_taken(contact, values)
        contact.change(**values)
        _tell_moved([contact] if CLOCK & values.keys() else [])
        if by:
            audit(
                by,
                AuditAction.CONTACT_CHANGED,
                after={"changed": sorted(values)},
                target=contact,
                contact_id=contact.pk,
            )
    return contact


def _cleaned(contact: Contact, fields: JsonObject) -> JsonObject:
    cleaned = asdict(Details.from_input(**fields))
    values = {name: cleaned[name] for name in fields}
    if "external_id" in values:
        values["external_id"] = values["external_id"] or None
    if "custom_data" in values:
        values["custom_data"] = merge(contact.custom_data, values["custom_data"])
    return values


def search(queryset: QuerySet[Contact], text: str) -> QuerySet[Contact]:
    """Contacts whose name, email, phone or external id contains the text."""
    return queryset.filter(matches(text))


def matches(text: str, prefix: str = "") -> Q:
    """`search` as a condition; `prefix` is the path to the contact, such as `contact__`."""
    external_id, text = identifier(text), one_line(text)
    if not text:
        return Q()
    lookups: JsonObject = {
        "name__folded_contains": text,
        "email__folded_contains": text,
        "external_id": external_id,
    }
    if "@" in text:
        lookups["email__in"] = addresses.spellings("email", text)
    # a national number has a zero in front
    digits = "".join(str(unicodedata.decimal(char)) for char in text if char.isdecimal()).lstrip("0")
    if len(digits) >= 3 and not any(char.isalpha() for char in text):
        lookups["phone__contains"] = digits
        lookups["phone__in"] = addresses.spellings("phone", f"+{digits}")
    return Q(*((f"{prefix}{lookup}", value) for lookup, value in lookups.items()), _connector=Q.OR)


class _Index:
    """Contacts by external id, email and phone, however these are spelled."""

    def __init__(self, contacts: Iterable[Contact]) -> None:
        self.by_identity: dict[tuple[str, str], Contact] = {}
        for contact in contacts:
            self.add(contact)

    def add(self, contact: Contact) -> None:
        for name in IDENTITY:
            if value := getattr(contact, name):
                self.by_identity.setdefault((name, addresses.key(name, value)), contact)

    def find(self, details: Details) -> Contact | None:
        for name in IDENTITY:
            if contact := self.by_identity.get((name, addresses.key(name, getattr(details, name)))):
                return contact
        return None

    def is_free(self, name: str, value: str) -> bool:
        return (name, addresses.key(name, value)) not in self.by_identity


def _find_or_create_many(people: list[Details]) -> list[tuple[Contact, bool]]:
    # email and external_id have unique constraints, phone has none
    phones = (addresses.key("phone", details.phone) for details in people if details.phone)
    advisory_lock.acquire(f"phone {phone}" for phone in phones)
    index = _Index(_candidates(people))
    pairs: list[tuple[Contact, bool]] = []
    new: list[Contact] = []
    changed: dict[int, tuple[Contact, set[str]]] = {}
    for details in people:
        contact = index.find(details)
        if created := contact is None:
            contact = Contact(**(asdict(details) | {"external_id": details.external_id or None}))
            new.append(contact)
        elif names := _update_from(contact, details, index):
            changed[id(contact)] = (contact, changed.get(id(contact), (contact, set()))[1] | names)
        index.add(contact)
        pairs.append((contact, created))
    # in one order, so that no two callers wait for each other
    insert(sorted(new, key=lambda contact: contact.email))
    known = [pair for pair in changed.values() if pair[0] not in new]
    _save(known)
    _tell_moved([contact for contact, names in known if CLOCK & names])
    return pairs


def _tell_moved(moved: list[Contact]) -> None:
    if moved:
        signals.contacts_moved.send(sender=Contact, contacts=[contact.pk for contact in moved])


def _candidates(people: list[Details]) -> Iterable[Contact]:
    match = Q()
    for name in IDENTITY:
        given = {value for details in people if (value := getattr(details, name))}
        if given:
            values = set().union(*(addresses.spellings(name, value) for value in given))
            match |= Q(**{f"{name}__in": values})
    if not match:
        return []
    return Contact.objects.alive().select_for_update(no_key=True).filter(match).order_by("id")


def _update_from(contact: Contact, details: Details, index: _Index) -> set[str]:
    """Take over new values, unsaved; returns the names of the changed fields."""
    values: JsonObject = {name: value for name in REFRESHED if (value := getattr(details, name))}
    for name in IDENTITY:
        value = getattr(details, name)
        if value and not getattr(contact, name) and index.is_free(name, value):
            values[name] = value
    values["custom_data"] = merge(contact.custom_data, details.custom_data)
    changed = {name for name, value in values.items() if getattr(contact, name) != value}
    for name in changed:
        setattr(contact, name, values[name])
    return changed


def _save(changed: list[tuple[Contact, set[str]]]) -> None:
    if not changed:
        return
    now = clock.now()
    for contact, _names in changed:
        contact.updated_at = now
    names = set().union(*(names for _contact, names in changed)) | {"updated_at"}
    Contact.objects.bulk_update([contact for contact, _names in changed], sorted(names))


def _refuse_taken(contact: Contact, values: JsonObject) -> None:
    for name in ("email", "external_id"):
        others = Contact.objects.exclude(pk=contact.pk)
        known = addresses.spellings(name, values[name]) if values.get(name) else ()
        if known and others.filter(**{f"{name}__in": known}).exists():
            text = (
                _("Another contact has this address.")
                if name == "email"
                else _("Another contact has this external id.")
            )
            raise Invalid(text, fields={name: [text]})
