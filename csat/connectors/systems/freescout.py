"""FreeScout, by its API & Webhooks module. Names as in that module's source (ApiWebhooksServiceProvider)."""

import hashlib
import html
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from django.utils.translation import gettext_lazy as _

from csat.connectors.api import Api, get_or_none, quoted
from csat.connectors.base import Config, Rating, Step, System
from csat.connectors.changes import Change, ChangeType, ClosedBy, Customer, FoundBy, Person, SaidThere
from csat.connectors.errors import CannotRead
from csat.connectors.payloads import dig, hidden, moment, objects, plain, text, unsigned
from csat.connectors.signatures import check_hmac
from csat.lib.outcomes import Never
from csat.lib.types import JsonObject

EVENTS = {
    "convo.created": ChangeType.CREATED,
    "convo.customer.reply.created": ChangeType.MESSAGE,
    "convo.agent.reply.created": ChangeType.MESSAGE,
    "convo.assigned": ChangeType.ASSIGNED,
    "convo.merged": ChangeType.MERGED,
    "convo.deleted": ChangeType.DELETED,
    "convo.deleted_forever": ChangeType.DELETED,
}
SUBSCRIBED = [
    "convo.created",
    "convo.customer.reply.created",
    "convo.agent.reply.created",
    "convo.assigned",
    "convo.status",
    "convo.deleted",
    "convo.restored",
]
THREAD_OF = {"convo.note.created": "note", "convo.agent.reply.created": "message"}  # what these events add
CHANNELS = {"email": "email", "custom": "email", "phone": "phone_voice", "chat": "web"}
WORKFLOW = "fsworkflow@example.org"  # the user that workflows act as, on every installation
PAGE = 50


