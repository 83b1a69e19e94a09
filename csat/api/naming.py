"""From the names a machine uses to the rows they name."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TypeVar
from uuid import UUID

from django.db.models import Model, QuerySet
from django.utils.translation import gettext as _

from csat.lib.refusal import Invalid, Missing
from csat.people import agents, contacts
from csat.people.models import Agent, Contact
from csat.sessions.models import Session

M = TypeVar("M", bound=Model)
PLAIN = ("external_id", "language", "sentiment", "tags", "custom_data", "created_at")


def session(told: dict[str, Any]) -> dict[str, Any]:
    """The arguments of `intake.start`."""
    channel = dict(told.get("channel") or {})
    return {
        **{name: told[name] for name in PLAIN if told.get(name) is not None},
        **{name: text for name, text in channel.items() if name != "type" and text},
        "channel": channel.get("type") or "api",
        "contact": contact(told),
        "assignee": agent(told.get("assignee")),
        "team": agents.team(told.get("team")),
        "bridged_to_web": told["bridged_to_web"],
    }


def contact(told: dict[str, Any]) -> Contact:
    """By `contact_id`, else the one `contact` describes; nothing told: somebody anonymous."""
    if told.get("contact_id"):
        return _named(Contact.objects.alive(), told["contact_id"], "contact_id")
    with _inside("contact"):
        return contacts.find_or_create(**(told.get("contact") or {}))[0]


def agent(told: dict[str, Any] | None, field: str = "assignee") -> Agent | None:
    """The agent described, made when new; None for null and for nothing."""
    if not told or not any(told.values()):
        return None
    if told.get("id"):
        return _named(Agent.objects.all(), told["id"], f"{field}.id")
    with _inside(field):
        return agents.find_or_create(**{name: value for name, value in told.items() if name != "id"})


def session_of(id: UUID) -> Session:
    """The session a body names by `session_id`."""
    return _named(Session.objects.all(), id, "session_id")


def changes(told: dict[str, Any]) -> dict[str, Any]:
    """The arguments of `conversing.change`."""
    values = {name: value for name, value in told.items() if name != "custom_data" or value}
    if "assignee" in values:
        values["assignee"] = agent(values["assignee"])
    if "team" in values:
        values["team"] = agents.team(values["team"])
    if "tags" in values:
        values["tags"] = values["tags"] or []
    return values


@contextmanager
def _inside(part: str) -> Iterator[None]:
    """What is wrong inside is told under the name of this part of the body."""
    try:
        yield
    except Invalid as no:
        raise Invalid(no.message, fields={f"{part}.{name}": texts for name, texts in no.fields.items()}) from None


def _named(rows: QuerySet[M], id: UUID, field: str) -> M:
    row = rows.filter(uuid=id).first()
    if row is None:
        text = _("There is nothing with this id.")
        raise Missing(text, fields={field: [text]})
    return row
