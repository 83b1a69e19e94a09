"""What is kept of a contact in webhooks: that they were sent, and when, stays."""

import json
from collections.abc import Collection
from typing import Any

from django.db.models import Model, QuerySet

from csat.lib import word_removal
from csat.lib.rows import fields_of
from csat.lib.types import JsonObject
from csat.people.models import Contact
from csat.webhooks import bodies
from csat.webhooks.models import NO_BODY, WebhookAttempt, WebhookBody

BLANK: JsonObject = {"body": NO_BODY, "attempts": []}
PERSONAL: dict[type[Model], Collection[str]] = {WebhookAttempt: BLANK, WebhookBody: BLANK}
BATCH = 5000
EXPORTED = ("created_at", "type", "state", "body", "delivered_at")


def erase(contact: Contact, **_: Any) -> None:
    """Blank all bodies about an erased contact and cancel what is waiting, but for `contact.erased`."""
    _blank(WebhookAttempt.objects.filter(contact_id=contact.pk).exclude(type="contact.erased"))


def blank(session_ids: list[int], **_: Any) -> None:
    """This room's part of forgetting the words of conversations."""
    of_sessions = WebhookAttempt.objects.filter(event__session_id__in=session_ids)
    ids = list(of_sessions.order_by().values_list("pk", flat=True))
    for start in range(0, len(ids), BATCH):
        _blank(WebhookAttempt.objects.filter(pk__in=ids[start : start + BATCH]))


def remove_words(session_id: int, words: Collection[str], **_: Any) -> None:
    """Take what the customer said with a rating out of the bodies about this conversation."""
    attempts = WebhookAttempt.objects.filter(event__session_id=session_id)
    bodies.put_back(attempts)  # what was moved is moved again afterwards
    for attempt in attempts.exclude(body=NO_BODY).order_by("pk").iterator():
        envelope = json.loads(attempt.body)
        left = word_removal.without(envelope, words, quoted=True)
        if left != envelope:
            body = json.dumps(left, ensure_ascii=False, separators=(",", ":"))
            attempt.change(body=body, attempts=[log | {"answer": ""} for log in attempt.attempts])


def export(contact: Contact, **_: Any) -> JsonObject:
    attempts = list(
        WebhookAttempt.objects.filter(contact_id=contact.pk).order_by("pk").select_related("endpoint")
    )
    bodies.read_into(attempts)
    return {"webhooks": [fields_of(row, EXPORTED) | {"to": row.endpoint.url} for row in attempts]}


def _blank(attempts: QuerySet[WebhookAttempt]) -> None:
    attempts = attempts.order_by()
    attempts.filter(state=WebhookAttempt.State.PENDING).update(state=WebhookAttempt.State.FAILED)
    attempts.update(**BLANK)  # before their bodies go: whoever moves one at this moment ends first
    bodies.delete_of(attempts)