class FreeScout(System):
    kind = "freescout"
    label = "FreeScout"
    resolved = ("closed",)
    unresolved = ("spam", "deleted")
    asks = {"agent": _("Id of the user who writes our notes: the number in the address of their profile")}
    inbound_secret = _("Webhook key (or APP_KEY: only the key made of it is used)")
    api_token = _("API key")
    headers_kept = ("x-freescout-event",)
    can_send = True
    steps = (
        Step(_("In FreeScout, install and activate the module API & Webhooks, version 1.0.82 or later.")),
        Step(_("Manage → API & Webhooks: copy the API key. Enter it here, with the address of FreeScout.")),
        Step(
            _(
                "Manage → API & Webhooks → Webhooks: add this address with the events convo.created, "
                "convo.customer.reply.created, convo.agent.reply.created, convo.assigned, convo.status, "
                "convo.deleted and convo.restored."
            ),
            copy="url",
        ),
        Step(
            _(
                "On FreeScout's server, in its folder, run: . ./.env; echo -n "
                '"${APP_KEY}webhook_key" | md5sum. Enter the 32 characters as webhook key.'
            )
        ),
        Step(
            _(
                "Make a user “CSAT” and enter its id. To have the score in fields too, add custom fields "
                "named csat_score, csat_label, csat_comment, csat_at, csat_url to the mailbox. Deactivate "
                "the module Satisfaction Ratings."
            )
        ),
    )

    def verify(self, config: Config, headers: Mapping[str, str], raw: bytes, url: str) -> None:
        keys = [_signing_key(secret) for secret in config.inbound_secrets]
        check_hmac(keys, headers.get("x-freescout-signature", ""), raw, algorithm="sha1", encoding="base64")

    def event_name(self, headers: Mapping[str, str], body: Any) -> str:
        return headers.get("x-freescout-event", "")

    def redact(self, body: Any) -> Any:
        """Attachments are linked with a token that opens them without a login, from the text too."""
        body = hidden(body, frozenset({"fileUrl"}))
        for thread in objects(body, "_embedded", "threads"):
            thread |= {"body": unsigned(thread.get("body"))}
        return body

    def read(self, config: Config, headers: Mapping[str, str], body: Any, fetch: Api | None) -> list[Change]:
        """Any event, a workflow's own ones too, carries the whole conversation: its state is what counts.
        Modules before 1.0.82 send no convo.status for *send and close* (freescout#4305).
        """
        if not isinstance(body, dict):
            raise CannotRead("FreeScout sends one JSON object.")
        event = self.event_name(headers, body)
        if not text(body, "id") or not (text(body, "status") or text(body, "state")):
            why = f"not a conversation: {event or 'no event'}"
            return [Change("", datetime.now(UTC), not_used=why[:200])]
        change = _change(config, body, EVENTS.get(event, ChangeType.STATUS))
        if _is_ours(config, event, body):
            return [replace(change, ours=True)]
        if event in THREAD_OF or event == "convo.customer.reply.created":
            change = replace(change, actor=_person(dig(_newest(body, ""), "createdBy")))
        if fetch and change.customer and not change.customer.email:
            change = _with_phone(fetch, change)
        return [change]

    def look_up(self, config: Config, api: Api, external_id: str) -> Change | None:
        conversation = get_or_none(api, _path(external_id), embed="threads,tags")
        if not text(conversation, "id"):
            return None
        change = replace(_change(config, conversation, ChangeType.STATUS), found_by=FoundBy.POLL)
        return _with_phone(api, change)

    def poll(self, config: Config, api: Api, since: datetime, cursor: str) -> tuple[list[Change], str]:
        """Newest first: what changes meanwhile moves to the front, so a page repeats rows and loses none."""
        page = int(cursor) if cursor.isascii() and cursor.isdecimal() else 1
        after = since.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        answer = _listed(api, page=page, pageSize=PAGE, updatedSince=after)
        pages = text(answer, "page", "totalPages")
        more = pages.isdecimal() and page < int(pages)
        return _changes(config, answer), str(page + 1) if more else ""

    def latest(self, config: Config, api: Api) -> list[Change]:
        return _changes(config, _listed(api, page=1, pageSize=5, status="closed"))

    def write_back(self, config: Config, api: Api, rating: Rating) -> str:
        """Their API makes notes but edits and deletes none: a withdrawn rating leaves its note as it is."""
        path = _path(rating.external_id)
        conversation = api.get(path, embed="threads,tags")
        if rating.fields:
            _write_fields(api, path, conversation, rating)
        if rating.tag:
            _write_tags(api, path, conversation, rating)
        if rating.withdrawn or not rating.note or (rating.note_id and not rating.changed_side):
            return rating.note_id
        if written := _written(conversation, rating):
            return written
        note = {"type": "note", "text": _as_html(rating.line), "user": _agent(config)}
        return text(api.post(f"{path}/threads", note), "id") or rating.note_id

    def send(self, config: Config, api: Api, external_id: str, text: str) -> str:
        """A reply without a status would set the conversation to pending: its own goes along."""
        path = _path(external_id)
        conversation = api.get(path, embed="threads")
        if sent := _sent(conversation, text):
            return sent
        status = dig(conversation, "status")
        if status not in ("active", "pending", "closed"):
            raise Never(f"The conversation is {status or 'gone'}: nothing is sent.", code="status")
        reply = {"type": "message", "text": _as_html(text), "user": _agent(config), "status": status}
        return str(dig(api.post(f"{path}/threads", reply), "id") or "")

    def auth(self, config: Config) -> Mapping[str, str]:
        return {"X-FreeScout-API-Key": config.token}

    def set_up(self, config: Config, api: Api, url: str) -> str:
        """Their webhooks have no secret of their own: one key signs all of them."""
        present = objects(api.get("/api/webhooks"), "_embedded", "webhooks")
        if not any(text(webhook, "url") == url for webhook in present):
            api.post("/api/webhooks", {"url": url, "events": SUBSCRIBED})
        return ""


def _signing_key(secret: str) -> str:
    """The key is the hex text of md5(APP_KEY + "webhook_key"), where APP_KEY keeps its `base64:`."""
    secret = secret.strip().removeprefix("APP_KEY=")
    if not secret.startswith("base64:"):
        return secret
    return hashlib.md5(f"{secret}webhook_key".encode(), usedforsecurity=False).hexdigest()


