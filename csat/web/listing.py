"""Conversations as a list shows them: in the inbox, and behind a figure of a report."""

from dataclasses import dataclass

from django.db.models import Max, QuerySet

from csat.sessions.models import Session
from csat.surveys.models import Score
from csat.surveys.sight import Sight
from csat.timeline.kinds import Kind
from csat.timeline.models import Event

MESSAGES = [Kind.MESSAGE_RECEIVED, Kind.MESSAGE_SENT]


@dataclass(frozen=True)
class Row:
    """One conversation as the list shows it."""

    session: Session
    preview: str
    score: Score | None
    comment: str
    needs_follow_up: bool


def whole(sessions: QuerySet[Session]) -> QuerySet[Session]:
    """With everything a row is told from."""
    return sessions.select_related("contact", "assignee", "resolver", "survey", "score", "follow_up", "follow_up__owner")


def rows(sessions: list[Session], sight: Sight) -> list[Row]:
    messages = _last_messages(sessions)
    return [_row(session, messages.get(session.pk), sight) for session in sessions]


def _row(session: Session, message: Event | None, sight: Sight) -> Row:
    score = getattr(session, "score", None)
    seen = sight.sees(score)
    follow_up = getattr(session, "follow_up", None)
    preview = str(message.data.get("text", ""))[:200] if message else ""
    return Row(session, preview, score if seen else None, sight.comment(score), bool(seen and follow_up and not follow_up.done_at))


def _last_messages(sessions: list[Session]) -> dict[int, Event]:
    """The last message of each of these sessions, by session, in one query."""
    last = (
        Event.objects.filter(session_id__in=[session.pk for session in sessions], kind__in=MESSAGES)
        .order_by()
        .values("session_id")
        .annotate(last=Max("id"))
        .values("last")
    )
    return {event.session_id: event for event in Event.objects.filter(pk__in=last) if event.session_id}
