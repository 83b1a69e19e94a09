"""Help Scout: company-wide webhooks with whole conversations, its Mailbox API 2.0 for the score.

Sources: developer.helpscout.com on webhooks and the Mailbox API; [M] marks what is from memory. The event's
name is in a header only. The API signs in for two days by OAuth2 client credentials, see `sign_in`.
"""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from django.utils import timezone
from django.utils.html import escape
from django.utils.translation import gettext_lazy as _

from csat.connectors import notes
from csat.connectors.api import Api, get_or_none
from csat.connectors.base import Config, Rating, Step, System
from csat.connectors.changes import Change, ChangeType, ClosedBy, Customer, FoundBy, Person, SaidThere
from csat.connectors.errors import CannotRead
from csat.connectors.payloads import Form, dig, hidden, moment, objects, plain, text
from csat.connectors.signatures import check_hmac
from csat.lib.outcomes import Never
from csat.lib.types import JsonObject

EVENTS = {
    "convo.created": ChangeType.CREATED,
    "convo.customer.reply.created": ChangeType.MESSAGE,
    "convo.agent.reply.created": ChangeType.MESSAGE,
    "convo.note.created": ChangeType.STATUS,
    "convo.assigned": ChangeType.ASSIGNED,
    "convo.status": ChangeType.STATUS,
    "convo.tags": ChangeType.STATUS,
    "convo.custom-fields": ChangeType.STATUS,
    "convo.moved": ChangeType.STATUS,
    "convo.merged": ChangeType.MERGED,
    "convo.deleted": ChangeType.DELETED,
}
WANTED = (*EVENTS, "satisfaction.ratings")  # of a webhook that we make
REPLIES = ("convo.customer.reply.created", "convo.agent.reply.created")
CHANNELS = {"email": "email", "chat": "web", "phone": "phone_voice"}
SENDERS = {"customer": "contact", "user": "agent", "team": "agent"}  # by createdBy.type of a thread
TALK = {"customer", "message", "chat", "beaconchat", "phone"}  # threads; a note and a lineitem are none
SIGNED = frozenset({"webUrl", "attachments"})  # links to files that open without a sign-in [M]
OUR_TAGS = {"csat_good", "csat_bad"}


