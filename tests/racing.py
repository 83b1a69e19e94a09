"""Many callers at the same moment, each on its own database connection."""

import sqlite3
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest
from django.db import connection, connections


def race(verb: Callable[[int], Any], times: int = 8) -> list[Any]:
    """Call `verb(0)`, `verb(1)`, ... at once; what each returned, or raised."""
    barrier = Barrier(times)

    def run(number: int) -> Any:
        try:
            connection.ensure_connection()
            barrier.wait(timeout=20)
            return verb(number)
        except Exception as error:
            return error
        finally:
            connection.close()

    with ThreadPoolExecutor(times) as pool:
        return list(pool.map(run, range(times)))


@contextmanager
def sqlite_file(path: Path) -> Iterator[None]:
    """The test database as a file, with a connection for each thread as in real life: one in memory cannot be
    raced.
    """
    memory, rules = connections["default"], connections.settings["default"]
    memory.ensure_connection()
    with closing(sqlite3.connect(path)) as file:
        memory.connection.backup(file)
    name, rules["NAME"] = rules["NAME"], str(path)
    connections["default"] = connections.create_connection("default")
    try:
        yield
    finally:
        connections["default"].close()
        rules["NAME"], connections["default"] = name, memory


@pytest.fixture
def shared_database(transactional_db: None, tmp_path: Path) -> Iterator[None]:
    """A database that other threads and other processes reach."""
    if connection.vendor != "sqlite":
        yield
        return
    with sqlite_file(tmp_path / "shared.sqlite3"):
        yield