def _path(external_id: str) -> str:
    return f"/api/conversations/{quoted(external_id)}"


def _change(config: Config, body: JsonObject, type_: ChangeType) -> Change:
    status = "deleted" if text(body, "state") == "deleted" else text(body, "status")
    if type_ == ChangeType.DELETED or status in ("spam", "deleted"):
        status, type_ = (status if status == "spam" else "deleted"), ChangeType.DELETED
    at = _state_at(body, status)
    kind = text(body, "type")
    channel = CHANNELS.get(kind, "api" if kind else "")
    closer = _person(dig(body, "closedByUser"))
    return Change(
        external_id=text(body, "id"),
        at=at,
        type=type_,
        status=status,
        channel=channel,
        source_channel=kind,
        inbox=text(body, "mailboxId"),
        subject=text(body, "subject"),
        customer=_customer(dig(body, "customer")),
        assignee=_person(dig(body, "assignee")),
        tags=_tags(body),
        messages=tuple(_said(config, body, at)),
        actor=closer if status == "closed" else None,
        closed_by=_closed_by(body, closer) if status == "closed" else None,
        created_at=moment(body, "createdAt"),
        url=f"{config.base_url}/conversation/{quoted(text(body, 'id'))}",
        not_used="a draft" if text(body, "state") == "draft" else "",
    )


def _state_at(body: JsonObject, status: str) -> datetime:
    """A closed conversation is so since it was closed or had its last reply: a note on an old one, which
    moves updatedAt, must not look like closing it.
    """
    since = [moment(body, "closedAt"), moment(body, "customerWaitingSince", "time")]
    if status == "closed" and since[0]:
        return max(at for at in since if at)
    return moment(body, "updatedAt") or moment(body, "createdAt") or datetime.now(UTC)


def _changes(config: Config, answer: Any) -> list[Change]:
    found = [
        _change(config, item, ChangeType.STATUS) for item in objects(answer, "_embedded", "conversations")
    ]
    return [replace(change, found_by=FoundBy.POLL) for change in found if change.external_id]


def _listed(api: Api, **wanted: object) -> Any:
    """Every status is named: their documents say that a list without one is of active conversations."""
    everything = {"status": "active,pending,closed,spam", "sortField": "updatedAt", "sortOrder": "desc"}
    return api.get("/api/conversations", **(everything | {"embed": "threads,tags"} | wanted))


def _closed_by(body: JsonObject, closer: Person | None) -> ClosedBy:
    """A workflow closes as nobody (freescout#5042) or as its own user."""
    human = text(body, "closedBy") and (closer is None or closer.kind == "human")
    return ClosedBy.HUMAN if human else ClosedBy.AUTOMATIC


def _customer(value: Any) -> Customer | None:
    if not text(value, "id") and not text(value, "email"):
        return None
    return Customer(email=text(value, "email"), name=_name(value), external_id=text(value, "id"))


def _person(value: Any) -> Person | None:
    if not text(value, "id"):
        return None
    kind = "customer" if text(value, "type") == "customer" else "human"
    kind = "system" if text(value, "email").lower() == WORKFLOW else kind
    return Person(id=text(value, "id"), name=_name(value), email=text(value, "email"), kind=kind)


def _name(value: Any) -> str:
    return f"{text(value, 'firstName')} {text(value, 'lastName')}".strip()


def _tags(body: JsonObject) -> tuple[str, ...] | None:
    """None without the module Tags, and in every webhook."""
    if not isinstance(dig(body, "_embedded", "tags"), list):
        return None
    return tuple(text(tag, "name") for tag in objects(body, "_embedded", "tags") if text(tag, "name"))


def _threads(body: Any) -> list[JsonObject]:
    """What was published, the newest first, as they send it."""
    threads = objects(body, "_embedded", "threads")
    return [thread for thread in threads if text(thread, "state") in ("published", "")]


def _newest(body: JsonObject, type_: str) -> JsonObject:
    """The newest thread of this type (note, message, customer); of any for ""."""
    return next((thread for thread in _threads(body) if type_ in ("", text(thread, "type"))), {})


