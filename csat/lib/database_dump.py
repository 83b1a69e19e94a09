"""The whole database into one stream of bytes and back: PostgreSQL by its own programs, SQLite by its online
backup. What is written meanwhile waits for nothing; the dump is the database at one moment.
"""

import contextlib
import os
import re
import shutil
import sqlite3
import subprocess
import tempfile
import threading
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import IO

from django.db import connection
from django.db.backends.postgresql.client import DatabaseClient

from csat.lib.encrypted_stream import Sink

CHUNK = 1024 * 1024
SEARCH_PATH = "RESET search_path"  # the script has emptied it
NAMES = {"postgresql": "database.dump", "sqlite": "database.sqlite3"}  # by vendor


class Failed(Exception):
    """In words for the operator; nothing was changed."""


def dump(sink: Sink, folder: Path, *, without: Sequence[str]) -> None:
    """Write the database to the sink, of the tables `without` only that they are there.

    `folder`: for the copy that SQLite makes first, gone afterwards. Raises Failed.
    """
    if connection.vendor == "postgresql":
        _dump_postgresql(sink, without)
    else:
        _dump_sqlite(sink, folder, without)


def restore(chunks: Iterable[bytes], *, then: Sequence[str]) -> None:
    """Make the empty database what was dumped, and run these statements of SQL in it; all of it or nothing.

    Raises Failed, also for a database that is not empty.
    """
    refuse_unless_empty()
    if connection.vendor == "postgresql":
        _restore_postgresql(chunks, then)
    else:
        _restore_sqlite(chunks, then)
    connection.close()


def is_empty() -> bool:
    """Whether the database has no table, so that a dump can be restored into it."""
    if connection.vendor == "postgresql":
        return not connection.introspection.table_names()
    file = _sqlite_file()
    connection.close()
    return not file.exists() or _is_empty_file(file)


def refuse_unless_empty() -> None:
    """Raises Failed for a database that has tables."""
    if not is_empty():
        name = connection.settings_dict["NAME"]
        todo = "createdb a new one, and name it in DATABASE_URL."
        if connection.vendor == "sqlite":
            todo = "move it and its -wal and -shm away."
        raise Failed(f"The database {name} is not empty: {todo}")


def check_programs() -> None:
    """Raises Failed when PostgreSQL's programs are missing, or older than the server."""
    if connection.vendor == "postgresql":
        for program in ("pg_dump", "pg_restore", "psql"):
            _command(program)


def _command(program: str, *options: str) -> tuple[list[str], dict[str, str]]:
    """The program with its options and where the database is, and the environment with its password."""
    path = shutil.which(program)
    if path is None:
        raise Failed(f"{program} is not on this machine: install the client programs of PostgreSQL.")
    said = subprocess.run([path, "--version"], capture_output=True, text=True, check=True).stdout  # noqa: S603
    version = int(match[1]) if (match := re.search(r"(\d+)", said)) else 0
    server = connection.get_database_version()[0]
    if version < server:
        raise Failed(f"{program} is of version {version}, the server of {server}: install {server} or later.")
    where, env = DatabaseClient.settings_to_cmd_args_env(connection.settings_dict, list(options))
    return [path, *where[1:]], os.environ | (env or {})


def _dump_postgresql(sink: Sink, without: Sequence[str]) -> None:
    command, env = _command(
        "pg_dump", "--format=custom", "--no-owner", "--no-privileges", "--no-comments",
        *(f"--exclude-table-data={table}" for table in without),
    )  # fmt: skip
    with tempfile.TemporaryFile() as errors:
        with _running(command, env, stdout=subprocess.PIPE, stderr=errors) as process:
            for chunk in _chunks(process.stdout):
                sink.write(chunk)
        _check(process, "pg_dump", errors)


