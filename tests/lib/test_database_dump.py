"""The programs a dump needs are there and new enough, and a database with rows is never written over."""

import io
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from csat.lib import database_dump
from csat.lib.database_dump import Failed


def program(folder: Path, name: str, says: str) -> None:
    (folder / name).write_text(f"#!/bin/sh\necho '{says}'\n")
    (folder / name).chmod(0o755)


@pytest.fixture
def on_postgresql(db: None) -> None:
    if connection.vendor != "postgresql":
        pytest.skip("of PostgreSQL's programs")


@pytest.mark.postgres
@pytest.mark.usefixtures("on_postgresql")
def test_a_program_that_is_missing_or_older_than_the_server_is_named(
    tmp_path: Path, monkeypatch: Any
) -> None:
    database_dump.check_programs()
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(Failed, match="pg_dump is not on this machine: install the client programs"):
        database_dump.check_programs()
    program(tmp_path, "pg_dump", "pg_dump (PostgreSQL) 9.6.24")
    with pytest.raises(Failed, match=r"pg_dump is of version 9, the server of \d+: install \d+ or later"):
        database_dump.check_programs()


@pytest.mark.postgres
@pytest.mark.usefixtures("on_postgresql")
def test_what_pg_dump_says_when_it_fails_is_told(tmp_path: Path, monkeypatch: Any) -> None:
    script = "case $1 in --version) echo 'pg_dump (PostgreSQL) 99.1';; *) echo boom >&2; exit 3;; esac"
    (tmp_path / "pg_dump").write_text(f"#!/bin/sh\n{script}\n")
    (tmp_path / "pg_dump").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    with pytest.raises(Failed, match="pg_dump failed: boom"):
        database_dump.dump(io.BytesIO(), tmp_path, without=())


@pytest.mark.postgres
@pytest.mark.usefixtures("on_postgresql")
def test_a_database_with_tables_is_refused() -> None:
    with pytest.raises(Failed, match="is not empty: createdb a new one"):
        database_dump.restore(iter([b""]), then=())


@pytest.fixture
def of_sqlite(db: None, tmp_path: Path) -> Any:
    if connection.vendor != "sqlite":
        pytest.skip("of SQLite's file")
    return tmp_path / "csat.sqlite3"


def dumped(folder: Path) -> bytes:
    sink = io.BytesIO()
    database_dump.dump(sink, folder, without=["gone"])
    return sink.getvalue()


def rows(file: Path) -> list[Any]:
    with sqlite3.connect(file) as there:
        return there.execute("SELECT word FROM kept").fetchall()


@pytest.fixture
def source(of_sqlite: Path, monkeypatch: Any) -> Path:
    with sqlite3.connect(of_sqlite) as made:
        made.execute("PRAGMA journal_mode=WAL")
        made.execute("CREATE TABLE kept (word)")
        made.execute("CREATE TABLE gone (word)")
        made.execute("INSERT INTO kept VALUES ('parcel')")
        made.execute("INSERT INTO gone VALUES ('session')")
    monkeypatch.setitem(connection.settings_dict, "NAME", str(of_sqlite))
    monkeypatch.setattr(connection, "close", lambda: None)  # the test's own connection is to another file
    return of_sqlite


def test_sqlite_is_copied_while_it_is_written_without_what_is_left_out(source: Path, tmp_path: Path) -> None:
    with sqlite3.connect(source) as writing:
        writing.execute("INSERT INTO kept VALUES ('not committed')")
        content = dumped(tmp_path)
        writing.rollback()
    assert b"session" not in content
    assert [path.name for path in tmp_path.glob("copy*")] == []
    source.unlink()
    database_dump.restore(iter([content]), then=["UPDATE kept SET word = word || '!'"])
    assert rows(source) == [("parcel!",)]


def test_sqlite_with_rows_is_not_written_over_and_a_damaged_copy_leaves_nothing(
    source: Path, tmp_path: Path
) -> None:
    content = dumped(tmp_path)
    with pytest.raises(Failed, match="is not empty: move it"):
        database_dump.restore(iter([content]), then=())
    source.unlink()
    for damaged in (b"no database at all", content[: len(content) // 2]):
        with pytest.raises(Failed, match="damaged"):
            database_dump.restore(iter([damaged]), then=())
        assert not source.exists()
    with pytest.raises(Failed, match="damaged"):
        database_dump.restore(iter([content]), then=["UPDATE nothing SET x = 1"])
    for ending in ("-wal", "-shm"):
        Path(f"{source}{ending}").unlink(missing_ok=True)  # of the one that was removed
    assert [path.name for path in tmp_path.iterdir()] == []