def _said(config: Config, body: JsonObject, at: datetime) -> list[SaidThere]:
    """Replies, the oldest first: no notes, no changes of status, nothing of workflows or of our own user."""
    said = []
    for thread in reversed(_threads(body)):
        author = _person(dig(thread, "createdBy"))
        if text(thread, "type") not in ("customer", "message", "chat") or not text(thread, "id"):
            continue
        if _by_us(config, thread) or (author and author.kind == "system"):
            continue
        from_customer = text(thread, "type") == "customer" or (
            author is not None and author.kind == "customer"
        )
        said.append(
            SaidThere(
                id=text(thread, "id"),
                sender="contact" if from_customer else "agent",
                text=plain(text(thread, "body")) or _files(thread),
                at=moment(thread, "createdAt") or at,
                author=author,
            )
        )
    return said


def _files(thread: JsonObject) -> str:
    return "(attachment)" if objects(thread, "_embedded", "attachments") else ""


def _by_us(config: Config, thread: JsonObject) -> bool:
    """Written by the user of our notes through the API: the same user may also be somebody's login."""
    ours = {config.own_user, config.fields.get("agent", "")} - {""}
    author = {text(thread, "createdBy", "id"), text(thread, "createdBy", "email")}
    return bool(ours & author) and text(thread, "source", "type") in ("api", "")


def _is_ours(config: Config, event: str, body: JsonObject) -> bool:
    return event in THREAD_OF and _by_us(config, _newest(body, THREAD_OF[event]))


def _with_phone(api: Api, change: Change) -> Change:
    """A conversation never holds the customer's telephone number."""
    if not change.customer or not change.customer.external_id:
        return change
    person = get_or_none(api, f"/api/customers/{quoted(change.customer.external_id)}")
    email = change.customer.email or text(person, "_embedded", "emails", 0, "value")
    phone = text(person, "_embedded", "phones", 0, "value")
    return replace(change, customer=replace(change.customer, email=email, phone=phone))


def _write_fields(api: Api, path: str, conversation: Any, rating: Rating) -> None:
    """Only fields that the mailbox has under our names ("CSAT score" is csat_score); only what differs."""
    fields = []
    for field in objects(conversation, "customFields"):
        name = text(field, "name").lower().replace(" ", "_")
        wanted = rating.values.get(name)
        value = "" if wanted is None else str(wanted)
        if name in rating.values and dig(field, "value") != value:
            fields.append({"id": field.get("id"), "value": value})
    if fields:
        api.put(f"{path}/custom_fields", {"customFields": fields})


def _write_tags(api: Api, path: str, conversation: Any, rating: Rating) -> None:
    """Their call replaces all tags; without the module Tags they are unknown, and none are written."""
    present = _tags(conversation)
    if present is None:
        return
    wanted = rating.retagged(present)
    if sorted(wanted) != sorted(present):
        api.put(f"{path}/tags", {"tags": wanted})


def _written(conversation: Any, rating: Rating) -> str:
    """The id of our newest note when it says this score: a cut connection may have hidden the answer."""
    for thread in _threads(conversation):
        said = _squeezed(plain(text(thread, "body")))
        if text(thread, "type") == "note" and said.startswith("CSAT ") and rating.url in said:
            return text(thread, "id") if said.startswith(f"CSAT {rating.score}/5 ") else ""
    return ""


def _sent(conversation: Any, words: str) -> str:
    """The id of the reply with these words; "" when there is none."""
    for thread in _threads(conversation):
        if text(thread, "type") == "message" and _squeezed(words) in _squeezed(plain(text(thread, "body"))):
            return text(thread, "id")
    return ""


def _agent(config: Config) -> int:
    agent = config.fields.get("agent") or config.own_user
    if not (agent.isascii() and agent.isdecimal()):
        raise Never("FreeScout writes only in the name of a user: enter the user's id.", code="no_user")
    return int(agent)


def _as_html(words: str) -> str:
    return html.escape(words, quote=False).replace("\n", "<br>")


def _squeezed(words: str) -> str:
    return " ".join(words.split())
