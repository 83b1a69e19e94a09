"""Chatwoot: account webhooks, its API for what they lost, and the score as note, attributes and label.

Facts: design/connectors.md sections 2 to 8. Webhooks are sent once, in any order, sometimes twice, each with
its own delivery id: the body tells them apart. Each is built from the row as it is when it is sent.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from django.utils.translation import gettext_lazy as _

from csat.connectors import notes
from csat.connectors.api import Api, get_or_none, quoted
from csat.connectors.base import Config, Rating, Step, System
from csat.connectors.changes import Change, ChangeType, ClosedBy, Customer, FoundBy, Person, SaidThere
from csat.connectors.errors import CannotRead
from csat.connectors.payloads import dig, hidden, items, moment, objects, text
from csat.connectors.signatures import check_hmac, check_time
from csat.lib.outcomes import Never
from csat.lib.types import JsonObject

EVENTS = {
    "conversation_created": ChangeType.CREATED,
    "conversation_status_changed": ChangeType.STATUS,
    "conversation_updated": ChangeType.STATUS,
    "message_created": ChangeType.MESSAGE,
}
CHANNELS = {
    "Channel::WebWidget": "web",
    "Channel::Email": "email",
    "Channel::Whatsapp": "whatsapp",
    "Channel::TwilioSms": "sms",  # or WhatsApp, see `_channel`
    "Channel::Sms": "sms",
    "Channel::Instagram": "instagram",
    "Channel::FacebookPage": "messenger",
    "Channel::Voice": "phone_voice",  # [M]
    "Channel::Api": "api",
}
INCOMING, OUTGOING = ("incoming", 0), ("outgoing", 1)  # words in webhooks, numbers in the API
BOTS = {"agent_bot", "AgentBot", "captain_assistant", "Captain::Assistant"}
SECRETS = frozenset({"pubsub_token", "access_token", "hmac_token", "data_url", "thumb_url"})
OURS = "csat_"  # how the names of our attributes and labels begin
AT_ONCE = 3600  # seconds: up to here their list by time of change, which has no pages, is short enough


class Chatwoot(System):
    kind = "chatwoot"
    label = "Chatwoot"
    resolved = ("resolved",)  # snoozed and pending are open
    asks = {"auto_resolve_label": _("The label that auto-resolve sets, if there is one")}
    inbound_secret = _("Secret of the webhook")
    api_token = _("Access token of the agent CSAT")
    account = _("Account ID, the number behind /accounts/ in the address bar")
    private_network = _(
        "Chatwoot has a guard of its own: set SAFE_FETCH_ALLOW_PRIVATE_NETWORK=true on its server, or it "
        "drops every webhook to a private address."
    )
    can_send = True
    steps = (
        Step(
            _(
                "Add an agent named CSAT to every inbox. Copy its access token from its Profile Settings, "
                "and enter it here with the account ID."
            )
        ),
        Step(
            _(
                "Settings > Integrations > Webhooks > Add new webhook: this URL, and the events Conversation "
                "Created, Conversation Status Changed, Conversation Updated and Message created."
            ),
            copy="url",
        ),
        Step(
            _(
                "Copy the secret of the webhook. Chatwoot before 4.12 signs nothing and has none: leave the "
                "field empty."
            )
        ),
        Step(
            _(
                "Is Chatwoot in the same private network? Set SAFE_FETCH_ALLOW_PRIVATE_NETWORK=true on its "
                "server, or it drops every webhook to us."
            )
        ),
        Step(
            _(
                "Turn off CSAT in the settings of each inbox, or customers are asked twice. To see the score "
                "beside a conversation, add the conversation attributes csat_score, csat_label, csat_at, "
                "csat_comment and csat_url under Settings > Custom Attributes."
            )
        ),
    )

    def verify(self, config: Config, headers: Mapping[str, str], raw: bytes, url: str) -> None:
        """What is signed is the timestamp, a dot and the body."""
        if not any(config.inbound_secrets):
            return
        at = headers.get("x-chatwoot-timestamp", "")
        signed = at.encode(errors="surrogatepass") + b"." + raw
        given = headers.get("x-chatwoot-signature", "")
        check_hmac(config.inbound_secrets, given, signed, prefix="sha256=")
        check_time(at)

    def event_name(self, headers: Mapping[str, str], body: Any) -> str:
        return text(body, "event")

    def redact(self, body: Any) -> Any:
        return hidden(body, SECRETS)

    def read(self, config: Config, headers: Mapping[str, str], body: Any, fetch: Api | None) -> list[Change]:
        """One change; all but an agent's email is in the body."""
        if not isinstance(body, dict):
            raise CannotRead("The body is not an object.")
        event = text(body, "event")
        conversation = dig(body, "conversation") if event.startswith("message_") else body
        account = text(body, "account", "id") or text(conversation, "account", "id")
        if event not in EVENTS:
            return [_not_used(body, f"unknown event {event[:60]}")]
        if not _id(conversation):
            return [_not_used(body, "no conversation in it")]
        if account and config.account and account != config.account:
            return [_not_used(body, f"of another account, {account[:40]}")]
        change = _event(config, event, conversation, body)
        return [replace(change, assignee=_known(config, fetch, change)) if fetch else change]

    def look_up(self, config: Config, api: Api, external_id: str) -> Change | None:
        conversation = get_or_none(api, _path(config, external_id))
        if conversation is None:
            return None
        if not _id(conversation):
            raise Never("Chatwoot's answer is no conversation.", code="unexpected_answer")
        twilio = _channel_word(conversation) == "Channel::TwilioSms"
        inboxes = _inboxes(config, api) if twilio else {}
        return _seen(config, _with_messages(config, api, conversation), inboxes)

    def poll(self, config: Config, api: Api, since: datetime, cursor: str) -> tuple[list[Change], str]:
        """By time of change; after a long outage in pages, by last activity, until an older one comes."""
        seconds = int((datetime.now(UTC) - since).total_seconds()) + 1
        if not cursor and seconds <= AT_ONCE:
            found, following = _list(config, api, updated_within=max(seconds, 1)), ""
        else:
            page = int(cursor or 1)
            found = _list(config, api, sort_by="last_activity_at_desc", page=page)
            last = moment(found, -1, "last_activity_at")
            following = str(page + 1) if last and last >= since else ""
        found = [one for one in found if (at := _clock(one)) and at >= since]
        inboxes = _inboxes(config, api) if found else {}
        return [_seen(config, _with_messages(config, api, one), inboxes) for one in found], following

    def latest(self, config: Config, api: Api) -> list[Change]:
        inboxes = _inboxes(config, api)
        return [_seen(config, conversation, inboxes) for conversation in _list(config, api, page=1)[:5]]

    def write_back(self, config: Config, api: Api, rating: Rating) -> str:
        """The note comes last, so that its id is not lost when another call fails. A withdrawn rating goes
        wherever it may have been written.
        """
        path = _path(config, rating.external_id)
        if rating.fields or rating.tag or rating.withdrawn:
            _write_values(api, path, rating)
        return _write_note(api, path, rating) if rating.note or rating.withdrawn else rating.note_id

    def send(self, config: Config, api: Api, external_id: str, text: str) -> str:
        """Some channels (WhatsApp, Facebook) take replies for a limited time only: ask first."""
        path = _path(config, external_id)
        if dig(api.get(path), "can_reply") is False:
            raise Never("Chatwoot no longer takes replies to this conversation.", code="cannot_reply")
        return _post_message(api, path, text, private=False)

    def reopen(self, config: Config, api: Api, external_id: str) -> None:
        api.post(f"{_path(config, external_id)}/toggle_status", {"status": "open"})

    def set_up(self, config: Config, api: Api, url: str) -> str:
        """Needs a token of an administrator. They take an address once: one made before is found."""
        path = f"{_account(config)}/webhooks"
        for webhook in objects(api.get(path), "payload", "webhooks"):
            if text(webhook, "url") == url:
                return text(webhook, "secret")
        wanted = {"name": "CSAT", "url": url, "subscriptions": list(EVENTS)}
        return text(api.post(path, {"webhook": wanted}), "payload", "webhook", "secret")

    def own_user(self, config: Config, api: Api) -> str:
        return text(api.get("/api/v1/profile"), "id")

    def auth(self, config: Config) -> Mapping[str, str]:
        """With dashes: nginx drops a header with underscores (chatwoot#1057)."""
        return {"Api-Access-Token": config.token}


