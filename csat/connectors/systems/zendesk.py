"""Zendesk: webhooks of events (ids only) and of triggers (a body of ours with placeholders).

Events: developer.zendesk.com/api-reference/webhooks/event-types/ticket-events. What that page leaves open is
marked [M].
"""

import base64
import json
import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from django.utils.translation import gettext_lazy as _

from csat.connectors.api import Api, get_or_none, quoted
from csat.connectors.base import Config, Rating, Step, System
from csat.connectors.changes import Change, ChangeType, ClosedBy, Customer, FoundBy, Person, SaidThere
from csat.connectors.errors import CannotRead
from csat.connectors.payloads import dig, hidden, items, moment, objects, parse_json, text
from csat.connectors.signatures import check_hmac, check_time
from csat.lib.outcomes import Never, Retry
from csat.lib.types import JsonObject

PREFIX = "zen:event-type:"
EVENTS = {
    "ticket.created": ChangeType.CREATED,
    "ticket.comment_added": ChangeType.MESSAGE,
    "ticket.agent_assignment_changed": ChangeType.ASSIGNED,
    "ticket.group_assignment_changed": ChangeType.ASSIGNED,
    "ticket.status_changed": ChangeType.STATUS,
    "ticket.custom_status_changed": ChangeType.STATUS,
    "ticket.custom_field_changed": ChangeType.STATUS,
    "ticket.tags_changed": ChangeType.STATUS,
    "ticket.subject_changed": ChangeType.STATUS,
    "ticket.requester_changed": ChangeType.STATUS,
    "ticket.undeleted": ChangeType.STATUS,
    "ticket.csat_requested": ChangeType.STATUS,
    "ticket.csat_received": ChangeType.STATUS,
    "ticket.merged": ChangeType.MERGED,
    "ticket.marked_as_spam": ChangeType.DELETED,
    "ticket.soft_deleted": ChangeType.DELETED,
    "ticket.permanently_deleted": ChangeType.DELETED,
}
ENDS = {"ticket.marked_as_spam": "spam"}
SUBSCRIBED = [
    *(f"{PREFIX}ticket.{name}" for name in ("created", "comment_added", "status_changed", "merged")),
    *(f"{PREFIX}ticket.{name}" for name in ("agent_assignment_changed", "marked_as_spam", "soft_deleted")),
    *(f"{PREFIX}ticket.{name}" for name in ("permanently_deleted", "undeleted")),
]
SOLVING = {"ticket.created", "ticket.status_changed"}
BY_US = {"ticket.comment_added", "ticket.tags_changed", "ticket.custom_field_changed", "message"}
TRIGGERS = {
    "created": ChangeType.CREATED,
    "message": ChangeType.MESSAGE,
    "assigned": ChangeType.ASSIGNED,
    "resolved": ChangeType.STATUS,
    "reopened": ChangeType.STATUS,
}
TRIGGER_STATUS = {"resolved": "solved", "reopened": "open"}
OPEN = ("new", "open", "pending", "hold", "on-hold")
CHANNELS = {  # via.channel, and the words of {{ticket.via}} [M]
    **dict.fromkeys(("web", "web_widget", "native_messaging", "chat", "web form", "web widget"), "web"),
    **dict.fromkeys(("messaging",), "web"),
    **dict.fromkeys(("email", "mail"), "email"),
    **dict.fromkeys(("voice", "phone", "phone call (incoming)", "phone call (outgoing)"), "phone_voice"),
    **dict.fromkeys(("facebook", "messenger"), "messenger"),
    **dict.fromkeys(("api", "web service", "web service (api)"), "api"),
    "whatsapp": "whatsapp",
    "sms": "sms",
    "text": "sms",
    "instagram_dm": "instagram",
    "slack": "slack",
}
CLOSED = "closed: an automation does that days after a ticket was solved"
MERGED_TAG = "closed_by_merge"  # [M] of a ticket that was merged into another
SYSTEM_ACTOR = "-1"  # [M] triggers and automations
SIDELOADS = "users,groups,dates"
PAGE = 100
FIELDS = ("csat_score", "csat_label", "csat_comment", "csat_at", "csat_url")
TEMPLATE = """\
{
  "v": 1,
  "event": "resolved",
  "ticket": {
    "id": "{{ticket.id}}",
    "status": "{{ticket.status}}",
    "via": "{{ticket.via}}",
    "title": "{{ticket.title}}",
    "tags": "{{ticket.tags}}",
    "created_at": "{{ticket.created_at_with_timestamp}}",
    "updated_at": "{{ticket.updated_at_with_timestamp}}",
    "group": "{{ticket.group.name}}"
  },
  "requester": {
    "id": "{{ticket.requester.id}}",
    "name": "{{ticket.requester.name}}",
    "email": "{{ticket.requester.email}}",
    "phone": "{{ticket.requester.phone}}",
    "language": "{{ticket.requester.language}}"
  },
  "assignee": {
    "id": "{{ticket.assignee.id}}",
    "name": "{{ticket.assignee.name}}",
    "email": "{{ticket.assignee.email}}"
  },
  "current_user": {
    "email": "{{current_user.email}}"
  }
}
"""
TEMPLATE_LINE = re.compile(r'^(\s*"\w+"\s*:\s*)"(.*)"(,?\s*)$', re.MULTILINE)
TEXT_NODE = re.compile(r">([^<>]+)<")


