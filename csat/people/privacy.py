"""What is kept of a contact in this room, in the admin's log and under idempotency keys."""

from collections.abc import Collection, Iterable
from typing import Any

from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db.models import Model, QuerySet

from csat.channels import privacy as channel_privacy
from csat.lib.rows import fields_of
from csat.lib.types import JsonObject
from csat.people import addresses, idempotency, suppression
from csat.people.models import Contact, IdempotencyRecord, Suppression
from csat.timeline import redaction
from csat.timeline.models import Event

BLANK: JsonObject = {
    "name": "",
    "email": "",
    "phone": "",
    "external_id": None,
    "language": "",
    "timezone": "",
    "custom_data": {},
    "opt_out_reason": "",
}
PERSONAL: dict[type[Model], Collection[str]] = {
    Contact: BLANK,
    Suppression: ["address"],
    IdempotencyRecord: ["body"],
    LogEntry: ["object_repr", "change_message"],
}
EXPORTED = (
    "uuid", "name", "email", "phone", "external_id", "language", "timezone", "custom_data", "opted_out_at",
    "opt_out_reason", "created_at",
)  # fmt: skip


def erase(contact: Contact) -> None:
    """Erase it all but the row itself. Call it before the contact's addresses are blanked."""
    suppression.keep_opt_out(contact)
    erase_addresses(suppression.addresses_of(contact))
    idempotency.erase(contact)
    redaction.redact(Event.objects.filter(contact_id=contact.pk, session_id=None))
    _rename_log_entries(Contact, [contact.pk])


def erase_addresses(pairs: Iterable[tuple[str, str]]) -> None:
    """These (medium, address) belong to one person: of a suppression only the hash stays."""
    pairs = list(pairs)
    _rename_log_entries(Suppression, suppression.erase_addresses(pairs))
    channel_privacy.erase_addresses(
        set().union(*(addresses.spellings(medium, address) for medium, address in pairs))
    )


def export(contact: Contact, **_: Any) -> JsonObject:
    return {
        "contact": fields_of(contact, EXPORTED),
        "suppressions": [
            {"medium": row.medium, "reason": row.reason} for row in suppression.suppressions_of(contact)
        ],
        "admin log": [
            {"at": entry.action_time, "name": entry.object_repr}
            for entry in _log_entries(Contact, [contact.pk]).order_by("pk")
        ],
    }


def _rename_log_entries(model: type[Model], pks: list[int]) -> None:
    """The admin's log names a row by what it was called when it was changed."""
    _log_entries(model, pks).update(object_repr="–", change_message="")


def _log_entries(model: type[Model], pks: list[int]) -> QuerySet[LogEntry]:
    content_type = ContentType.objects.get_for_model(model)
    return LogEntry.objects.filter(content_type=content_type, object_id__in=[str(pk) for pk in pks])
