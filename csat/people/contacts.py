"""Finding the contact somebody speaks of, or making it."""

from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet
from django.utils import timezone as clock
from django.utils.translation import gettext as _

from csat.lib import locks
from csat.lib.refusal import Invalid, Missing, Refused
from csat.people.auditing import audit
from csat.people.details import Details
from csat.people.models import Contact
from csat.timeline.recording import Actor

TRIES = 3
REFRESHED = ("name", "language", "timezone")  # the newest word counts
IDENTITY = ("external_id", "email", "phone")  # in the order they are looked for; filled when missing, never replaced


def find_or_create(
    *,
    email: str | None = "",
    phone: str | None = "",
    name: str | None = "",
    custom_data: dict[str, Any] | None = None,
    language: str | None = "",
    timezone: str | None = "",
    external_id: str | None = None,
) -> tuple[Contact, bool]:
    """The contact with this external_id, else this email, else this phone (first hit wins, nothing is merged); else a new one.

    What the one found lacks is filled in; a name, language or time zone that is told anew replaces the old one.
    Raises Invalid. Safe to run many times at once.
    """
    details = Details.of(
        email=email, phone=phone, name=name, custom_data=custom_data, language=language, timezone=timezone, external_id=external_id
    )
    return find_or_create_many([details])[0]


def find_or_create_many(people: list[Details]) -> list[tuple[Contact, bool]]:
    """The same for many at once, in a few queries; people who are the same person get the same contact."""
    for _attempt in range(TRIES):
        try:
            with transaction.atomic():
                return _find_or_create_many(people)
        except IntegrityError:
            continue  # somebody took the same address a moment ago: now it is found
    raise Refused(_("This contact is being changed right now. Try again."))


def change(contact: Contact, *, by: Actor | None = None, **fields: Any) -> Contact:
    """Set these fields; None or "" empties one. custom_data is merged: a null in it removes its name.

    Audited when `by` is told. Raises Invalid, also when another contact has the email or external id; Missing once erased.
    """
    try:
        return _change(contact, fields, by)
    except IntegrityError:  # taken in this very moment
        _refuse_taken(contact, _cleaned(contact, fields))
        raise


@transaction.atomic
def _change(contact: Contact, fields: dict[str, Any], by: Actor | None) -> Contact:
    contact.lock()
    if contact.erased_at:
        raise Missing(_("There is no such contact."))
    values = {name: value for name, value in _cleaned(contact, fields).items() if getattr(contact, name) != value}
    if values:
        _refuse_taken(contact, values)
        before = {name: getattr(contact, name) for name in values}
        contact.change(**values)
        if by:
            audit(by, "contact", before=before, after=values, contact_id=contact.pk)
    return contact


def _cleaned(contact: Contact, fields: dict[str, Any]) -> dict[str, Any]:
    cleaned = asdict(Details.of(**fields))
    values = {name: cleaned[name] for name in fields}
    if "external_id" in values:
        values["external_id"] = values["external_id"] or None
    if "custom_data" in values:
        values["custom_data"] = _merged(contact.custom_data, values["custom_data"])
    return values


def search(queryset: QuerySet[Contact], text: str) -> QuerySet[Contact]:
    """Contacts whose name, email, phone or external id contains the text."""
    return queryset.filter(matching(text))


def matching(text: str, prefix: str = "") -> Q:
    """The same as a condition; `prefix` is the way to the contact, such as `contact__`."""
    text = text.strip()
    if not text:
        return Q()
    wanted = {"name__icontains": text, "email__icontains": text, "external_id": text}
    digits = "".join(char for char in text if char.isdigit()).lstrip("0")  # a national number has a zero in front
    if len(digits) >= 3 and not any(char.isalpha() for char in text):
        wanted["phone__contains"] = digits
    return Q(*((f"{prefix}{lookup}", value) for lookup, value in wanted.items()), _connector=Q.OR)


class _Known:
    """The contacts at hand, by everything they are known by."""

    def __init__(self, contacts: Iterable[Contact]) -> None:
        self.by: dict[tuple[str, str], Contact] = {}
        for contact in contacts:
            self.add(contact)

    def add(self, contact: Contact) -> None:
        for name in IDENTITY:
            if value := getattr(contact, name):
                self.by.setdefault((name, value), contact)

    def find(self, details: Details) -> Contact | None:
        for name in IDENTITY:
            if contact := self.by.get((name, getattr(details, name))):
                return contact
        return None

    def free(self, name: str, value: str) -> bool:
        return (name, value) not in self.by


def _find_or_create_many(people: list[Details]) -> list[tuple[Contact, bool]]:
    locks.hold(f"phone {details.phone}" for details in people if details.phone)  # email and external_id have their constraints
    known, answer = _Known(_candidates(people)), []
    new: list[Contact] = []
    changed: dict[int, tuple[Contact, set[str]]] = {}
    for details in people:
        contact = known.find(details)
        if created := contact is None:
            contact = _made(details)
            new.append(contact)
        elif names := _fill(contact, details, known):
            changed[id(contact)] = (contact, changed.get(id(contact), (contact, set()))[1] | names)
        known.add(contact)
        answer.append((contact, created))
    Contact.objects.bulk_create(sorted(new, key=lambda contact: contact.email))  # one order: nobody waits for each other
    _save([pair for pair in changed.values() if pair[0] not in new])
    return answer


def _candidates(people: list[Details]) -> Iterable[Contact]:
    match = Q()
    for name in IDENTITY:
        if values := {value for details in people if (value := getattr(details, name))}:
            match |= Q(**{f"{name}__in": values})
    if not match:
        return []
    return Contact.objects.alive().select_for_update(no_key=True).filter(match).order_by("id")


def _made(details: Details) -> Contact:
    return Contact(**(asdict(details) | {"external_id": details.external_id or None}))


def _fill(contact: Contact, details: Details, known: _Known) -> set[str]:
    """Take over what is new; the names of what changed."""
    values: dict[str, Any] = {name: value for name in REFRESHED if (value := getattr(details, name))}
    for name in IDENTITY:
        value = getattr(details, name)
        if value and not getattr(contact, name) and known.free(name, value):
            values[name] = value
    values["custom_data"] = _merged(contact.custom_data, details.custom_data)
    changed = {name for name, value in values.items() if getattr(contact, name) != value}
    for name in changed:
        setattr(contact, name, values[name])
    return changed


def _merged(old: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in {**old, **new}.items() if not (value is None and name in new)}


def _save(changed: list[tuple[Contact, set[str]]]) -> None:
    if not changed:
        return
    now = clock.now()
    for contact, _names in changed:
        contact.updated_at = now
    names = set().union(*(names for _contact, names in changed)) | {"updated_at"}
    Contact.objects.bulk_update([contact for contact, _names in changed], sorted(names))


def _refuse_taken(contact: Contact, values: dict[str, Any]) -> None:
    for name in ("email", "external_id"):
        if values.get(name) and Contact.objects.exclude(pk=contact.pk).filter(**{name: values[name]}).exists():
            text = _("Another contact has this address.") if name == "email" else _("Another contact has this external id.")
            raise Invalid(text, fields={name: [text]})
