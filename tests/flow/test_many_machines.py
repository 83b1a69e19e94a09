"""Two web servers, three + two clusters, one PostgreSQL and one Redis under load, each process restarted in
its turn: nothing is lost, nothing is done twice, nobody sees an error, and the work is shared.

`bin/bench --long` (CSAT_LONG=1) runs it with many more.
"""

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest
from django.db import connection

from csat.people import keys
from csat.sessions import importing
from csat.surveys.delivery import holds
from csat.surveys.models import Delivery, Score
from csat.timeline.models import Event
from csat.webhooks import endpoints
from tests import serving, workers
from tests.factories import API, switch_on
from tests.standins.listening import Listener, listening
from tests.standins.smtp import SmtpServer
from tests.web.pages import Form

LONG = bool(os.environ.get("CSAT_LONG"))
BACKLOG, CONVERSATIONS = (6000, 1500) if LONG else (600, 24)
EVENTS = ["csat.requested", "csat.score_submitted"]
pytestmark = [
    pytest.mark.cluster,
    pytest.mark.skipif(not LONG, reason="minutes of real processes: bin/bench --long"),
    pytest.mark.postgres,
    pytest.mark.django_db(transaction=True),
    pytest.mark.timeout(3600 if LONG else 600),  # each wait below has its own, shorter end
]


class Fleet:
    """The processes of an installation, by name; each can be replaced by a new one while the others work."""

    def __init__(self, **env: str) -> None:
        self.env = env
        self.ports = {name: serving.free_port() for name in ("web-1", "web-2")}
        self.env["SITE_URL"] = self.base("web-1")
        self.starts: dict[str, Callable[[], subprocess.Popen[bytes]]] = {
            name: lambda port=port: serving.start(port, **self.env)  # type: ignore[misc]
            for name, port in self.ports.items()
        }
        for cluster, number in (("surveys", 3), ("outward", 2)):
            for n in range(1, number + 1):
                sender = {"DEFAULT_FROM_EMAIL": f"Acme <{cluster}-{n}@acme.example>"}
                self.starts[f"{cluster}-{n}"] = lambda cluster=cluster, sender=sender: workers.start_cluster(  # type: ignore[misc]
                    "" if cluster == "surveys" else cluster, **(self.env | sender)
                )
        self.running: dict[str, subprocess.Popen[bytes]] = {}
        self.open: list[str] = []  # web servers that get requests, as a proxy knows them
        self.at_work: Counter[str] = Counter()  # requests that each of them has yet to answer
        self.lock = threading.Lock()
        self.rolling: threading.Thread | None = None
        self.over = False

    def base(self, name: str) -> str:
        return f"http://127.0.0.1:{self.ports[name]}"

    def __enter__(self) -> "Fleet":
        self.running = {name: start() for name, start in self.starts.items()}
        for name in self.ports:
            serving.wait_for(self.base(name))
        self.open = list(self.ports)
        return self

    def __exit__(self, *_: object) -> None:
        self.over = True
        if self.rolling:
            self.rolling.join()
        for process in self.running.values():
            workers.kill(process)

    @contextlib.contextmanager
    def server(self, turn: int) -> Iterator[str]:
        """The address of one of those that get requests."""
        with self.lock:
            name = self.open[turn % len(self.open)]
            self.at_work[name] += 1
        try:
            yield self.base(name)
        finally:
            with self.lock:
                self.at_work[name] -= 1

    def replace_all(self) -> threading.Thread:
        """One after the other, beside whatever else is done."""

        def roll() -> None:
            for name in self.starts:
                if not self.over:
                    self.replace(name)

        self.rolling = threading.Thread(target=roll)
        self.rolling.start()
        return self.rolling

    def replace(self, name: str) -> None:
        """As docs/operators.md has it: a web server out of the proxy first; a worker ends what it is at."""
        former = self.running[name]
        if name in self.ports:
            with self.lock:
                self.open.remove(name)
            assert workers.wait_for(lambda: not self.at_work[name], seconds=60)
        former.send_signal(signal.SIGTERM)
        former.wait(120)
        self.running[name] = self.starts[name]()
        if name in self.ports:
            serving.wait_for(self.base(name))
            self.open.append(name)


class Load:
    """A help desk that resolves conversations, and customers who rate by the link in their mail."""

    def __init__(self, fleet: Fleet, smtp: SmtpServer) -> None:
        self.fleet, self.smtp = fleet, smtp
        self.key = keys.create("Helpdesk", scopes=keys.SCOPES)[1]
        self.statuses: Counter[int] = Counter()
        self.sessions: list[str] = []
        self.rated: set[str] = set()
        self.turn = 0

    def ask(self, method: str, path: str, **options: Any) -> httpx.Response:
        self.turn += 1
        with self.fleet.server(self.turn) as base:
            answer = httpx.request(method, base + path, timeout=60, **options)
        self.statuses[answer.status_code] += 1
        return answer

    def api(self, method: str, path: str, body: Any = None) -> Any:
        headers = {"Authorization": f"Bearer {self.key}"}
        return self.ask(method, f"/api/v1{path}", json=body, headers=headers)

    def resolve(self, number: int) -> None:
        contact = {"email": f"load{number}@customer.example"}
        told = {"contact": contact, "channel": {"type": "email"}, "assignee": {"name": f"Agent {number % 5}"}}
        session = self.api("POST", "/chat/sessions", told).json()["id"]
        self.api("PATCH", f"/chat/sessions/{session}", {"status": "closed_resolved"})
        self.sessions.append(session)
        assert self.api("GET", "/chat/sessions?limit=5").status_code == 200

    def rate(self, mail: Any) -> None:
        link = re.search(r"/r/[\w-]+", mail.get_body(("plain",)).get_content())
        assert link
        page = self.ask("GET", link.group())
        fields = Form(page.text).fields | {"score": "4", "gesture": "1", "comment": "Quick"}
        assert self.ask("POST", link.group(), data=fields).status_code == 303


