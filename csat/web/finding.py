"""Finding sessions for the inbox: filters and search, all of them answered by indexes where the database has them."""

from typing import Any

from django.db.models import Max, Q, QuerySet

from csat.sessions.models import Session
from csat.surveys.sight import Sight
from csat.timeline.kinds import Kind
from csat.timeline.models import Event

MESSAGES = [Kind.MESSAGE_RECEIVED, Kind.MESSAGE_SENT]


def find(chosen: dict[str, Any], *, sight: Sight) -> QuerySet[Session]:
    """The sessions that pass every chosen filter, with what a row shows."""
    sessions = Session.objects.select_related("contact", "assignee", "resolver", "survey", "score", "follow_up", "follow_up__owner")
    for name, value in chosen.items():
        sessions = sessions.filter(FILTERS[name](value, sight))
    return sessions


def _score(value: str, sight: Sight) -> Q:
    if value == "none":
        return Q(score=None)
    seen = sight.only("score__") & Q(score__isnull=False)
    if value == "any":
        return seen
    return seen & (Q(score__score__lte=2) if value == "low" else Q(score__score=int(value)))


def _text(text: str, sight: Sight) -> Q:
    """A ticket number, an address, or words from name, subject or comment."""
    text = text.strip()
    number = text.removeprefix("#")
    found = Q(subject__icontains=text) | Q(contact__name__icontains=text) | Q(contact__email__istartswith=text)
    if number.isdecimal() and len(number) < 19:
        found |= Q(pk=int(number))
    digits = "".join(letter for letter in text if letter.isdecimal()).lstrip("0")  # a national number has a zero in front
    if len(digits) >= 4 and not text.startswith("#"):
        found |= Q(contact__phone__contains=digits)
    if sight.comments:
        found |= sight.only("score__") & Q(score__comment__icontains=text)
    return found


FILTERS: dict[str, Any] = {
    "q": _text,
    "status": lambda value, sight: Q(status=value),
    "channel": lambda value, sight: Q(channel=value),
    "agent": lambda value, sight: Q(assignee=value) | Q(resolver=value),
    "score": _score,
    "needs_follow_up": lambda value, sight: Q(follow_up__isnull=False, follow_up__done_at=None) & sight.only("score__"),
}


def last_messages(sessions: list[Session]) -> dict[int, Event]:
    """The last message of each of these sessions, by session, in one query."""
    last = (
        Event.objects.filter(session_id__in=[session.pk for session in sessions], kind__in=MESSAGES)
        .order_by()
        .values("session_id")
        .annotate(last=Max("id"))
        .values("last")
    )
    return {event.session_id: event for event in Event.objects.filter(pk__in=last) if event.session_id}
