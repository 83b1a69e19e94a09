"""Chatwoot's API and account webhooks as far as we use them, in its shapes (4.16, design/connectors.md).

Tests act as the people there: `start`, `customer_writes`, `agent_writes`, `assign`, `resolve`, `reopen`.
Every change goes out as webhooks, ours too; each is built from the row as it is when it is sent.
"""

import hashlib
import hmac
import json
import re
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.standins.server import Provider, Reply
from tests.standins.webhook_sender import WebhookSender

TOKEN, SECRET, ACCOUNT = "chatwoot-access-token", "chatwoot-webhook-secret", "1"
OWN = {"id": 30, "name": "CSAT", "email": "csat-bot@example.com", "type": "user"}
AGENTS = {
    9: {"id": 9, "name": "Sam Agent", "email": "sam.agent@example.com", "type": "user"},
    10: {"id": 10, "name": "Kim Agent", "email": "kim.agent@example.com", "type": "user"},
    30: OWN,
}
INBOXES = {
    3: {"id": 3, "name": "Website", "channel_type": "Channel::WebWidget"},
    4: {"id": 4, "name": "Support mail", "channel_type": "Channel::Email"},
    5: {"id": 5, "name": "WhatsApp", "channel_type": "Channel::TwilioSms", "medium": "whatsapp"},
}
EVENTS = {"conversation_created", "conversation_status_changed", "conversation_updated", "message_created"}
PAGE, MESSAGES = 25, 20  # of a list
INCOMING, OUTGOING, ACTIVITY, TEMPLATE = range(4)
WORDS = ("incoming", "outgoing", "activity", "template")
Json = dict[str, Any]


def error(status: int, words: str) -> Reply:
    return Reply(status, {"error": words})


