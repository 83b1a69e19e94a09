"""A web server process of its own over the test database, for tests that speak to it as others do."""

import contextlib
import os
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator

from django.conf import settings

from tests import workers


@contextlib.contextmanager
def serving(**env: str) -> Iterator[str]:
    """Its base address. The caches are this test's own: Redis when there is one. `env` may name another
    database.
    """
    port = free_port()
    base = f"http://127.0.0.1:{port}"
    process = start(port, **env)
    try:
        wait_for(base)
        yield base
    finally:
        workers.kill(process)


def start(port: int, **env: str) -> subprocess.Popen[bytes]:
    """The same at this port, for whoever ends it otherwise."""
    base = f"http://127.0.0.1:{port}"
    command = [
        sys.executable,
        "-m",
        "granian",
        "--interface",
        "wsgi",
        "--host",
        "127.0.0.1",
        "--port",
        str(port),
    ]
    command += ["--blocking-threads", "4", "--log-level", "warning", "project.wsgi:application"]
    ours = {"SITE_URL": base, "LOG_LEVEL": "WARNING"}
    if "DATABASE_URL" not in env:
        ours["DATABASE_URL"] = workers.database_url()
    if settings.REDIS_URL:
        ours["REDIS_URL"] = settings.CACHES["default"]["LOCATION"]
    return subprocess.Popen(
        command,
        cwd=workers.ROOT,
        env=os.environ | ours | env,
        stdin=subprocess.DEVNULL,
        start_new_session=True,
    )


def wait_for(base: str) -> None:
    assert workers.wait_for(lambda: answers(base), seconds=60), "the web server does not answer"


def answers(base: str) -> bool:
    with contextlib.suppress(OSError), urllib.request.urlopen(f"{base}/health/live", timeout=5) as answer:
        return bool(answer.status == 200)
    return False


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
