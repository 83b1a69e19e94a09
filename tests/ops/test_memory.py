"""A test database in memory is nobody else's."""

from pathlib import Path

import pytest
from django.db import connection

from tests import workers
from tests.racing import sqlite_file

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _on_sqlite() -> None:
    if connection.vendor != "sqlite":
        pytest.skip("PostgreSQL is reached by anybody")


def test_another_process_is_never_sent_to_a_database_in_memory() -> None:
    with pytest.raises(pytest.skip.Exception):
        workers.database_url()


def test_another_process_is_sent_to_one_in_a_file(tmp_path: Path) -> None:
    with sqlite_file(tmp_path / "csat.sqlite3"):
        assert workers.database_url() == f"sqlite:///{tmp_path}/csat.sqlite3"
