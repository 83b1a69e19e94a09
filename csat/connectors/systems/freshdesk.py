"""Freshdesk: an automation rule an event, with a body of ours; its API for what was lost, and the score.

Facts: design/connectors.md sections 2 to 8. Webhooks share the quota of the API: over it they wait
for an hour and are dropped after a day, so the sweep is the truth. Values of placeholders are labels in the
account's language: what happened is said by the constant `event` of each rule, not by `status`.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from html import escape
from typing import Any

from django.utils.translation import gettext_lazy as _

from csat.connectors import notes
from csat.connectors.api import Api, get_or_none, quoted
from csat.connectors.base import Config, Rating, Step
from csat.connectors.changes import Change, FoundBy, SaidThere
from csat.connectors.mapping import reader
from csat.connectors.payloads import dig, items, moment, objects, text
from csat.connectors.systems.generic import Generic, basic
from csat.lib.outcomes import Never
from csat.lib.types import JsonObject

STATUSES = {2: "Open", 3: "Pending", 4: "Resolved", 5: "Closed"}  # of the API; further ones are the account's
KNOWN = ("Open", "Pending", "Resolved", "Waiting on Customer", "Waiting on Third Party")
CHANNELS = {  # [M]: the label in English, and the number of the API
    "Email": "email", "1": "email", "Portal": "web", "2": "web", "Phone": "phone_voice", "3": "phone_voice",
    "Chat": "web", "7": "web", "Feedback Widget": "web", "9": "web", "Outbound Email": "email", "10": "email",
    "WhatsApp": "whatsapp", "13": "whatsapp", "SMS": "sms", "Facebook": "messenger",
}  # fmt: skip
OUTBOUND = 10  # a ticket that an agent began
THEIR_SURVEY = 6  # [M] source of a conversation: the customer's answer to their own survey
PAGE = 100
FIELD = "cf_csat"
STALE = timedelta(hours=1)

ROWS: list[JsonObject] = [
    {"to": "external_id", "paths": ["ticket_id", "freshdesk_webhook.ticket_id"], "required": True},
    {"to": "status", "paths": ["status", "freshdesk_webhook.ticket_status"]},
    {"to": "channel", "path": "source", "map": CHANNELS},
    {"to": "subject", "paths": ["subject", "freshdesk_webhook.ticket_subject"]},
    {"to": "contact.email", "paths": ["contact.email", "freshdesk_webhook.ticket_contact_email"]},
    {"to": "contact.name", "paths": ["contact.name", "freshdesk_webhook.ticket_contact_name"]},
    {"to": "contact.phone", "path": "contact.phone"},
    {"to": "contact.external_id", "path": "contact.id"},
    {"to": "contact.language", "path": "contact.language", "transform": "language"},
    {"to": "assignee.email", "path": "agent.email"},
    {"to": "assignee.name", "path": "agent.name"},
    {"to": "assignee.id", "path": "agent.id"},
    {"to": "inbox", "path": "group_id"},
    {"to": "team", "path": "group"},
    {"to": "tags", "paths": ["tags", "tags[*]"], "transform": "split_comma"},
    {"to": "created_at", "path": "created_at", "transform": "iso8601"},
    {"to": "occurred_at", "path": "updated_at", "transform": "iso8601"},
]


class Freshdesk(Generic):
    kind = "freshdesk"
    label = "Freshdesk"
    address_optional = False
    resolved = ("Resolved",)  # Closed is what their automation makes of it days later
    unresolved = ()
    asks = {"score_field": _("Name of the ticket field for the score in their API, if it is not cf_csat")}
    inbound_secret = _("A long random text, the same in the header X-CSAT-Token of each rule")
    api_token = _("API key, from the profile of the agent CSAT")
    token_user = ""
    writes = ("note", "fields", "tag")
    steps = (
        Step(
            _(
                "Admin > Automations > Ticket Updates: a rule for each event, first of all “status changed "
                "to Resolved”, with the action Trigger webhook: POST, JSON, Advanced, this URL."
            ),
            copy="url",
        ),
        Step(
            _(
                'The same body in every rule; only "event" differs: created, replied, assigned, resolved, or '
                "reopened for “status changed from Resolved”."
            ),
            copy="template",
        ),
        Step(_("Add this custom header with a long random text, and the same text here."), copy="header"),
        Step(
            _(
                "Copy the API key of an agent named CSAT. Add a number field to tickets for the score, named "
                "CSAT, which their API calls cf_csat."
            )
        ),
        Step(_("Admin > Customer satisfaction: deactivate the survey, or customers are asked twice.")),
    )
    # what people write stands first: a text that breaks out of its quotation marks is overruled below
    template = """{
  "subject": "{{ticket.subject}}",
  "tags": "{{ticket.tags}}",
  "group": "{{ticket.group.name}}",
  "contact": {
    "name": "{{ticket.requester.name}}",
    "phone": "{{ticket.requester.phone}}",
    "email": "{{ticket.requester.email}}"
  },
  "agent": {
    "name": "{{ticket.agent.name}}",
    "email": "{{ticket.agent.email}}"
  },
  "triggered_event": "{{triggered_event}}",
  "source": "{{ticket.source}}",
  "status": "{{ticket.status}}",
  "ticket_id": "{{ticket.id}}",
  "event": "resolved",
  "v": 1
}"""
    fixed = {
        "event": {
            "path": "event",
            "values": {"replied": "message", "closed": "ignored"},
            "statuses": {"resolved": "Resolved", "reopened": "Open"},
        },
        "url": "{base_url}/a/tickets/{external_id}",
        "rows": ROWS,
    }

    def read(self, config: Config, headers: Mapping[str, str], body: Any, fetch: Api | None) -> list[Change]:
        """Everything is in the body."""
        return [
            _trusted(change, text(body, "event")) for change in super().read(config, headers, body, fetch)
        ]

    def look_up(self, config: Config, api: Api, external_id: str) -> Change | None:
        """With its public messages, and the agent, whom the ticket names by number only."""
        path = f"/api/v2/tickets/{quoted(external_id)}"
        ticket = get_or_none(api, path, include="requester,conversations,stats")
        if not isinstance(ticket, dict) or not text(ticket, "id"):
            return None
        change = self._change(config, ticket, _agent(api, ticket))
        if dig(ticket, "deleted") is True or dig(ticket, "spam") is True:
            return None
        closed = change.status in ("Resolved", "Closed")
        survey = any(dig(part, "source") == THEIR_SURVEY for part in objects(ticket, "conversations"))
        return replace(
            change,
            status="Resolved" if closed else change.status,  # closed: it was not reopened since
            messages=_messages(ticket),
            their_survey=survey,
        )

    def poll(self, config: Config, api: Api, since: datetime, cursor: str) -> tuple[list[Change], str]:
        """By the time of their last change, 100 a page."""
        page = int(cursor) if cursor.isdecimal() else 1
        tickets = objects(
            api.get(
                "/api/v2/tickets",
                updated_since=since.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
                order_by="updated_at",
                order_type="asc",
                include="requester,stats",
                per_page=PAGE,
                page=page,
            )
        )
        changes = [_dated(self._change(config, ticket), ticket) for ticket in tickets]
        return changes, str(page + 1) if len(tickets) == PAGE else ""

    def latest(self, config: Config, api: Api) -> list[Change]:
        found = api.get(
            "/api/v2/tickets", order_by="updated_at", order_type="desc", include="requester,stats", per_page=5
        )
        return [_dated(self._change(config, ticket), ticket) for ticket in objects(found)[:5]]

    def write_back(self, config: Config, api: Api, rating: Rating) -> str:
        """Field and tags first, which may be written again; the note last, which may not."""
        ticket = f"/api/v2/tickets/{quoted(rating.external_id)}"
        values: JsonObject = {}
        if rating.fields:
            name = config.fields.get("score_field") or FIELD
            values["custom_fields"] = {name: None if rating.withdrawn else rating.score}
        if rating.tag:
            tags = items(api.get(ticket), "tags")  # what is put replaces them
            values["tags"] = rating.retagged(tag for tag in tags if isinstance(tag, str))
        if values:
            api.put(ticket, values)
        if not rating.note:
            return rating.note_id
        return notes.write(
            rating,
            known=lambda: _notes(api, ticket),
            edit=lambda note, words: api.put(f"/api/v2/conversations/{quoted(note)}", {"body": _html(words)}),
            add=lambda words: text(
                api.post(f"{ticket}/notes", {"body": _html(words), "private": True}), "id"
            ),
        )

    def auth(self, config: Config) -> Mapping[str, str]:
        return basic(config.token, "X")

    def _change(self, config: Config, ticket: JsonObject, agent: JsonObject | None = None) -> Change:
        """Of a ticket of the API, by the same rows."""
        status = dig(ticket, "status")
        body = {
            **ticket,
            "ticket_id": dig(ticket, "id"),
            "status": STATUSES.get(status, status) if isinstance(status, int) else status,
            "contact": dig(ticket, "requester"),
            "agent": agent or {"id": dig(ticket, "responder_id")},
        }
        change = reader.read(self.parsed(config), body, base_url=config.base_url)
        return replace(change, found_by=FoundBy.POLL)


def _trusted(change: Change, event: str) -> Change:
    """A status we know, or one that stands alone; Closed is never a resolve, and no reopening either. A label
    in another language beside a named event would look like a reopening, so it is not told.
    """
    if change.status == "Closed" and not event:
        return replace(change, status="", not_used="closed, which is not a resolve")
    if change.status == "Closed" or (event and change.status not in KNOWN):
        return replace(change, status="")
    return change


def _dated(change: Change, ticket: JsonObject) -> Change:
    """A ticket that was resolved long before its last change is dated by its resolve: nobody is asked late.
    Closed without that date, or after it, says nothing new.
    """
    resolved_at = moment(ticket, "stats", "resolved_at") or moment(ticket, "stats", "closed_at")
    if change.status == "Closed":
        change = replace(change, status="Resolved" if resolved_at else "")
    if change.status == "Resolved" and resolved_at and change.at - resolved_at > STALE:
        return replace(change, at=resolved_at)
    return change


def _agent(api: Api, ticket: JsonObject) -> JsonObject | None:
    """None where it is not assigned, or where the key may not look at agents."""
    number = text(ticket, "responder_id")
    try:
        found = get_or_none(api, f"/api/v2/agents/{number}") if number.isdecimal() else None
    except Never as error:
        if error.code != "403":
            raise
        return None
    contact = dig(found, "contact")
    return {**contact, "id": number} if isinstance(contact, dict) else None


def _messages(ticket: JsonObject) -> tuple[SaidThere, ...]:
    """The description is the customer's first message, but on tickets that agents begin; private notes and
    what came of their survey are none.
    """
    said = []
    began, words = moment(ticket, "created_at"), text(ticket, "description_text")
    if words and began and dig(ticket, "source") != OUTBOUND:
        said.append(SaidThere(f"{text(ticket, 'id')}-description", "contact", words, began))
    for part in objects(ticket, "conversations"):
        at, words = moment(part, "created_at"), text(part, "body_text")
        public = dig(part, "private") is False and dig(part, "source") != THEIR_SURVEY
        if public and at and words and text(part, "id"):
            sender = "contact" if dig(part, "incoming") is True else "agent"
            said.append(SaidThere(text(part, "id"), sender, words, at))
    return tuple(said)


def _notes(api: Api, ticket: str) -> list[notes.Note]:
    """The private ones, oldest first."""
    found = objects(api.get(f"{ticket}/conversations", per_page=PAGE))
    return [
        notes.Note(text(part, "id"), text(part, "body_text"))
        for part in found
        if dig(part, "private") is True
    ]


def _html(words: str) -> str:
    """Their notes are HTML."""
    return "<br>".join(escape(line) for line in words.split("\n"))
