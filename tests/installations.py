"""A second installation beside the test database: empty, reached by `manage.py` in processes of its own."""

import contextlib
import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
from django.conf import settings
from django.db import connection

from tests import serving, workers


@dataclass(frozen=True)
class Installation:
    """`folder` is its CSAT_VAR."""

    database_url: str
    folder: Path
    code: Path = workers.ROOT

    @property
    def env(self) -> dict[str, str]:
        """With the keys of the tests, so that what these made is understood there."""
        return {
            "DATABASE_URL": self.database_url,
            "CSAT_VAR": str(self.folder),
            "SECRET_KEY": settings.SECRET_KEY,
            "SECRETS_KEY": settings.SECRETS_KEYS[0],
            "PYTHONDONTWRITEBYTECODE": "1",
        }

    def manage(self, *command: str, fails: bool = False, **env: str) -> str:
        """What the command printed; `fails`: what it said when it ended with an error, as it must."""
        done = subprocess.run(
            [sys.executable, "manage.py", *command],
            cwd=self.code, env=os.environ | self.env | env, capture_output=True, text=True,
        )  # fmt: skip
        assert bool(done.returncode) == fails, done.stdout + done.stderr
        return done.stderr if fails else done.stdout

    def ask(self, expression: str) -> Any:
        """What Python says there, by way of JSON; every model is at hand."""
        code = (
            "import json\nfrom django.apps import apps\nfrom django.test import Client\n"
            "from csat import tasks\nfrom csat.surveys.delivery import release\n"
            "from csat.timeline.recording import SYSTEM\nclient = Client(SERVER_NAME='localhost')\n"
            "globals().update({m.__name__: m for m in apps.get_models() if m._meta.app_label == 'csat'})\n"
            f"print('\\n' + json.dumps({expression}, default=str))"
        )
        # DEBUG: pages without collected static files
        told = self.manage("shell", "-v0", "-c", code, DEBUG="on", RATE_LIMITS="off")
        return json.loads(told.splitlines()[-1])

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        """The rows of a SELECT there, without a process for it."""
        if self.database_url.startswith("sqlite:"):
            path = self.database_url.removeprefix("sqlite:///")
            with contextlib.closing(sqlite3.connect(path, timeout=30)) as lite:
                return lite.execute(sql).fetchall()
        with psycopg.connect(self.database_url) as server:
            return server.execute(sql.encode()).fetchall()

    @contextmanager
    def web(self, **env: str) -> Iterator[str]:
        """Its web server; the base address."""
        port = serving.free_port()
        base = f"http://127.0.0.1:{port}"
        command = ["-m", "granian", "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(port)]
        command += ["--blocking-threads", "4", "--log-level", "warning", "project.wsgi:application"]
        with self._running(*command, SITE_URL=base, RATE_LIMITS="off", **env):
            assert workers.wait_for(lambda: serving.answers(base), seconds=90), (
                "the web server does not answer"
            )
            yield base

    @contextmanager
    def cluster(self, name: str = "", **env: str) -> Iterator[None]:
        """One of its clusters of workers."""
        with self._running("manage.py", "qcluster", *(["-n", name] if name else []), **env):
            yield

    @contextmanager
    def _running(self, *command: str, **env: str) -> Iterator[None]:
        process = subprocess.Popen(
            [sys.executable, *command],
            cwd=self.code, env=os.environ | self.env | {"LOG_LEVEL": "WARNING"} | env,
            stdin=subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip
        try:
            yield
            process.terminate()  # as an operator does: it finishes what it has begun
            process.wait(timeout=60)
        finally:
            workers.kill(process)


def present(folder: Path) -> Installation:
    """The one whose database is the test database; for tests that use `shared_database`."""
    folder.mkdir(exist_ok=True)
    return Installation(workers.database_url(), folder)


@contextmanager
def empty(folder: Path) -> Iterator[Installation]:
    """One with nothing in it, not even tables."""
    folder.mkdir(exist_ok=True)
    if connection.vendor == "sqlite":
        yield Installation(f"sqlite:///{folder / 'csat.sqlite3'}", folder)
        return
    name = f"{connection.settings_dict['NAME']}_{uuid4().hex[:6]}"
    with connection._nodb_cursor() as cursor:  # type: ignore[attr-defined]
        cursor.execute(f'CREATE DATABASE "{name}"')
    try:
        yield Installation(workers.database_url().rpartition("/")[0] + f"/{name}", folder)
    finally:
        with connection._nodb_cursor() as cursor:  # type: ignore[attr-defined]
            cursor.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
