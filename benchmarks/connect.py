"""The door of the help desks beside a bare INSERT, a flood at ten times the speed of the worker, and a sweep.

No worker runs: what the door costs is the door's. `bare` is a row of the same size in the same table by the
driver itself; over the web server, by a WSGI application that does nothing else. Both are asked in turn.
"""

import io
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any
from unittest import mock
from urllib.parse import urlsplit

import _bare_insert
import _common as bench
from _chatwoot import PAGE, Desk

REQUESTS, ROUNDS, CLIENTS = int(os.environ.get("BENCH_EVENTS", "400")), 5, 8
CONVERSATIONS, PAGES = 200, 10
SECRET = "secret of the webhook"
GOAL = "half of it"


def main() -> None:
    bench.set_up()
    from django.db import connection as database

    door = Door()
    _in_process(door, f"{database.vendor}, in process")
    _over_the_server(door, f"{database.vendor}, granian, {CLIENTS} connections")
    _flood(door, database.vendor)
    _sweep(door, database.vendor)
    if database.vendor == "postgresql":
        _on_sqlite()


class Door:
    """A connection to Chatwoot, and what its webhooks look like."""

    def __init__(self) -> None:
        from csat.channels.kinds import SURVEYED
        from csat.connectors import connections
        from csat.surveys.rules import settings
        from csat.timeline.recording import SYSTEM

        settings.change(by=SYSTEM, auto_send=True, channels={kind: {"enabled": True} for kind in SURVEYED})
        self.desk = Desk(SECRET)
        self.connection = connections.add(
            kind="chatwoot",
            base_url="https://93.184.216.34",
            account="1",
            by=SYSTEM,
            secrets_given={"inbound": SECRET},
        )
        self.path = f"/connect/chatwoot/{self.connection.opened['address']}"
        self.connection.change(connected_at=self.connection.connected_at - timedelta(days=1))

    def events(self) -> Any:
        return self.connection.events

    def empty(self) -> None:
        """Nothing is left of the former measurement, in the queue either."""
        from django_q.models import OrmQ

        self.events().all().delete()
        OrmQ.objects.all().delete()


# in process


def _in_process(door: Door, where: str) -> None:
    from django.db import connection as database

    from project.wsgi import application

    def request(environ: dict[str, Any]) -> None:
        answers: list[str] = []
        answer = application(environ, lambda status, _headers: answers.append(status))
        for _part in answer:
            pass
        getattr(answer, "close", lambda: None)()
        assert answers == ["200 OK"], answers

    def bare(body: bytes) -> None:
        _bare_insert.insert(database.connection, door.connection.pk, body)

    def request_and_insert(both: tuple[dict[str, Any], bytes]) -> None:
        request(both[0])
        bare(both[1])

    request(_environ(door, door.desk.resolved()))
    database.ensure_connection()
    door.empty()
    ours: list[tuple[float, float]] = []
    limit: list[tuple[float, float]] = []
    least: list[tuple[float, float]] = []
    for _round in range(ROUNDS):
        bodies = [door.desk.resolved() for _ in range(REQUESTS)]
        ours.append(_measured(request, [_environ(door, body) for body in bodies]))
        limit.append(_measured(bare, bodies))
        nothing = {"REQUEST_METHOD": "GET", "PATH_INFO": "/health/live"}
        lives = [(_environ(door, b"") | nothing, body) for body in bodies]
        least.append(_measured(request_and_insert, lives))
    _assert_stored(door, 3 * ROUNDS * REQUESTS)
    _say_both(f"{where}: the door (limit: a bare INSERT without any request)", ours, limit)
    _say_both(f"{where}: the door (limit: the health view and a bare INSERT)", ours, least)
    _say_slowness(door, request, bare, where)


def _say_slowness(door: Door, ours: Callable[[Any], None], bare: Callable[[Any], None], where: str) -> None:
    """Milliseconds until the answer, the median of 50."""
    bodies = [door.desk.resolved() for _ in range(50)]
    answers = [_timed(ours, _environ(door, body)) for body in bodies]
    inserts = [_timed(bare, body) for body in bodies]
    what = f"{where}: until the answer, no worker running"
    bench.say(what, statistics.median(answers), statistics.median(inserts), "ms", "< 200 ms")


