"""Zammad's API and webhooks as far as we use them, in its shapes (design/connectors.md).

Tests act as the people there: `start`, `customer_writes`, `agent_writes`, `assign`, `close`, `reopen`,
`merge`. Every change goes out by one or both of our triggers, ours too; a refused webhook is tried four times
more, each time with the ticket as it is then.
"""

import hashlib
import hmac
import json
import re
import time
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.standins.server import Provider, Reply
from tests.standins.webhook_sender import WebhookSender

TOKEN, SECRET = "zammad-access-token", "zammad-signature-token"
OWN_ID, OWN_EMAIL = 40, "csat-bot@example.com"
STATES = ("new", "open", "pending reminder", "closed", "merged", "removed", "pending close")
STATE_TRIGGER, MESSAGE_TRIGGER = "CSAT state", "CSAT messages"
ATTRIBUTES = ("csat_score", "csat_label", "csat_comment", "csat_at", "csat_url")
Json = dict[str, Any]


def error(status: int, words: str) -> Reply:
    return Reply(status, {"error": words, "error_human": words})


def user(id_: int, first: str, last: str, email: str, role: str, **more: Any) -> Json:
    return {
        "id": id_, "login": email or "-", "firstname": first, "lastname": last, "email": email, "phone": "",
        "mobile": "", "active": True, "vip": False, "organization": None, "roles": [role] if role else [],
        "preferences": {"locale": "en-us"}, **more,
    }  # fmt: skip