class Zendesk(System):
    kind = "zendesk"
    label = "Zendesk"
    resolved = ("solved",)  # closed is what an automation makes of it days later
    unresolved = ("merged", "spam", "deleted")
    asks = {
        "csat_score": _("Id of the ticket field for the score (numeric)"),
        "csat_label": _("Id of the field for the label (text)"),
        "csat_comment": _("Id of the field for the comment (multi-line)"),
        "csat_at": _("Id of the field for the time (text)"),
        "csat_url": _("Id of the field for the link (text)"),
    }
    inbound_secret = _("Signing secret of the webhook")
    api_token = _("API token")
    token_user = _("Email address of the agent whose token it is")
    can_send = True
    template = TEMPLATE
    steps = (
        Step(
            _(
                "Admin Center → Apps and integrations → Webhooks → Create webhook: connect it to Zendesk "
                "events: ticket created, comment added, agent assignment changed, status changed, merged, "
                "marked as spam, deleted, undeleted. Endpoint URL: this address; method POST, format JSON."
            ),
            copy="url",
        ),
        Step(_("On the page of the webhook, reveal the signing secret and enter it here.")),
        Step(
            _(
                "Apps and integrations → APIs: make an API token for an agent “CSAT” who does nothing else. "
                "Enter it with the agent's email address: the events hold ids only."
            )
        ),
        Step(
            _(
                "Without API access, connect the webhook to triggers instead: one trigger each for created, "
                "message, assigned, resolved and reopened, with this body and its word as “event”. To have "
                "scores in fields, add ticket fields and enter their ids."
            ),
            copy="template",
        ),
        Step(
            _(
                "Deactivate the automation “Request customer satisfaction rating” and the CSAT survey, or "
                "customers are asked twice."
            )
        ),
    )

    def verify(self, config: Config, headers: Mapping[str, str], raw: bytes, url: str) -> None:
        """Signed are the timestamp as it was sent and the body, with nothing between them."""
        if not any(config.inbound_secrets):
            return
        at = headers.get("x-zendesk-webhook-signature-timestamp", "")
        signed = at.encode(errors="surrogatepass") + raw
        given = headers.get("x-zendesk-webhook-signature", "")
        check_hmac(config.inbound_secrets, given, signed, encoding="base64")
        check_time(at, unit="iso")

    def parse(self, headers: Mapping[str, str], raw: bytes) -> Any:
        """A trigger pastes its placeholders as text: quotes and backslashes of a subject break the JSON [M].
        As each stands on a line of its own in our template, such lines are written anew.
        """
        try:
            return parse_json(raw)
        except CannotRead:
            mended = TEMPLATE_LINE.sub(_line_again, raw.decode(errors="replace"))
            if '"event"' not in mended:
                raise
            return parse_json(mended.encode())

    def redact(self, body: Any) -> Any:
        """The address of an attachment opens it without a login."""
        return hidden(body, frozenset({"content_url", "mapped_content_url", "attachments"}))

    def event_name(self, headers: Mapping[str, str], body: Any) -> str:
        return text(body, "type").removeprefix(PREFIX) or text(body, "event")

    def duplicate_key(self, headers: Mapping[str, str], body: Any, raw: bytes) -> str:
        return text(body, "id") if text(body, "type").startswith(PREFIX) else ""

    def read(self, config: Config, headers: Mapping[str, str], body: Any, fetch: Api | None) -> list[Change]:
        if not isinstance(body, dict):
            raise CannotRead("Zendesk sends one JSON object.")
        if text(body, "type").startswith(PREFIX):
            return [_event(config, self.event_name(headers, body), body, fetch)]
        return [_trigger(config, body, fetch)]

    def look_up(self, config: Config, api: Api, external_id: str) -> Change | None:
        answer = get_or_none(api, _path(external_id), include=SIDELOADS)
        if not text(answer, "ticket", "id"):
            return None
        change = _ticket(config, answer["ticket"], answer)
        path, requester = f"{_path(external_id)}/comments", text(answer, "ticket", "requester_id")
        comments = get_or_none(api, path, include="users", sort_order="desc")
        users = {text(user, "id"): user for user in objects(comments, "users")}
        told = [_as_in_event(comment, users, requester) for comment in objects(comments, "comments")]
        said = [_said(config, comment, change.at) for comment in told]
        return replace(change, messages=tuple(one for one in said if one))

    def poll(self, config: Config, api: Api, since: datetime, cursor: str) -> tuple[list[Change], str]:
        """Newest first, until one is older. The incremental export would need an administrator's token."""
        answer = _listed(api, PAGE, cursor)
        tickets = objects(answer, "tickets")
        new = [ticket for ticket in tickets if (moment(ticket, "updated_at") or since) >= since]
        more = len(new) == len(tickets) > 0 and dig(answer, "meta", "has_more") is True
        changes = [_sweep(_ticket(config, ticket, answer)) for ticket in new]
        return changes, text(answer, "meta", "after_cursor") if more else ""

    def latest(self, config: Config, api: Api) -> list[Change]:
        answer = _listed(api, 5, "")
        return [_sweep(_ticket(config, ticket, answer)) for ticket in objects(answer, "tickets")]

    def write_back(self, config: Config, api: Api, rating: Rating) -> str:
        """Note, fields and tags in one call; a closed ticket refuses it (422)."""
        path, note_id, values = _path(rating.external_id), rating.note_id, dict[str, Any]()
        wants_note = rating.note and not rating.withdrawn and (not note_id or rating.changed_side)
        if wants_note or rating.withdrawn:
            comments = objects(api.get(f"{path}/comments", sort_order="desc"), "comments")
            if rating.withdrawn:
                _blank(api, rating, comments)
            elif written := _written(comments, rating):
                note_id = written
            else:
                values["comment"] = {"body": rating.line, "public": False}
        if rating.fields and (fields := _fields(config, rating)):
            values["custom_fields"] = fields
        if rating.tag:
            values |= _tags(api.get(path), rating)
        return (_put(api, path, values) if values else "") or note_id

    def send(self, config: Config, api: Api, external_id: str, text: str) -> str:
        """A public comment leaves the status as it is."""
        path = _path(external_id)
        comments = objects(api.get(f"{path}/comments", sort_order="desc"), "comments")
        return _sent(comments, text) or _put(api, path, {"comment": {"body": text, "public": True}})

    def reopen(self, config: Config, api: Api, external_id: str) -> None:
        """A solved ticket; a closed one refuses it (422)."""
        _put(api, _path(external_id), {"status": "open"})

    def own_user(self, config: Config, api: Api) -> str:
        return text(api.get("/api/v2/users/me.json"), "user", "id")

    def auth(self, config: Config) -> Mapping[str, str]:
        """An API token with its agent's address, or else an OAuth token."""
        if not config.token_user:
            return {"Authorization": f"Bearer {config.token}"}
        login = f"{config.token_user}/token:{config.token}"
        return {"Authorization": f"Basic {base64.b64encode(login.encode()).decode()}"}

    def set_up(self, config: Config, api: Api, url: str) -> str:
        """Needs an administrator's token."""
        present = objects(api.get("/api/v2/webhooks"), "webhooks")
        made = next((webhook for webhook in present if text(webhook, "endpoint") == url), None)
        if made is None:
            webhook = {"name": "CSAT", "endpoint": url, "http_method": "POST", "request_format": "json"}
            wanted = webhook | {"status": "active", "subscriptions": SUBSCRIBED}
            made = dig(api.post("/api/v2/webhooks", {"webhook": wanted}), "webhook")
        answer = api.get(f"/api/v2/webhooks/{quoted(text(made, 'id'))}/signing_secret")
        return text(answer, "signing_secret", "secret")