def _environ(door: Door, body: bytes) -> dict[str, Any]:
    signed = {
        f"HTTP_{name.upper().replace('-', '_')}": value for name, value in door.desk.headers(body).items()
    }
    return signed | {
        "REQUEST_METHOD": "POST",
        "SCRIPT_NAME": "",
        "PATH_INFO": door.path,
        "QUERY_STRING": "",
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "CONTENT_TYPE": "application/json",
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": sys.stderr,
    }


def _timed(call: Callable[[Any], None], value: Any) -> float:
    began = time.perf_counter()
    call(value)
    return (time.perf_counter() - began) * 1000


def _measured(call: Callable[[Any], None], values: Sequence[Any]) -> tuple[float, float]:
    """Calls a second, and processor milliseconds a call, the database's included."""
    began = time.perf_counter()
    cpu = bench.worked(lambda: [call(value) for value in values])
    return len(values) / (time.perf_counter() - began), cpu * 1000 / len(values)


def _say_both(what: str, ours: list[tuple[float, float]], limit: list[tuple[float, float]]) -> None:
    rates, cpu = zip(*ours, strict=True)
    bare_rates, bare_cpu = zip(*limit, strict=True)
    bench.say(what, statistics.median(rates), statistics.median(bare_rates), "/s", GOAL, more_is_better=True)
    bench.say(f"{what}, CPU", statistics.median(cpu), statistics.median(bare_cpu), "ms", "twice it")


def _assert_stored(door: Door, count: int) -> None:
    assert door.events().count() == count, (door.events().count(), count)


# over the web server


def _over_the_server(door: Door, where: str) -> None:
    door.empty()
    application = {"application": "benchmarks._bare_insert:application"}
    with bench.web() as ours, bench.web(**application, BARE_CONNECTION=str(door.connection.pk)) as bare:
        figures: dict[bench.Web, list[tuple[float, float]]] = {ours: [], bare: []}
        for turn in range(ROUNDS + 1):
            for server in figures:
                requests = [_request(door, server, door.desk.resolved()) for _ in range(REQUESTS)]
                cpu, began = server.cpu(), time.perf_counter()
                _post_all(server, requests)
                rate = REQUESTS / (time.perf_counter() - began)
                if turn:  # the first only warms up
                    figures[server].append((rate, (server.cpu() - cpu) * 1000 / REQUESTS))
    _assert_stored(door, 2 * (ROUNDS + 1) * REQUESTS)
    _say_both(f"{where}: the door (limit: a bare WSGI application that INSERTs)", *figures.values())


