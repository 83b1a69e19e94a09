"""Beside the tests' PostgreSQL: a standby that follows it, and pgbouncer before it, each a real process."""

import contextlib
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.db import connection

from tests import workers
from tests.serving import free_port

sys.path.insert(0, str(workers.ROOT / "bin"))

from ops import packages, processes, servers


def address(port: int, **options: str) -> str:
    """Of the test database, as DATABASE_URL names it, at another port of this machine."""
    db = connection.settings_dict
    query = "?" + "&".join(f"{name}={value}" for name, value in options.items()) if options else ""
    return f"postgres://{db['USER']}@127.0.0.1:{port}/{db['NAME']}{query}"


@contextlib.contextmanager
def own_folder(prefix: str) -> Iterator[Path]:
    """Of the user that PostgreSQL's programs run as: they refuse root."""
    folder = Path(tempfile.mkdtemp(prefix=prefix))
    if user := servers.database_user():
        shutil.chown(folder, user)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@dataclass
class Standby:
    """A copy of the whole server, kept up by streaming."""

    folder: Path
    port: int
    process: "subprocess.Popen[str] | None" = None

    @property
    def url(self) -> str:
        return address(self.port)

    def start(self) -> None:
        with connection.cursor() as cursor:  # a standby must allow at least as many
            cursor.execute("SHOW max_connections")
            (allowed,) = cursor.fetchone()
        command = [packages.postgres_program("postgres"), "-D", str(self.folder / "data")]
        command += ["-p", str(self.port), "-k", str(self.folder), "-h", "127.0.0.1", "-c", "fsync=off"]
        command += ["-c", f"max_connections={allowed}", "-c", "hot_standby_feedback=on"]
        with open(self.folder / "log", "a") as log:
            self.process = processes.start(
                [str(word) for word in command], out=log, user=servers.database_user()
            )
        assert workers.wait_for(self._answers, seconds=30), (self.folder / "log").read_text()[-800:]

    def stop(self) -> None:
        if self.process:
            processes.stop(self.process, using=signal.SIGINT)

    def hold(self) -> None:
        """What is committed from now on does not arrive."""
        self.ask("SELECT pg_wal_replay_pause()")
        assert workers.wait_for(lambda: self.ask("SELECT pg_get_wal_replay_pause_state()") == "paused")

    def release(self) -> None:
        self.ask("SELECT pg_wal_replay_resume()")

    def catch_up(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_current_wal_insert_lsn()::text")
            (position,) = cursor.fetchone()
        reached = f"SELECT pg_last_wal_replay_lsn() >= '{position}'::pg_lsn"
        assert workers.wait_for(lambda: self.ask(reached), seconds=30)

    def ask(self, statement: str) -> Any:
        with psycopg.connect(self.url, autocommit=True) as own:
            row = own.execute(statement).fetchone()
        return row[0] if row else None

    def _answers(self) -> bool:
        with contextlib.suppress(psycopg.OperationalError):
            return bool(self.ask("SELECT pg_is_in_recovery()"))
        return False


@contextlib.contextmanager
def standby() -> Iterator[Standby]:
    db = connection.settings_dict
    with own_folder("csat-standby-") as folder:
        of = ["-h", str(db["HOST"]), "-p", str(db["PORT"]), "-U", str(db["USER"]), "-w"]
        how = ["-R", "-X", "stream", "-c", "fast", "--no-sync"]
        copied = subprocess.run(
            [str(packages.postgres_program("pg_basebackup")), *of, "-D", str(folder / "data"), *how],
            user=servers.database_user(),
            cwd=folder,
            capture_output=True,
            text=True,
        )
        if copied.returncode:
            pytest.skip(f"this server lets nobody copy it: {copied.stderr.strip()}")
        follower = Standby(folder, free_port())
        try:
            follower.start()
            yield follower
        finally:
            follower.stop()


@contextlib.contextmanager
def pgbouncer(*, pool: int = 12) -> Iterator[str]:
    """In transaction mode, with the Debian package's own defaults; the address through it."""
    db, port = connection.settings_dict, free_port()
    with own_folder("csat-pgbouncer-") as folder:
        (folder / "ini").write_text(
            f"[databases]\n* = host=127.0.0.1 port={db['PORT']} user={db['USER']}\n"
            f"[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =\n"
            f"auth_type = any\npool_mode = transaction\ndefault_pool_size = {pool}\nmax_client_conn = 500\n"
        )
        (folder / "ini").chmod(0o644)
        program = shutil.which("pgbouncer", path="/usr/sbin:/usr/bin") or "pgbouncer"
        with open(folder / "log", "w") as log:
            process = processes.start([program, str(folder / "ini")], out=log, user=servers.database_user())
        try:
            url = address(port, pooler="1")
            assert workers.wait_for(lambda: _answers(port), seconds=20), (folder / "log").read_text()[-800:]
            yield url
        finally:
            processes.stop(process, using=signal.SIGINT)


def _answers(port: int) -> bool:
    with (
        contextlib.suppress(psycopg.OperationalError),
        psycopg.connect(address(port), prepare_threshold=None),
    ):
        return True
    return False
