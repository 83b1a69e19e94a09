"""Databases of a test's own, to be migrated from one version to another."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, connections

from tests.migrations.databases import Database


@pytest.fixture
def new_database(
    django_db_setup: Any, django_db_blocker: Any, tmp_path: Path
) -> Iterator[Callable[[], Database]]:
    """Makes an empty database beside the test database, of the same kind; dropped after the test."""
    with django_db_blocker.unblock(), ExitStack() as stack:
        yield lambda: stack.enter_context(_database(tmp_path))


@contextmanager
def _database(folder: Path) -> Iterator[Database]:
    alias = f"own_{len(connections.settings)}"
    rules = connections.settings["default"]
    name = str(folder / alias) if connection.vendor == "sqlite" else f"{rules['NAME']}_{alias}"
    connections.settings[alias] = rules | {"NAME": name}
    try:
        _server(f'CREATE DATABASE "{name}"')
        yield Database(alias)
    finally:
        connections[alias].close()
        del connections[alias], connections.settings[alias]
        _server(f'DROP DATABASE IF EXISTS "{name}"')


def _server(command: str) -> None:
    if connection.vendor == "postgresql":
        with connection._nodb_cursor() as cursor:
            cursor.execute(command)
