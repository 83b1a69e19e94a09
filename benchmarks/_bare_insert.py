"""The least that storing an event can cost: a WSGI application that writes the body as one row.

No framework and no view; nothing is verified, read or compared. One connection a thread, autocommit.
"""

import os
import sqlite3
import threading
import uuid
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any

import psycopg

COLUMNS = (
    "uuid", "created_at", "updated_at", "connection_id", "key", "event", "headers", "body", "outcome", "text",
    "attempt", "next_try",
)  # fmt: skip
_kept = threading.local()


def insert(connection: Any, connection_id: int, body: bytes) -> None:
    """As autocommit; `connection` is the driver's own."""
    now, is_sqlite = str(datetime.now(UTC)), isinstance(connection, sqlite3.Connection)
    places = ", ".join(["?" if is_sqlite else "%s"] * len(COLUMNS))
    statement = f"INSERT INTO csat_inboundevent ({', '.join(COLUMNS)}) VALUES ({places})"
    key, event = uuid.uuid4().hex * 2, "conversation_status_changed"
    values = uuid.uuid4().hex, now, now, connection_id, key, event, "{}", body.decode(), "waiting", "", 0, now
    connection.execute(statement, values)


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """A request without a body only asks whether the server is up."""
    if body := environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0)):
        if not hasattr(_kept, "connection"):
            _kept.connection = _connect(os.environ["DATABASE_URL"])
        insert(_kept.connection, int(os.environ["BARE_CONNECTION"]), body)
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "0")])
    return [b""]


def _connect(url: str) -> Any:
    if not url.startswith("sqlite:///"):
        return psycopg.connect(url, autocommit=True)
    connection = sqlite3.connect(url.removeprefix("sqlite:///"), timeout=20, isolation_level=None)
    connection.executescript("PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;")
    return connection
