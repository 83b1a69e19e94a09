"""The one exception to append-only: when a person is erased, their words leave the facts; the facts stay."""

import re
from typing import Any

from django.db.models import QuerySet

from csat.timeline.kinds import ActorKind, Kind
from csat.timeline.models import Event

BATCH = 500
# names whose text is one of our own words, never a person's
OURS = {
    "about", "agent_name", "ai_closure_type", "channel", "code", "delivered_via", "emoji", "fallback", "gate", "kind", "label", "medium",
    "origin", "reason", "reasons", "score", "sender", "sentiment", "source", "state", "status", "tag", "transport", "trigger", "what",
}  # fmt: skip
ANYTHING = {"before", "after", "custom_data"}
HARMLESS = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|\d{4}-\d\d-\d\dT[\d:.]+(Z|[+-]\d\d:\d\d)")  # UUIDs and times


def blank(events: QuerySet[Event]) -> int:
    """Take every free text out of these events and the customer's name; numbers, ids, times and our own words stay."""
    changed = []
    for event in events.iterator(chunk_size=BATCH):
        event.data = _without(event.data, ours=False)
        if event.actor_kind == ActorKind.CONTACT or (event.kind == Kind.MESSAGE_RECEIVED and not event.actor_id):
            event.actor_name = ""
        changed.append(event)
    Event.objects.bulk_update(changed, ["data", "actor_name"], batch_size=BATCH)
    return len(changed)


def _without(value: Any, *, ours: bool) -> Any:
    """`before`, `after` and `custom_data` may hold anything, numbers too, so nothing of them stays."""
    if isinstance(value, str):
        return value if ours or HARMLESS.fullmatch(value) else ""
    if isinstance(value, list):
        return [_without(item, ours=ours) for item in value]
    if isinstance(value, dict):
        return {name: {} if name in ANYTHING else _without(item, ours=name in OURS) for name, item in value.items()}
    return value