# reading


def _event(config: Config, event: str, body: JsonObject, fetch: Api | None) -> Change:
    detail = dig(body, "detail")
    external_id = text(detail, "id") or text(body, "subject").rpartition("zen:ticket:")[2]
    at = _second(moment(detail, "updated_at") or moment(body, "time"))
    if event not in EVENTS or not external_id:
        return Change(external_id, at, not_used=f"unknown event {event}"[:200])
    change = _of_event(config, event, body, external_id, at)
    if event in BY_US and (text(detail, "actor_id") in _own(config) or _only_ours(config, body)):
        return replace(change, ours=True)
    if change.type in (ChangeType.MERGED, ChangeType.DELETED):
        return change
    if event == "ticket.status_changed" and change.status == "closed":
        return replace(change, not_used=CLOSED)
    if fetch:
        return _completed(config, fetch, change)
    # without the API it is not known when a ticket was solved that something else happened to
    told = (change.status == "solved" and event in SOLVING) or change.status not in ("solved", "closed")
    return change if told else replace(change, status="", closed_by=None)


def _of_event(config: Config, event: str, body: JsonObject, external_id: str, at: datetime) -> Change:
    detail, type_ = dig(body, "detail"), EVENTS[event]
    status = (text(detail, "status") or text(body, "event", "current")).lower()
    if status == "closed" and MERGED_TAG in items(detail, "tags"):
        type_ = ChangeType.MERGED
    if event == "ticket.merged" and text(body, "event", "target_ticket_id") == external_id:
        type_ = ChangeType.STATUS  # [M] the ticket that stays
    if type_ in (ChangeType.MERGED, ChangeType.DELETED):
        status = "merged" if type_ == ChangeType.MERGED else ENDS.get(event, "deleted")
    said = _said(config, dig(body, "event", "comment"), at)
    assignee, requester = text(detail, "assignee_id"), text(detail, "requester_id")
    channel = text(detail, "via", "channel")
    return Change(
        external_id=external_id,
        at=at,
        type=type_,
        status=status,
        channel=_channel(channel),
        source_channel=channel,
        inbox=text(detail, "group_id"),
        subject=text(detail, "subject"),
        customer=Customer(external_id=requester) if requester else None,
        assignee=Person(id=assignee) if assignee else None,
        tags=_texts(dig(detail, "tags")),
        messages=(said,) if said else (),
        actor=_actor(detail, requester),
        closed_by=_closed_by(text(detail, "actor_id")) if status == "solved" else None,
        created_at=moment(detail, "created_at"),
        url=_url(config, external_id),
        their_survey="csat_" in event,
    )


