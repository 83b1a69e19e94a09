"""Finding sessions for the inbox: filters and search, answered by indexes where the database has them."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.utils import timezone

from csat.lib.text import one_line
from csat.people import contacts as people
from csat.people.brands import DEFAULT
from csat.people.models import Agent, Contact
from csat.reports.filters import midnight
from csat.scale import LOW_MAX
from csat.sessions.models import Session, on_channel
from csat.surveys.choices import SurveyState
from csat.surveys.models import Score
from csat.surveys.visibility import Visibility
from csat.themes.models import ScoreTheme
from csat.web import conversation_list

MAX_IDS = 2000  # hits of one kind that are passed to the database as ids


def find(chosen: dict[str, Any], *, visibility: Visibility) -> QuerySet[Session]:
    """The sessions that pass every chosen filter, with what a row shows."""
    return conversation_list.with_related(matching(chosen, visibility))


def matching(chosen: dict[str, Any], visibility: Visibility) -> QuerySet[Session]:
    """The same, to be counted."""
    sessions = Session.objects.filter(visibility.conversations())
    for name, value in chosen.items():
        sessions = sessions.filter(FILTERS[name](value, visibility))
    return sessions


def waiting_since(sessions: QuerySet[Session]) -> QuerySet[Session]:
    """With `waiting_since`: when its follow-up was opened."""
    return sessions.annotate(waiting_since=F("follow_up__created_at"))


def _by_score(value: str, visibility: Visibility) -> Q:
    if value == "none":
        return ~Q(Exists(Score.objects.filter(session=OuterRef("pk"))))
    visible = visibility.as_filter("score__") & Q(score__isnull=False)
    if value == "any":
        return visible
    return visible & (Q(score__score__lte=LOW_MAX) if value == "low" else Q(score__score=int(value)))


def _by_text(text: str, visibility: Visibility) -> Q:
    """A ticket number, an address, or words from name, subject or comment."""
    text = one_line(text)
    number = text.removeprefix("#").strip()
    by_number = Q(pk=int(number)) if number.isdecimal() and len(number) < 19 else Q()
    if by_number and text.startswith("#"):
        return by_number
    matches = by_number | Q(subject__folded_contains=text) | _by_contact(text)
    if visibility.can_see_comments:
        matches |= _by_comment(text, visibility)
    return matches


# While hits are few they are passed as ids, so that each part of the search uses its own index. When they
# are many, the database walks through the newest sessions with their contacts and scores: a page soon fills.


def _by_contact(text: str) -> Q:
    contacts = people.search(Contact.objects.alive(), text).order_by()
    ids = list(contacts.values_list("pk", flat=True)[: MAX_IDS + 1])
    if len(ids) <= MAX_IDS:
        return Q(contact__in=ids)
    return people.matches(text, "contact__") & Q(contact__erased_at=None)


def _by_comment(text: str, visibility: Visibility) -> Q:
    scores = Score.objects.filter(visibility.as_filter(), comment__folded_contains=text).order_by()
    ids = list(scores.values_list("session", flat=True)[: MAX_IDS + 1])
    if len(ids) <= MAX_IDS:
        return Q(pk__in=ids)
    return Q(score__comment__folded_contains=text) & visibility.as_filter("score__")


def _by_theme(slug: str, visibility: Visibility) -> Q:
    """Of a comment that the reader may see: its theme tells what it says."""
    if not visibility.can_see_comments:
        return Q(pk__in=[])
    tagged = ScoreTheme.objects.filter(visibility.as_filter("score__"), theme__slug=slug, theme__muted=False)
    return Q(pk__in=tagged.values("score__session"))


def _beginning_of(day: date) -> datetime:
    """In the reader's time zone."""
    return midnight(day, ZoneInfo(timezone.get_current_timezone_name()))


FILTERS: dict[str, Callable[[Any, Visibility], Q]] = {
    "q": _by_text,
    "status": lambda value, visibility: Q(status=value),
    "channel": lambda value, visibility: on_channel(value),
    "agent": lambda value, visibility: Q(assignee=value) | Q(resolver=value),
    "score": _by_score,
    "theme": _by_theme,
    "brand": lambda value, visibility: Q(brand__isnull=True) if value == DEFAULT else Q(brand__slug=value),
    "needs_follow_up": lambda value, visibility: (
        Q(follow_up__isnull=False, follow_up__done_at=None) & visibility.as_filter("score__")
    ),
    "overdue": lambda value, visibility: (
        Q(follow_up__done_at=None, follow_up__due_at__lte=timezone.now()) & visibility.as_filter("score__")
    ),
    # compared with one agent, not joined with agents: so the index of an agent's latest conversations serves
    "mine": lambda value, visibility: Q(assignee=Agent.objects.filter(user=value).values("pk")[:1]),
    "low": lambda value, visibility: _by_score("low", visibility),
    "unanswered": lambda value, visibility: Q(
        survey__state=SurveyState.SENT, survey__delivered_at__isnull=False, score__isnull=True
    ),
    "since": lambda day, visibility: Q(last_activity_at__gte=_beginning_of(day)),
    "until": lambda day, visibility: Q(last_activity_at__lt=_beginning_of(day + timedelta(days=1))),
}
