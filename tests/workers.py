"""Real qcluster processes over the test database, for tests marked `cluster`."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection

ROOT = Path(__file__).resolve().parent.parent


def database_url() -> str:
    """The test database, as another process reaches it."""
    db = connection.settings_dict
    if connection.vendor == "sqlite":
        if "mode=memory" in str(db["NAME"]):
            pytest.skip("no other process reaches a database in memory; it would make a file of its name")
        return f"sqlite:///{db['NAME']}"
    return f"postgres://{db['USER']}:{db['PASSWORD']}@{db['HOST']}:{db['PORT']}/{db['NAME']}"


@contextlib.contextmanager
def cluster(name: str = "", **env: str) -> Iterator[subprocess.Popen[bytes]]:
    """One `manage.py qcluster` in a process group of its own; killed with the whole group at the end."""
    process = start_cluster(name, **env)
    try:
        yield process
    finally:
        kill(process)


def start_cluster(name: str = "", **env: str) -> subprocess.Popen[bytes]:
    """The same for whoever ends it otherwise."""
    command = [sys.executable, "manage.py", "qcluster", *(["-n", name] if name else [])]
    shared = {"DATABASE_URL": database_url(), "SECRET_KEY": settings.SECRET_KEY}
    return subprocess.Popen(
        command, cwd=ROOT, env=os.environ | shared | env, stdin=subprocess.DEVNULL, start_new_session=True
    )


def kill(process: subprocess.Popen[bytes]) -> None:
    """SIGKILL to the cluster and all its workers, as when the machine goes away."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def wait_for(condition: Callable[[], object], *, seconds: float = 20) -> bool:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if condition():
            return True
        time.sleep(0.1)
    return False