class ChatwootServer(Provider):
    """`knows_merge` and `signs`: False for older versions."""

    knows_merge = True
    signs = True

    def __init__(self, port: int = 0, **sending: Any) -> None:
        super().__init__(port)
        self.conversations: dict[int, Json] = {}
        self.messages: dict[int, list[Json]] = {}
        self.webhooks: list[Json] = []
        self.sender = WebhookSender(self.sign, **sending)
        self.numbers = 0

    def __enter__(self) -> "ChatwootServer":
        self.sender.start()
        return super().__enter__()

    def __exit__(self, *args: object) -> None:
        self.sender.stop()
        super().__exit__(*args)

    @property
    def env(self) -> dict[str, str]:
        """The settings that let an installation call here."""
        return {"CONNECT_ALLOW": urlsplit(self.base).netloc}

    # what the people there do

    def start(self, text: str, *, inbox: int = 3, status: str = "open", **contact: Any) -> int:
        """A customer writes for the first time; the conversation's id."""
        with self.lock:
            id_, now = len(self.conversations) + 1, time.time()
            sender = {
                "id": 1000 + id_, "name": f"Customer {id_}", "email": f"customer{id_}@example.com",
                "phone_number": None, "identifier": None, "blocked": False, "custom_attributes": {},
                "additional_attributes": {}, "thumbnail": "", "type": "contact", **contact,
            }  # fmt: skip
            self.conversations[id_] = {
                "id": id_, "inbox_id": inbox, "status": status, "sender": sender, "assignee": None,
                "team": None, "labels": [], "custom_attributes": {}, "created_at": now, "updated_at": now,
                "last_activity_at": now, "first_reply_created_at": None, "can_reply": True,
                "additional_attributes": {"browser": {"browser_language": "en"}},
            }  # fmt: skip
            self.messages[id_] = []
            self._tell("conversation_created", id_)
            self._add(id_, INCOMING, text, sender)
            return id_

    def customer_writes(self, id_: int, text: str) -> int:
        """A resolved conversation opens again."""
        with self.lock:
            conversation = self.conversations[id_]
            message = self._add(id_, INCOMING, text, conversation["sender"])
            if conversation["status"] == "resolved" and not conversation["sender"]["blocked"]:
                self._set_status(id_, "open")
            return int(message["id"])

    def agent_writes(self, id_: int, text: str, *, agent: int = 9, private: bool = False) -> int:
        with self.lock:
            message = self._add(id_, OUTGOING, text, AGENTS[agent], private=private)
            if not private and self.conversations[id_]["first_reply_created_at"] is None:
                self._update(id_, first_reply_created_at=_iso(message["created_at"]))
            return int(message["id"])

    def assign(self, id_: int, agent: int = 9) -> None:
        with self.lock:
            self._update(id_, assignee_id=agent)

    def resolve(self, id_: int) -> None:
        with self.lock:
            self._set_status(id_, "resolved")

    def reopen(self, id_: int) -> None:
        with self.lock:
            self._set_status(id_, "open")

    def label(self, id_: int, *labels: str) -> None:
        """Somebody else's labels, beside what is there."""
        with self.lock:
            self._set_labels(id_, [*self.conversations[id_]["labels"], *labels])

    def attribute(self, id_: int, **values: Any) -> None:
        """Somebody else's attributes, beside what is there."""
        with self.lock:
            self._update(id_, custom_attributes=self.conversations[id_]["custom_attributes"] | values)

    def ask_survey(self, id_: int) -> None:
        """Their own CSAT, which somebody forgot to switch off."""
        with self.lock:
            self._add(id_, TEMPLATE, "Please rate the conversation", None, content_type="input_csat")

    # what a test looks at

    def notes(self, id_: int) -> list[str]:
        """The private notes that we wrote."""
        return [
            message["content"] for message in self.messages[id_]
            if message["private"] and (message["sender"] or {}).get("id") == OWN["id"]
        ]  # fmt: skip

    def own_replies(self, id_: int) -> list[str]:
        return [
            message["content"] for message in self.messages[id_]
            if not message["private"] and message["message_type"] == OUTGOING
            and message["sender"]["id"] == OWN["id"]
        ]  # fmt: skip

    def settle(self, seconds: float = 60) -> bool:
        """Wait until every webhook is sent."""
        return self.sender.wait(seconds)

    # changes; the lock is held

    def _next_number(self) -> int:
        self.numbers += 1
        return self.numbers

    def _add(self, id_: int, kind: int, text: str | None, sender: Json | None, **more: Any) -> Json:
        now = time.time()
        message = {
            "id": 90_000 + self._next_number(), "content": text, "message_type": kind, "private": False,
            "content_type": "text", "content_attributes": {}, "created_at": now, "sender": sender,
            "source_id": None, "status": "sent", **more,
        }  # fmt: skip
        self.messages[id_].append(message)
        self.conversations[id_]["last_activity_at"] = now
        if kind != ACTIVITY:
            self.sender.put("message_created", lambda: self._locked(self._message_event, id_, message))
        return message

    def _set_status(self, id_: int, status: str) -> None:
        before = self.conversations[id_]["status"]
        if before == status:
            return
        self._add(id_, ACTIVITY, f"Conversation was marked {status}", None)
        self._update(id_, status=status, announce=False)
        self._tell("conversation_status_changed", id_, changed_attributes=None)
        self._tell("conversation_updated", id_, changed_attributes=_changes(status=(before, status)))

    def _update(self, id_: int, *, announce: bool = True, **values: Any) -> None:
        """A change of the row; each gets a later time of change."""
        conversation = self.conversations[id_]
        if "assignee_id" in values:
            values["assignee"] = AGENTS[values["assignee_id"]]
        changed = {
            name: (conversation.get(name), value) for name, value in values.items() if name != "assignee"
        }
        later = max(time.time(), conversation["updated_at"] + 0.001)
        conversation.update(values, updated_at=later)
        if announce:
            self._tell("conversation_updated", id_, changed_attributes=_changes(**changed))

    def _set_labels(self, id_: int, labels: list[str]) -> None:
        """Told twice, once for each column (chatwoot#7402)."""
        before = self.conversations[id_]["labels"]
        self._update(id_, labels=labels, announce=False)
        for name, change in {
            "label_list": (before, labels),
            "cached_label_list": (", ".join(before), ", ".join(labels)),
        }.items():
            self._tell("conversation_updated", id_, changed_attributes=_changes(**{name: change}))

    # what Chatwoot sends to us

    def sign(self, body: bytes, event: str, delivery: str) -> dict[str, str]:
        if not self.signs:
            return {}
        at = str(int(time.time()))
        digest = hmac.new(SECRET.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
        return {
            "X-Chatwoot-Signature": f"sha256={digest}",
            "X-Chatwoot-Timestamp": at,
            "X-Chatwoot-Delivery": delivery,
        }

    def _tell(self, event: str, id_: int, **more: Any) -> None:
        self.sender.put(event, lambda: self._locked(self._conversation_event, event, id_, more))

    def _locked(self, build: Callable[..., Json], *args: Any) -> Json:
        with self.lock:
            return build(*args)

    def _conversation_event(self, event: str, id_: int, more: Json) -> Json:
        return self._pushed(id_) | {"event": event} | more

    def _message_event(self, id_: int, message: Json) -> Json:
        inbox = INBOXES[self.conversations[id_]["inbox_id"]]
        return {
            "account": {"id": int(ACCOUNT), "name": "Example Ltd"},
            "additional_attributes": {},
            "content_attributes": message["content_attributes"],
            "content_type": message["content_type"],
            "content": message["content"],
            "conversation": self._pushed(id_),
            "created_at": _iso(message["created_at"]),
            "id": message["id"],
            "inbox": {"id": inbox["id"], "name": inbox["name"]},
            "message_type": WORDS[message["message_type"]],
            "private": message["private"],
            "sender": _without_type(message),
            "source_id": message["source_id"],
            "event": "message_created",
        }

    def _pushed(self, id_: int) -> Json:
        """A conversation in a webhook: the channel on top, no email of the agent, the last chat message."""
        conversation = self.conversations[id_]
        inbox = INBOXES[conversation["inbox_id"]]
        spoken = [m for m in self.messages[id_] if m["message_type"] != ACTIVITY and not m["private"]]
        whatsapp = inbox.get("medium") == "whatsapp"
        return self._shared(id_) | {
            "account": {"id": int(ACCOUNT), "name": "Example Ltd"},
            "channel": inbox["channel_type"],
            "contact_inbox": {
                "id": 5000 + id_,
                "inbox_id": inbox["id"],
                "source_id": "whatsapp:+4915112345678" if whatsapp else f"source-{id_}",
                "pubsub_token": "pubsub-secret",
            },
            "messages": [_listed(id_, message) for message in spoken[-1:]],
            "meta": {
                "sender": conversation["sender"],
                "assignee": _slim(conversation["assignee"]),
                "assignee_type": "User" if conversation["assignee"] else None,
                "team": conversation["team"],
                "hmac_verified": False,
            },
        }

    def _shown(self, id_: int) -> Json:
        """A conversation in the API: the channel in `meta`, whole agents, the last message whatever it is."""
        conversation = self.conversations[id_]
        meta = {
            "sender": conversation["sender"],
            "channel": INBOXES[conversation["inbox_id"]]["channel_type"],
            "hmac_verified": False,
        }
        if conversation["assignee"]:
            meta |= {"assignee": conversation["assignee"], "assignee_type": "User"}
        return self._shared(id_) | {
            "account_id": int(ACCOUNT),
            "messages": [_listed(id_, message) for message in self.messages[id_][-1:]],
            "meta": meta,
            "muted": False,
        }

    def _shared(self, id_: int) -> Json:
        conversation = self.conversations[id_]
        names = (
            "id", "inbox_id", "status", "labels", "custom_attributes", "additional_attributes", "can_reply",
            "first_reply_created_at",
        )  # fmt: skip
        return {name: conversation[name] for name in names} | {
            "created_at": int(conversation["created_at"]),
            "updated_at": conversation["updated_at"],
            "last_activity_at": int(conversation["last_activity_at"]),
            "timestamp": int(conversation["last_activity_at"]),
            "priority": None,
            "snoozed_until": None,
            "unread_count": 0,
        }

    # what we ask

    def handle(self, method: str, path: str, headers: dict[str, str], body: bytes) -> Reply:
        if TOKEN not in (headers.get("api-access-token"), headers.get("api_access_token")):
            raise error(401, "Invalid Access Token")
        parts = urlsplit(path)
        query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
        fields = json.loads(body) if body else {}
        for pattern, answer in (
            (r"/api/v1/profile", self._profile),
            (r"/api/v1/accounts/1/agents", self._agents),
            (r"/api/v1/accounts/1/inboxes", self._inboxes),
            (r"/api/v1/accounts/1/webhooks", self._webhooks),
            (r"/api/v1/accounts/1/conversations", self._list),
            (r"/api/v1/accounts/1/conversations/(\d+)(?:/(\w+))?(?:/(\d+))?", self._conversation),
        ):
            if found := re.fullmatch(pattern, parts.path):
                return Reply(200, answer(method, query, fields, *found.groups()))
        raise error(404, f"No such path: {method} {parts.path}")

    def _profile(self, method: str, query: Json, fields: Json) -> Json:
        return OWN | {"access_token": TOKEN, "accounts": [{"id": int(ACCOUNT), "role": "agent"}]}

    def _agents(self, method: str, query: Json, fields: Json) -> Any:
        return list(AGENTS.values())

    def _inboxes(self, method: str, query: Json, fields: Json) -> Json:
        return {"payload": list(INBOXES.values())}

    def _webhooks(self, method: str, query: Json, fields: Json) -> Json:
        if method == "GET":
            return {"payload": {"webhooks": self.webhooks}}
        wanted = fields.get("webhook") or {}
        if unknown := set(wanted.get("subscriptions") or ["none"]) - EVENTS:
            raise error(422, f"Subscriptions are invalid: {unknown}")
        if wanted["url"] in self.sender.urls:
            raise error(422, "Url has already been taken")
        self.sender.urls.append(wanted["url"])
        webhook = wanted | {"id": len(self.webhooks) + 1, "account_id": int(ACCOUNT)}
        self.webhooks.append(webhook | ({"secret": SECRET} if self.signs else {}))
        return {"payload": {"webhook": self.webhooks[-1]}}

    def _list(self, method: str, query: Json, fields: Json) -> Json:
        """By last activity, newest first; `updated_within` gives all at once."""
        status = query.get("status", "open")
        found = [c for c in self.conversations.values() if status in ("all", c["status"])]
        found.sort(key=lambda conversation: conversation["last_activity_at"], reverse=True)
        if "updated_within" in query:
            since = time.time() - int(query["updated_within"])
            found = [conversation for conversation in found if conversation["updated_at"] > since]
        else:
            page = int(query.get("page", 1))
            found = found[(page - 1) * PAGE : page * PAGE]
        shown = [self._shown(conversation["id"]) for conversation in found]
        return {"data": {"meta": {"all_count": len(self.conversations)}, "payload": shown}}

    def _conversation(
        self, method: str, query: Json, fields: Json, number: str, part: str | None, message: str | None
    ) -> Json:
        id_ = int(number)
        if id_ not in self.conversations:
            raise error(404, "Resource could not be found")
        if message is not None:
            return self._delete_message(id_, int(message)) if method == "DELETE" else {}
        answer = {
            ("GET", None): lambda: self._shown(id_),
            ("GET", "messages"): lambda: self._shown_messages(id_, query),
            ("GET", "labels"): lambda: {"payload": self.conversations[id_]["labels"]},
            ("POST", "messages"): lambda: self._post_message(id_, fields),
            ("POST", "labels"): lambda: self._post_labels(id_, fields),
            ("POST", "custom_attributes"): lambda: self._post_attributes(id_, fields),
        }.get((method, part))
        if answer is None:
            raise error(404, f"Not expected of us: {method} {part} of {id_}")
        return answer()

    def _shown_messages(self, id_: int, query: Json) -> Json:
        before = int(query.get("before", 10**12))
        found = [message for message in self.messages[id_] if message["id"] < before]
        return {"meta": {}, "payload": [_listed(id_, message) for message in found[-MESSAGES:]]}

    def _post_message(self, id_: int, fields: Json) -> Json:
        if fields.get("message_type") != "outgoing" or not isinstance(fields.get("private"), bool):
            raise error(422, "Incoming messages are only allowed in Api inboxes")
        if not fields.get("content"):
            raise error(422, "Content is missing")
        message = self._add(id_, OUTGOING, fields["content"], OWN, private=fields["private"])
        return _listed(id_, message)

    def _post_labels(self, id_: int, fields: Json) -> Json:
        """All others are gone."""
        if not isinstance(fields.get("labels"), list):
            raise error(422, "labels is missing")
        if fields["labels"] != self.conversations[id_]["labels"]:
            self._set_labels(id_, fields["labels"])
        return {"payload": fields["labels"]}

    def _post_attributes(self, id_: int, fields: Json) -> Json:
        """All others are gone, but for `merge` of versions that know it."""
        if not isinstance(fields.get("custom_attributes"), dict):
            raise error(422, "custom_attributes is missing")
        held, wanted = self.conversations[id_]["custom_attributes"], fields["custom_attributes"]
        if self.knows_merge and fields.get("merge"):
            wanted = held | wanted
        if wanted != held:
            self._update(id_, custom_attributes=wanted)
        return {"custom_attributes": wanted}

    def _delete_message(self, id_: int, number: int) -> Json:
        """What it said is gone, the bubble stays."""
        for message in self.messages[id_]:
            if message["id"] == number:
                message |= {"content": "This message was deleted", "content_attributes": {"deleted": True}}
                return {}
        raise error(404, "Resource could not be found")


def _changes(**changed: tuple[Any, Any]) -> list[Json]:
    changed["updated_at"] = (None, _iso(time.time()))
    return [
        {name: {"previous_value": before, "current_value": after}}
        for name, (before, after) in changed.items()
    ]


def _iso(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _slim(agent: Json | None) -> Json | None:
    return {"id": agent["id"], "name": agent["name"], "type": "user"} if agent else None


def _without_type(message: Json) -> Json | None:
    """A contact has no type in `message_created`."""
    sender = message["sender"]
    if sender is None or message["message_type"] != INCOMING:
        return sender
    return {name: value for name, value in sender.items() if name != "type"}


def _listed(id_: int, message: Json) -> Json:
    """A message inside a conversation, and in the API: numbers for its kind and time."""
    sender = message["sender"]
    kind = {"contact": "Contact", "user": "User"}.get(sender["type"]) if sender else None
    return message | {
        "account_id": int(ACCOUNT),
        "conversation_id": id_,
        "created_at": int(message["created_at"]),
        "sender_type": kind,
        "sender_id": sender["id"] if sender else None,
    }