class HelpScout(System):
    kind = "helpscout"
    label = "Help Scout"
    resolved = ("closed",)
    unresolved = ("spam",)
    inbound_secret = _("Secret key of the webhook")
    api_token = _("App secret")
    token_user = _("App ID")
    needs_address = False
    default_address = "https://api.helpscout.net"
    headers_kept = ("x-helpscout-event",)
    can_send = True
    steps = (
        Step(
            _("In Help Scout, open Manage, Apps, Webhooks, and enter this address as the callback URL."),
            "url",
        ),
        Step(_("Enter a secret key of at most 40 characters there, and the same one here.")),
        Step(
            _(
                "Choose the events: conversation created, assigned, status updated, merged, deleted; "
                "customer reply, agent reply; rating received. Choose here, under Rules, which inboxes count."
            )
        ),
        Step(
            _(
                "Invite a user of its own for this, sign in as that user, and create an app under Your "
                "profile, My apps. Enter its App ID and App secret here."
            )
        ),
        Step(_("Switch off satisfaction ratings in each inbox, or customers are asked twice.")),
    )

    def verify(self, config: Config, headers: Mapping[str, str], raw: bytes, url: str) -> None:
        given = headers.get("x-helpscout-signature", "")
        check_hmac(config.inbound_secrets, given, raw, algorithm="sha1", encoding="base64")

    def event_name(self, headers: Mapping[str, str], body: Any) -> str:
        return headers.get("x-helpscout-event", "")

    def redact(self, body: Any) -> Any:
        return hidden(body, SIGNED)

    def read(self, config: Config, headers: Mapping[str, str], body: Any, fetch: Api | None) -> list[Change]:
        if not isinstance(body, dict):
            raise CannotRead("The body is not an object.")
        event = self.event_name(headers, body)
        if event == "satisfaction.ratings":
            return [_rated(body)]
        change = _conversation(body)
        if event not in EVENTS:
            return [replace(change, not_used=f"{event or 'an event without a name'} is not used")]
        if not _is_id(change.external_id):
            return [replace(change, not_used="a conversation without an id")]
        if event == "convo.merged" and fetch and (now := self.look_up(config, fetch, change.external_id)):
            return [now]  # it is the one that the other went into [M]
        threads = _threads(fetch, body, event)
        change = replace(change, type=EVENTS[event], messages=_messages(threads), at=_latest(body, threads))
        actor = _actor(event, body, threads)
        ours = bool(actor and config.own_user and config.own_user in (actor.id, actor.email))
        return [replace(change, actor=actor, ours=ours)]

    def look_up(self, config: Config, api: Api, external_id: str) -> Change | None:
        """With the phone number when there is no email. After a merge, the old id is gone (301)."""
        body = get_or_none(api, f"/v2/conversations/{_id(external_id)}", embed="threads")
        if not isinstance(body, dict):
            return None
        change = _conversation(body)
        customer = change.customer
        if customer and not customer.email and _is_id(customer.external_id):
            phones = get_or_none(api, f"/v2/customers/{customer.external_id}/phones")
            customer = replace(customer, phone=text(phones, "_embedded", "phones", 0, "value"))
        threads = objects(body, "_embedded", "threads")
        return replace(change, customer=customer, messages=_messages(threads), at=_latest(body, threads))

    def poll(self, config: Config, api: Api, since: datetime, cursor: str) -> tuple[list[Change], str]:
        """Their clock takes no fractions of a second."""
        number = int(cursor) if cursor.isdecimal() else 1
        page = api.get(
            "/v2/conversations",
            status="all",
            modifiedSince=since.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            sortField="modifiedAt",
            sortOrder="asc",
            page=number,
        )
        changes = [replace(change, found_by=FoundBy.POLL) for change in _listed(page)]
        pages = dig(page, "page", "totalPages")
        more = isinstance(pages, int) and number < pages
        return changes, str(number + 1) if more else ""

    def latest(self, config: Config, api: Api) -> list[Change]:
        page = api.get("/v2/conversations", status="all", sortField="modifiedAt", sortOrder="desc", page=1)
        return _listed(page)[:5]

    def write_back(self, config: Config, api: Api, rating: Rating) -> str:
        path = f"/v2/conversations/{_id(rating.external_id)}"
        note_id = (
            _write_note(api, path, rating) if rating.note or (rating.withdrawn and rating.note_id) else ""
        )
        conversation = api.get(path) if rating.fields or rating.tag else None
        if rating.fields:
            _write_fields(api, path, conversation, rating)
        if rating.tag:
            _write_tag(api, path, conversation, rating)
        return note_id

    def send(self, config: Config, api: Api, external_id: str, text_: str) -> str:
        """A reply sets a status, so the conversation's own one goes along: we never reopen or close."""
        path = f"/v2/conversations/{_id(external_id)}"
        conversation = api.get(path)
        reply = {
            "customer": {"id": dig(conversation, "primaryCustomer", "id")},
            "text": _html(text_),
            "status": text(conversation, "status"),
        }
        api.post(f"{path}/reply", reply)
        sent = [thread for thread in _notes(api, path, "message") if text_ in thread.text]
        return sent[-1].id if sent else ""

    def sign_in(self, config: Config, api: Api) -> Mapping[str, str]:
        """They take the credentials as a form only: JSON is refused with 400."""
        who = {"client_id": config.token_user, "client_secret": config.token}
        answer = api.post("/v2/oauth2/token", Form(who, grant_type="client_credentials"))
        token = text(answer, "access_token")
        if not token:
            raise Never("Help Scout gave no access token.", code="401", account=True)
        return {"Authorization": f"Bearer {token}"}

    def set_up(self, config: Config, api: Api, url: str) -> str:
        """We choose the secret: at most 40 characters."""
        secret = secrets.token_hex(20)
        webhook = {
            "url": url,
            "events": list(WANTED),
            "secret": secret,
            "payloadVersion": "V2",
            "label": "CSAT",
        }
        api.post("/v2/webhooks", webhook)
        return secret


