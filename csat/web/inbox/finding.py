"""Finding sessions for the inbox: filters and search, all of them answered by indexes where the database has them."""

from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from csat.people import contacts as people
from csat.people.models import Contact
from csat.sessions.models import Session
from csat.surveys.models import Score
from csat.surveys.sight import Sight
from csat.web import listing

MANY = 2000  # hits of one kind that are still written out


def find(chosen: dict[str, Any], *, sight: Sight) -> QuerySet[Session]:
    """The sessions that pass every chosen filter, with what a row shows."""
    sessions = listing.whole(Session.objects.all())
    for name, value in chosen.items():
        sessions = sessions.filter(FILTERS[name](value, sight))
    return sessions


def _score(value: str, sight: Sight) -> Any:
    if value == "none":
        return ~Exists(Score.objects.filter(session=OuterRef("pk")))
    seen = sight.only("score__") & Q(score__isnull=False)
    if value == "any":
        return seen
    return seen & (Q(score__score__lte=2) if value == "low" else Q(score__score=int(value)))


def _text(text: str, sight: Sight) -> Q:
    """A ticket number, an address, or words from name, subject or comment."""
    number = text.removeprefix("#").strip()
    numbered = Q(pk=int(number)) if number.isdecimal() and len(number) < 19 else Q()
    if numbered and text.startswith("#"):
        return numbered
    found = numbered | Q(subject__icontains=text) | _of_contacts(text)
    if sight.comments:
        found |= _commented(text, sight)
    return found


# Hits are written out while they are few, so that every part of the search can use its own index. With many of them the newest
# sessions are walked through instead, each looked at with its contact and score, and a page is soon full.


def _of_contacts(text: str) -> Q:
    few = list(people.search(Contact.objects.alive(), text).order_by().values_list("pk", flat=True)[: MANY + 1])
    return Q(contact__in=few) if len(few) <= MANY else people.matching(text, "contact__") & Q(contact__erased_at=None)


def _commented(text: str, sight: Sight) -> Q:
    said = Score.objects.filter(sight.only(), comment__icontains=text).order_by()
    few = list(said.values_list("session", flat=True)[: MANY + 1])
    return Q(pk__in=few) if len(few) <= MANY else Q(score__comment__icontains=text) & sight.only("score__")


FILTERS: dict[str, Any] = {
    "q": _text,
    "status": lambda value, sight: Q(status=value),
    "channel": lambda value, sight: Q(channel=value),
    "agent": lambda value, sight: Q(assignee=value) | Q(resolver=value),
    "score": _score,
    "needs_follow_up": lambda value, sight: Q(follow_up__isnull=False, follow_up__done_at=None) & sight.only("score__"),
}