def deadlocks() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
        return int(cursor.fetchone()[0])


def bulk(number: int, *, first: int = 0) -> None:
    """So many resolved conversations, through the verb of the bulk call."""
    for start in range(first, first + number, 500):
        items = [
            {
                "contact": {"email": f"bulk{n}@customer.example"},
                "channel": {"type": "email"},
                "status": "closed_resolved",
            }
            for n in range(start, min(start + 500, first + number))
        ]
        importing.import_many(items, by=API)


@contextlib.contextmanager
def directly() -> Iterator[dict[str, str]]:
    yield {}


@pytest.mark.parametrize("database", [directly])
def test_each_process_is_replaced_under_load_and_everything_happens_once(
    database: Any, settings: Any, tmp_path: Path
) -> None:
    if not settings.REDIS_URL:
        pytest.skip("several web servers count together in Redis only")
    before = deadlocks()
    with database() as env, SmtpServer() as smtp, listening() as listener:
        settings.WEBHOOK_ALLOW = [listener.address]
        endpoints.add(url=listener.url, events=EVENTS, by=API)
        switch_on("email")
        env |= smtp.env | {"WEBHOOK_ALLOW": listener.address, "RATE_LIMITS": "off"}
        env |= {"REDIS_URL": settings.CACHES["default"]["LOCATION"], "SECRET_KEY": settings.SECRET_KEY}
        env |= {"STATIC_ROOT": str(tmp_path)}
        collect = [sys.executable, "manage.py", "collectstatic", "--noinput", "-v", "0"]
        subprocess.run(collect, cwd=workers.ROOT, env=os.environ | env, check=True)
        holds.pause(None, by=API)
        bulk(BACKLOG)
        with Fleet(**env) as fleet:
            load = Load(fleet, smtp)
            holds.resume(None, by=API)
            assert workers.wait_for(lambda: len(smtp.messages) >= BACKLOG, seconds=900 if LONG else 200)
            shares = Counter(str(mail["From"]) for mail in smtp.messages)
            with ThreadPoolExecutor(4) as desk, ThreadPoolExecutor(2) as customers:
                resolving = [desk.submit(load.resolve, number) for number in range(CONVERSATIONS)]
                rolling = fleet.replace_all()
                for done in resolving:
                    done.result()
                ratings, seen = [], BACKLOG
                until = time.monotonic() + (900 if LONG else 150)
                while len(ratings) < CONVERSATIONS and time.monotonic() < until:
                    fresh = list(smtp.messages)[seen:]
                    seen += len(fresh)
                    ratings += [customers.submit(load.rate, mail) for mail in fresh]
                    time.sleep(0.1)
                for rating in ratings:
                    rating.result()
                rolling.join()
            expected = BACKLOG + 2 * CONVERSATIONS
            assert workers.wait_for(lambda: len(listener.heard) >= expected, seconds=300 if LONG else 150)
            print(f"shares of {BACKLOG}: {dict(shares)}; answers: {dict(load.statuses)}")
            time.sleep(1)  # whoever would do something twice has its chance
        everything_once(load, smtp, listener)
        assert all(1 / 1.5 <= shares[name] * 3 / BACKLOG <= 1.5 for name in shares), shares
        assert len(shares) == 3
    assert deadlocks() == before


def everything_once(load: Load, smtp: SmtpServer, listener: Listener) -> None:
    assert set(load.statuses) <= {200, 201, 303}, load.statuses
    assert len(load.sessions) == CONVERSATIONS
    ids = [mail["Message-ID"] for mail in smtp.messages]
    recipients = [mail["To"] for mail in smtp.messages]
    assert len(ids) == len(set(ids)) == len(set(recipients)) == BACKLOG + CONVERSATIONS
    assert not Delivery.objects.exclude(state="sent").exists()
    assert Score.objects.filter(score=4).count() == CONVERSATIONS
    told = Counter((body["type"], body["data"]["session_id"]) for body in map(_body, listener.heard))
    assert set(told.values()) == {1}
    assert Counter(kind for kind, _session in told) == {
        EVENTS[0]: BACKLOG + CONVERSATIONS,
        EVENTS[1]: CONVERSATIONS,
    }
    assert not Event.objects.filter(dispatched_at=None, dispatch_after__isnull=False).exists()


def _body(call: Any) -> Any:
    return json.loads(call.body)
