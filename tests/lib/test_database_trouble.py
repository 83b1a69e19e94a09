"""Which errors say that the database is in trouble, and which are mistakes of ours."""

import pytest
from django.db import (
    DataError,
    IntegrityError,
    InterfaceError,
    InternalError,
    OperationalError,
    ProgrammingError,
)

from csat.lib import database_trouble


class Cause(Exception):
    def __init__(self, sqlstate: str) -> None:
        super().__init__()
        self.sqlstate = sqlstate


@pytest.mark.parametrize("error", [OperationalError("away"), InterfaceError("the connection is closed")])
def test_away_or_full(error: Exception) -> None:
    assert database_trouble.is_trouble(error)


def test_read_only() -> None:
    error = InternalError("cannot execute INSERT in a read-only transaction")
    assert not database_trouble.is_trouble(error)
    error.__cause__ = Cause("25006")
    assert database_trouble.is_trouble(error)


@pytest.mark.parametrize("error", [None, ValueError(), DataError(), IntegrityError(), ProgrammingError()])
def test_mistakes_of_ours(error: Exception | None) -> None:
    assert not database_trouble.is_trouble(error)