def _conversation(body: JsonObject) -> Change:
    """As webhooks and the API show it."""
    external_id, number, kind = text(body, "id"), text(body, "number"), text(body, "type")
    return Change(
        external_id,
        _latest(body, ()),
        type=ChangeType.DELETED if text(body, "state") == "deleted" else ChangeType.STATUS,
        status=text(body, "status"),
        channel=CHANNELS.get(kind, "api") if kind else "",
        source_channel="" if kind in CHANNELS else kind,
        inbox=text(body, "mailboxId"),
        subject=text(body, "subject"),
        customer=_customer(dig(body, "primaryCustomer")),
        assignee=_person(dig(body, "assignee")),
        tags=tuple(tag for one in objects(body, "tags") if (tag := text(one, "tag")))
        if isinstance(body.get("tags"), list)
        else None,
        closed_by=_closed_by(body),
        created_at=moment(body, "createdAt"),
        url=f"https://secure.helpscout.net/conversation/{external_id}/{number}" if number else "",
    )


def _rated(body: JsonObject) -> Change:
    """Their own survey was answered: it is on."""
    ticket = text(body, "ticketId")
    at = moment(body, "modifiedAt") or moment(body, "createdAt") or timezone.now()
    why = "" if _is_id(ticket) else "a rating without a conversation"
    return Change(ticket, at, their_survey=not why, not_used=why)


def _latest(body: JsonObject, threads: Sequence[JsonObject]) -> datetime:
    """When its state began. A closed one's is told, so that a tag put on it a month later ends nothing anew;
    else the newest moment in it counts, as there is no time of change: `userUpdatedAt` is of agents only.
    """
    if text(body, "status") == "closed" and (closed_at := moment(body, "closedAt")):
        return closed_at
    told = [moment(body, key) for key in ("createdAt", "userUpdatedAt", "closedAt")]
    told += [moment(body, "customerWaitingSince", "time"), *(moment(one, "createdAt") for one in threads)]
    return max((at for at in told if at), default=None) or timezone.now()


def _closed_by(body: JsonObject) -> ClosedBy | None:
    """Closed by nobody (0 or null) is a workflow's doing [M]."""
    if text(body, "status") != "closed" or "closedBy" not in body:
        return None
    nobody = text(body, "closedBy") in ("", "0") and not text(body, "closedByUser", "id").strip("0")
    return ClosedBy.AUTOMATIC if nobody else ClosedBy.HUMAN


def _actor(event: str, body: JsonObject, threads: Sequence[JsonObject]) -> Person | None:
    """Who did it, as far as the body tells: it never says so outright."""
    if event == "convo.status" and text(body, "status") == "closed":
        return _person(dig(body, "closedByUser"))
    kinds = {"convo.note.created": {"note"}, **dict.fromkeys(REPLIES, TALK)}.get(event, set())
    written = [thread for thread in threads if text(thread, "type") in kinds]
    newest = max(written, key=lambda thread: _written_at(thread), default=None)
    return _person(dig(newest, "createdBy"))


def _threads(fetch: Api | None, body: JsonObject, event: str) -> list[JsonObject]:
    """They may be missing from the body; of replies and notes they are fetched then."""
    told = objects(body, "_embedded", "threads")
    if told or fetch is None or event not in (*REPLIES, "convo.created", "convo.note.created"):
        return told
    return objects(
        get_or_none(fetch, f"/v2/conversations/{text(body, 'id')}/threads"), "_embedded", "threads"
    )


def _messages(threads: Sequence[JsonObject]) -> tuple[SaidThere, ...]:
    """What was said to and by the customer, oldest first."""
    said = [message for thread in threads if (message := _message(thread))]
    return tuple(sorted(said, key=lambda message: message.at))