def _restore_postgresql(chunks: Iterable[bytes], then: Sequence[str]) -> None:
    """pg_restore writes a script, psql runs it in one transaction: if either fails it is as it was."""
    psql, env = _command(
        "psql", "--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", "--single-transaction",
        "--output=/dev/null", "--file=-",
    )  # fmt: skip
    script = [
        _command("pg_restore")[0][0], "--no-owner", "--no-privileges", "--no-comments", "--exit-on-error",
        "--file=-",
    ]  # fmt: skip
    pipe, failures = subprocess.PIPE, list[BaseException]()
    with tempfile.TemporaryFile() as read_errors, tempfile.TemporaryFile() as errors:
        with (
            _running(psql, env, stdin=pipe, stderr=errors) as writing,
            _running(script, env, stdin=pipe, stdout=pipe, stderr=read_errors) as reading,
        ):
            feeder = threading.Thread(target=_feed, args=(reading.stdin, chunks, failures))
            feeder.start()
            with contextlib.suppress(BrokenPipeError):  # psql has failed: its words follow
                for chunk in _chunks(reading.stdout):
                    _stdin(writing).write(chunk)
            for _rest in _chunks(reading.stdout):
                pass
            feeder.join()
            if reading.wait() or failures:  # psql would take the end of its input for the end of the script
                writing.kill()
            with contextlib.suppress(BrokenPipeError):
                _stdin(writing).write(
                    "".join(f"{statement};\n" for statement in (SEARCH_PATH, *then)).encode()
                )
                _stdin(writing).close()
        if failures:
            raise failures[0]
        _check(reading, "pg_restore", read_errors)
        _check(writing, "psql", errors)


def _feed(stdin: IO[bytes], chunks: Iterable[bytes], failures: list[BaseException]) -> None:
    try:
        with stdin:
            for chunk in chunks:
                stdin.write(chunk)
    except BrokenPipeError:  # pg_restore has failed and says so itself
        pass
    except Exception as failure:
        failures.append(failure)


def _dump_sqlite(sink: Sink, folder: Path, without: Sequence[str]) -> None:
    copy = folder / "copy.sqlite3"
    source = sqlite3.connect(f"file:{_sqlite_file()}?mode=ro", uri=True, timeout=20)
    with contextlib.closing(source), contextlib.closing(sqlite3.connect(copy)) as target:
        source.backup(target)  # one step: a reader of the write-ahead log, for whom no writer waits
        target.execute("PRAGMA journal_mode=DELETE")
        target.execute("PRAGMA secure_delete=ON")
        for table in without:
            target.execute(f'DELETE FROM "{table}"')  # noqa: S608 (a name of our own)
        target.commit()
    try:
        with copy.open("rb") as file:
            for chunk in _chunks(file):
                sink.write(chunk)
    finally:
        copy.unlink()


def _restore_sqlite(chunks: Iterable[bytes], then: Sequence[str]) -> None:
    file = _sqlite_file()
    part = file.with_name(f"{file.name}.restoring")
    part.unlink(missing_ok=True)
    try:
        with open(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as written:
            for chunk in chunks:
                written.write(chunk)
        with contextlib.closing(sqlite3.connect(part)) as target:
            if (result := target.execute("PRAGMA quick_check").fetchone()[0]) != "ok":
                raise Failed(f"The copy of the database is damaged: {result}")
            for statement in then:
                target.execute(statement)
            target.commit()
        for ending in ("-wal", "-shm"):
            Path(f"{file}{ending}").unlink(missing_ok=True)  # of the empty one
        part.replace(file)
    except sqlite3.DatabaseError as error:
        raise Failed(f"The copy of the database is damaged: {error}") from error
    finally:
        part.unlink(missing_ok=True)


def _is_empty_file(file: Path) -> bool:
    with contextlib.closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as present:
        return present.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchone() is None


def _sqlite_file() -> Path:
    return Path(str(connection.settings_dict["NAME"])).absolute()


@contextlib.contextmanager
def _running(
    command: list[str], env: dict[str, str], *, stderr: IO[bytes], stdin: int = subprocess.DEVNULL,
    stdout: int | None = None,
) -> Iterator["subprocess.Popen[bytes]"]:  # fmt: skip
    """Ended with the block, whatever ends it."""
    with subprocess.Popen(command, env=env, stdin=stdin, stdout=stdout, stderr=stderr) as process:  # noqa: S603
        try:
            yield process
        except BaseException:
            process.kill()
            raise


def _check(process: "subprocess.Popen[bytes]", program: str, errors: IO[bytes]) -> None:
    if process.returncode:
        errors.seek(0)
        words = errors.read(CHUNK).decode(errors="replace").strip()
        raise Failed(f"{program} failed: {words or process.returncode}")


def _chunks(file: IO[bytes] | None) -> Iterator[bytes]:
    while file and (chunk := file.read(CHUNK)):
        yield chunk


def _stdin(process: "subprocess.Popen[bytes]") -> IO[bytes]:
    assert process.stdin is not None
    return process.stdin