def _trigger(config: Config, body: JsonObject, fetch: Api | None) -> Change:
    """What happened is the constant in the body: {{ticket.status}} is in the language of the account."""
    event, ticket = text(body, "event"), dig(body, "ticket")
    external_id, at = text(ticket, "id"), _second(moment(ticket, "updated_at"))
    if not external_id or external_id.startswith("{{"):
        return Change("", at, not_used="no ticket in it, or its placeholders were not filled in")
    if event not in TRIGGERS:
        return Change(external_id, at, not_used=f"unknown event {event}"[:200])
    change = _of_trigger(config, event, body, at)
    if event in BY_US and text(body, "current_user", "email").lower() in _own(config):
        return replace(change, ours=True)
    return _completed(config, fetch, change) if fetch else change


def _of_trigger(config: Config, event: str, body: JsonObject, at: datetime) -> Change:
    ticket, requester, assignee = dig(body, "ticket"), dig(body, "requester"), dig(body, "assignee")
    status, via = text(ticket, "status").lower(), text(ticket, "via")
    by = text(body, "current_user", "email")
    return Change(
        external_id=text(ticket, "id"),
        at=at,
        type=TRIGGERS[event],
        status=TRIGGER_STATUS.get(event, status if status in OPEN else ""),
        channel=_channel(via),
        source_channel=via,
        inbox=text(ticket, "group"),
        inbox_name=text(ticket, "group"),
        subject=text(ticket, "title"),
        customer=_customer(requester, text(requester, "id"), text(requester, "language")),
        assignee=_person(assignee) if text(assignee, "id") else None,
        team=text(ticket, "group"),
        tags=tuple(text(ticket, "tags").split()),
        actor=Person(email=by) if by else None,
        closed_by=ClosedBy.HUMAN if by and event == "resolved" else None,
        created_at=moment(ticket, "created_at"),
        url=_url(config, text(ticket, "id")),
    )