# what they tell


def _event(config: Config, event: str, conversation: JsonObject, body: JsonObject) -> Change:
    """Every event tells the status: the one about it can be missing (chatwoot#9277)."""
    changed = _changed(body)
    if EVENTS[event] == ChangeType.MESSAGE:
        actor = _author(body)
        conversation = conversation | {"messages": [body]}
    else:
        actor = _person(dig(body, "performed_by"))  # since chatwoot PR 15953
    about_status = event == "conversation_status_changed" or "status" in changed
    return _change(
        config,
        conversation,
        dig(body, "inbox"),
        ended_at=None if about_status else _last_said(conversation),
        type=ChangeType.ASSIGNED if "assignee_id" in changed else EVENTS[event],
        actor=actor,
        ours=_is_own(config, actor) or _only_ours(changed),
    )


def _seen(config: Config, conversation: JsonObject, inboxes: JsonObject) -> Change:
    """One of their API."""
    inbox = inboxes.get(text(conversation, "inbox_id"))
    return _change(config, conversation, inbox, found_by=FoundBy.POLL, ended_at=_last_said(conversation))


def _change(config: Config, conversation: JsonObject, inbox: Any, **more: Any) -> Change:
    """Webhooks and API use the same keys, but for the channel."""
    at, messages = _clock(conversation) or datetime.now(UTC), objects(conversation, "messages")
    account = config.account or text(conversation, "account", "id")
    status, sender = text(conversation, "status"), dig(conversation, "meta", "sender")
    if status == "resolved" and dig(sender, "blocked") is True:
        more["type"] = ChangeType.DELETED  # blocking a contact resolves all of theirs: nobody was helped
    return Change(
        external_id=_id(conversation),
        at=at,
        status=status,
        channel=_channel(conversation, inbox),
        source_channel=_channel_word(conversation),
        inbox=text(conversation, "inbox_id"),
        inbox_name=text(inbox, "name"),
        customer=_customer(sender),
        assignee=_assignee(dig(conversation, "meta")),
        team=text(conversation, "meta", "team", "name"),
        tags=_labels(conversation),
        language=_language(dig(conversation, "additional_attributes")),
        messages=tuple(said for message in messages if (said := _said(config, message, at))),
        closed_by=_closed_by(config, conversation),
        created_at=moment(conversation, "created_at"),
        url=f"{config.base_url}/app/accounts/{account}/conversations/{_id(conversation)}",
        their_survey=any(text(message, "content_type") == "input_csat" for message in messages),
        **more,
    )


