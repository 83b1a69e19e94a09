"""Front: webhooks of a rule or of an application, both with the same events inside; its Core API.

Sources: dev.frontapp.com (rule and application webhooks, events, Core API specification); [M] marks what is
from memory. Paths are always relative: their links lead to a host of each company's own.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.html import escape
from django.utils.translation import gettext_lazy as _

from csat.connectors import notes
from csat.connectors.api import Api, get_or_none
from csat.connectors.base import Config, Rating, Step, System
from csat.connectors.changes import Change, ChangeType, ClosedBy, Customer, FoundBy, Person, SaidThere
from csat.connectors.errors import CannotRead
from csat.connectors.payloads import dig, hidden, moment, objects, parse_json, plain, text
from csat.connectors.signatures import check_hmac, check_time
from csat.lib.outcomes import Never
from csat.lib.types import JsonObject

EVENTS = {
    "inbound": ChangeType.MESSAGE,
    "outbound": ChangeType.MESSAGE,
    "out_reply": ChangeType.MESSAGE,
    "assign": ChangeType.ASSIGNED,
    "unassign": ChangeType.ASSIGNED,
    "conversations_merged": ChangeType.MERGED,
    "trash": ChangeType.DELETED,
    **dict.fromkeys(
        ("archive", "reopen", "restore", "reminder", "move", "ticket_status_update"), ChangeType.STATUS
    ),
    **dict.fromkeys(("comment", "mention", "tag", "untag", "custom_field_updated"), ChangeType.STATUS),
}
SWEPT = ("inbound", "outbound", "out_reply", "archive", "reopen", "trash", "ticket_status_update")
# events that only an application webhook names, where the event inside has no name
APPLICATION_EVENTS = {
    "conversation_archived": "archive", "conversation_reopened": "reopen", "assignee_changed": "assign",
    "inbound_received": "inbound", "outbound_sent": "outbound", "conversation_deleted": "trash",
}  # fmt: skip
STATE_EVENTS = {"inbound", "outbound", "out_reply", "archive", "reopen", "restore", "reminder"} | {
    "ticket_status_update", "trash", "conversations_merged",
}  # fmt: skip
OUR_WRITES = {"comment", "mention", "tag", "untag", "custom_field_updated"}
CHANNELS = {
    "email": "email", "sms": "sms", "whatsapp": "whatsapp", "front_chat": "web", "facebook": "messenger",
    "call": "phone_voice", "phone-call": "phone_voice", "phone_call": "phone_voice",
}  # fmt: skip
UNANSWERED = "archived unanswered"  # ours: archived, and nobody ever wrote to the customer
OUR_TAGS = {"csat_good", "csat_bad"}
PHONE = re.compile(r"\+?[\d\s().-]{6,25}")
TAG_PAGES = 20
SWEPT_AT_ONCE = 15  # events: three calls for each end, and the smallest plan has 50 a minute


class Front(System):
    kind = "front"
    label = "Front"
    resolved = ("archived", "resolved")  # the second of those with ticketing
    unresolved = (UNANSWERED, "deleted", "trashed", "spam")
    inbound_secret = _("API secret (of rules) or signing key (of an application)")
    api_token = _("API token")
    needs_address = False
    default_address = "https://api2.frontapp.com"
    can_send = True
    steps = (
        Step(
            _("In Front, open Settings, App store, Webhooks, enable it and switch on Send full event data.")
        ),
        Step(
            _(
                "Create a shared rule: when a conversation is archived, reopened, assigned or deleted (with "
                "ticketing: when its status changes), send to a webhook, with this address."
            ),
            "url",
        ),
        Step(_("Create a second rule for inbound and outbound messages, with the same address."), "url"),
        Step(
            _(
                "Enter the API secret of Settings, Developers here, and an API token that may read and write "
                "conversations, comments and tags. Create the custom fields csat_score, csat_label, "
                "csat_comment, csat_at and csat_url for conversations."
            )
        ),
        Step(_("Switch off Front's own CSAT in signatures and rules, or customers are asked twice.")),
    )

    def verify(self, config: Config, headers: Mapping[str, str], raw: bytes, url: str) -> None:
        """An application signs a timestamp, too; a rule signs the body alone."""
        given, at = headers.get("x-front-signature", ""), headers.get("x-front-request-timestamp")
        if at is None:
            check_hmac(config.inbound_secrets, given, raw, algorithm="sha1", encoding="base64")
            return
        signed = at.encode(errors="replace") + b":" + raw
        check_hmac(config.inbound_secrets, given, signed, encoding="base64")
        if any(config.inbound_secrets):
            check_time(at, unit="ms")

    def handshake(self, config: Config, headers: Mapping[str, str], raw: bytes) -> str | None:
        """When an application webhook is saved, they ask for their own words back."""
        challenge = headers.get("x-front-challenge")
        try:
            has_event = isinstance(dig(parse_json(raw), "payload"), dict)
        except CannotRead:
            has_event = False
        return challenge if challenge and not has_event else None

    def event_name(self, headers: Mapping[str, str], body: Any) -> str:
        """The same for both kinds of webhook, so that an event that comes by both is known."""
        return text(_event(body), "type") or APPLICATION_EVENTS.get(text(body, "type"), text(body, "type"))

    def duplicate_key(self, headers: Mapping[str, str], body: Any, raw: bytes) -> str:
        return text(_event(body), "id")

    def redact(self, body: Any) -> Any:
        return hidden(body, frozenset({"attachments"}))  # links to files

    def read(self, config: Config, headers: Mapping[str, str], body: Any, fetch: Api | None) -> list[Change]:
        if not isinstance(body, dict):
            raise CannotRead("The body is not an object.")
        name, event = self.event_name(headers, body), _full(_event(body), fetch)
        change = _of_event(config, name, event)
        if change.not_used or change.ours or fetch is None:
            return [change]
        if name != "conversations_merged" and _status(dig(event, "conversation")):
            return [change]
        now = self.look_up(config, fetch, change.external_id)  # of a preview, or the one that was merged into
        return [_with_event(now, change) if now else change]

    def look_up(self, config: Config, api: Api, external_id: str) -> Change | None:
        """With its messages and inbox. Archived by all without an answer (newsletters) is not resolved."""
        path = f"/conversations/{_id(external_id)}"
        conversation = get_or_none(api, path)
        if not isinstance(conversation, dict):
            return None
        listed = objects(get_or_none(api, f"{path}/messages"), "_results")
        inboxes = objects(get_or_none(api, f"{path}/inboxes"), "_results")
        change = _conversation(conversation)
        said = _messages(listed)
        channel, source_channel = _channel(text(listed, 0, "type"))
        status = change.status
        if status in self.resolved and channel != "phone_voice":
            status = status if any(one.sender == "agent" for one in said) else UNANSWERED
        return replace(
            change,
            status=status,
            messages=said,
            channel=channel,
            source_channel=source_channel,
            inbox=text(inboxes, 0, "id"),
            inbox_name=text(inboxes, 0, "name"),
            customer=_reachable(api, change.customer),
        )

    def poll(self, config: Config, api: Api, since: datetime, cursor: str) -> tuple[list[Change], str]:
        """Their events, oldest first; the cursor is the path of the next page."""
        if cursor.startswith("/events?"):
            page = api.get(cursor)
        else:
            wanted = {"q[after]": since.timestamp(), "q[types][]": list(SWEPT), "limit": SWEPT_AT_ONCE}
            page = api.get("/events", **wanted, sort_order="asc")
        events = objects(page, "_results")
        changes = [_of_event(config, text(event, "type"), event) for event in events]
        return [self._polled(config, api, change) for change in changes], _next(page, "/events?")

    def latest(self, config: Config, api: Api) -> list[Change]:
        ids = [text(one, "id") for one in objects(api.get("/conversations", limit=5), "_results")]
        found = [self.look_up(config, api, one) for one in ids[:5] if _is_id(one)]
        return [change for change in found if change]

    def write_back(self, config: Config, api: Api, rating: Rating) -> str:
        path = f"/conversations/{_id(rating.external_id)}"
        note_id = (
            _write_comment(api, path, rating) if rating.note or (rating.withdrawn and rating.note_id) else ""
        )
        if rating.fields or rating.tag:
            _write_values(api, path, rating)
        return note_id

    def send(self, config: Config, api: Api, external_id: str, text_: str) -> str:
        """A reply; it would archive the conversation by default, so its state goes along."""
        path = f"/conversations/{_id(external_id)}"
        archived = text(api.get(path), "status") == "archived"
        message = {"body": _html(text_), "text": text_, "options": {"archive": archived}}
        answer = api.post(f"{path}/messages", message)
        return text(answer, "id") or text(answer, "message_uid")

    def auth(self, config: Config) -> Mapping[str, str]:
        return {"Authorization": f"Bearer {config.token}"}

    def _polled(self, config: Config, api: Api, change: Change) -> Change:
        """Nobody looks a polled change up again, so an end is compared with how it stands now."""
        is_end = change.status in self.resolved and not (change.not_used or change.ours)
        now = self.look_up(config, api, change.external_id) if is_end else None
        return replace(_with_event(now, change) if now else change, found_by=FoundBy.POLL)


def _event(body: Any) -> Any:
    """What an application webhook wraps, a rule sends bare."""
    payload = dig(body, "payload")
    return payload if isinstance(payload, dict) else body


def _full(event: Any, fetch: Api | None) -> Any:
    """With Send full event data off, a preview comes; without a conversation in it, the event is fetched."""
    event_id = text(event, "id")
    if fetch is None or isinstance(dig(event, "conversation"), dict) or not _is_id(event_id):
        return event
    return get_or_none(fetch, f"/events/{event_id}") or event


def _of_event(config: Config, name: str, event: Any) -> Change:
    change = replace(_conversation(dig(event, "conversation")), at=_when(event, "emitted_at"))
    if name not in EVENTS:
        return replace(change, not_used=f"{name or 'an event without a name'} is not used")
    if not _is_id(change.external_id):
        return replace(change, not_used="an event without a conversation")
    source, actor = text(event, "source", "_meta", "type"), _actor(event)
    by_us = bool(actor and config.own_user and config.own_user in (actor.id, actor.email))
    message = dig(event, "target", "data") if EVENTS[name] == ChangeType.MESSAGE else None
    channel, source_channel = _channel(text(message, "type"))
    inboxes = objects(event, "source", "data") if source == "inboxes" else []
    closes = name in ("archive", "ticket_status_update") and change.status in Front.resolved
    closers = {"teammate": ClosedBy.HUMAN, "rule": ClosedBy.AUTOMATIC}
    return replace(
        change,
        type=EVENTS[name],
        # a tag or an assignee put on it a month after its end does not end it anew
        status=change.status if name in STATE_EVENTS else "",
        channel=channel,
        source_channel=source_channel,
        inbox=text(inboxes, 0, "id"),
        inbox_name=text(inboxes, 0, "name"),
        messages=_messages([message] if isinstance(message, dict) else []),
        actor=actor,
        closed_by=closers.get(source) if closes else None,
        ours=by_us or (name in OUR_WRITES and source == "api"),
    )


def _with_event(now: Change, event: Change) -> Change:
    """The state is what the conversation is now; who did it and when, the event's."""
    kind = ChangeType.STATUS if event.type == ChangeType.MERGED else event.type
    messages = event.messages or now.messages
    return replace(
        now, at=event.at, type=kind, actor=event.actor, messages=messages, closed_by=event.closed_by
    )


