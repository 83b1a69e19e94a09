"""Find or make the rows that a request names."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TypeVar
from uuid import UUID

from django.db.models import Model, QuerySet
from django.utils.translation import gettext as _

from csat.lib.composed import Composed
from csat.lib.refusal import Invalid, Missing
from csat.lib.text import NO_UUID
from csat.lib.types import JsonObject
from csat.people import agents, brands, contacts
from csat.people.details import Details
from csat.people.models import Agent, Contact
from csat.sessions.models import Session

M = TypeVar("M", bound=Model)
R = TypeVar("R")
SAME_NAME = ("external_id", "language", "sentiment", "tags", "custom_data", "created_at")


def get_or_404(rows: QuerySet[M, R], uuid: UUID, field: str = "") -> R:
    """The row with this public id. Raises Missing; `field` is the part of the body that named it."""
    return or_404(rows.filter(uuid=uuid).first(), field)


def session_by_id(uuid: UUID, field: str = "") -> Session:
    """As `get_or_404`: a session, with its contact and its assignee."""
    return or_404(_SESSION.first(uuid), field)


_SESSION = Composed(
    lambda uuid: Session.objects.select_related("contact", "assignee").filter(uuid=uuid), NO_UUID
)


def or_404(row: R | None, field: str = "") -> R:
    if row is None:
        text = _("There is nothing with this id.")
        raise Missing(text, fields={field: [text]} if field else None)
    return row


def session_arguments(payload: JsonObject) -> JsonObject:
    """The arguments of `intake.start`; makes the contact, agent and team when they are new."""
    channel = dict(payload.get("channel") or {})
    contact, left_out = find_or_create_contact(payload)
    return {
        **{name: payload[name] for name in SAME_NAME if payload.get(name) is not None},
        **{name: text for name, text in channel.items() if name != "type" and text},
        "channel": channel.get("type") or "api",
        "contact": contact,
        "left_out": left_out,
        "assignee": find_or_create_agent(payload.get("assignee")),
        "team": agents.find_or_create_team(payload.get("team")),
        **brands.named(payload.get("brand")),
        "bridged_to_web": payload["bridged_to_web"],
    }


def change_arguments(payload: JsonObject) -> JsonObject:
    """The arguments of `activity.update`; makes the agent and team when they are new."""
    values = {name: value for name, value in payload.items() if name != "custom_data" or value}
    if "assignee" in values:
        values["assignee"] = find_or_create_agent(values["assignee"])
    if "team" in values:
        values["team"] = agents.find_or_create_team(values["team"])
    if "brand" in values:
        values |= brands.named(values.pop("brand")) or {"brand_settled": False}
    if "tags" in values:
        values["tags"] = values["tags"] or []
    return values


def find_or_create_contact(payload: JsonObject) -> tuple[Contact, list[str]]:
    """By `contact_id`, else as `contact` describes them, without what cannot be used; an anonymous contact
    without either.
    """
    if payload.get("contact_id"):
        return get_or_404(Contact.objects.alive(), payload["contact_id"], "contact_id"), []
    with _errors_under("contact"):
        details, left_out = Details.usable(**(payload.get("contact") or {}))
        return contacts.find_or_create_many([details])[0][0], left_out


def find_or_create_agent(description: JsonObject | None, field: str = "assignee") -> Agent | None:
    """None for null and for an empty description."""
    if not description or not any(description.values()):
        return None
    if description.get("id"):
        return get_or_404(Agent.objects.all(), description["id"], f"{field}.id")
    with _errors_under(field):
        return agents.find_or_create(**{name: value for name, value in description.items() if name != "id"})


@contextmanager
def _errors_under(part: str) -> Iterator[None]:
    """Put the part's name before each invalid field: `contact.email`."""
    try:
        yield
    except Invalid as error:
        fields = {f"{part}.{name}": texts for name, texts in error.fields.items()}
        raise Invalid(error.message, fields=fields) from None