def _not_used(body: JsonObject, why: str) -> Change:
    return Change(external_id="", at=_clock(body) or datetime.now(UTC), not_used=why)


def _id(value: Any) -> str:
    """A number in digits; "" for anything else: it becomes part of a path."""
    found = text(value, "id")
    return found if found.isascii() and found.isdecimal() and len(found) <= 20 else ""


def _clock(conversation: JsonObject) -> datetime | None:
    """When their row last changed; what old versions have instead is the last activity."""
    names = "updated_at", "last_activity_at", "timestamp", "created_at"
    return next((at for name in names if (at := moment(conversation, name))), None)


def _last_said(conversation: JsonObject) -> datetime | None:
    """They do not say since when it is resolved: not before anybody last wrote. None while it is open."""
    if text(conversation, "status") != "resolved":
        return None
    messages = [one for one in objects(conversation, "messages") if _kind(one) in INCOMING + OUTGOING]
    said = [at for one in messages if dig(one, "private") is not True and (at := moment(one, "created_at"))]
    return max(said, default=moment(conversation, "created_at"))


def _channel_word(conversation: JsonObject) -> str:
    return text(conversation, "channel") or text(conversation, "meta", "channel")


def _channel(conversation: JsonObject, inbox: Any) -> str:
    """Twilio is SMS or WhatsApp: the customer's address says it in webhooks, the inbox in the API."""
    word, address = _channel_word(conversation), text(conversation, "contact_inbox", "source_id")
    if any(text(message, "content_type") == "voice_call" for message in objects(conversation, "messages")):
        return "phone_voice"
    if word == "Channel::TwilioSms" and (
        address.startswith("whatsapp:") or text(inbox, "medium") == "whatsapp"
    ):
        return "whatsapp"
    return CHANNELS.get(word, "api") if word else ""


