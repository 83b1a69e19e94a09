"""A thirteenth help desk that no file of csat/ knows: what the house promises of systems is tried on it."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

import pytest

from csat.connectors import connections, registry
from csat.connectors.api import Api, get_or_none
from csat.connectors.api_client import ApiClient
from csat.connectors.base import Config, Rating, Step, System
from csat.connectors.changes import Change, ChangeType, ClosedBy, Customer, Person, SaidThere
from csat.connectors.errors import CannotRead
from csat.connectors.models import Connection
from csat.connectors.payloads import hidden, items, moment, objects, text
from csat.connectors.signatures import check_hmac
from csat.lib.types import JsonObject
from csat.timeline.recording import Actor
from tests.connectors.fakes import FakeApi

ADA = Actor("agent", "", "Ada")
SIGNATURE = "x-desk-signature"
PAGE = 2  # conversations of one poll


class Desk(FakeApi):
    """Their side: conversations, notes and replies in memory; what stands in `answers` goes first."""

    def __init__(self) -> None:
        super().__init__()
        self.conversations: dict[str, JsonObject] = {}
        self.notes: dict[str, JsonObject] = {}  # by their id
        self.replies: list[JsonObject] = []

    def put_conversation(self, id: str, status: str, at: datetime, **more: Any) -> JsonObject:
        """How a conversation stands there now; also the body of the webhook that tells of it."""
        self.conversations[id] = {"id": id, "status": status, "at": at.isoformat(), **more}
        return self.conversations[id]

    def _call(self, method: str, path: str, body: Any) -> Any:
        parts = path.strip("/").split("/")
        if f"{method} {path}" in self.answers or not self._knows(method, parts):
            return super()._call(method, path, body)
        self.calls.append((method, path, body))
        if method == "GET":
            return self.conversations[parts[1]] if len(parts) > 1 else self._page(body)
        if parts[2] == "replies":
            self.replies.append({"conversation": parts[1], **body})
            return {"id": f"reply-{len(self.replies)}"}
        note = parts[3] if len(parts) > 3 else f"note-{len(self.notes) + 1}"
        self.notes[note] = {"conversation": parts[1], **body}
        return {"id": note}

    def _knows(self, method: str, parts: list[str]) -> bool:
        if parts == ["conversations"]:
            return method == "GET"
        return parts[0] == "conversations" and parts[1] in self.conversations

    def _page(self, query: JsonObject) -> JsonObject:
        since, start = str(query.get("since", "")), int(query.get("cursor") or 0)
        found = sorted(self.conversations.values(), key=lambda one: str(one["at"]))
        found = [one for one in found if str(one["at"]) >= since]
        rest = len(found) > start + PAGE
        return {"items": found[start : start + PAGE], "next": str(start + PAGE) if rest else ""}


class FakeSystem(System):
    """Body: {"id", "status", "at", "type", "event_id", "email", "phone", "name", "customer_id", "channel",
    "inbox", "subject", "language", "agent", "team", "tags", "closed_by", "messages" [{"id", "sender", "text",
    "at"}], "ours", "their_survey", "token"}; all but the first three may be left out.
    """

    kind = "fake_desk"
    label = "Fake Desk"
    resolved = ("solved",)
    unresolved = ("spam",)
    asks: Mapping[str, Any] = {"brand": "Brand"}
    inbound_secret = "Signing secret"
    api_token = "API token"
    token_user = "Login"
    account = "Account"
    needs_address = False
    default_address = "https://desk.example.com"
    headers_kept = ("x-desk-topic",)
    can_send = True
    steps = tuple(Step(f"Step {number}", copy="url" if number == 1 else "") for number in range(1, 6))

    def __init__(self) -> None:
        self.desk = Desk()
        self.ratings: list[Rating] = []  # as they were to be written back

    def verify(self, config: Config, headers: Mapping[str, str], raw: bytes, url: str) -> None:
        check_hmac(config.inbound_secrets, headers.get(SIGNATURE, ""), raw)

    def handshake(self, config: Config, headers: Mapping[str, str], raw: bytes) -> str | None:
        return headers.get("x-desk-challenge")

    def redact(self, body: Any) -> Any:
        return hidden(body, frozenset({"token"}))

    def event_name(self, headers: Mapping[str, str], body: Any) -> str:
        return headers.get("x-desk-topic", "") or text(body, "type")

    def duplicate_key(self, headers: Mapping[str, str], body: Any, raw: bytes) -> str:
        return text(body, "event_id")

    def read(self, config: Config, headers: Mapping[str, str], body: Any, fetch: Api | None) -> list[Change]:
        if not isinstance(body, dict):
            raise CannotRead("The body is no object.")
        return [change_of(body)]

    def look_up(self, config: Config, api: Api, external_id: str) -> Change | None:
        found = get_or_none(api, f"/conversations/{external_id}")
        return change_of(found) if found else None

    def poll(self, config: Config, api: Api, since: datetime, cursor: str) -> tuple[list[Change], str]:
        page = api.get("/conversations", since=since.isoformat(), cursor=cursor)
        return [change_of(item) for item in page["items"]], page["next"]

    def latest(self, config: Config, api: Api) -> list[Change]:
        return [change_of(item) for item in api.get("/conversations")["items"]]

    def write_back(self, config: Config, api: Api, rating: Rating) -> str:
        self.ratings.append(rating)
        path = f"/conversations/{rating.external_id}/notes"
        body = {"text": "" if rating.withdrawn else rating.line, "fields": rating.values}
        if rating.note_id and not rating.changed_side:
            return str(api.put(f"{path}/{rating.note_id}", body)["id"])
        return str(api.post(path, body)["id"])

    def reopen(self, config: Config, api: Api, external_id: str) -> None:
        self.desk.conversations[external_id]["status"] = "open"

    def send(self, config: Config, api: Api, external_id: str, text: str) -> str:
        return str(api.post(f"/conversations/{external_id}/replies", {"text": text})["id"])

    def auth(self, config: Config) -> Mapping[str, str]:
        return {"Authorization": f"Bearer {config.token}"}


def change_of(body: JsonObject) -> Change:
    """What a body says; `at` must be in it."""
    at = moment(body, "at")
    if not text(body, "id") or at is None:
        return Change("", datetime.min, not_used="no id or no time")
    agent = text(body, "agent")
    closed_by = text(body, "closed_by")
    return Change(
        external_id=text(body, "id"),
        at=at,
        type=ChangeType(text(body, "type") or "status"),
        status=text(body, "status"),
        channel=text(body, "channel") or "email",
        inbox=text(body, "inbox"),
        subject=text(body, "subject"),
        customer=Customer(
            email=text(body, "email"),
            phone=text(body, "phone"),
            name=text(body, "name"),
            external_id=text(body, "customer_id"),
        ),
        assignee=Person(name=agent, email=f"{agent.lower()}@acme.example") if agent else None,
        team=text(body, "team"),
        tags=tuple(str(tag) for tag in items(body, "tags")) if "tags" in body else None,
        language=text(body, "language"),
        messages=tuple(_messages(body)),
        closed_by=ClosedBy(closed_by) if closed_by else None,
        url=f"https://desk.example.com/c/{text(body, 'id')}",
        their_survey=bool(body.get("their_survey")),
        ours=bool(body.get("ours")),
    )


def _messages(body: JsonObject) -> Iterator[SaidThere]:
    for message in objects(body, "messages"):
        at = moment(message, "at")
        assert at
        yield SaidThere(text(message, "id"), text(message, "sender"), text(message, "text"), at)


@pytest.fixture
def fake_system(monkeypatch: pytest.MonkeyPatch) -> FakeSystem:
    """A thirteenth system in the registry. The API of every connection is its desk: `fake_system.desk`."""
    system = FakeSystem()
    monkeypatch.setattr(registry, "_SYSTEMS", [*registry._SYSTEMS, system])
    monkeypatch.setattr(registry, "_BY_KIND", {**registry._BY_KIND, system.kind: system})

    def call(
        client: ApiClient,
        method: str,
        path: str,
        body: object = None,
        params: Mapping[str, Any] | None = None,
    ) -> Any:
        return system.desk._call(method, path, dict(params or {}) if method == "GET" else body)

    monkeypatch.setattr(ApiClient, "_call", call)
    return system


def make_connection(*, token: str = "token", inbound: str = "", **more: Any) -> Connection:
    """A connection to the fake desk, with a token of its API, as a person makes it."""
    secrets = {"token": token, "inbound": inbound, **more.pop("secrets_given", {})}
    return connections.add(kind="fake_desk", by=ADA, secrets_given=secrets, **more)
