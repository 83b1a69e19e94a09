"""Recording events on the timeline, and who caused them."""

from dataclasses import dataclass, replace
from datetime import datetime

from django.utils import timezone

from csat import signals
from csat.jobs import Job, enqueue
from csat.lib import correlation
from csat.lib.rows import insert
from csat.lib.types import JsonObject
from csat.timeline import kinds
from csat.timeline.kinds import ActorKind, Kind
from csat.timeline.models import Event

# kept on the timeline only: no webhook, no workflow
NEVER_PUBLISHED = {
    Kind.CSAT_LINK_HANDED_OUT,
    Kind.FOLLOW_UP,
    Kind.SESSION_NOTE,
    Kind.SESSION_ASSIGNED,
}


@dataclass(frozen=True)
class Actor:
    """Who did it. `depth` is the number of workflows between a person's action and this one; `user_id` and
    `username` are the account of a member of staff, which the audit log names.
    """

    kind: ActorKind
    id: str = ""
    name: str = ""
    depth: int = 0
    user_id: int | None = None
    username: str = ""
    request_id: str = ""  # of the web request in which they did it, when it is not the present one

    @classmethod
    def system_after(cls, event: Event | None) -> "Actor":
        """The system reacting to `event`, at the depth of that event."""
        return cls(ActorKind.SYSTEM, depth=event.depth, request_id=event.request_id) if event else SYSTEM

    @classmethod
    def from_json(cls, stored: JsonObject) -> "Actor":
        """The actor stored by `to_json`; the system when none was stored."""
        if not stored:
            return SYSTEM
        request_id = stored.get("request_id", "")
        return cls(
            ActorKind(stored["kind"]), stored["id"], stored["name"], stored["depth"], request_id=request_id
        )

    def to_json(self) -> JsonObject:
        request_id = self.request_id or correlation.request_id()
        stored = {"kind": str(self.kind), "id": self.id, "name": self.name, "depth": self.depth}
        return stored | ({"request_id": request_id} if request_id else {})

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
    publish_after: datetime | None = None,
    unpublished: bool = False,
    **data: object,
) -> Event:
    """Store one event; call it inside the transaction of the change.

    Webhooks and workflows get it after `publish_after`, or never when `unpublished` (imported history).
    `at`: when it happened, if not now. `data` must be JSON.
    """
    event = build_event(
        kind,
        by=by,
        session_id=session_id,
        contact_id=contact_id,
        at=at,
        publish_after=publish_after,
        unpublished=unpublished,
        **data,
    )
    return record_many([event])[0]


def record_many(events: list[Event]) -> list[Event]:
    """Store events made by `build_event`, in one INSERT; the rules are those of `record`."""
    if not events:
        return events
    insert(events)
    if of_sessions := [event for event in events if event.session_id is not None]:
        signals.recorded.send(sender=Event, events=of_sessions)
    now = timezone.now()
    if any(event.dispatch_after and event.dispatch_after <= now for event in events):
        enqueue(Job.FAN_OUT)
    return events


def build_event(
    kind: Kind,
    *,
    by: Actor,
    session_id: int | None = None,
    contact_id: int | None = None,
    at: datetime | None = None,
    publish_after: datetime | None = None,
    unpublished: bool = False,
    **data: object,
) -> Event:
    """An event not yet stored, for `record_many`; arguments as for `record`."""
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
        request_id=by.request_id or correlation.request_id(),
        dispatch_after=None if unpublished or kind in NEVER_PUBLISHED else (publish_after or now),
    )


def history_type(event: Event) -> str | None:
    """The event's name in the API's history; None when it is not shown. An AI counts as an agent."""
    name = kinds.HISTORY.get(Kind(event.kind))
    actor = ActorKind.AGENT if event.actor_kind == ActorKind.AI else event.actor_kind
    return name.format(actor=actor) if name else None
