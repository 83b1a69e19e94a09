"""A conversation as its page tells it: messages, facts, notes and ratings in one line of time."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, ngettext

from csat.channels.kinds import Channel
from csat.sessions.models import HandoffReason, Session
from csat.surveys.models import About, Origin, Source
from csat.surveys.sight import Sight
from csat.timeline.kinds import ActorKind, Kind
from csat.timeline.models import Event

LIMIT = 300  # as many as a page can hold; the earlier ones on demand


@dataclass(frozen=True)
class Item:
    """One thing that happened. `shape`: said, fact, note or rating."""

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


def tell(session: Session, events: Iterable[Event], *, sight: Sight) -> list[Item]:
    """The events in the order they happened, in words for this reader."""
    items: list[Item] = []
    day: date | None = None
    seen = sight.sees(getattr(session, "score", None))
    for event in events:
        item = _item(event, session, sight, seen=seen)
        if item is None:
            continue
        today = timezone.localtime(event.at).date()
        items.append(Item(**{**item.__dict__, "day": today if today != day else None}))
        day = today
    return items


def _item(event: Event, session: Session, sight: Sight, *, seen: bool) -> Item | None:
    if event.kind in (Kind.MESSAGE_RECEIVED, Kind.MESSAGE_SENT):
        return _said(event, session)
    if event.kind == Kind.SESSION_NOTE:
        return Item(event, "note", str(event.data.get("text", "")), "note", who=_actor(event))
    if event.kind == Kind.CSAT_SUBMITTED:
        return _rating(event, sight, seen=seen)
    if event.kind == Kind.FOLLOW_UP and not seen:
        return None
    teller = FACTS.get(Kind(event.kind))
    return Item(event, "fact", *teller(event, session)) if teller else None


def _said(event: Event, session: Session) -> Item:
    ours = event.kind == Kind.MESSAGE_SENT
    who = event.data.get("agent_name") or _actor(event) if ours else _writer(event, session)
    icon = "robot" if event.data.get("sender") == "ai" else "person"
    return Item(event, "said", str(event.data.get("text", "")), icon, who=str(who), ours=ours)


def _writer(event: Event, session: Session) -> str:
    """The customer, however we heard of it; an integration names who else wrote."""
    another = event.actor_name if event.actor_kind == ActorKind.INTEGRATION and not event.actor_id else ""
    return _("%(name)s (not the customer)") % {"name": another} if another else str(session.contact)


def _rating(event: Event, sight: Sight, *, seen: bool) -> Item:
    if not seen:
        return Item(event, "fact", _("CSAT submitted"), "heart")
    comment = str(event.data.get("comment", "")) if sight.comments else ""
    facts = [str(label) for label in (_label(Source, event.data.get("source")), _about(event.data.get("about"))) if label]
    if who := event.data.get("pressed_by"):
        facts.append(_("pressed by %(name)s") % {"name": who})
    previous = event.data.get("previous_score")
    if previous:
        facts.append(_("was %(score)s before") % {"score": previous})
    return Item(event, "rating", _("CSAT submitted"), "heart", score=event.data.get("score"), quote=comment, facts=facts)


def _about(value: Any) -> str:
    label = _label(About, value)
    return _("about: %(what)s") % {"what": label} if label else ""


def _label(choices: Any, value: Any) -> str:
    return str(choices(value).label) if value in choices.values else ""


def _actor(event: Event) -> str:
    return event.actor_name or str(ActorKind(event.actor_kind).label)


def _by(event: Event, named: str, plain: str) -> str:
    """`Resolved by Sam`; what the system did by itself has no name."""
    return plain if event.actor_kind == ActorKind.SYSTEM and not event.actor_name else named % {"name": _actor(event)}


Told = tuple[str, str, str]  # text, icon, tone


def _resolved(event: Event, session: Session) -> Told:
    text = _by(event, _("Resolved by %(name)s"), _("Resolved"))
    return (text if event.data.get("ask", True) else _("%(text)s, without survey") % {"text": text}), "check", ""


def _handed_off(event: Event, session: Session) -> Told:
    reasons = [_label(HandoffReason.Reason, reason) for reason in event.data.get("reasons", [])]
    text = _("Handed off to a person: %(reasons)s") % {"reasons": ", ".join(filter(None, reasons))}
    summary = event.data.get("summary")
    return (f"{text} – {summary}" if summary else text), "person", ""


def _assigned(event: Event, session: Session) -> Told:
    name = event.data.get("agent_name")
    return (_("Assigned to %(name)s") % {"name": name} if name else _("No longer assigned")), "person", ""


def _requested(event: Event, session: Session) -> Told:
    via = _channel(event.data.get("delivered_via") or event.data.get("channel"))
    origin = _label(Origin, event.data.get("origin"))
    return " · ".join(filter(None, [_("CSAT requested"), via, origin])), "outbox", ""


def _delivered(event: Event, session: Session) -> Told:
    return " · ".join(filter(None, [_("CSAT delivered"), _channel(event.data.get("delivered_via"))])), "check", ""


def _failed(event: Event, session: Session) -> Told:
    text = " · ".join(filter(None, [_("CSAT delivery failed"), _channel(event.data.get("delivered_via")), event.data.get("error")]))
    then = _channel(event.data.get("fallback"))
    return (_("%(text)s – %(channel)s takes over") % {"text": text, "channel": then} if then else text), "warning", "bad"


def _skipped(event: Event, session: Session) -> Told:
    return " · ".join(filter(None, [_("CSAT skipped"), event.data.get("text")])), "cross", ""


def _follow_up(event: Event, session: Session) -> Told:
    text = FOLLOW_UPS.get(str(event.data.get("what", "")), "Follow-up")
    note = event.data.get("note")
    return (f"{_(text)} · {_actor(event)}" + (f" – {note}" if note else "")), "flag", "warn"


def _changed(event: Event, session: Session) -> Told | None:
    names = [*event.data.get("after", {}), *event.data.get("before", {})]
    what = ", ".join(dict.fromkeys(name.replace("_", " ") for name in names))
    return _("%(name)s changed: %(what)s") % {"name": _actor(event), "what": what or event.data.get("what", "")}, "settings", ""


def _channel(kind: Any) -> str:
    return str(Channel(kind).label) if kind in Channel.values else ""


FOLLOW_UPS = {"taken": gettext_noop("Follow-up taken"), "noted": gettext_noop("Follow-up noted"), "done": gettext_noop("Follow-up done")}
FACTS: dict[Kind, Callable[[Event, Session], Any]] = {
    Kind.SESSION_CREATED: lambda event, session: (_("Conversation started"), str(session.channel), ""),
    Kind.SESSION_RESOLVED: _resolved,
    Kind.SESSION_CLOSED: lambda event, session: (_by(event, _("Closed unresolved by %(name)s"), _("Closed unresolved")), "cross", ""),
    Kind.SESSION_REOPENED: lambda event, session: (_by(event, _("Reopened by %(name)s"), _("Reopened")), "reopen", ""),
    Kind.SESSION_HANDED_OFF: _handed_off,
    Kind.SESSION_TAGGED: lambda event, session: (_("Tagged %(tag)s") % {"tag": event.data.get("tag", "")}, "tag", ""),
    Kind.SESSION_ASSIGNED: _assigned,
    Kind.CSAT_REQUESTED: _requested,
    Kind.CSAT_DELIVERED: _delivered,
    Kind.CSAT_DELIVERY_FAILED: _failed,
    Kind.CSAT_SKIPPED: _skipped,
    Kind.CSAT_WITHDRAWN: lambda event, session: (_("CSAT withdrawn"), "reopen", ""),
    Kind.FOLLOW_UP: _follow_up,
    Kind.CONTACT_OPTED_OUT: lambda event, session: (_("The customer asked not to be surveyed"), "cross", ""),
    Kind.CONTACT_OPTED_IN: lambda event, session: (_("The customer may be asked again"), "check", ""),
    Kind.RUN_SUCCEEDED: lambda event, session: (_("Workflow: %(name)s") % {"name": event.data.get("name", "")}, "workflows", ""),
    Kind.RUN_FAILED: lambda event, session: (_("Workflow failed: %(name)s") % {"name": event.data.get("name", "")}, "workflows", "bad"),
    Kind.AUDIT: _changed,
}


def passed(seconds: int) -> str:
    """`40 s`, `12 min`, `3 h`, `2 days`: a stretch of time in its largest unit."""
    if seconds < 60:
        return _("%(n)d s") % {"n": seconds}
    if seconds < 3600:
        return _("%(n)d min") % {"n": seconds // 60}
    if seconds < 86400:
        return _("%(n)d h") % {"n": seconds // 3600}
    return ngettext("%(n)d day", "%(n)d days", seconds // 86400) % {"n": seconds // 86400}
