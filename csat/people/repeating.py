"""Idempotency keys: a POST repeated under the same key is answered as the first one was, for 24 hours."""

from datetime import timedelta

from django.utils import timezone
from django.utils.translation import gettext as _

from csat.lib.refusal import Invalid, Refused
from csat.people.models import ApiKey, Contact, IdempotencyRecord

KEPT = timedelta(hours=24)
LEASE = timedelta(minutes=5)  # a request that has not ended by then died, and its transaction with it


def begin(key: ApiKey, *, name: str, fingerprint: str) -> IdempotencyRecord:
    """The record of this request: `status` is set when it was answered before. Raises Invalid for other parameters under
    the same name, Refused while the first is still running."""
    if len(name) > 255:
        raise Invalid(fields={"Idempotency-Key": [_("Use at most 255 characters.")]})
    record, made = IdempotencyRecord.objects.get_or_create(key=key, name=name, defaults={"fingerprint": fingerprint})
    if made:
        return record
    if record.started_at < timezone.now() - KEPT:
        return _again(record, fingerprint)
    if record.fingerprint != fingerprint:
        raise Invalid(_("This idempotency key was used with other parameters."), fields={"Idempotency-Key": [_("Already used.")]})
    if record.status is not None:
        return record
    if record.started_at > timezone.now() - LEASE:
        raise Refused(_("A request with this idempotency key is still running."))
    return _again(record, fingerprint)


def finish(record: IdempotencyRecord, *, status: int, body: str) -> None:
    """Keep the answer; call it in the transaction of the work itself."""
    IdempotencyRecord.objects.filter(pk=record.pk).update(status=status, body=body)


def forget(record: IdempotencyRecord) -> None:
    """It came to nothing: the same key may be tried again."""
    IdempotencyRecord.objects.filter(pk=record.pk, status=None).delete()


def forget_contact(contact: Contact) -> int:
    """Answers kept for repetition may name a person: erased with them."""
    return IdempotencyRecord.objects.filter(body__contains=str(contact.uuid)).delete()[0]


def clean() -> int:
    """Drop what is older than it is kept; nightly."""
    return IdempotencyRecord.objects.filter(started_at__lt=timezone.now() - KEPT).delete()[0]


def _again(record: IdempotencyRecord, fingerprint: str) -> IdempotencyRecord:
    if not record.restart(fingerprint):
        raise Refused(_("A request with this idempotency key is still running."))
    return record
