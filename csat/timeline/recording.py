"""Writing a fact."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.utils import timezone

from csat import signals
from csat.jobs import Job, enqueue
from csat.timeline import kinds
from csat.timeline.kinds import ActorKind, Kind
from csat.timeline.models import Event

QUIET = {Kind.AUDIT, Kind.FOLLOW_UP, Kind.SESSION_NOTE, Kind.SESSION_ASSIGNED}  # facts nobody outside the timeline hears of


@dataclass(frozen=True)
class Actor:
    """Who did it. `depth` counts how many workflows stand between a person's act and this one."""

    kind: ActorKind
    id: str = ""
    name: str = ""
    depth: int = 0

    def deeper(self) -> "Actor":
        return replace(self, depth=self.depth + 1)


SYSTEM = Actor(ActorKind.SYSTEM)


def record(
    kind: Kind,
    *,
    by: Actor,
    session_id: int | None = None,
    contact_id: int | None = None,
    at: datetime | None = None,
    hold_until: datetime | None = None,
    quiet: bool = False,
    **data: Any,
) -> Event:
    """Write one fact; call it inside the transaction of the change it tells of.

    `hold_until` keeps webhooks and workflows from hearing of it before then, `quiet` for ever (history that is imported);
    a fact of the past is recorded with its own `at`. `data` must be JSON.
    """
    one = fact(kind, by=by, session_id=session_id, contact_id=contact_id, at=at, hold_until=hold_until, quiet=quiet, **data)
    return record_many([one])[0]


def record_many(facts: list[Event]) -> list[Event]:
    """Write many facts at once, each made with `fact`; the same rules as for one."""
    if not facts:
        return facts
    Event.objects.bulk_create(facts)
    signals.recorded.send(sender=Event, events=facts)
    now = timezone.now()
    if any(event.dispatch_after and event.dispatch_after <= now for event in facts):
        enqueue(Job.FAN_OUT)
    return facts


def fact(
    kind: Kind,
    *,
    by: Actor,
    session_id: int | None = None,
    contact_id: int | None = None,
    at: datetime | None = None,
    hold_until: datetime | None = None,
    quiet: bool = False,
    **data: Any,
) -> Event:
    """A fact not yet written, for `record_many`; arguments as for `record`."""
    now = timezone.now()
    return Event(
        kind=kind,
        at=at or now,
        session_id=session_id,
        contact_id=contact_id,
        actor_kind=by.kind,
        actor_id=by.id,
        actor_name=by.name,
        depth=by.depth,
        data=data,
        dispatch_after=None if quiet or kind in QUIET else (hold_until or now),
    )


def history_type(event: Event) -> str | None:
    """The name the API's history gives this event, None when it does not show it."""
    name = kinds.HISTORY.get(Kind(event.kind))
    actor = ActorKind.AGENT if event.actor_kind == ActorKind.AI else event.actor_kind  # an AI is an agent to the outside
    return name.format(actor=actor) if name else None