def _completed(config: Config, api: Api, change: Change) -> Change:
    """The ticket as it is now, with what only the event says; the event alone when the ticket is gone."""
    answer = get_or_none(api, _path(change.external_id), include=SIDELOADS)
    if not text(answer, "ticket", "id"):
        return change
    now = _ticket(config, answer["ticket"], answer)
    return replace(
        now,
        status="" if now.status == "closed" else now.status,
        type=now.type if now.type != ChangeType.STATUS else change.type,
        found_by=change.found_by,
        messages=change.messages,
        actor=change.actor,
        closed_by=change.closed_by if now.status == "solved" else None,
        their_survey=now.their_survey or change.their_survey,
    )


def _ticket(config: Config, ticket: JsonObject, answer: Any) -> Change:
    """A ticket of the API, with the users, groups and dates that came with it."""
    users = {text(user, "id"): user for user in objects(answer, "users")}
    groups = {text(group, "id"): text(group, "name") for group in objects(answer, "groups")}
    status, group, type_ = text(ticket, "status").lower(), text(ticket, "group_id"), ChangeType.STATUS
    if status == "closed" and MERGED_TAG in items(ticket, "tags"):
        status, type_ = "merged", ChangeType.MERGED
    type_ = ChangeType.DELETED if status == "deleted" else type_
    requester, assignee = text(ticket, "requester_id"), text(ticket, "assignee_id")
    channel = text(ticket, "via", "channel")
    return Change(
        external_id=text(ticket, "id"),
        at=_state_at(ticket, status),
        type=type_,
        found_by=FoundBy.POLL,
        status=status,
        channel=_channel(channel),
        source_channel=channel,
        inbox=group,
        inbox_name=groups.get(group, ""),
        subject=text(ticket, "subject"),
        customer=_customer(users.get(requester), requester, text(users.get(requester), "locale")),
        assignee=_person(users[assignee]) if assignee in users else None,
        team=groups.get(group, ""),
        tags=_texts(dig(ticket, "tags")),
        created_at=moment(ticket, "created_at"),
        url=_url(config, text(ticket, "id")),
        their_survey=text(ticket, "satisfaction_rating", "score") not in ("", "unoffered"),
    )


def _state_at(ticket: JsonObject, status: str) -> datetime:
    """A solved ticket is so since it was solved: a later tag or note must not look like solving it."""
    solved = moment(ticket, "dates", "solved_at") or moment(ticket, "dates", "status_updated_at")
    return _second((solved if status == "solved" else None) or moment(ticket, "updated_at"))


def _sweep(change: Change) -> Change:
    return replace(change, not_used=CLOSED) if change.status == "closed" else change


def _second(at: datetime | None) -> datetime:
    """Tickets count in seconds, events finer: cut, so that both can be put in order."""
    return (at or datetime.now(UTC)).replace(microsecond=0)


def _said(config: Config, comment: Any, at: datetime) -> SaidThere | None:
    """A public comment of an event; None for a private one, one of the system, and one of ours."""
    author = dig(comment, "author")
    if not text(comment, "id") or dig(comment, "is_public") is not True:
        return None
    if text(author, "id") in {*_own(config), SYSTEM_ACTOR}:
        return None
    by_staff = dig(author, "is_staff") is True
    kind = "human" if by_staff else "customer"
    person = Person(text(author, "id"), text(author, "name"), text(author, "email"), kind)
    said_at = moment(comment, "created_at") or at
    return SaidThere(
        text(comment, "id"), "agent" if by_staff else "contact", text(comment, "body"), said_at, person
    )


def _as_in_event(comment: JsonObject, users: JsonObject, requester: str) -> JsonObject:
    """A comment of the API, as an event shows it."""
    author = text(comment, "author_id")
    user = users.get(author) or {"id": author}
    is_customer = author == requester or text(user, "role") == "end-user"
    return comment | {"author": user | {"is_staff": not is_customer}, "is_public": comment.get("public")}


def _only_ours(config: Config, body: JsonObject) -> bool:
    """Only our tags or fields changed [M]: known by their names when our own user is not."""
    event = dig(body, "event")
    tags = [str(tag) for tag in items(event, "tags_added") + items(event, "tags_removed")]
    if tags and text(body, "type").endswith("tags_changed"):
        return set(tags) <= {"csat_good", "csat_bad"}
    field = text(event, "field", "id") or text(event, "custom_field", "id")
    return bool(field) and field in {config.fields.get(name) for name in FIELDS}


def _own(config: Config) -> set[str]:
    return {config.own_user.lower(), config.token_user.lower()} - {""}


def _actor(detail: Any, requester: str) -> Person | None:
    actor = text(detail, "actor_id")
    if not actor:
        return None
    return Person(actor, kind={SYSTEM_ACTOR: "system", requester: "customer"}.get(actor, "human"))


