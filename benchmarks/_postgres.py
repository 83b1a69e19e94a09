"""What a PostgreSQL server spends on one database: processor time, statements, commits that wrote.

Asked over a connection to the server's own database, so that asking does not count.
"""

import contextlib
from collections.abc import Iterable, Iterator

import psycopg
from _cluster import children, parent, used

CONTROL = "BEGIN|COMMIT|ROLLBACK|SAVEPOINT|RELEASE"
STATEMENTS = f"""
    SELECT coalesce(sum(calls), 0) FROM pg_stat_statements
    WHERE userid = %s::regrole AND query !~* '^({CONTROL})\\y'
"""
COMMITS = """SELECT coalesce(sum(count), 0) FROM pg_get_wal_stats(%s, %s, true)
    WHERE "resource_manager/record_type" = 'Transaction/COMMIT'"""


class Postgres:
    """`statements` and `commits` say whether the server has what counts them (see the README)."""

    def __init__(self, connection: "psycopg.Connection[tuple[object, ...]]") -> None:
        self.connection = connection
        self.own = connection.info.backend_pid
        self.postmaster = parent(self.own)
        preloaded = "pg_stat_statements" in self._value("SHOW shared_preload_libraries")
        self.statements = preloaded and self._extend("pg_stat_statements")
        self.commits = self._extend("pg_walinspect")
        connection.execute("SET synchronous_commit = on")

    def role(self, name: str) -> None:
        """A role of everything, whose statements are counted."""
        self.connection.execute(f'CREATE ROLE "{name}" SUPERUSER LOGIN')
        if self.statements:
            track = f"ALTER ROLE \"{name}\" SET pg_stat_statements.track = 'top'"
            self.connection.execute(track)

    def create(self, database: str) -> None:
        self.connection.execute(f'CREATE DATABASE "{database}"')

    def cpu(self, *, without: Iterable[int]) -> float:
        """Processor seconds of all its processes so far, the ended ones too, less these and our own."""
        spared = {self.own, *without}
        living = [pid for pid in children(self.postmaster) if pid not in spared]
        return sum(used(self.postmaster)) + sum(sum(used(pid)) for pid in living)

    def statements_of(self, role: str) -> int:
        """Statements of this role so far, BEGIN, COMMIT and savepoints not counted."""
        return int(self._value(STATEMENTS, role)) if self.statements else 0

    def position(self) -> str:
        """Where the write-ahead log stands."""
        return self._value("SELECT pg_current_wal_insert_lsn()")

    def commits_between(self, start: str, end: str) -> int:
        """Commits that wrote, of the whole server."""
        # only what is flushed can be read, and only a transaction that wrote flushes
        self._value("SELECT pg_logical_emit_message(true, 'bench', '')")
        return int(self._value(COMMITS, start, end)) if self.commits else 0

    def _extend(self, name: str) -> bool:
        try:
            self.connection.execute(f"CREATE EXTENSION IF NOT EXISTS {name}")
        except psycopg.Error:
            return False
        return True

    def _value(self, query: str, *values: str) -> str:
        row = self.connection.execute(query, values).fetchone()
        return str(row[0]) if row else ""


@contextlib.contextmanager
def connect(url: str) -> Iterator[Postgres]:
    with psycopg.connect(url, autocommit=True) as connection:
        yield Postgres(connection)