def _conversation(found: Any) -> Change:
    """As events and the API show it."""
    external_id = text(found, "id")
    tags = tuple(tag for one in objects(found, "tags") if (tag := text(one, "name")))
    return Change(
        external_id,
        _when(found, "updated_at"),
        status=_status(found),
        subject=text(found, "subject"),
        customer=_customer(dig(found, "recipient")),
        assignee=_person(dig(found, "assignee")),
        tags=tags if isinstance(dig(found, "tags"), list) else None,
        created_at=moment(found, "created_at"),
        url=f"https://app.frontapp.com/open/{external_id}" if _is_id(external_id) else "",
    )


def _status(found: Any) -> str:
    """`status_category` (open, waiting, resolved) is there with ticketing only, and decides then: a ticket
    that waits for the customer may well be archived.
    """
    status, category = text(found, "status"), text(found, "status_category")
    if status in ("deleted", "trashed", "spam") or not category:
        return status
    return status if category == "resolved" and status == "archived" else category


def _customer(recipient: Any) -> Customer | None:
    """The handle is an email or a number; of a chat it is neither. Nobody in copy is the customer."""
    if not isinstance(recipient, dict) or text(recipient, "role") in ("cc", "bcc"):
        return None
    handle = text(recipient, "handle")
    is_email = "@" in handle and " " not in handle
    link = text(recipient, "_links", "related", "contact")
    return Customer(
        email=handle if is_email else "",
        phone=handle if not is_email and PHONE.fullmatch(handle) else "",
        name=text(recipient, "name"),
        external_id=link.rstrip("/").rpartition("/")[2],
    )


