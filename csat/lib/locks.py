"""One at a time, by name, until the transaction ends."""

import hashlib
import time
from collections.abc import Iterable

from django.db import connection


def hold(names: Iterable[str]) -> None:
    """Wait for and keep these names; call it inside a transaction.

    PostgreSQL: advisory locks, taken in one order so that two callers cannot wait for each other. SQLite: its write
    transactions (IMMEDIATE) already run one after the other.
    """
    numbers = sorted({_number(name) for name in names})
    if numbers and connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(number) FROM unnest(%s::bigint[]) AS number", [numbers])


def give_way() -> None:
    """Between two transactions of a long row of them: let others write, too.

    SQLite does not queue its writers; whoever waits asks again every tenth of a second, and would wait for the whole row.
    """
    if connection.vendor == "sqlite" and not connection.in_atomic_block:
        time.sleep(0.1)


def _number(name: str) -> int:
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], signed=True)
