"""One at a time, by name, until the transaction ends."""

import hashlib
import time
from collections.abc import Iterable

from django.db import connection


def acquire(names: Iterable[str]) -> None:
    """Wait for and keep these names; call it inside a transaction.

    PostgreSQL: advisory locks, taken in one order so that two callers cannot wait for each other. SQLite: its
    write transactions (IMMEDIATE) already run one after the other.
    """
    digests = {hashlib.sha256(name.encode()).digest() for name in names}
    numbers = sorted(int.from_bytes(digest[:8], signed=True) for digest in digests)
    if numbers and connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_advisory_xact_lock(number) FROM unnest(%s::bigint[]) AS number", [numbers]
            )


def yield_to_others() -> None:
    """Between two transactions of a long row of them: let others write, too.

    SQLite does not queue its writers; whoever waits asks again every tenth of a second, and would wait for
    the whole row.
    """
    if connection.vendor == "sqlite" and not connection.in_atomic_block:
        time.sleep(0.1)
