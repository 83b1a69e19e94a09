"""The list of conversations in the inbox and behind a figure of a report."""

from dataclasses import dataclass

from django.db.models import Max, QuerySet, prefetch_related_objects

from csat.sessions.models import Session
from csat.surveys import kept_links
from csat.surveys.models import FollowUp, Score
from csat.surveys.visibility import Visibility
from csat.themes import reading
from csat.themes.models import Theme
from csat.timeline.kinds import Kind
from csat.timeline.models import Event
from csat.timeline.payloads import Said, read

MESSAGES = [Kind.MESSAGE_RECEIVED, Kind.MESSAGE_SENT]


@dataclass(frozen=True)
class Row:
    """One conversation of the list."""

    session: Session
    preview: str
    score: Score | None
    comment: str
    themes: list[Theme]  # of the comment, where it may be seen
    follow_up: FollowUp | None  # one that is not done


def with_related(sessions: QuerySet[Session]) -> QuerySet[Session]:
    """Select what a row needs."""
    return sessions.select_related(
        "contact", "assignee", "resolver", "survey", "score", "follow_up", "follow_up__owner"
    )


def rows(sessions: list[Session], visibility: Visibility) -> list[Row]:
    messages = _last_messages(sessions)
    scores: list[Score] = [session.score for session in sessions if hasattr(session, "score")]
    prefetch_related_objects(scores, reading.prefetch())
    return [_row(session, messages.get(session.pk), visibility) for session in sessions]


def _row(session: Session, message: Event | None, visibility: Visibility) -> Row:
    score = getattr(session, "score", None)
    can_see = visibility.can_see(score)
    follow_up = getattr(session, "follow_up", None)
    comment = visibility.comment_of(score)
    preview = kept_links.show(read(message, Said).get("text", ""))[:200] if message else ""
    return Row(
        session,
        preview,
        score if can_see else None,
        comment,
        reading.of(score) if score and comment else [],
        follow_up if can_see and follow_up and not follow_up.done_at else None,
    )


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
