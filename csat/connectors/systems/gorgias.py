"""Gorgias: an HTTP integration with a body of ours, its API for a second look, the score as their survey.

Facts: design/connectors.md sections 2 to 8. They sign nothing: a token in a header is the proof.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from django.utils.translation import gettext_lazy as _

from csat.connectors import notes
from csat.connectors.api import Api, get_or_none, quoted
from csat.connectors.base import Config, Rating, Step
from csat.connectors.changes import Change, ChangeType, FoundBy, Person, SaidThere
from csat.connectors.mapping import reader
from csat.connectors.payloads import dig, moment, objects, text
from csat.connectors.systems.generic import Generic, basic
from csat.lib.types import JsonObject

CHANNELS = {  # [M] the words; another one stays theirs beside `api`
    "email": "email", "chat": "web", "contact_form": "web", "contact-form": "web", "help-center": "web",
    "phone": "phone_voice", "sms": "sms", "whatsapp": "whatsapp", "facebook-messenger": "messenger",
    "instagram-direct-message": "instagram", "api": "api",
}  # fmt: skip
NOTE = "internal-note"

ROWS: list[JsonObject] = [
    {"to": "external_id", "path": "ticket_id", "required": True},
    {"to": "status", "path": "status", "transform": "lower"},
    {"to": "channel", "path": "channel", "map": CHANNELS},
    {"to": "subject", "path": "subject"},
    {"to": "contact.external_id", "path": "customer.id"},
    {"to": "contact.email", "path": "customer.email"},
    {"to": "contact.name", "path": "customer.name"},
    {"to": "assignee.id", "path": "agent.id"},
    {"to": "assignee.email", "path": "agent.email"},
    {"to": "assignee.name", "path": "agent.name"},
    {"to": "team", "path": "team"},
    {"to": "language", "path": "language", "transform": "language"},
    {"to": "tags", "paths": ["tags", "tags[*].name"], "transform": "split_comma"},
    {"to": "created_at", "path": "created", "transform": "iso8601"},
    {"to": "occurred_at", "paths": ["updated", "closed"], "transform": "iso8601"},
    {"to": "closed_by", "path": "via", "map": {"rule": "automatic", "*": ""}},  # [M]
]


class Gorgias(Generic):
    kind = "gorgias"
    label = "Gorgias"
    address_optional = False
    resolved = ("closed",)
    unresolved = ()
    inbound_secret = _("A long random text, the same in the header X-CSAT-Token of the integration")
    api_token = _("API key (Settings > REST API)")
    token_user = _("E-mail of the user of that API key")
    has_clock = True
    writes = ("note", "fields", "tag")
    steps = (
        Step(_("Settings > HTTP integration > Add: POST, JSON, this URL."), copy="url"),
        Step(_("Add this header with a long random text, and the same text here."), copy="header"),
        Step(_("The body of the request:"), copy="template"),
        Step(
            _(
                "Switch on the triggers ticket-created, ticket-updated and ticket-message-created. Give us "
                "the API key and e-mail of a user CSAT."
            )
        ),
        Step(
            _(
                "Switch off their satisfaction survey, or customers are asked twice. Scores from here are "
                "kept as the survey of each ticket, so their reports still show them."
            )
        ),
    )
    # what people write stands first: a text that breaks out of its quotation marks is overruled below
    template = """{
  "subject": "{{ticket.subject}}",
  "tags": "{{ticket.tags}}",
  "customer": {
    "name": "{{ticket.customer.name}}",
    "email": "{{ticket.customer.email}}",
    "id": "{{ticket.customer.id}}"
  },
  "agent": {
    "name": "{{ticket.assignee_user.name}}",
    "email": "{{ticket.assignee_user.email}}"
  },
  "language": "{{ticket.language}}",
  "channel": "{{ticket.channel}}",
  "via": "{{ticket.via}}",
  "created": "{{ticket.created_datetime}}",
  "closed": "{{ticket.closed_datetime}}",
  "updated": "{{ticket.updated_datetime}}",
  "status": "{{ticket.status}}",
  "ticket_id": "{{ticket.id}}",
  "v": 1
}"""
    fixed = {"url": "{base_url}/app/ticket/{external_id}", "rows": ROWS}

    def read(self, config: Config, headers: Mapping[str, str], body: Any, fetch: Api | None) -> list[Change]:
        """One body for all triggers: it tells a state, and one that never changed is new."""
        ended_at = moment(body, "closed")  # a tag set later moves `updated` alone
        changes = super().read(config, headers, body, fetch)
        return [_typed(replace(change, ended_at=ended_at)) for change in changes]

    def look_up(self, config: Config, api: Api, external_id: str) -> Change | None:
        """With its public messages. A merged ticket answers 301 and is gone."""
        ticket = get_or_none(api, f"/api/tickets/{quoted(external_id)}")
        gone = not text(ticket, "id") or dig(ticket, "spam") is True or text(ticket, "trashed_datetime")
        return None if gone else self._change(config, ticket)

    def latest(self, config: Config, api: Api) -> list[Change]:
        found = api.get("/api/tickets", limit=5, order_by="updated_datetime:desc")
        return [self._change(config, ticket) for ticket in objects(found, "data")[:5]]

    def write_back(self, config: Config, api: Api, rating: Rating) -> str:
        """Their own survey of the ticket, and tags, may be written again; the note comes last."""
        path = f"/api/tickets/{quoted(rating.external_id)}"
        if rating.fields or rating.tag:
            ticket = api.get(path)
            if rating.fields:
                _write_survey(api, ticket, rating)
            if rating.tag:
                names = [text(tag, "name") for tag in objects(ticket, "tags")]  # what is put replaces them
                api.put(path, {"tags": [{"name": name} for name in rating.retagged(names)]})
        if not rating.note:
            return rating.note_id
        messages = f"{path}/messages"
        return notes.write(
            rating,
            known=lambda: _notes(api.get(path)),
            edit=lambda note, words: api.put(f"{messages}/{quoted(note)}", _note(config, words)),
            add=lambda words: text(api.post(messages, _note(config, words)), "id"),
        )

    def auth(self, config: Config) -> Mapping[str, str]:
        return basic(config.token_user, config.token)

    def _change(self, config: Config, ticket: JsonObject) -> Change:
        """Of a ticket of the API, by the same rows."""
        body = {
            **ticket,
            "ticket_id": dig(ticket, "id"),
            "agent": dig(ticket, "assignee_user"),
            "team": dig(ticket, "assignee_team", "name"),
            "created": dig(ticket, "created_datetime"),
            "updated": dig(ticket, "updated_datetime"),
            "closed": dig(ticket, "closed_datetime"),
        }
        change = reader.read(self.parsed(config), body, base_url=config.base_url)
        ended_at = moment(body, "closed")
        return replace(change, found_by=FoundBy.POLL, messages=_messages(ticket), ended_at=ended_at)


def _typed(change: Change) -> Change:
    is_new = change.created_at == change.at and change.status == "open" and change.type == ChangeType.STATUS
    return replace(change, type=ChangeType.CREATED) if is_new else change


def _messages(ticket: JsonObject) -> tuple[SaidThere, ...]:
    """Those that are public; [M] `public`: one that does not say so is judged by its channel."""
    said = []
    for part in objects(ticket, "messages"):
        at, words = moment(part, "created_datetime"), text(part, "stripped_text") or text(part, "body_text")
        private = dig(part, "public") is False or text(part, "channel") == NOTE
        if private or not (at and words and text(part, "id")):
            continue
        is_agent = dig(part, "from_agent") is True
        author = Person(
            text(part, "sender", "id"), text(part, "sender", "name"), text(part, "sender", "email")
        )
        sender = "agent" if is_agent else "contact"
        said.append(SaidThere(text(part, "id"), sender, words, at, author if is_agent else None))
    return tuple(said)


def _write_survey(api: Api, ticket: Any, rating: Rating) -> None:
    """There is one a ticket: changed where it exists ([M] how the ticket names it). Without
    `should_send_datetime` they send none.
    """
    number = text(ticket, "satisfaction_survey", "id")
    values: JsonObject = {
        "score": None if rating.withdrawn else rating.score,
        "body_text": None if rating.withdrawn else rating.comment,
        "scored_datetime": None if rating.withdrawn else rating.at.isoformat(),
        "meta": {} if rating.withdrawn else {"csat_url": rating.url},
    }
    if number:
        meta = dig(ticket, "satisfaction_survey", "meta")
        kept = (
            {name: value for name, value in meta.items() if name != "csat_url"}
            if isinstance(meta, dict)
            else {}
        )
        api.put(
            f"/api/satisfaction-surveys/{quoted(number)}",
            {**values, "meta": kept | values["meta"]},
        )
    elif not rating.withdrawn:
        whose = {"ticket_id": dig(ticket, "id"), "customer_id": dig(ticket, "customer", "id")}
        api.post("/api/satisfaction-surveys", {**whose, **values})


def _notes(ticket: Any) -> list[notes.Note]:
    """The internal ones, oldest first."""
    found = [part for part in objects(ticket, "messages") if text(part, "channel") == NOTE]
    return [notes.Note(text(part, "id"), text(part, "body_text")) for part in found]


def _note(config: Config, words: str) -> JsonObject:
    """An internal one [M]."""
    sender = {"email": config.token_user}
    return {"channel": NOTE, "via": "api", "from_agent": True, "sender": sender, "body_text": words}
