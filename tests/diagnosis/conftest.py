"""An installation in a folder, in which all is well, for tests to break."""

import shutil
import socket
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from csat.lib import backups
from csat.lib.backups import Manifest, Part
from tests.diagnosis import broken


@pytest.fixture(scope="session")
def _migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("installation") / "var"
    folder.mkdir(mode=0o700)
    answer = broken.run(folder, "migrate", "--verbosity", "0")
    assert answer.returncode == 0, answer.stderr
    return folder


@pytest.fixture
def installation(_migrated: Path, tmp_path: Path) -> Path:
    """Its CSAT_VAR, with workers at work and a backup of this night in BACKUP_DIR."""
    folder = tmp_path / "var"
    shutil.copytree(_migrated, folder)
    for name in ("surveys", "outward"):
        worker_at_work(folder, name)
    make_backup(tmp_path / "backups")
    return folder


def make_backup(folder: Path, *, age: timedelta = timedelta()) -> None:
    """A whole one there, made so long ago."""
    then = datetime.now(UTC) - age
    backup = folder / f"csat-{then:%Y-%m-%dT%H%M%SZ}"
    backup.mkdir(parents=True)
    parts = {"database.sqlite3": Part(0, "")}
    manifest = Manifest("1", "sqlite", (), started_at=then, finished_at=then, key_ids={}, parts=parts)
    (backup / backups.MANIFEST).write_text(manifest.to_json())


def worker_at_work(folder: Path, name: str, *, host: str = "", after: timedelta = timedelta()) -> None:
    """One that showed its last sign of life then, counted from now."""
    sql(
        folder,
        "INSERT INTO csat_workerprocess (cluster, host, pid, version, beat_at) VALUES (?, ?, 1, '', ?)",
        name, host or socket.gethostname(), stamp(after),
    )  # fmt: skip


def sql(folder: Path, statement: str, *values: object) -> None:
    with closing(sqlite3.connect(folder / "csat.sqlite3")) as connection, connection:
        connection.execute(statement, values)


def stamp(after: timedelta) -> str:
    return (datetime.now(UTC) + after).strftime("%Y-%m-%d %H:%M:%S.%f")