def _customer(sender: Any) -> Customer | None:
    if not isinstance(sender, dict):
        return None
    names = "email", "phone_number", "name", "id"
    email, phone, name, external_id = (text(sender, key) for key in names)
    return Customer(email, phone, name, external_id)


def _assignee(meta: Any) -> Person | None:
    """Webhooks leave the email out, the API has it."""
    person = _person(dig(meta, "assignee"))
    return replace(person, kind="ai") if person and text(meta, "assignee_type") in BOTS else person


def _author(message: JsonObject) -> Person | None:
    """Ids of contacts, agents and bots are counted apart: the same id can be two of them."""
    person = _person(dig(message, "sender"))
    if person and _kind(message) in INCOMING:
        return replace(person, kind="customer")
    return replace(person, kind="ai") if person and text(message, "sender_type") in BOTS else person


def _person(value: Any) -> Person | None:
    if not text(value, "id"):
        return None
    kind = "ai" if text(value, "type") in BOTS else "human"
    return Person(text(value, "id"), text(value, "name"), text(value, "email"), kind)


def _is_own(config: Config, person: Person | None) -> bool:
    own = config.own_user.casefold()
    return (
        person is not None and person.kind == "human" and own in {person.id, person.email.casefold()} - {""}
    )


def _labels(conversation: Any) -> tuple[str, ...] | None:
    labels = dig(conversation, "labels")
    return tuple(label for label in labels if isinstance(label, str)) if isinstance(labels, list) else None


def _language(attributes: Any) -> str:
    return text(attributes, "conversation_language") or text(attributes, "browser", "browser_language")


def _kind(message: JsonObject) -> str | int:
    kind = dig(message, "message_type")
    return kind if isinstance(kind, str | int) and not isinstance(kind, bool) else ""


def _said(config: Config, message: JsonObject, at: datetime) -> SaidThere | None:
    """None for what no person or bot said to the other side: private notes, activity, templates such as
    greetings and their own survey, what was deleted, and what we sent.
    """
    attributes, author, kind = dig(message, "content_attributes"), _author(message), _kind(message)
    survey = text(message, "content_type") == "input_csat"
    if survey or dig(message, "private") is True or dig(attributes, "deleted") is True:
        return None
    if kind not in INCOMING + OUTGOING or not text(message, "id") or _is_own(config, author):
        return None
    by_machine = (author and author.kind == "ai") or dig(attributes, "automation_rule_id") is not None
    return SaidThere(
        id=text(message, "id"),
        sender="contact" if kind in INCOMING else "ai" if by_machine else "agent",
        text=text(message, "content") or ("(attachment)" if items(message, "attachments") else ""),
        at=moment(message, "created_at") or at,
        author=author,
    )


def _closed_by(config: Config, conversation: JsonObject) -> ClosedBy | None:
    """Most versions do not say who resolved it: None."""
    if text(conversation, "status") != "resolved":
        return None
    if performer := _person(dig(conversation, "performed_by")):
        return ClosedBy.AI if performer.kind == "ai" else ClosedBy.HUMAN
    if config.fields.get("auto_resolve_label") in (_labels(conversation) or ()):
        return ClosedBy.AUTOMATIC
    return ClosedBy.AI if text(conversation, "meta", "assignee_type") in BOTS else None


def _changed(body: JsonObject) -> dict[str, tuple[Any, Any]]:
    """What changed, with the value before and the value after; {} where they do not say."""
    return {
        name: (dig(values, "previous_value"), dig(values, "current_value"))
        for part in objects(body, "changed_attributes")
        for name, values in part.items()
    }


def _only_ours(changed: dict[str, tuple[Any, Any]]) -> bool:
    """Our own write came back: taken for news, it made a loop (chatwoot#15914)."""
    told = {name: pair for name, pair in changed.items() if name != "updated_at"}
    return bool(told) and all(
        name in ("custom_attributes", "label_list", "cached_label_list")
        and before != after
        and _of_others(before) == _of_others(after)
        for name, (before, after) in told.items()
    )