def _message(thread: JsonObject) -> SaidThere | None:
    sender = SENDERS.get(text(thread, "createdBy", "type"))
    if text(thread, "type") == "customer":
        sender = "contact"
    words, is_draft = plain(text(thread, "body")), text(thread, "state") in ("draft", "underreview")
    if text(thread, "type") not in TALK or sender is None or is_draft or not (words and text(thread, "id")):
        return None
    author = _person(dig(thread, "createdBy")) if sender == "agent" else None
    return SaidThere(text(thread, "id"), sender, words, _written_at(thread), author)


def _written_at(thread: JsonObject) -> datetime:
    return moment(thread, "createdAt") or timezone.now()


def _person(found: Any) -> Person | None:
    """No one has the id 0."""
    person_id = text(found, "id")
    if person_id in ("", "0"):
        return None
    kind = "customer" if text(found, "type") == "customer" else "human"
    return Person(person_id, _name(found), text(found, "email"), kind)


def _customer(found: Any) -> Customer | None:
    who = Customer(email=text(found, "email"), name=_name(found), external_id=text(found, "id"))
    return who if who != Customer() else None


def _name(found: Any) -> str:
    return " ".join(name for name in (text(found, "first"), text(found, "last")) if name)


def _listed(page: Any) -> list[Change]:
    found = objects(page, "_embedded", "conversations")
    return [change for one in found if _is_id((change := _conversation(one)).external_id)]


def _write_fields(api: Api, path: str, conversation: Any, rating: Rating) -> None:
    """PUT replaces the whole list, so theirs go along. Ours are those with our names in the inbox; not there,
    not written.
    """
    inbox = get_or_none(api, f"/v2/mailboxes/{_id(text(conversation, 'mailboxId'))}/fields")
    ids = {text(one, "name").lower(): text(one, "id") for one in objects(inbox, "_embedded", "fields")}
    own = {ids[name]: value for name, value in rating.values.items() if name in ids}
    if not own:
        return
    theirs = {text(field, "id"): dig(field, "value") for field in objects(conversation, "customFields")}
    values = {**theirs, **own}
    kept = [{"id": int(_id(key)), "value": str(value)} for key, value in values.items() if value is not None]
    api.put(f"{path}/fields", {"fields": kept})


def _write_tag(api: Api, path: str, conversation: Any, rating: Rating) -> None:
    """PUT replaces all tags, so theirs go along; nothing is written when ours is there already."""
    before = [tag for one in objects(conversation, "tags") if (tag := text(one, "tag"))]
    after = [tag for tag in before if tag not in OUR_TAGS] + ([] if rating.withdrawn else [rating.tags[0]])
    if sorted(after) != sorted(before):
        api.put(f"{path}/tags", {"tags": after})


def _write_note(api: Api, path: str, rating: Rating) -> str:
    """The id of a new note comes in a header that we do not see: it is looked up."""

    def edit(note_id: str, words: str) -> None:
        change = {"op": "replace", "path": "/text", "value": _html(words)}
        api.patch(f"{path}/threads/{_id(note_id)}", change)

    def add(words: str) -> str:
        api.post(f"{path}/notes", {"text": _html(words)})
        return notes.find(rating, _notes(api, path))

    return notes.write(rating, known=lambda: _notes(api, path), edit=edit, add=add)


def _notes(api: Api, path: str, kind: str = "note") -> list[notes.Note]:
    """Their threads come newest first [M]; here the oldest is first."""
    threads = objects(api.get(f"{path}/threads"), "_embedded", "threads")
    found = sorted((one for one in threads if text(one, "type") == kind), key=_written_at)
    return [notes.Note(text(one, "id"), plain(text(one, "body"))) for one in found]


def _html(words: str) -> str:
    return escape(words).replace("\n", "<br>")


def _is_id(value: str) -> bool:
    return value.isascii() and value.isdecimal() and len(value) <= 20


def _id(value: str) -> str:
    """An id for a path: digits only, so that a made-up one reaches nothing else of theirs."""
    if not _is_id(value):
        raise Never(f"{value[:40]!r} is no id of Help Scout's.", code="404")
    return value