def _closed_by(actor: str) -> ClosedBy | None:
    if not actor:
        return None
    return ClosedBy.AUTOMATIC if actor == SYSTEM_ACTOR else ClosedBy.HUMAN


def _channel(word: str) -> str:
    return CHANNELS.get(word.lower(), "api") if word else ""


def _customer(value: Any, external_id: str, language: str) -> Customer | None:
    if not external_id and not text(value, "email"):
        return None
    return Customer(text(value, "email"), text(value, "phone"), text(value, "name"), external_id, language)


def _person(value: Any) -> Person:
    return Person(text(value, "id"), text(value, "name"), text(value, "email"))


def _texts(value: Any) -> tuple[str, ...] | None:
    return tuple(tag for tag in value if isinstance(tag, str)) if isinstance(value, list) else None


def _url(config: Config, external_id: str) -> str:
    return f"{config.base_url}/agent/tickets/{quoted(external_id)}"


def _line_again(line: re.Match[str]) -> str:
    return f"{line[1]}{json.dumps(line[2])}{line[3]}"


# their API


def _path(external_id: str) -> str:
    return f"/api/v2/tickets/{quoted(external_id)}"


def _listed(api: Api, size: int, cursor: str) -> Any:
    after = {"page[after]": cursor} if cursor else {}
    wanted: dict[str, object] = {"page[size]": size, "sort": "-updated_at", "include": SIDELOADS, **after}
    return api.get("/api/v2/tickets", **wanted)


def _put(api: Api, path: str, values: JsonObject) -> str:
    """The id of the comment it made. 409: somebody else changed the tags since we read them."""
    try:
        answer = api.put(path, {"ticket": values})
    except Never as error:
        if error.code == "409":
            raise Retry(error.text, code="409", after=30) from error
        raise
    made = [event for event in objects(answer, "audit", "events") if text(event, "type") == "Comment"]
    return text(made, 0, "id")


def _fields(config: Config, rating: Rating) -> list[JsonObject]:
    """Those whose ids were entered; Zendesk leaves fields alone that are not named."""
    ids = {name: config.fields.get(name, "").strip() for name in FIELDS}
    return [
        {"id": int(field), "value": rating.values.get(name)}
        for name, field in ids.items()
        if field.isascii() and field.isdecimal()
    ]


def _tags(answer: Any, rating: Rating) -> JsonObject:
    """`tags` replaces all: the union, which Zendesk refuses when the ticket changed since it was read."""
    present = _texts(dig(answer, "ticket", "tags"))
    if present is None:
        raise Never("Zendesk's answer holds no tags.", code="unexpected_answer")
    wanted = rating.retagged(present)
    if sorted(wanted) == sorted(present):
        return {}
    stamp = text(answer, "ticket", "updated_at")
    return {"tags": wanted, "safe_update": True, "updated_stamp": stamp}


def _notes(comments: list[JsonObject], rating: Rating) -> list[JsonObject]:
    """Ours about this conversation, in the order of `comments`."""
    private = [comment for comment in comments if dig(comment, "public") is False]
    return [
        note
        for note in private
        if text(note, "body").startswith("CSAT ") and rating.url in text(note, "body")
    ]


def _written(comments: list[JsonObject], rating: Rating) -> str:
    """The id of our newest note when it says this score: a cut connection may have hidden the answer."""
    newest = next(iter(_notes(comments, rating)), {})
    return text(newest, "id") if text(newest, "body").startswith(f"CSAT {rating.score}/5 ") else ""


def _sent(comments: list[JsonObject], words: str) -> str:
    """The id of the public comment with these words; "" when there is none."""
    public = [comment for comment in comments if dig(comment, "public") is True]
    return next((text(one, "id") for one in public if words.strip() in text(one, "body")), "")


def _blank(api: Api, rating: Rating, comments: list[JsonObject]) -> None:
    """Take the words out of our notes. Redacting needs that permission, and works on closed tickets too."""
    ticket = int(rating.external_id) if rating.external_id.isdecimal() else rating.external_id
    for note in _notes(comments, rating):
        words = text(note, "html_body") or text(note, "body")
        marked = (
            TEXT_NODE.sub(r"><redact>\1</redact><", words) if "<" in words else f"<redact>{words}</redact>"
        )
        body = {"ticket_id": ticket, "html_body": marked}
        api.put(f"/api/v2/comment_redactions/{quoted(text(note, 'id'))}", body)
