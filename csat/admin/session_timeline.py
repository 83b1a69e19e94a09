"""The timeline on a session's page, with the scores and comments that its reader may see."""

from collections.abc import Callable
from dataclasses import dataclass

from csat.sessions.models import Session
from csat.surveys import kept_links
from csat.surveys.visibility import Visibility
from csat.timeline.kinds import Kind
from csat.timeline.models import Event
from csat.timeline.payloads import (
    DeliveryFailed,
    HandedOff,
    Noted,
    RunEnded,
    Said,
    Skipped,
    Submitted,
    Tagged,
    read,
)

SHOWN = 500  # the latest events of one session


@dataclass(frozen=True)
class Line:
    """One event, with what this user may see of the score and comment."""

    event: Event
    score: int | None
    text: str


def lines(session: Session, visibility: Visibility) -> list[Line]:
    """The session's timeline, oldest first."""
    events = list(Event.objects.filter(session_id=session.pk).order_by("-at", "-id")[:SHOWN])
    can_see = visibility.can_see(getattr(session, "score", None))
    return [_line(event, can_see, visibility) for event in events[::-1]]


def _line(event: Event, can_see: bool, visibility: Visibility) -> Line:
    if event.kind == Kind.CSAT_SUBMITTED:
        rating = read(event, Submitted)
        comment = rating.get("comment", "") if can_see and visibility.can_see_comments else ""
        return Line(event, rating.get("score") if can_see else None, comment)
    text = TEXTS[Kind(event.kind)](event) if event.kind in TEXTS else ""
    return Line(event, None, kept_links.show(text or ""))


TEXTS: dict[Kind, Callable[[Event], str]] = {
    Kind.MESSAGE_RECEIVED: lambda event: read(event, Said).get("text", ""),
    Kind.MESSAGE_SENT: lambda event: read(event, Said).get("text", ""),
    Kind.SESSION_NOTE: lambda event: read(event, Noted).get("text", ""),
    Kind.SESSION_HANDED_OFF: lambda event: read(event, HandedOff).get("summary", ""),
    Kind.SESSION_TAGGED: lambda event: read(event, Tagged).get("tag", ""),
    Kind.CSAT_DELIVERY_FAILED: lambda event: read(event, DeliveryFailed).get("error", ""),
    Kind.CSAT_SKIPPED: lambda event: read(event, Skipped).get("text", ""),
    Kind.RUN_SUCCEEDED: lambda event: read(event, RunEnded).get("workflow_name", ""),
    Kind.RUN_FAILED: lambda event: " · ".join(
        filter(None, [read(event, RunEnded).get("workflow_name"), read(event, RunEnded).get("error")])
    ),
}
