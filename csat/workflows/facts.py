"""What a workflow may look at: the session, its contact, its rating, and what earlier steps found."""

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from csat.channels.kinds import Channel
from csat.people.models import Agent
from csat.sessions.models import HandoffReason, Session
from csat.surveys.models import Score, Survey


@dataclass(frozen=True)
class Field:
    """One fact the builder offers. `kind`: text, number, choice, list or yes_no."""

    path: str
    label: Any
    kind: str = "text"
    choices: tuple[tuple[str, Any], ...] = ()


SENTIMENTS = (("positive", _("positive")), ("neutral", _("neutral")), ("negative", _("negative")))
CHANNELS = tuple((channel.value, channel.label) for channel in Channel)
FIELDS = [
    Field("csat.score", _("Score"), "number"),
    Field("csat.comment", _("Comment")),
    Field("csat.channel", _("Channel of the rating"), "choice", CHANNELS),
    Field("csat.answered", _("Has a rating"), "yes_no"),
    Field(
        "csat.about",
        _("What it was about"),
        "choice",
        (("help", _("help")), ("product", _("product")), ("policy", _("policy")), ("unsolved", _("unsolved"))),
    ),
    Field("session.channel", _("Channel"), "choice", CHANNELS),
    Field("session.status", _("Status"), "choice", tuple(Session.Status.choices)),
    Field("session.sentiment", _("Sentiment"), "choice", SENTIMENTS),
    Field("session.tags", _("Tags"), "list"),
    Field("session.handoff_reasons", _("Handoff reasons"), "list", tuple(HandoffReason.Reason.choices)),
    Field("session.handed_off", _("Was handed off"), "yes_no"),
    Field("session.agent.name", _("Agent")),
    Field("session.agent.kind", _("Kind of agent"), "choice", tuple(Agent.Kind.choices)),
    Field("session.team", _("Team")),
    Field("session.language", _("Language")),
    Field("session.subject", _("Subject")),
    Field("session.ai_closure_type", _("How the AI closed it"), "choice", tuple(Session.Closure.choices)),
    Field("contact.name", _("Contact's name")),
    Field("contact.email", _("Contact's email")),
    Field("contact.phone_number", _("Contact's phone")),
    Field("contact.language", _("Contact's language")),
]


def gather(session: Session) -> dict[str, Any]:
    """The facts about a session as they are now; every missing one is None, never an error."""
    contact = session.contact
    return {
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
            "ai_closure_type": session.ai_closure_type,
            "tags": [tag.name for tag in session.tags.all()],
            "handed_off": session.handed_off_at is not None,
            "handoff_reasons": sorted({row.reason for row in session.handoff_reasons.all()}),
            "agent": _agent(session.resolver or session.assignee),
            "assignee": _agent(session.assignee),
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
        "csat": _csat(session),
    }


def _agent(agent: Agent | None) -> dict[str, Any]:
    return {"id": str(agent.uuid), "name": agent.name, "email": agent.email or None, "kind": agent.kind} if agent else {}


def _csat(session: Session) -> dict[str, Any]:
    score = Score.objects.filter(session=session).first()
    survey = Survey.objects.filter(session=session).only("state").first()
    return {
        "answered": score is not None,
        "score": score.score if score else None,
        "comment": (score.comment or None) if score else None,
        "about": score.about if score else None,
        "channel": score.channel if score else None,
        "source": score.source if score else None,
        "state": survey.state if survey else None,
    }