class ZammadServer(Provider):
    """`attributes`: of tickets, that the admin made. Unknown ones in an update are ignored, as there."""

    attributes: tuple[str, ...] = ATTRIBUTES

    def __init__(self, port: int = 0, **sending: Any) -> None:
        super().__init__(port)
        self.tickets: dict[int, Json] = {}
        self.articles: dict[int, list[Json]] = {}
        self.tags: dict[int, list[str]] = {}
        self.users = {
            1: user(1, "-", "", "", ""),
            5: user(5, "Sam", "Agent", "sam.agent@example.com", "Agent"),
            6: user(6, "Kim", "Agent", "kim.agent@example.com", "Agent"),
            OWN_ID: user(OWN_ID, "CSAT", "Connector", OWN_EMAIL, "Agent"),
        }
        self.sender = WebhookSender(self.sign, **{"retries": 4, **sending})
        self.numbers = 100

    def __enter__(self) -> "ZammadServer":
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

    def start(
        self, text: str, *, title: str = "Invoice is wrong", type: str = "email", **customer: Any
    ) -> int:
        """A customer writes for the first time; the ticket's id."""
        with self.lock:
            id_ = len(self.tickets) + 1
            who = user(1000 + id_, "Customer", str(id_), f"customer{id_}@example.com", "Customer", **customer)
            self.users[who["id"]] = who
            now = _iso(time.time())
            self.tickets[id_] = {
                "id": id_, "number": str(10_000 + id_), "title": title, "state": "new", "group_id": 3,
                "customer_id": who["id"], "owner_id": 1, "create_article_type": type,
                "create_article_sender": "Customer", "created_by_id": who["id"], "updated_by_id": who["id"],
                "created_at": now, "updated_at": now,
            } | dict.fromkeys(self.attributes)  # fmt: skip
            self.articles[id_], self.tags[id_] = [], []
            article = self._add(id_, who["id"], text, sender="Customer", type=type)
            self._tell(id_, STATE_TRIGGER, article)
            return id_

    def customer_writes(self, id_: int, text: str) -> int:
        """A closed ticket opens again, in the same change."""
        with self.lock:
            reopened = self.tickets[id_]["state"] == "closed"
            article = self._add(id_, self.tickets[id_]["customer_id"], text, sender="Customer", type="email")
            if reopened:
                self.tickets[id_]["state"] = "open"
                self._tell(id_, STATE_TRIGGER, article)
            return int(article["id"])

    def agent_writes(
        self, id_: int, text: str, *, agent: int = 5, internal: bool = False, state: str = ""
    ) -> int:
        """With a state: both at once, as "reply and close" does it."""
        with self.lock:
            article = self._add(id_, agent, text, sender="Agent", type="email", internal=internal)
            if state and state != self.tickets[id_]["state"]:
                self.tickets[id_]["state"] = state
                self._tell(id_, STATE_TRIGGER, article)
            return int(article["id"])

    def assign(self, id_: int, agent: int = 5) -> None:
        with self.lock:
            self._update(id_, agent, owner_id=agent)

    def close(self, id_: int, by: int = 5) -> None:
        """`by` 1: the scheduler, after "pending close"."""
        with self.lock:
            self._update(id_, by, state="closed")

    def reopen(self, id_: int, by: int = 5) -> None:
        with self.lock:
            self._update(id_, by, state="open")

    def merge(self, id_: int, by: int = 5) -> None:
        """Into another ticket, which is not told."""
        with self.lock:
            self._update(id_, by, state="merged")

    def tag(self, id_: int, *tags: str) -> None:
        with self.lock:
            self.tags[id_].extend(tags)

    # what a test looks at

    def notes(self, id_: int) -> list[str]:
        """The internal notes that we wrote."""
        return [
            article["body"] for article in self.articles[id_]
            if article["internal"] and article["created_by_id"] == OWN_ID
        ]  # fmt: skip

    def settle(self, seconds: float = 60) -> bool:
        """Wait until every webhook is sent."""
        return self.sender.wait(seconds)

    # changes; the lock is held

    def _add(self, id_: int, by: int, body: str, **more: Any) -> Json:
        self.numbers += 1
        now = _iso(time.time())
        article = {
            "id": self.numbers, "ticket_id": id_, "type": "note", "sender": "Agent",
            "from": self.users[by]["login"], "to": "", "subject": "", "body": body,
            "content_type": "text/plain", "internal": False,
            "created_by_id": by, "created_at": now, "updated_at": now, "attachments": [], **more,
        }  # fmt: skip
        self.articles[id_].append(article)
        self._touch(id_, by)
        self._tell(id_, MESSAGE_TRIGGER, article)
        return article

    def _update(self, id_: int, by: int, **values: Any) -> None:
        ticket = self.tickets[id_]
        if all(ticket.get(name) == value for name, value in values.items()):
            return
        ticket.update(values)
        self._touch(id_, by)
        self._tell(id_, STATE_TRIGGER, {})

    def _touch(self, id_: int, by: int) -> None:
        """Each change has a later time."""
        ticket = self.tickets[id_]
        before = datetime.fromisoformat(ticket["updated_at"]).timestamp()
        ticket |= {"updated_at": _iso(max(time.time(), before + 0.001)), "updated_by_id": by}

    # what Zammad sends to us

    def sign(self, body: bytes, event: str, delivery: str) -> dict[str, str]:
        digest = hmac.new(SECRET.encode(), body, hashlib.sha1).hexdigest()
        return {
            "X-Hub-Signature": f"sha1={digest}",
            "X-Zammad-Trigger": event,
            "X-Zammad-Delivery": delivery,
        }

    def _tell(self, id_: int, trigger: str, article: Json) -> None:
        self.sender.put(trigger, lambda: self._event(id_, article))

    def _event(self, id_: int, article: Json) -> Json:
        with self.lock:
            ticket = self._whole(id_)
            for role in ("customer", "owner", "created_by", "updated_by"):
                ticket[role] = self._sent_user(ticket[f"{role}_id"])
            ticket["group"] = {"id": 3, "name": "Service Desk"}
            author = {"created_by": self._sent_user(article["created_by_id"])} if article else {}
            return {"ticket": ticket, "article": article | author}

    def _sent_user(self, id_: int) -> Json:
        return {name: value for name, value in self.users[id_].items() if name != "preferences"}

    def _whole(self, id_: int) -> Json:
        ticket, articles = self.tickets[id_], self.articles[id_]
        closed = ticket["updated_at"] if ticket["state"] == "closed" else None
        return ticket | {
            "article_count": len(articles),
            "article_ids": [article["id"] for article in articles],
            "close_at": closed,
        }

    # what we ask

    def handle(self, method: str, path: str, headers: dict[str, str], body: bytes) -> Reply:
        if headers.get("authorization") != f"Token token={TOKEN}":
            raise error(401, "Invalid token!")
        parts = urlsplit(path)
        query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
        fields = json.loads(body) if body else {}
        for known, pattern, answer in (
            ("GET", r"/api/v1/users/me", lambda: self.users[OWN_ID]),
            ("GET", r"/api/v1/users/(\d+)", lambda id_: self._found(self.users, id_)),
            ("GET", r"/api/v1/tickets/search", lambda: self._search(query)),
            ("GET", r"/api/v1/tickets/(\d+)", lambda id_: self._ticket(id_)),
            ("PUT", r"/api/v1/tickets/(\d+)", lambda id_: self._put(id_, fields)),
            ("GET", r"/api/v1/ticket_articles/by_ticket/(\d+)", lambda id_: self._listed(id_)),
            ("POST", r"/api/v1/ticket_articles", lambda: self._post(fields)),
            ("DELETE", r"/api/v1/ticket_articles/(\d+)", lambda id_: self._delete(int(id_))),
            ("GET", r"/api/v1/tags", lambda: {"tags": self._found(self.tags, query["o_id"])}),
            ("POST", r"/api/v1/tags/add", lambda: self._tag(fields, add=True)),
            ("DELETE", r"/api/v1/tags/remove", lambda: self._tag(fields or query, add=False)),
        ):
            if method == known and (found := re.fullmatch(pattern, parts.path)):
                return Reply(201 if method == "POST" else 200, answer(*found.groups()))
        raise error(404, f"Not expected of us: {method} {parts.path}")

    def _found(self, table: dict[int, Any], id_: str) -> Any:
        if int(id_) not in table:
            raise error(404, "Couldn't find it")
        return table[int(id_)]

    def _ticket(self, id_: str) -> Json:
        """With names instead of ids, as `expand` does it."""
        self._found(self.tickets, id_)
        ticket = self._whole(int(id_))
        for role in ("customer", "owner", "created_by", "updated_by"):
            ticket[role] = self.users[ticket[f"{role}_id"]]["login"]
        return ticket | {"group": "Service Desk"}

    def _search(self, query: Json) -> list[Json]:
        condition = "condition[ticket.updated_at]"
        if query.get(f"{condition}[operator]") != "after (absolute)":
            raise error(422, "No condition that is known here")
        since = datetime.fromisoformat(query[f"{condition}[value]"])
        found = [t for t in self.tickets.values() if datetime.fromisoformat(t["updated_at"]) > since]
        found.sort(key=lambda ticket: ticket["updated_at"], reverse=query.get("order_by") == "desc")
        size, page = min(int(query.get("per_page", 50)), 200), int(query.get("page", 1))
        return [self._ticket(str(ticket["id"])) for ticket in found[(page - 1) * size : page * size]]

    def _put(self, id_: str, fields: Json) -> Json:
        self._found(self.tickets, id_)
        if not_ours := {"state", "state_id", "owner_id", "owner"} & set(fields):
            raise error(403, f"Not expected of us: {sorted(not_ours)}")
        self._update(int(id_), OWN_ID, **{name: fields[name] for name in self.attributes if name in fields})
        return self.tickets[int(id_)]

    def _listed(self, id_: str) -> list[Json]:
        self._found(self.tickets, id_)
        return [
            article | {"created_by": self.users[article["created_by_id"]]["login"]}
            for article in self.articles[int(id_)]
        ]

    def _post(self, fields: Json) -> Json:
        id_ = fields.get("ticket_id")
        if not isinstance(id_, int) or not fields.get("body"):
            raise error(422, "Need at least an 'article body' and a 'ticket_id'")
        self._found(self.tickets, str(id_))
        names = ("subject", "content_type", "type", "internal")
        more = {name: fields[name] for name in names if name in fields}
        return self._add(id_, OWN_ID, fields["body"], **more)

    def _delete(self, id_: int) -> Json:
        """Own notes, for ten minutes."""
        for articles in self.articles.values():
            for article in articles:
                if article["id"] == id_ and article["created_by_id"] == OWN_ID:
                    articles.remove(article)
                    return {}
        raise error(403, "you can only delete your own notes")

    def _tag(self, fields: Json, *, add: bool) -> Any:
        if fields.get("object") != "Ticket" or not fields.get("item"):
            raise error(422, "object or item is missing")
        tags, item = self._found(self.tags, str(fields.get("o_id"))), fields["item"]
        if add and item not in tags:
            tags.append(item)
            self._touch(int(fields["o_id"]), OWN_ID)
            self._tell(int(fields["o_id"]), STATE_TRIGGER, {})
        if not add and item in tags:
            tags.remove(item)
        return True


def _iso(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
