"""The timeline of a conversation's page: messages, notes, ratings and other facts, oldest first."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from csat.sessions.models import Session
from csat.surveys import kept_links
from csat.surveys.choices import About
from csat.surveys.models import source_choices
from csat.surveys.visibility import Visibility
from csat.timeline.kinds import ActorKind, Kind
from csat.timeline.models import Event
from csat.timeline.payloads import (
    Noted,
    Said,
    Submitted,
    read,
)
from csat.web.inbox.facts import actor_name, fact_of, label_in

OF_LOW_SCORE = {Kind.FOLLOW_UP, Kind.FOLLOW_UP_OVERDUE, Kind.CSAT_REOPENED}  # tell that there is one
LIMIT = 300  # as many as a page can hold; the earlier ones on demand


@dataclass(frozen=True)
class Item:
    """One event. `shape`: said, fact, note or rating."""

    event: Event
    shape: str
    text: str
    icon: str = "info"
    tone: str = ""
    who: str = ""
    ours: bool = False  # said by our side
    score: int | None = None
    quote: str = ""
    detail: str = ""
    day: date | None = None  # set on the first of a day
    facts: list[str] = field(default_factory=list)


def items_for(session: Session, events: Iterable[Event], *, visibility: Visibility) -> list[Item]:
    """The events in their order, as this reader may see them."""
    items: list[Item] = []
    day: date | None = None
    sees_score = visibility.can_see(getattr(session, "score", None))
    for event in events:
        item = _item(event, session, visibility, sees_score=sees_score)
        if item is None:
            continue
        today = timezone.localtime(event.at).date()
        items.append(Item(**{**item.__dict__, "day": today if today != day else None}))
        day = today
    return items


def _item(event: Event, session: Session, visibility: Visibility, *, sees_score: bool) -> Item | None:
    if event.kind in (Kind.MESSAGE_RECEIVED, Kind.MESSAGE_SENT):
        return _message(event, session)
    if event.kind == Kind.SESSION_NOTE:
        text = kept_links.show(read(event, Noted).get("text", ""))
        return Item(event, "note", text, "note", who=actor_name(event))
    if event.kind == Kind.CSAT_SUBMITTED:
        return _rating(event, visibility, sees_score=sees_score)
    if event.kind in OF_LOW_SCORE and not sees_score:
        return None
    fact = fact_of(event, session)
    return Item(event, "fact", *fact) if fact else None


def _message(event: Event, session: Session) -> Item:
    ours = event.kind == Kind.MESSAGE_SENT
    message = read(event, Said)
    who = message.get("agent_name") or actor_name(event) if ours else _writer(event, session)
    icon = "robot" if message.get("sender") == "ai" else "person"
    return Item(event, "said", kept_links.show(message.get("text", "")), icon, who=who, ours=ours)


def _writer(event: Event, session: Session) -> str:
    """The customer, unless an integration names somebody else."""
    other = event.actor_name if event.actor_kind == ActorKind.INTEGRATION and not event.actor_id else ""
    return _("%(name)s (not the customer)") % {"name": other} if other else str(session.contact)


def _rating(event: Event, visibility: Visibility, *, sees_score: bool) -> Item:
    if not sees_score:
        return Item(event, "fact", _("CSAT submitted"), "heart")
    rating = read(event, Submitted)
    comment = rating.get("comment", "") if visibility.can_see_comments else ""
    about = label_in(About, rating.get("about"))
    facts = [dict(source_choices()).get(rating.get("source", ""), "")]
    facts.append(_("about: %(what)s") % {"what": about} if about else "")
    if who := rating.get("pressed_by"):
        facts.append(_("pressed by %(name)s") % {"name": who})
    previous = rating.get("previous_score")
    if previous:
        facts.append(_("previously %(score)s") % {"score": previous})
    return Item(
        event,
        "rating",
        _("CSAT submitted"),
        "heart",
        score=rating.get("score"),
        quote=comment,
        facts=list(filter(None, facts)),
    )


def duration(seconds: int) -> str:
    """`40 s`, `12 min`, `3 h`, `2 days`: in the largest unit that fits."""
    if seconds < 60:
        return _("%(n)d s") % {"n": seconds}
    if seconds < 3600:
        return _("%(n)d min") % {"n": seconds // 60}
    if seconds < 86400:
        return _("%(n)d h") % {"n": seconds // 3600}
    return ngettext("%(n)d day", "%(n)d days", seconds // 86400) % {"n": seconds // 86400}
