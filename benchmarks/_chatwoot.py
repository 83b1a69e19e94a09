"""Chatwoot's side of the measurements: signed webhooks of many conversations, and its API in memory."""

import hmac
import itertools
import json
import time
import uuid
from typing import Any

from _common import ROOT

PAYLOADS = ROOT / "tests" / "connectors" / "payloads"
EVENTS = (
    "conversation_created",
    "message_created-incoming",
    "conversation_status_changed",
)  # it ends resolved
PAGE = 25  # conversations
NUMBERS = itertools.count(10_000)


class Desk:
    """`headers` and `body` of webhooks, with real bodies moved to today; each conversation has a customer of
    its own.
    """

    def __init__(self, secret: str) -> None:
        self.secret = secret
        self.texts = {name: self._text(name) for name in EVENTS}

    def conversation(self) -> list[bytes]:
        """The bodies of a new conversation: begun, a message, resolved."""
        number = next(NUMBERS)
        return [self._body(name, number) for name in EVENTS]

    def resolved(self) -> bytes:
        return self._body(EVENTS[-1], next(NUMBERS))

    def headers(self, body: bytes) -> dict[str, str]:
        """Each sending has an id of its own, also of the same body."""
        at = str(int(time.time()))
        signature = hmac.digest(self.secret.encode(), at.encode() + b"." + body, "sha256").hex()
        return {
            "Content-Type": "application/json",
            "X-Chatwoot-Timestamp": at,
            "X-Chatwoot-Signature": f"sha256={signature}",
            "X-Chatwoot-Delivery": str(uuid.uuid4()),
        }

    def api(self, conversations: int) -> Any:
        """What stands for `ApiClient._call`: that many resolved conversations, in pages."""
        found = [self._listed() for _ in range(conversations)]
        messages = {str(one["id"]): one["messages"] for one in found}

        def call(_client: Any, _method: str, path: str, _body: Any = None, params: Any = None) -> Any:
            parts = path.split("/")
            if parts[-1] == "messages":
                return {"payload": messages[parts[-2]]}
            if parts[-1] == "conversations":
                start = (int((params or {}).get("page", 1)) - 1) * PAGE
                return {"data": {"payload": found[start : start + PAGE]}}
            return {"payload": [{"id": 3, "name": "Website"}]}

        return call

    def _listed(self) -> dict[str, Any]:
        body: dict[str, Any] = json.loads(self.resolved())
        body["meta"]["channel"] = body.pop("channel")
        return body

    def _text(self, name: str) -> str:
        body = json.loads((PAYLOADS / f"chatwoot-{name}.json").read_text())
        conversation = body if name.startswith("conversation") else body["conversation"]
        shift = time.time() - 60 - conversation["last_activity_at"]
        if conversation is not body:
            conversation["updated_at"] -= 30  # as it was then: in the example it is a later one
        return json.dumps(_moved(body, shift), separators=(",", ":"))

    def _body(self, name: str, number: int) -> bytes:
        text = self.texts[name].replace("4021", str(number)).replace('"id":51,', f'"id":{number},')
        text = text.replace("ana.example@", f"ana.{number}@")
        return text.replace("+4915112345678", f"+4915{number:09d}").encode()


def _moved(value: Any, shift: float) -> Any:
    """With every time in seconds moved."""
    if isinstance(value, dict):
        return {name: _moved(part, shift) for name, part in value.items()}
    if isinstance(value, list):
        return [_moved(part, shift) for part in value]
    is_time = isinstance(value, int | float) and not isinstance(value, bool) and value > 1_790_000_000
    return type(value)(value + shift) if is_time else value
