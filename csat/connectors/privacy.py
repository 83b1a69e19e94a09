"""What help desks sent of a contact, and what was written back to them."""

import json
from collections.abc import Collection
from functools import reduce
from operator import or_
from typing import Any

from django.db.models import Model, Q

from csat.connectors import bodies, writing_back
from csat.connectors.models import (
    ERASED_BODY,
    NO_BODY,
    ConnectedMessage,
    ConversationOrigin,
    InboundBody,
    InboundEvent,
    WriteBack,
)
from csat.lib import word_removal
from csat.lib.rows import fields_of
from csat.lib.types import JsonObject
from csat.people.models import Contact

BLANK: JsonObject = {"body": ERASED_BODY, "headers": {}, "text": ""}
PERSONAL: dict[type[Model], Collection[str]] = {
    InboundEvent: [*BLANK, "event"],
    InboundBody: ["body", "headers"],
    ConversationOrigin: ["external_id", "url", "inbox", "status", "note_id"],
    ConnectedMessage: ["external_id"],
    WriteBack: ["error"],
}
EXPORTED = ("created_at", "event", "outcome", "text", "body")


def erase(contact: Contact, addresses: Collection[str] = (), **_: Any) -> None:
    """Blank every event about an erased contact, also those that nobody has applied yet, and take back what
    was written to the help desk; a conversation there is forgotten when that is done.
    """
    mine = Q(contact_id=contact.pk)
    if addresses:
        quotes = reduce(or_, (Q(body__icontains=address) for address in addresses))
        moved = InboundBody.objects.filter(quotes).values("event_id")
        mine |= Q(contact_id=None) & (quotes | Q(pk__in=moved))
    pks = list(InboundEvent.objects.filter(mine).order_by("pk").values_list("pk", flat=True))
    events = InboundEvent.objects.filter(pk__in=pks)
    events.update(**BLANK, event="", outcome=InboundEvent.Outcome.IGNORED, next_try=None)
    InboundBody.objects.filter(event_id__in=pks).delete()
    origins = ConversationOrigin.objects.filter(session__contact=contact)
    ConnectedMessage.objects.filter(origin__in=origins).delete()
    writing_back.withdraw(origins)
    WriteBack.objects.filter(session__contact=contact, withdrawn=False).delete()
    waiting = WriteBack.objects.filter(withdrawn=True).values("session")
    origins.exclude(session__in=waiting).delete()
    origins.update(url="", inbox="", status="")


def blank(session_ids: list[int], **_: Any) -> None:
    """This room's part of forgetting the words of conversations."""
    events = InboundEvent.objects.filter(session__in=session_ids)
    events.update(**BLANK)  # before their bodies go: whoever moves one at this moment ends first
    bodies.delete_of(events)
    WriteBack.objects.filter(session__in=session_ids).update(error="")


def remove_words(session_id: int, words: Collection[str], **_: Any) -> None:
    """What the customer said with a rating came back in events about our own note; the note itself is
    rewritten by `writing_back`.
    """
    events = InboundEvent.objects.filter(session=session_id)
    bodies.put_back(events)  # what was moved is moved again afterwards
    for event in events.exclude(body__in=[ERASED_BODY, NO_BODY]).order_by("pk").iterator():
        body = json.loads(event.body)
        if word_removal.without(body, words, quoted=True) != body:
            InboundEvent.objects.filter(pk=event.pk).update(**BLANK)
    WriteBack.objects.filter(session=session_id).update(error="")
    writing_back.rewrite(session_id)


def export(contact: Contact, **_: Any) -> JsonObject:
    events = list(InboundEvent.objects.filter(contact_id=contact.pk).order_by("pk"))
    bodies.read_into(events)
    return {"from help desks": [fields_of(event, EXPORTED) for event in events]}
