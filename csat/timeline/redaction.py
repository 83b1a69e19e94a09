"""Redaction: when a person is erased, their texts leave the events; the events stay.

The one exception to an append-only timeline.
"""

import json
import re
from collections.abc import Collection

from django.db import connection
from django.db.models import Model, QuerySet

from csat.lib import word_removal
from csat.timeline.kinds import ActorKind, Kind
from csat.timeline.models import Event

PERSONAL: dict[type[Model], Collection[str]] = {Event: ["data", "actor_name"]}
BATCH = 2000
# keys whose text is one of our own words, never a person's
OUR_WORDS = {
    "about", "agent_name", "ai_closure_type", "channel", "client_address", "code", "delivered_via", "emoji",
    "fallback", "gate", "kind", "label", "medium", "origin", "reason", "reasons", "score", "sender",
    "source", "state", "status", "target", "transport", "trigger", "what", "workflow_name",
}  # fmt: skip
FREE_FORM = {"before", "after", "custom_data"}  # may hold anything, numbers too: emptied
SENTIMENTS = {"positive", "neutral", "negative"}
# UUIDs and times
HARMLESS = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|\d{4}-\d\d-\d\dT[\d:.]+(Z|[+-]\d\d:\d\d)")


def redact(events: QuerySet[Event], *, tags: Collection[str] = ()) -> int:
    """Remove the customer's name and every free text; numbers, ids, times, our own words and these tags stay.

    Returns how many were changed.
    """
    known_words = {"tag": set(tags), "sentiment": SENTIMENTS}
    changed, count = [], 0
    for event in events.order_by().iterator(chunk_size=BATCH):
        data, name = _redacted(event.data, known_words), "" if _is_theirs(event) else event.actor_name
        if (data, name) != (event.data, event.actor_name):
            changed.append((json.dumps(data), name, event.pk))
        if len(changed) == BATCH:
            count += _write(changed)
    return count + _write(changed)


def remove_words(events: QuerySet[Event], words: Collection[str]) -> int:
    """Take what the customer said with a rating out of these events: out of texts of workflows, which quote
    it, whatever it is. Returns how many were changed.
    """
    changed, count = [], 0
    for event in events.order_by().iterator(chunk_size=BATCH):
        data = word_removal.without(event.data, words, quoted=event.actor_kind == ActorKind.WORKFLOW)
        if data != event.data:
            changed.append((json.dumps(data), event.actor_name, event.pk))
        if len(changed) == BATCH:
            count += _write(changed)
    return count + _write(changed)


def _write(changed: list[tuple[str, str, int]]) -> int:
    """In one round trip; empties the list."""
    count = len(changed)
    if changed:
        table = Event._meta.db_table
        with connection.cursor() as cursor:
            cursor.executemany(f"UPDATE {table} SET data = %s, actor_name = %s WHERE id = %s", changed)  # noqa: S608
        changed.clear()
    return count


def _is_theirs(event: Event) -> bool:
    """Whether the customer is the actor."""
    by_name_alone = event.kind == Kind.MESSAGE_RECEIVED and not event.actor_id
    return event.actor_kind == ActorKind.CONTACT or by_name_alone


def _redacted(value: object, known_words: dict[str, set[str]], *, name: str = "") -> object:
    if isinstance(value, str):
        keep = name in OUR_WORDS or value in known_words.get(name, ()) or HARMLESS.fullmatch(value)
        return value if keep else ""
    if isinstance(value, list):
        return [_redacted(item, known_words, name=name) for item in value]
    if isinstance(value, dict):
        return {
            key: {} if key in FREE_FORM else _redacted(item, known_words, name=key)
            for key, item in value.items()
        }
    return value