def _request(door: Door, server: bench.Web, body: bytes) -> bytes:
    host = urlsplit(server.site).netloc
    headers = door.desk.headers(body) | {"Host": host, "Content-Length": str(len(body))}
    lines = [f"POST {door.path} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items())]
    return "\r\n".join([*lines, "", ""]).encode() + body


def _post_all(server: bench.Web, requests: Sequence[bytes]) -> None:
    """Over several connections at once, by bare sockets: little of the machine is the client's."""
    troubles: list[BaseException] = []
    threads = [
        threading.Thread(target=_post, args=(server, requests[number::CLIENTS], troubles))
        for number in range(CLIENTS)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not troubles, troubles


def _post(server: bench.Web, requests: Sequence[bytes], troubles: list[BaseException]) -> None:
    address = urlsplit(server.site)
    try:
        with socket.create_connection((str(address.hostname), int(address.port or 0)), timeout=120) as line:
            for request in requests:
                line.sendall(request)
                answer = b""
                while b"\r\n\r\n" not in answer:
                    answer += line.recv(4096)
                assert answer.startswith(b"HTTP/1.1 200"), answer[:200]
    except Exception as trouble:
        troubles.append(trouble)


# a flood, and the worker


def _flood(door: Door, where: str) -> None:
    """Three events of each conversation, every third of them sent twice, at ten times the speed at which
    they are applied meanwhile: all are stored, each once, and all conversations end as they should.
    """
    from csat.connectors import applying

    door.empty()
    bodies = [body for _ in range(CONVERSATIONS) for body in door.desk.conversation()]
    worker = applying.Worker(door.connection)
    with bench.web() as server, mock.patch.object(applying, "BATCH", 5):
        sender = threading.Thread(target=_post_all, args=(server, _twice_every_third(door, server, bodies)))
        began = time.perf_counter()
        sender.start()
        applied = 0
        while sender.is_alive():
            if 10 * (applied + applying.BATCH) <= door.events().count():
                applied += worker.apply_batch()
            time.sleep(0.01)
        seconds = time.perf_counter() - began
    _assert_stored(door, len(bodies))
    stored, meanwhile = len(bodies) / seconds, applied / seconds
    bench.say(
        f"{where}: a flood stored (limit: applied meanwhile)", stored, meanwhile, "/s", "none lost or twice"
    )
    left, began = len(bodies) - applied, time.perf_counter()
    while worker.apply_batch():
        pass
    rate = left / (time.perf_counter() - began)
    bench.say(f"{where}: events applied, one worker", rate, None, "/s", more_is_better=True)
    _assert_applied(door, CONVERSATIONS, messages=2)


def _twice_every_third(door: Door, server: bench.Web, bodies: Sequence[bytes]) -> list[bytes]:
    """The second time with a delivery id of its own, as Chatwoot does."""
    sent = [body for number, body in enumerate(bodies) for _time in range(2 if number % 3 == 0 else 1)]
    return [_request(door, server, body) for body in sent]


def _assert_applied(door: Door, conversations: int, *, messages: int) -> None:
    """One conversation, one survey and each message once, for every one of theirs."""
    from csat.connectors.models import ConnectedMessage
    from csat.sessions.models import Session
    from csat.surveys.models import Survey

    outcomes = set(door.events().values_list("outcome", flat=True))
    assert outcomes <= {"applied", "duplicate", "ignored"}, outcomes
    sessions = Session.objects.filter(conversation_origin__connection=door.connection)
    resolved = sessions.filter(status=Session.Status.RESOLVED)
    surveys = Survey.objects.filter(session__in=sessions)
    said = ConnectedMessage.objects.filter(origin__connection=door.connection)
    counted = [sessions.count(), resolved.count(), surveys.count(), said.count()]
    assert counted == [conversations] * 3 + [conversations * messages], counted


# a sweep


def _sweep(door: Door, where: str) -> None:
    """Conversations that no webhook told of, in pages of an API that answers at once; then the same again."""
    from csat.connectors import connections, sweeping
    from csat.connectors.api_client import ApiClient
    from csat.timeline.recording import SYSTEM

    connection = connections.add(
        kind="chatwoot",
        base_url="https://93.184.216.34",
        account="1",
        by=SYSTEM,
        secrets_given={"token": "token of an agent"},
    )
    door.connection = connection
    api = door.desk.api(PAGES * PAGE)
    for what in (f"all {PAGE} of each new", "nothing new in them"):
        a_day_ago = connection.created_at - timedelta(days=1)
        connection.change(connected_at=a_day_ago, swept_until=None, next_sweep=a_day_ago)
        with mock.patch.object(ApiClient, "_call", api):
            began = time.perf_counter()
            sweeping.sweep(connection.pk)
            while connection.again().sweep_cursor:  # a long one goes in parts
                sweeping.sweep(connection.pk)
            rate = PAGES / (time.perf_counter() - began)
        bench.say(f"{where}: pages of a sweep, {what}", rate, None, "/s", more_is_better=True)
        assert connection.again().sweep_error == "", connection.again().sweep_error
        _assert_applied(door, PAGES * PAGE, messages=1)


def _on_sqlite() -> None:
    """The same on a file, without Redis."""
    with tempfile.TemporaryDirectory() as folder:
        there = {"DATABASE_URL": f"sqlite:///{folder}/bench.sqlite3", "REDIS_URL": ""}
        migrate = [sys.executable, "manage.py", "migrate", "-v0"]
        subprocess.run(migrate, cwd=bench.ROOT, env=os.environ | there, check=True)
        bench.again(__file__, **there)


if __name__ == "__main__":
    main()