def _reachable(api: Api, customer: Customer | None) -> Customer | None:
    """With an address of the contact's, where the conversation's own handle is none."""
    if customer is None or customer.email or customer.phone or not _is_id(customer.external_id):
        return customer
    handles = objects(get_or_none(api, f"/contacts/{customer.external_id}"), "handles")
    by_source = {text(one, "source"): text(one, "handle") for one in reversed(handles)}
    return replace(customer, email=by_source.get("email", ""), phone=by_source.get("phone", ""))


def _channel(kind: str) -> tuple[str, str]:
    """Our slug, and their word when it is none of ours."""
    if not kind:
        return "", ""
    return (CHANNELS[kind], "") if kind in CHANNELS else ("api", kind)


def _messages(found: Sequence[JsonObject]) -> tuple[SaidThere, ...]:
    """What customers and teammates wrote, oldest first. One out without an author is a rule's or a program's,
    and no answer of a person; comments are not messages at all.
    """
    said = []
    for message in found:
        incoming, author = dig(message, "is_inbound") is True, _person(dig(message, "author"))
        words = text(message, "text") or plain(text(message, "body")) or text(message, "blurb")
        is_draft = dig(message, "is_draft") is True
        if is_draft or not (words and text(message, "id")) or not (incoming or author):
            continue
        sender, at = "contact" if incoming else "agent", _when(message, "created_at")
        said.append(SaidThere(text(message, "id"), sender, words, at, None if incoming else author))
    return tuple(sorted(said, key=lambda message: message.at))


