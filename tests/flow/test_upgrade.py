"""The version before goes on working while the next one migrates its database, and hands over to it.

The version before is the newest tag `v...` before this commit; while there is none, the last commit that had
no migration 0017.
"""

import io
import os
import subprocess
import tarfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
import requests

from tests import installations, workers
from tests.standins.smtp import SmtpServer

SECONDS = 60 if os.environ.get("CSAT_LONG") else 3  # of each pair of versions
FIRST_AFTER = "csat/migrations/0017*.py"


def git(*command: str) -> bytes:
    done = subprocess.run(["git", *command], cwd=workers.ROOT, capture_output=True)
    if done.returncode:
        pytest.skip(f"no history here, so the version before was not tried: {done.stderr.decode()[:200]}")
    return done.stdout


def version_before() -> str:
    tags = git("tag", "--merged", "HEAD~1", "--list", "v*", "--sort=-version:refname").decode().split()
    if tags:
        return tags[0]
    added = git("log", "--diff-filter=A", "--format=%H", "--", FIRST_AFTER).decode().split()
    if not added:
        pytest.skip("the history is cut off: fetch all of it to try the version before")
    return f"{added[-1]}^"


def code_of(commit: str, folder: Path) -> Path:
    with tarfile.open(fileobj=io.BytesIO(git("archive", "--format=tar", commit))) as archive:
        archive.extractall(folder, filter="data")
    return folder


@dataclass
class Customers:
    """They ask for help, are helped, and rate, over and over; whoever answers."""

    key: str
    bases: list[str]
    started: list[str] = field(default_factory=list)  # their emails
    rated: list[str] = field(default_factory=list)  # of these some before they were asked
    wrong: list[str] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)

    def live(self) -> None:
        number = 0
        while not self.over.is_set():
            number += 1
            self.come(number)
            time.sleep(0.05)

    def come(self, number: int) -> None:
        email = f"customer{number}@acme.example"
        contact = {"external_id": f"u-{number}", "name": "Ana", "email": email}
        session = self.call("post", "/chat/sessions", contact=contact, channel={"type": "email"})["id"]
        self.started.append(email)
        self.call("patch", f"/chat/sessions/{session}", status="closed_resolved")
        if number % 2:
            self.call("post", "/csat/scores", session_id=session, score=1 + number % 5)
            self.rated.append(email)

    def call(self, method: str, path: str, **body: Any) -> Any:
        """A server that is being ended may refuse the connection: then the next one, as a proxy does."""
        for base in (*self.bases[::-1], *self.bases[::-1]):
            try:
                answer = requests.request(
                    method, f"{base}/api/v1{path}", json=body, timeout=60,
                    headers={"Authorization": f"Bearer {self.key}"},
                )  # fmt: skip
            except requests.ConnectionError:
                continue
            if answer.status_code >= 400:
                self.wrong.append(f"{answer.status_code} {method} {path} {answer.text[:300]}")
            return answer.json()
        raise AssertionError(f"nobody answers {path}")


@pytest.fixture
def smtp() -> Iterator[SmtpServer]:
    with SmtpServer() as server:
        yield server


@pytest.mark.cluster
@pytest.mark.postgres
@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.skipif("CSAT_LONG" not in os.environ, reason="minutes of real processes: bin/bench --long")
@pytest.mark.django_db(transaction=True)
def test_nothing_is_lost_twice_or_refused_while_two_versions_run(tmp_path: Path, smtp: SmtpServer) -> None:
    mail = {"EMAIL_URL": f"smtp://127.0.0.1:{smtp.port}", "DEFAULT_FROM_EMAIL": "Acme <support@acme.example>"}
    with installations.empty(tmp_path / "var") as new, ExitStack() as stack:
        old = replace(new, code=code_of(version_before(), tmp_path / "old"))
        old.manage("migrate", "-v0")
        key = old.manage("apikey", "Helpdesk").split()[-1]
        old_processes = stack.enter_context(ExitStack())
        customers = Customers(key, [old_processes.enter_context(old.web(**mail))])
        customers.call("patch", "/csat/settings", auto_send=True, channels={"email": {"enabled": True}})
        old_processes.enter_context(old.cluster(**mail))
        crowd = threading.Thread(target=customers.live)
        crowd.start()
        try:
            assert workers.wait_for(lambda: len(smtp.messages) > 3, seconds=90)
            newer = new.manage("version", fails=True)
            new.manage("migrate", "-v0")  # while the old ones work on
            assert "The database matches this version." in new.manage("version")
            before = len(customers.started), len(smtp.messages)
            time.sleep(SECONDS)
            assert len(customers.started) > before[0]  # the old ones, on the new tables
            assert workers.wait_for(lambda: len(smtp.messages) > before[1], seconds=60)
            customers.bases.append(stack.enter_context(new.web(**mail)))
            stack.enter_context(new.cluster(**mail))
            time.sleep(SECONDS)
            old_processes.close()
            reached = len(customers.started)
            assert workers.wait_for(lambda: len(customers.started) > reached + 5, seconds=60)
        finally:
            customers.over.set()
            crowd.join()
        unrated = set(customers.started) - set(customers.rated)
        assert workers.wait_for(lambda: unrated <= set(asked(smtp)), seconds=120)
        time.sleep(2)  # whoever would send one twice has its chance
        to = asked(smtp)
        told = new.ask(
            "[Session.objects.count(), Survey.objects.exclude(state__in=['sent', 'answered']).count(),"
            " Score.objects.count(), Event.objects.filter(kind='csat.requested').count()]"
        )
    print(f"{len(customers.started)} conversations, {len(customers.rated)} ratings over the upgrade")
    assert "manage.py migrate adds csat.00" in newer
    assert customers.wrong == []
    assert set(to.values()) == {1}
    assert set(to) <= set(customers.started)
    assert told == [len(customers.started), 0, len(customers.rated), len(to)]


def asked(smtp: SmtpServer) -> Counter[str]:
    """How many mails each address got."""
    return Counter(str(message["To"]).strip("<>").rpartition("<")[2] for message in smtp.messages)
