"""What help desks sent of a contact, and what was written back to them."""

import json
from collections.abc import Collection
from functools import reduce
from operator import or_
from typing import Any

from django.db.models import Model, Q

from csat.connectors import writing_back
from csat.connectors.models import ConnectedMessage, ConversationOrigin, InboundEvent, WriteBack
from csat.lib import word_removal
from csat.lib.rows import fields_of
from csat.lib.types import JsonObject
from csat.people.models import Contact

BLANK: JsonObject = {"body": "null", "headers": {}, "text": ""}
PERSONAL: dict[type[Model], Collection[str]] = {
    InboundEvent: [*BLANK, "event"],
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
        mine |= Q(contact_id=None) & reduce(or_, (Q(body__icontains=address) for address in addresses))
    InboundEvent.objects.filter(mine).update(
        **BLANK, event="", outcome=InboundEvent.Outcome.IGNORED, next_try=None
    )
    origins = ConversationOrigin.objects.filter(session__contact=contact)
    ConnectedMessage.objects.filter(origin__in=origins).delete()
    writing_back.withdraw(origins)
    WriteBack.objects.filter(session__contact=contact, withdrawn=False).delete()
    waiting = WriteBack.objects.filter(withdrawn=True).values("session")
    origins.exclude(session__in=waiting).delete()
    origins.update(url="", inbox="", status="")


def blank(session_ids: list[int], **_: Any) -> None:
    """This room's part of forgetting the words of conversations."""
    InboundEvent.objects.filter(session__in=session_ids).update(**BLANK)
    WriteBack.objects.filter(session__in=session_ids).update(error="")


def remove_words(session_id: int, words: Collection[str], **_: Any) -> None:
    """What the customer said with a rating came back in events about our own note; the note itself is
    rewritten by `writing_back`.
    """
    events = InboundEvent.objects.filter(session=session_id).exclude(body="null")
    for event in events.order_by("pk").iterator():
        body = json.loads(event.body)
        if word_removal.without(body, words, quoted=True) != body:
            InboundEvent.objects.filter(pk=event.pk).update(**BLANK)
    WriteBack.objects.filter(session=session_id).update(error="")
    writing_back.rewrite(session_id)


def export(contact: Contact, **_: Any) -> JsonObject:
    events = InboundEvent.objects.filter(contact_id=contact.pk).order_by("pk")
    return {"from help desks": [fields_of(event, EXPORTED) for event in events]}