def _actor(event: Any) -> Person | None:
    source, data = text(event, "source", "_meta", "type"), dig(event, "source", "data")
    if source == "teammate":
        return _person(data)
    return Person(text(data, "id"), text(data, "name"), kind="system") if source in ("rule", "api") else None


def _person(found: Any) -> Person | None:
    names = [name for name in (text(found, "first_name"), text(found, "last_name")) if name]
    person = Person(text(found, "id"), " ".join(names), text(found, "email"))
    return person if person != Person() else None


def _write_comment(api: Api, path: str, rating: Rating) -> str:
    """A comment can be edited by the token that wrote it."""

    def known() -> list[notes.Note]:
        found = objects(api.get(f"{path}/comments"), "_results")
        found = sorted(found, key=lambda comment: _when(comment, "posted_at"))
        return [notes.Note(text(comment, "id"), text(comment, "body")) for comment in found]

    def edit(note_id: str, words: str) -> None:
        api.patch(f"/comments/{_id(note_id)}", {"body": words})

    def add(words: str) -> str:
        return text(api.post(f"{path}/comments", {"body": words}), "id")

    return notes.write(rating, known=known, edit=edit, add=add)


def _write_values(api: Api, path: str, rating: Rating) -> None:
    """Sending some custom fields erases the others, and `tag_ids` replaces all tags: both are read first.
    A tag that is only added is posted, which touches no other.
    """
    conversation = api.get(path)
    update: JsonObject = {}
    if rating.fields:
        own = {name: value for name, value in rating.values.items() if value is not None}
        before = dig(conversation, "custom_fields")
        before = before if isinstance(before, dict) else {}
        after = {name: value for name, value in before.items() if name not in rating.values} | own
        update = {"custom_fields": after} if after != before else {}
    if rating.tag:
        tags = {text(tag, "name"): text(tag, "id") for tag in objects(conversation, "tags")}
        wanted = "" if rating.withdrawn else rating.tags[0]
        kept = [tag for name, tag in tags.items() if name not in OUR_TAGS - {wanted}]
        new = [_tag_id(api, wanted)] if wanted and wanted not in tags else []
        if len(kept) < len(tags):
            update["tag_ids"] = kept + new
        elif new:
            api.post(f"{path}/tags", {"tag_ids": new})
    if update:
        api.patch(path, update)


def _tag_id(api: Api, name: str) -> str:
    """Of the company's tag; made when there is none."""
    page = api.get("/tags", limit=100)
    for _page in range(TAG_PAGES):
        for tag in objects(page, "_results"):
            if text(tag, "name") == name:
                return text(tag, "id")
        if not (following := _next(page, "/tags?")):
            break
        page = api.get(following)
    return text(api.post("/tags", {"name": name}), "id")


def _next(page: Any, path: str) -> str:
    """The path of the next page; "" after the last, or when it leads elsewhere."""
    parts = text(page, "_pagination", "next").split("/", 3)  # https, "", the company's host, the path
    following = f"/{parts[3]}" if len(parts) == 4 else ""
    return following if following.startswith(path) else ""


def _when(found: Any, key: str) -> datetime:
    return moment(found, key) or timezone.now()


def _html(words: str) -> str:
    return escape(words).replace("\n", "<br>")


def _is_id(value: str) -> bool:
    return bool(re.fullmatch(r"[a-z]{2,5}_[0-9a-zA-Z]{1,40}", value, re.ASCII))


def _id(value: str) -> str:
    """An id for a path: cnv_… and the like, so that a made-up one reaches nothing else of theirs."""
    if not _is_id(value):
        raise Never(f"{value[:40]!r} is no id of Front's.", code="404")
    return value
