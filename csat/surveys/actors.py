"""An actor kept in a row until the event that tells of its act is written."""

from typing import Any

from csat.timeline.kinds import ActorKind
from csat.timeline.models import Event
from csat.timeline.recording import SYSTEM, Actor


def packed(actor: Actor) -> dict[str, Any]:
    return {"kind": str(actor.kind), "id": actor.id, "name": actor.name, "depth": actor.depth}


def unpacked(kept: dict[str, Any]) -> Actor:
    if not kept:
        return SYSTEM
    return Actor(ActorKind(kept["kind"]), kept["id"], kept["name"], kept["depth"])


def system_after(event: Event | None) -> Actor:
    """The system, as far from a person's act as the event it reacts to."""
    return Actor(ActorKind.SYSTEM, depth=event.depth if event else 0)