def _of_others(value: Any) -> dict[str, Any]:
    """Attributes, or labels (a list, or one text with commas), without ours."""
    if isinstance(value, str):
        value = [label.strip() for label in value.split(",") if label.strip()]
    if isinstance(value, list):
        value = {label: True for label in value if isinstance(label, str)}
    held = value if isinstance(value, dict) else {}
    return {name: part for name, part in held.items() if not name.startswith(OURS)}


# their API


def _account(config: Config) -> str:
    return f"/api/v1/accounts/{quoted(config.account)}"


def _path(config: Config, external_id: str) -> str:
    return f"{_account(config)}/conversations/{quoted(external_id)}"


def _list(config: Config, api: Api, **params: object) -> list[JsonObject]:
    answer = api.get(f"{_account(config)}/conversations", status="all", **params)
    return [conversation for conversation in objects(answer, "data", "payload") if _id(conversation)]


def _with_messages(config: Config, api: Api, conversation: JsonObject) -> JsonObject:
    """With its last 20 instead of the last one."""
    path = _path(config, _id(conversation))
    return conversation | {"messages": objects(get_or_none(api, f"{path}/messages"), "payload")}


def _known(config: Config, api: Api, change: Change) -> Person | None:
    """Webhooks leave the agent's email out, and by name alone it would be another agent here: looked up when
    the conversation was assigned, not told by other events.
    """
    person = change.assignee
    if person is None or person.email or person.kind != "human":
        return person
    if change.type != ChangeType.ASSIGNED or change.ours:
        return None
    agents = objects({"agents": api.get(f"{_account(config)}/agents")}, "agents")
    return next((agent for one in agents if (agent := _person(one)) and agent.id == person.id), person)


def _inboxes(config: Config, api: Api) -> JsonObject:
    """By id, with `name`, and `medium` of those by Twilio."""
    return {_id(inbox): inbox for inbox in objects(api.get(f"{_account(config)}/inboxes"), "payload")}


def _write_values(api: Api, path: str, rating: Rating) -> None:
    """Read, and send the union: labels always replace all, attributes too before July 2026 (no `merge`)."""
    conversation = api.get(path)
    attributes, labels = dig(conversation, "custom_attributes"), _labels(conversation)
    if not isinstance(attributes, dict) or labels is None:
        raise Never("Chatwoot's answer holds no attributes or labels.", code="unexpected_answer")
    others = {name: value for name, value in attributes.items() if name not in rating.values}
    union = others if rating.withdrawn else attributes | rating.values
    if (rating.fields or rating.withdrawn) and union != attributes:
        body = {"custom_attributes": union, "merge": not rating.withdrawn}
        api.post(f"{path}/custom_attributes", body)
    wanted = rating.retagged(labels)
    if (rating.tag or rating.withdrawn) and set(wanted) != set(labels):
        api.post(f"{path}/labels", {"labels": wanted})


def _write_note(api: Api, path: str, rating: Rating) -> str:
    """A note can be deleted but not edited: another one is written when the score changed side, unless an
    earlier try that was cut off has written it.
    """
    if rating.note_id and not rating.changed_side and not rating.withdrawn:
        return rating.note_id
    messages = objects(api.get(f"{path}/messages"), "payload")
    private = [notes.Note(_id(one), text(one, "content")) for one in messages if dig(one, "private") is True]
    if rating.withdrawn:
        return notes.write(
            rating,
            known=lambda: private,
            edit=lambda note_id, _text: api.delete(f"{path}/messages/{quoted(note_id)}"),
            add=str,
        )
    newer = [note for note in private if int(note.id or 0) > int(rating.note_id or 0)]
    written = [note.id for note in newer if note.text.split() == rating.line.split()]
    return written[-1] if written else _post_message(api, path, rating.line, private=True)


def _post_message(api: Api, path: str, content: str, *, private: bool) -> str:
    body = {"content": content, "message_type": "outgoing", "private": private}
    return text(api.post(f"{path}/messages", body), "id")
