"""The selects of a report's filter row."""

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _

from csat.channels import faces
from csat.channels.kinds import Channel
from csat.people.models import Agent, Team
from csat.reports.filters import NONE, SPLIT
from csat.sessions.models import HandoffReason
from csat.surveys.about import About
from csat.web.reports.asking import CREDITS, PERIODS, Question

MANY = 300  # as many as a select can hold


@dataclass(frozen=True)
class Select:
    name: str
    any: str
    picked: str
    choices: list[tuple[str, str]]


def row(question: Question) -> dict[str, Any]:
    """All that the filter row shows."""
    further = _more(question)
    return {
        "periods": PERIODS,
        "selects": _first(question),
        "further": further,
        "tags": question.filters.tag or ("",),
        "credit": _credits(question),
        "used": _used(further, question),
    }


def _first(question: Question) -> list[Select]:
    """What most people filter by, in the row itself."""
    agents = [(str(agent.uuid), str(agent)) for agent in Agent.objects.only("uuid", "name", "email")[:MANY]]
    return [_select(question, "channel", _("Any channel"), Channel.choices), _select(question, "agent", _("Any agent"), agents)]


def _more(question: Question) -> list[Select]:
    """The rest, behind a button."""
    teams = [(name, name) for name in Team.objects.values_list("name", flat=True)[:MANY]]
    languages = sorted(((code, _(name)) for code, name in settings.LANGUAGES), key=lambda one: one[1])
    scores = [(str(face.score), f"{face.emoji} {face.score} {face.label}") for face in faces.FACES]
    return [
        _select(question, "agent_kind", _("Human or AI"), Agent.Kind.choices),
        _select(question, "team", _("Any team"), [*teams, (NONE, _("No team"))]),
        _select(question, "language", _("Any language"), languages),
        _select(question, "handoff_reason", _("Any handoff reason"), [*HandoffReason.Reason.choices, (NONE, _("Not handed off"))]),
        _select(question, "score", _("Any rating"), [*scores, ("1,2", _("1–2: low")), ("4,5", _("4–5: satisfied"))]),
        _select(question, "about", _("About anything"), [*About.choices, (NONE, _("Not said"))]),
    ]


def _credits(question: Question) -> Select:
    return Select("credit", "", question.filters.credit, [(name, str(label)) for name, label in CREDITS.items()])


def _used(selects: list[Select], question: Question) -> int:
    """How many of the filters behind the button are in use."""
    filters = question.filters
    return sum(bool(one.picked) for one in selects) + bool(filters.tag) + (filters.credit != "resolver") + filters.quarantined


def _select(question: Question, name: str, any: str, choices: Any) -> Select:
    """Several values together, from a link or the API, are one choice of their own."""
    values = question.filters.chosen.get(name, ())
    picked = ("," if name in SPLIT else "\n").join(values)
    known = [(str(value), str(label)) for value, label in choices]
    labels = dict(known)
    if picked and picked not in labels:
        known.append((picked, ", ".join(labels.get(value, value) for value in values)))
    return Select(name, any, picked, known)
