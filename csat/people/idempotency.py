"""Idempotency keys: a POST repeated under the same key gets the first answer again, for 24 hours."""

from collections.abc import Iterable
from datetime import timedelta

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from csat.lib.refusal import Invalid, Refused
from csat.people.models import ApiKey, Contact, IdempotencyRecord

KEPT = timedelta(hours=24)
LEASE = timedelta(minutes=5)  # a request that takes longer is taken for dead


def begin(key: ApiKey, *, name: str, fingerprint: str) -> IdempotencyRecord:
    """The record of this request; its `status` is set when it was answered before, be it under the key that
    this one took the place of, or under the one that took its place.

    Raises Invalid for other parameters under the same name, Refused while the first request is running.
    """
    if len(name) > 255:
        raise Invalid(fields={"Idempotency-Key": [_("Use at most 255 characters.")]})
    record, is_new = IdempotencyRecord.objects.get_or_create(
        key_id=key.line_id, name=name, defaults={"fingerprint": fingerprint}
    )
    if is_new:
        return record
    if record.started_at < timezone.now() - KEPT:
        return _restart(record, fingerprint)
    if record.fingerprint != fingerprint:
        raise Invalid(
            _("This idempotency key was used with other parameters."),
            fields={"Idempotency-Key": [_("Already used.")]},
        )
    if record.status is not None:
        return record
    if record.started_at > timezone.now() - LEASE:
        raise Refused(_("A request with this idempotency key is still running."))
    return _restart(record, fingerprint)


def finish(record: IdempotencyRecord, *, status: int, body: str, contact_ids: Iterable[int] = ()) -> None:
    """Keep the answer, and whom it is about; call it in the transaction of the work itself."""
    contacts = " ".join(map(str, ("", *contact_ids, "")))
    IdempotencyRecord.objects.filter(pk=record.pk).update(status=status, body=body, contacts=contacts)


def discard(record: IdempotencyRecord) -> None:
    """The request failed: the same key may be used again."""
    IdempotencyRecord.objects.filter(pk=record.pk, status=None).delete()


def erase(contact: Contact) -> int:
    """Delete the answers that are about this contact, or name it; returns how many."""
    about = Q(contacts__contains=f" {contact.pk} ") | Q(body__contains=str(contact.uuid))
    return IdempotencyRecord.objects.filter(about).delete()[0]


def remove_words(contact_id: int, **_: object) -> None:
    """A customer has withdrawn a comment, which an answer may repeat: answers about them go."""
    IdempotencyRecord.objects.filter(contacts__contains=f" {contact_id} ").exclude(status=None).delete()


def delete_expired() -> int:
    """Delete records older than 24 hours; returns how many. Run nightly."""
    return IdempotencyRecord.objects.filter(started_at__lt=timezone.now() - KEPT).delete()[0]


def _restart(record: IdempotencyRecord, fingerprint: str) -> IdempotencyRecord:
    if not record.restart(fingerprint):
        raise Refused(_("A request with this idempotency key is still running."))
    return record
