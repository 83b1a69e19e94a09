"""A temporary PostgreSQL and Redis on free ports; their files are removed afterwards."""

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
    """Names the server, with the end of its log."""


def postgres_version() -> str:
    """As it says itself: PostgreSQL 15.6."""
    program = packages.postgres_program("postgres")
    words = subprocess.run([program, "--version"], capture_output=True, text=True).stdout if program else ""
    return " ".join(words.replace("(PostgreSQL)", "").split()[:2]).replace("postgres", "PostgreSQL")


def database_user() -> str | None:
    """Whom to run PostgreSQL's programs as: they refuse root. None: as we are."""
    return "postgres" if os.geteuid() == 0 else None


class Servers:
    """Use as a context manager: both run inside it, and are removed with their files after it.

    `preload`: a library of PostgreSQL's to load if it is there; it does nothing until a role switches it on.
    """

    def __init__(self, *, preload: str = "") -> None:
        self.preload = preload
        self.folder = Path(tempfile.mkdtemp(prefix="csat-test-"))
        self.user = database_user()
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
        initdb, postgres, isready = (
            packages.postgres_program(name) for name in ("initdb", "postgres", "pg_isready")
        )
        if not (initdb and postgres and isready):
            raise DidNotStart("PostgreSQL is not installed")
        home, port = self.folder / "postgres", processes.free_port()
        home.mkdir()
        if self.user:
            shutil.chown(self.folder, self.user)
            shutil.chown(home, self.user)
        data = str(home / "data")
        options = ["-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"]
        result = subprocess.run(
            [initdb, "-D", data, *options], user=self.user, cwd=home, capture_output=True, text=True
        )
        if result.returncode:
            raise DidNotStart(f"initdb: {result.stderr.strip()}")
        settings = ["-c", "fsync=off", "-c", "synchronous_commit=off", "-c", "full_page_writes=off"]
        settings += ["-c", "max_connections=200", "-c", "shared_buffers=256MB"]
        if self.preload and (Path(postgres).parents[1] / "lib" / f"{self.preload}.so").exists():
            settings += ["-c", f"shared_preload_libraries={self.preload}", "-c", f"{self.preload}.track=none"]
        self._start(
            "PostgreSQL",
            [postgres, "-D", data, "-p", str(port), "-k", str(home), "-h", "127.0.0.1", *settings],
            user=self.user,
        )
        self._wait(
            "PostgreSQL",
            lambda: not subprocess.run([isready, "-q", "-h", "127.0.0.1", "-p", str(port)]).returncode,
        )
        return f"postgres://postgres@127.0.0.1:{port}/postgres"

    def _redis(self) -> str:
        port = processes.free_port()
        self._start(
            "Redis",
            ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"],
        )
        self._wait(
            "Redis",
            lambda: (
                not subprocess.run(["redis-cli", "-p", str(port), "ping"], capture_output=True).returncode
            ),
        )
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
