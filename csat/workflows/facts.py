"""The facts that conditions and placeholders read: the session, its contact and its rating."""

from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from csat.channels.kinds import Channel
from csat.connectors import registry as connectors
from csat.lib.types import JsonObject, Label
from csat.people.brands import slug_of
from csat.people.models import Agent
from csat.sessions.models import HandoffReason, Session
from csat.surveys.models import Score, Survey
from csat.themes import reading
from csat.timeline.kinds import TRIGGER
from csat.timeline.payloads import PAYLOADS
from csat.workflows.models import Trigger


@dataclass(frozen=True)
class Field:
    """One fact that the builder offers. `kind`: text, number, choice, list or yes_no."""

    path: str
    label: Label
    kind: str = "text"
    choices: tuple[tuple[str, Label], ...] = ()


SENTIMENTS = (("positive", _("positive")), ("neutral", _("neutral")), ("negative", _("negative")))
CHANNELS = tuple((channel.value, channel.label) for channel in Channel)
ABOUT = (
    ("help", _("help")),
    ("product", _("product")),
    ("policy", _("policy")),
    ("unsolved", _("unsolved")),
)
FIELDS = [
    Field("csat.score", _("Score"), "number"),
    Field("csat.comment", _("Comment")),
    Field("csat.channel", _("Channel of the rating"), "choice", CHANNELS),
    Field("csat.answered", _("Has a rating"), "yes_no"),
    Field("csat.themes", _("Themes of the comment"), "list"),
    Field("csat.about", _("About"), "choice", ABOUT),
    Field("session.channel", _("Channel"), "choice", CHANNELS),
    Field("session.status", _("Status"), "choice", tuple(Session.Status.choices)),
    Field("session.sentiment", _("Sentiment"), "choice", SENTIMENTS),
    Field("session.tags", _("Tags"), "list"),
    Field("session.handoff_reasons", _("Handoff reasons"), "list", tuple(HandoffReason.Reason.choices)),
    Field("session.handed_off", _("Was handed off"), "yes_no"),
    Field("session.agent.name", _("Agent")),
    Field("session.agent.kind", _("Agent type"), "choice", tuple(Agent.Kind.choices)),
    Field("session.team", _("Team")),
    Field("session.brand", _("Brand")),
    Field("session.language", _("Language")),
    Field("session.subject", _("Subject")),
    Field("session.origin.kind", _("Came from"), "choice", tuple(connectors.choices())),
    Field("session.ai_closure_type", _("AI closure type"), "choice", tuple(Session.Closure.choices)),
    Field("contact.name", _("Contact's name")),
    Field("contact.email", _("Contact's email")),
    Field("contact.phone_number", _("Contact's phone")),
    Field("contact.language", _("Contact's language")),
]

_AGENT = ("id", "name", "email", "kind")
NAMES = {
    *(
        f"csat.{name}"
        for name in ["answered", "score", "comment", "themes", "about", "channel", "source", "state"]
    ),
    *(
        f"session.{name}"
        for name in (
            *("id", "ticket_number", "external_id", "status", "channel", "sentiment", "language", "subject"),
            *("origin.kind", "team", "brand", "ai_closure_type", "tags", "handed_off", "handoff_reasons"),
            "custom_data",
            *(f"{whose}.{name}" for whose in ("agent", "assignee") for name in _AGENT),
        )
    ),
    *(
        f"contact.{name}"
        for name in ("id", "name", "email", "phone_number", "language", "external_id", "custom_data")
    ),
}
# short names of the rating that started a workflow
ALIASES = {name: f"csat.{name}" for name in ("score", "comment", "channel")}


LOADED = ("contact", "team", "brand", "assignee", "resolver", "conversation_origin__connection")


def names(trigger_type: object) -> set[str]:
    """The paths that a condition of such a workflow may read."""
    return NAMES | set(ALIASES if trigger_type == Trigger.SCORE else ())


def event_names(trigger_type: object) -> set[str]:
    """What the event that starts it tells: known to the constraints of the trigger, not to its steps."""
    kinds = [kind for kind, trigger in TRIGGER.items() if trigger == trigger_type]
    return {f"event.{name}" for kind in kinds for name in PAYLOADS[kind].__annotations__}


def load_session(pk: int | None) -> Session:
    """The session with the rows that its facts read. Raises Session.DoesNotExist."""
    related = Session.objects.select_related(*LOADED)
    return related.get(pk=pk or 0)


def collect(session: Session) -> JsonObject:
    """The facts about a session as they are now; None for whatever is missing."""
    contact, csat = session.contact, _csat_facts(session)
    origin = getattr(session, "conversation_origin", None)
    return {
        **{alias: csat[path.removeprefix("csat.")] for alias, path in ALIASES.items()},
        "session": {
            "id": str(session.uuid),
            "ticket_number": session.ticket_number,
            "external_id": session.external_id,
            "status": session.status,
            "channel": session.surveyed_as,
            "sentiment": session.sentiment or None,
            "language": session.language or None,
            "subject": session.subject or None,
            "team": session.team.name if session.team else None,
            "brand": slug_of(session.brand),
            "origin": {"kind": origin.connection.kind if origin else None},
            "ai_closure_type": session.ai_closure_type,
            "tags": [tag.name for tag in session.tags.all()],
            "handed_off": session.handed_off_at is not None,
            "handoff_reasons": sorted({row.reason for row in session.handoff_reasons.all()}),
            "agent": _agent_facts(session.resolver or session.assignee),
            "assignee": _agent_facts(session.assignee),
            "custom_data": session.custom_data,
        },
        "contact": {
            "id": str(contact.uuid),
            "name": contact.name or None,
            "email": contact.email or None,
            "phone_number": contact.phone or None,
            "language": contact.language or None,
            "external_id": contact.external_id,
            "custom_data": contact.custom_data,
        },
        "csat": csat,
    }


def _agent_facts(agent: Agent | None) -> JsonObject:
    if agent is None:
        return {}
    return {"id": str(agent.uuid), "name": agent.name, "email": agent.email or None, "kind": agent.kind}


def _csat_facts(session: Session) -> JsonObject:
    score = Score.objects.filter(session=session).first()
    survey = Survey.objects.filter(session=session).only("state").first()
    return {
        "answered": score is not None,
        "score": score.score if score else None,
        "comment": (score.comment or None) if score else None,
        "themes": reading.slugs(reading.of(score)) if score else [],
        "about": score.about if score else None,
        "channel": score.channel if score else None,
        "source": score.source if score else None,
        "state": survey.state if survey else None,
    }
