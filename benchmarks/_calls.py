"""Requests to a revision's own application, in process, for the measurement of another: what each costs.

Runs and is spoken to like _surveys.py. Knows addresses and the API's contract, nothing of the code behind.
"""

import contextlib
import io
import itertools
import json
import re
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

BULK, WARM = 500, 12  # items of a bulk call; requests that are not counted
NONCE = re.compile(rb'name="nonce" value="([^"]+)"')
MANY = 200  # items of the long list
SCOPES = ("chat-sessions:read", "chat-sessions:write", "csat:read", "csat:write", "contacts:write")
FORM = "application/x-www-form-urlencoded"
Cost = dict[str, float]


class Calls:
    """The kinds of requests are the methods that begin with `of_`: each makes so many, ready to be called."""

    def __init__(self) -> None:
        import django

        django.setup()
        from django.conf import settings
        from django.db import connection

        from csat.people import keys

        settings.ALLOWED_HOSTS = ["*"]
        connection.settings_dict["CONN_MAX_AGE"] = None  # one backend, whose work is counted
        from project.wsgi import application

        self.application, self.connection = application, connection
        _row, key = keys.create("bench", scopes=SCOPES)
        self.key, self.numbers = f"Bearer {key}", itertools.count()
        self._api("PATCH", "/csat/settings", {"auto_send": False, "channels": {"email": {"enabled": True}}})

    def backend(self) -> int:
        self.connection.ensure_connection()
        return int(self.connection.connection.info.backend_pid) if self._on_postgres else 0

    def measure(self, kind: str, count: int, warm: int = WARM, **of: Any) -> Cost:
        """Processor milliseconds a request, of this process and of its PostgreSQL backend, and statements.

        `warm`: requests before, at least one; `of`: what this kind is told.
        """
        requests = getattr(self, f"of_{kind}")(count + warm, **of)
        for request in itertools.islice(requests, warm - 1):
            request()
        with self._counted() as statements:
            next(requests)()
        web = database = 0.0
        for request in requests:
            began, spent = time.process_time(), self._database()
            request()
            web += time.process_time() - began
            database += self._database() - spent
        return {
            "web": web * 1000 / count,
            "PostgreSQL": database * 1000 / count,
            "statements": len(statements),
        }

    # kinds of requests

    def of_page(self, count: int) -> Iterator[Any]:
        for token in itertools.islice(itertools.cycle(self._tokens(20)), count):
            yield lambda token=token: self._get(f"/r/{token}")

    def of_rating(self, count: int) -> Iterator[Any]:
        tokens = self._tokens(count)
        nonces = [NONCE.search(self._get(f"/r/{token}")) for token in tokens]
        for token, nonce in zip(tokens, nonces, strict=True):
            assert nonce
            form = {"score": "4", "comment": "Quick, thanks", "gesture": "1", "nonce": nonce[1].decode()}
            yield lambda token=token, form=form: self._request(
                "POST", f"/r/{token}", urlencode(form).encode(), FORM, 303
            )

    def of_session(self, count: int) -> Iterator[Any]:
        for item in self._items(count):
            yield lambda item=item: self._api("POST", "/chat/sessions", item, 201)

    def of_message(self, count: int) -> Iterator[Any]:
        message = {"sender": "contact", "message": "Where is my parcel?"}
        for session in self._sessions(count):
            yield lambda session=session: self._api("POST", f"/chat/sessions/{session}/send", message, 201)

    def of_resolve(self, count: int) -> Iterator[Any]:
        self._api("PATCH", "/csat/settings", {"auto_send": True, "delay_seconds": 3600})
        change = {"status": "closed_resolved"}
        for session in self._sessions(count):
            yield lambda session=session: self._api("PATCH", f"/chat/sessions/{session}", change)
        self._api("PATCH", "/csat/settings", {"auto_send": False})

    def of_score(self, count: int) -> Iterator[Any]:
        for session in self._sessions(count, status="closed_resolved"):
            score = {"session_id": session, "score": 4, "comment": "Quick, thanks"}
            yield lambda score=score: self._api("POST", "/csat/scores", score, 201)

    def of_list(self, count: int) -> Iterator[Any]:
        path = f"/api/v1/csat/scores?limit={MANY}"

        def read() -> int:
            return len(json.loads(self._get(path))["items"])

        for session in self._sessions(MANY - read(), status="closed_resolved"):
            self._api("POST", "/csat/scores", {"session_id": session, "score": 4, "comment": "Fine"}, 201)
        assert read() == MANY

        for _ in range(count):
            yield read

    def of_bare_page(self, count: int) -> Iterator[Any]:
        """A view that renders the frame of such a page, with nothing around it."""
        from django.core.handlers.wsgi import WSGIRequest
        from django.http import HttpResponse
        from django.template.loader import render_to_string

        def show() -> None:
            request = WSGIRequest(self._environ("GET", "/", b"", ""))
            assert HttpResponse(
                render_to_string("base_public.html", {"language": request.GET.get("lang", "en")})
            )

        return itertools.repeat(show, count)

    def of_bare_upsert(self, count: int) -> Iterator[Any]:
        """A view that writes or replaces one row."""
        from django.core.handlers.wsgi import WSGIRequest
        from django.db import transaction
        from django.http import HttpResponse

        from csat.surveys.models import ChannelSettings

        def write(number: int) -> None:
            request = WSGIRequest(self._environ("POST", "/", b"enabled=0", FORM))
            row = ChannelSettings(kind=f"bench-{number % 10}", enabled=request.POST["enabled"] == "1")
            with transaction.atomic():
                ChannelSettings.objects.bulk_create(
                    [row], update_conflicts=True, unique_fields=["kind"], update_fields=["enabled"]
                )
            assert HttpResponse(status=204)

        for number in range(count):
            yield lambda number=number: write(number)

    # what they need

    def _items(self, count: int, **more: str) -> list[dict[str, Any]]:
        return [
            {
                "external_id": f"bench-{number}",
                "channel": {"type": "email"},
                "contact": {"email": f"guest{number}@bench.example", "name": f"Guest {number}"},
                "assignee": {"name": f"Agent {number % 20}"},
                "tags": ["bench"],
                **more,
            }
            for number in itertools.islice(self.numbers, count)
        ]

    def _sessions(self, count: int, **more: str) -> list[str]:
        made: list[str] = []
        while len(made) < count:
            items = self._items(min(BULK, count - len(made)), **more)
            made += [one["id"] for one in self._api("POST", "/chat/sessions/bulk", {"items": items})["items"]]
        return made

    def _tokens(self, count: int) -> list[str]:
        sessions = self._sessions(count, status="closed_resolved")
        links = [self._api("POST", "/csat/links", {"session_id": one}, 201)["url"] for one in sessions]
        return [link.rpartition("/")[2] for link in links]

    def _api(self, method: str, path: str, body: dict[str, Any], status: int = 200) -> Any:
        content = json.dumps(body).encode()
        return json.loads(self._request(method, f"/api/v1{path}", content, "application/json", status))

    def _get(self, path: str) -> bytes:
        return self._request("GET", path, b"", "", 200)

    def _request(self, method: str, path: str, body: bytes, kind: str, status: int) -> bytes:
        environ = self._environ(method, path, body, kind)
        told: list[str] = []
        answer = self.application(environ, lambda line, _headers: told.append(line))
        content = b"".join(answer)
        answer.close()
        assert told[0].startswith(str(status)), (method, path, told, content[:300])
        return content

    def _environ(self, method: str, path: str, body: bytes, kind: str) -> dict[str, Any]:
        environ = {
            "REQUEST_METHOD": method,
            "SCRIPT_NAME": "",
            "PATH_INFO": path.partition("?")[0],
            "QUERY_STRING": path.partition("?")[2],
            "SERVER_NAME": "localhost",
            "SERVER_PORT": "80",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "REMOTE_ADDR": "192.0.2.7",
            "HTTP_USER_AGENT": "Mozilla/5.0 (X11; Linux x86_64) Firefox/130.0",
            "HTTP_ACCEPT_LANGUAGE": "en",
            "CONTENT_TYPE": kind,
            "CONTENT_LENGTH": str(len(body)),
            "wsgi.url_scheme": "http",
            "wsgi.input": io.BytesIO(body),
            "wsgi.errors": sys.stderr,
        }
        if path.startswith("/api/"):
            environ["HTTP_AUTHORIZATION"] = self.key
        return environ

    @contextlib.contextmanager
    def _counted(self) -> Iterator[list[str]]:
        statements: list[str] = []

        def count(execute: Any, sql: str, *more: Any) -> Any:
            if not sql.startswith(("SAVEPOINT", "RELEASE", "ROLLBACK")):
                statements.append(sql)
            return execute(sql, *more)

        with self.connection.execute_wrapper(count):
            yield statements

    @property
    def _on_postgres(self) -> bool:
        return bool(self.connection.vendor == "postgresql")

    def _database(self) -> float:
        """Processor seconds of our backend so far; on SQLite the database works in this process."""
        if not self._on_postgres:
            return 0.0
        return int(Path(f"/proc/{self.backend()}/schedstat").read_text().split()[0]) / 1e9


def serve(calls: Calls) -> None:
    print("{}", flush=True)
    for line in sys.stdin:
        order = json.loads(line)
        answer = getattr(calls, order.pop("do"))(**order)
        print(json.dumps({"answer": answer}), flush=True)


if __name__ == "__main__":
    serve(Calls())
