"""A PostgreSQL and a Redis of our own, on free ports, that leave nothing behind."""

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from ops import packages, processes


class DidNotStart(Exception):
    """Names the server and shows its last words."""


class Servers:
    """Use as a context: both run inside it, and both are gone with their files after it."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="csat-test-"))
        self.user = "postgres" if os.geteuid() == 0 else None  # PostgreSQL refuses to run as root
        self.running: list[subprocess.Popen[str]] = []

    def __enter__(self) -> "Servers":
        try:
            self.database_url, self.redis_url = self._postgres(), self._redis()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        processes.stop(*self.running, using=signal.SIGINT)  # PostgreSQL: the fast shutdown
        shutil.rmtree(self.folder, ignore_errors=True)

    def _postgres(self) -> str:
        initdb, postgres, isready = (packages.postgres_program(name) for name in ("initdb", "postgres", "pg_isready"))
        if not (initdb and postgres and isready):
            raise DidNotStart("PostgreSQL is not installed")
        home, port = self.folder / "postgres", processes.free_port()
        home.mkdir()
        if self.user:
            shutil.chown(self.folder, self.user)
            shutil.chown(home, self.user)
        data = str(home / "data")
        made = subprocess.run(
            [initdb, "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"],
            user=self.user,
            cwd=home,
            capture_output=True,
            text=True,
        )
        if made.returncode:
            raise DidNotStart(f"initdb: {made.stderr.strip()}")
        options = {
            "fsync": "off",
            "synchronous_commit": "off",
            "full_page_writes": "off",
            "max_connections": "200",
            "shared_buffers": "256MB",
        }
        settings = [word for name, value in options.items() for word in ("-c", f"{name}={value}")]
        self._start("PostgreSQL", [postgres, "-D", data, "-p", str(port), "-k", str(home), "-h", "127.0.0.1", *settings], user=self.user)
        self._wait("PostgreSQL", lambda: not subprocess.run([isready, "-q", "-h", "127.0.0.1", "-p", str(port)]).returncode)
        return f"postgres://postgres@127.0.0.1:{port}/postgres"

    def _redis(self) -> str:
        port = processes.free_port()
        self._start("Redis", ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"])
        self._wait("Redis", lambda: not subprocess.run(["redis-cli", "-p", str(port), "ping"], capture_output=True).returncode)
        return f"redis://127.0.0.1:{port}"

    def _start(self, name: str, command: list[str], *, user: str | None = None) -> None:
        with open(self.folder / f"{name}.log", "w") as log:
            self.running.append(processes.start(command, out=log, user=user))

    def _wait(self, name: str, is_ready: Callable[[], bool]) -> None:
        until = time.monotonic() + 30
        while time.monotonic() < until and self.running[-1].poll() is None:
            if is_ready():
                return
            time.sleep(0.1)
        raise DidNotStart(f"{name} did not start: {(self.folder / f'{name}.log').read_text()[-500:]}")
