"""Slack's Web API as far as we use it (https://docs.slack.dev/reference/methods), strict about blocks and
arguments.
"""

import hashlib
import hmac
import json
import re
import time
import uuid
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from tests.standins import blocks
from tests.standins.server import Provider, Reply

TOKEN, SIGNING_SECRET = "xoxb-1234-5678-abcdef", "8f742231b10e8888abcd99yyyzzz85a5"
CHANNEL, THREAD = "C024BE91L", "1700000000.000100"
CHANNELS = [f"C024BE{n:03}" for n in range(300)]  # more of them
TS = re.compile(r"\d{10}\.\d{6}")
SHOWN = ("ts", "thread_ts", "text", "blocks", "type", "user", "metadata")  # of a message that is pressed
POST = {
    "channel", "text", "blocks", "thread_ts", "metadata", "unfurl_links", "unfurl_media", "mrkdwn",
    "reply_broadcast", "parse",
    "link_names", "username", "icon_emoji", "icon_url", "token",
}  # fmt: skip


def error(word: str, *, status: int = 200, **more: Any) -> Reply:
    return Reply(status, {"ok": False, "error": word, **more})


def busy() -> Reply:
    return Reply(429, {"ok": False, "error": "ratelimited"}, {"Retry-After": "11"})


class SlackServer(Provider):
    def __init__(self, port: int = 0) -> None:
        super().__init__(port)
        self.messages: list[dict[str, Any]] = []
        self.views: list[dict[str, Any]] = []
        self.ephemeral: list[dict[str, Any]] = []
        self.replies: list[dict[str, Any]] = []  # to response_url
        self.channels = {CHANNEL: "open"} | dict.fromkeys(CHANNELS, "open")  # "archived", "not_in"
        self.gone: set[str] = set()  # threads whose first message was deleted
        self.strict_pace = False  # one message a second in each channel, else a 429

    @property
    def env(self) -> dict[str, str]:
        """The settings that point an installation here."""
        return {
            "SLACK_BOT_TOKEN": TOKEN,
            "SLACK_SIGNING_SECRET": SIGNING_SECRET,
            "SLACK_API_BASE": f"{self.base}/api/",
        }

    def handle(self, method: str, path: str, headers: dict[str, str], body: bytes) -> Reply:
        if path.startswith("/actions/"):
            self.replies.append(json.loads(body))
            return Reply(200, {"ok": True})
        if headers.get("authorization") != f"Bearer {TOKEN}":
            raise error("invalid_auth" if headers.get("authorization") else "not_authed")
        name = urlsplit(path).path.removeprefix("/api/")
        handler = {
            "chat.postMessage": self._post,
            "chat.update": self._update,
            "chat.delete": self._delete,
            "chat.postEphemeral": self._whisper,
            "conversations.replies": self._replies,
            "conversations.history": self._history,
            "views.open": self._open,
            "auth.test": lambda _fields: {"user_id": "U0BOT", "team": "Acme"},
        }.get(name)
        if handler is None:
            raise error("unknown_method")
        return Reply(200, {"ok": True, **handler(_fields(name, headers, body))})

    def _post(self, fields: dict[str, Any]) -> dict[str, Any]:
        if unknown := set(fields) - POST:
            raise _invalid(f"unknown argument {sorted(unknown)}")
        self._check_channel(fields)
        _check_text(fields)
        _check_metadata(fields.get("metadata"))
        thread = fields.get("thread_ts")
        if thread is not None and (not isinstance(thread, str) or not TS.fullmatch(thread)):
            raise _invalid("thread_ts must be a string like 1700000000.000100")
        ts = f"{time.time():.6f}"
        earlier = [float(one["ts"]) for one in self.messages if one["channel"] == fields["channel"]]
        if self.strict_pace and earlier and float(ts) - earlier[-1] < 1:
            raise Reply(429, {"ok": False, "error": "ratelimited"}, {"Retry-After": "1"})
        message = {
            **fields,
            "ts": ts,
            "type": "message",
            "user": "U0BOT",
            "app_id": "A0APP",
            "bot_id": "B0BOT",
        }
        if thread in self.gone:  # an ok all the same: the reply stands in the channel
            del message["thread_ts"]
        self.messages.append(message)
        return {"channel": fields["channel"], "ts": ts, "message": message}

    def _delete(self, fields: dict[str, Any]) -> dict[str, Any]:
        self._check_channel(fields)
        named = (fields["channel"], fields.get("ts"))
        found = [message for message in self.messages if (message["channel"], message["ts"]) == named]
        if not found:
            raise error("message_not_found")
        self.messages.remove(found[0])
        return {"channel": fields["channel"], "ts": fields["ts"]}

    def _check_channel(self, fields: dict[str, Any]) -> None:
        state = self.channels.get(fields.get("channel", ""))
        if state is None:
            raise error("channel_not_found")
        if state != "open":
            raise error({"archived": "is_archived", "not_in": "not_in_channel"}[state])

    def _update(self, fields: dict[str, Any]) -> dict[str, Any]:
        self._check_channel(fields)
        _check_text(fields)
        found = [message for message in self.messages if message["ts"] == fields.get("ts")]
        if not found:
            raise error("message_not_found")
        found[0].update({name: fields[name] for name in ("text", "blocks") if name in fields})
        return {"channel": fields["channel"], "ts": fields["ts"], "text": fields["text"]}

    def _whisper(self, fields: dict[str, Any]) -> dict[str, Any]:
        self._check_channel(fields)
        _check_text(fields)
        if not fields.get("user"):
            raise error("user_not_in_channel")
        self.ephemeral.append(fields)
        return {"message_ts": f"{time.time():.6f}"}

    def _replies(self, fields: dict[str, Any]) -> dict[str, Any]:
        self._check_channel(fields)
        if not TS.fullmatch(fields.get("ts", "")):
            raise error("invalid_ts_latest")
        if fields["ts"] in self.gone:
            raise error("thread_not_found")
        return self._page(fields, fields["ts"])

    def _history(self, fields: dict[str, Any]) -> dict[str, Any]:
        """What stands in the channel itself, without the replies in its threads."""
        self._check_channel(fields)
        return self._page(fields, None)

    def _page(self, fields: dict[str, Any], thread: str | None) -> dict[str, Any]:
        oldest = float(fields.get("oldest", 0))
        found = [
            message
            for message in self.messages
            if (message["channel"], message.get("thread_ts")) == (fields["channel"], thread)
            and float(message["ts"]) > oldest
        ]
        start, size = (
            int(fields.get("cursor") or 0),
            min(int(fields.get("limit", 1000)), 2),
        )  # small pages, so that paging is tried
        shown = [
            message if fields.get("include_all_metadata") else _bare(message)
            for message in found[start : start + size]
        ]
        more = len(found) > start + size
        return {
            "messages": shown,
            "has_more": more,
            "response_metadata": {"next_cursor": str(start + size) if more else ""},
        }

    def _open(self, fields: dict[str, Any]) -> dict[str, Any]:
        view = fields.get("view") or {}
        if not fields.get("trigger_id"):
            raise _invalid("trigger_id")
        complaints = blocks.wrong(view.get("blocks"), most=100)
        for name, most in {"title": 24, "submit": 24, "close": 24}.items():
            if name in view and not 0 < len(view[name].get("text", "")) <= most:
                complaints.append(f"{name}: 1 to {most} characters")
        if (
            view.get("type") != "modal"
            or "title" not in view
            or len(view.get("private_metadata", "")) > 3000
            or complaints
        ):
            raise _invalid(*complaints or ["view"])
        self.views.append(view)
        return {"view": {**view, "id": f"V{uuid.uuid4().hex[:10].upper()}"}}

    # what Slack sends to us

    def sign(self, body: bytes, at: float | None = None) -> dict[str, str]:
        """https://docs.slack.dev/authentication/verifying-requests-from-slack, written without the SDK."""
        stamp = str(int(at or time.time()))
        digest = hmac.new(
            SIGNING_SECRET.encode(), b"v0:" + stamp.encode() + b":" + body, hashlib.sha256
        ).hexdigest()
        content = {"Content-Type": "application/x-www-form-urlencoded"}
        return {"X-Slack-Request-Timestamp": stamp, "X-Slack-Signature": f"v0={digest}", **content}

    def press(
        self, message: dict[str, Any], score: int, *, user: str = "U0ANA", at: float | None = None
    ) -> tuple[bytes, dict[str, str]]:
        """A press on a face under the message: body and headers."""
        return self.press_button(message, f"csat_score_{score}", user=user, at=at)

    def press_button(
        self, message: dict[str, Any], action_id: str, *, user: str = "U0ANA", at: float | None = None
    ) -> tuple[bytes, dict[str, str]]:
        buttons = [
            element
            for block in message["blocks"]
            for element in block.get("elements", [])
            if element["type"] == "button"
        ]
        button = next(one for one in buttons if one["action_id"] == action_id)
        block_id = next(
            block["block_id"] for block in message["blocks"] if button in block.get("elements", [])
        )
        payload = {
            "type": "block_actions",
            "team": {"id": "T0ACME", "domain": "acme"},
            "user": {"id": user, "username": "ana", "name": "ana", "team_id": "T0ACME"},
            "api_app_id": "A0APP",
            "token": "legacy",
            "container": {
                "type": "message",
                "message_ts": message["ts"],
                "channel_id": message["channel"],
                "is_ephemeral": False,
            },
            "trigger_id": f"{uuid.uuid4().int % 10**12}.1.{uuid.uuid4().hex}",
            "channel": {"id": message["channel"], "name": "support"},
            "message": {name: message[name] for name in SHOWN if name in message},
            "response_url": f"{self.base}/actions/T0ACME/{uuid.uuid4().hex}",
            "actions": [
                {**button, "block_id": block_id, "type": "button", "action_ts": f"{time.time():.6f}"}
            ],
        }
        return self._signed(payload, at)

    def submit(
        self, view: dict[str, Any], text: str | None, *, user: str = "U0ANA"
    ) -> tuple[bytes, dict[str, str]]:
        """The comment modal handed in."""
        values = {
            block["block_id"]: {block["element"]["action_id"]: {"type": "plain_text_input", "value": text}}
            for block in view["blocks"]
            if block["type"] == "input"
        }
        payload = {
            "type": "view_submission",
            "team": {"id": "T0ACME"},
            "user": {"id": user, "name": "ana"},
            "token": "legacy",
            "view": {**view, "id": f"V{uuid.uuid4().hex[:10].upper()}", "state": {"values": values}},
        }
        return self._signed(payload, None)

    def _signed(self, payload: dict[str, Any], at: float | None) -> tuple[bytes, dict[str, str]]:
        body = urlencode({"payload": json.dumps(payload)}).encode()
        return body, self.sign(body, at)


def _fields(name: str, headers: dict[str, str], body: bytes) -> dict[str, Any]:
    if headers.get("content-type", "").startswith("application/json"):
        if name in {"conversations.replies", "conversations.history"}:
            raise error("invalid_arguments")  # reading methods take no JSON
        return dict(json.loads(body or b"{}"))
    return dict(parse_qsl(body.decode()))


def _invalid(*messages: str) -> Reply:
    return error("invalid_arguments", response_metadata={"messages": list(messages)})


def _check_text(fields: dict[str, Any]) -> None:
    text = fields.get("text")
    if not text:
        raise error("no_text")
    if len(text) > 40000:
        raise error("msg_too_long")
    complaints = [*blocks.unescaped(text), *(blocks.wrong(fields["blocks"]) if "blocks" in fields else [])]
    if complaints:
        raise error("invalid_blocks", response_metadata={"messages": complaints})


def _check_metadata(metadata: Any) -> None:
    if metadata is None:
        return
    payload = metadata.get("event_payload")
    if (
        not metadata.get("event_type")
        or not isinstance(payload, dict)
        or not all(isinstance(value, str) for value in payload.values())
    ):
        raise error("invalid_metadata_format")


def _bare(message: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in message.items() if name != "metadata"}
