"""The read replica of DATABASE_REPLICA_URL: lists, reports and exports are read there while it keeps up.

How far it is behind is measured by positions in PostgreSQL's log (`pg_current_wal_insert_lsn` of the primary,
`pg_last_wal_replay_lsn` of the replica): any role may ask, and a replica that was cut off cannot seem new.
"""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any, TypeVar

from django.core.cache import cache
from django.db import (
    DEFAULT_DB_ALIAS,
    DatabaseError,
    InterfaceError,
    OperationalError,
    connection,
    connections,
)
from django.db.models import Model

T = TypeVar("T")
ALIAS = "replica"
# Seconds
MAX_LAG = 5.0
CHECK_EVERY = 1.0
AWAY_FOR = 5.0  # until one that did not answer is asked again
CATCH_UP = 0.1  # what one may need for the last change, when nothing else is known of it
WRITER_WAITS = 10  # more than MAX_LAG + CHECK_EVERY: who wrote never sees a list without what they wrote
CANCELLED_BY_RECOVERY = "40001"  # the replica had to take away rows that a long query still read
TROUBLE = (OperationalError, InterfaceError)
log = logging.getLogger(__name__)
_reading: ContextVar[bool] = ContextVar("reading from the replica", default=False)


def is_there() -> bool:
    return ALIAS in connections


def read(work: Callable[[], T], *, by: str = "", wait: float = 0.0) -> T:
    """What `work` gives, read from the replica if that is new enough, otherwise from the primary.

    `by`: who reads, as `wrote` was told. `wait`: seconds for all that is committed by now to arrive there;
    without, it may be MAX_LAG behind. `work` is done again when the replica fails in the middle of it.
    """
    if not _may_be_used(by, wait):
        return work()
    token = _reading.set(True)
    try:
        return work()
    except TROUBLE as error:
        _standing.failed(error)
    finally:
        _reading.reset(token)
    return work()


def alias(*, by: str = "", wait: float = 0.0) -> str:
    """The database to read from, for a stream that outlives the call; arguments as for `read`."""
    return ALIAS if _may_be_used(by, wait) else DEFAULT_DB_ALIAS


def reader(kind: str, pk: object) -> str:
    """The name under which somebody reads and writes: a `user`, or the `key` of a machine."""
    return f"{kind}:{pk}"


def wrote(by: str) -> None:
    """From now on and for WRITER_WAITS this reader reads the primary."""
    if is_there():
        cache.set(_key(by), 1, WRITER_WAITS)


def measure() -> tuple[bool, int | None]:
    """Whether it is read from, and how many bytes of changes are missing there; None if nobody can tell."""
    usable = _standing.is_usable()
    try:
        return usable, _ask(
            "SELECT pg_wal_lsn_diff(%s::pg_lsn, pg_last_wal_replay_lsn())::bigint", _position()
        )
    except TROUBLE:
        return False, None


class Router:
    """Django's: the rows of ours go where `read` says, and everything is written on the primary.

    Who is logged in, and the queue, are always read there; so is everything inside a transaction.
    """

    def db_for_read(self, model: type[Model], instance: Model | None = None, **_: Any) -> str | None:
        if _reading.get() and model._meta.app_label == "csat" and not connection.in_atomic_block:
            return ALIAS
        return self._home_of(instance)

    def db_for_write(self, model: type[Model], instance: Model | None = None, **_: Any) -> str | None:
        return self._home_of(instance)

    def allow_relation(self, one: Model, other: Model, **_: Any) -> bool | None:
        return {one._state.db, other._state.db} <= {DEFAULT_DB_ALIAS, ALIAS} or None

    def allow_migrate(self, db: str, app_label: str, **_: Any) -> bool | None:
        return False if db == ALIAS else None

    @staticmethod
    def _home_of(instance: Model | None) -> str | None:
        came_from_replica = instance is not None and instance._state.db == ALIAS
        return DEFAULT_DB_ALIAS if came_from_replica else None


class _Standing:
    """What this process knows of the replica. One thread at a time asks; the others go by the last answer."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.usable: bool | None = None
        self.next_check = 0.0
        self.marks: deque[tuple[float, str]] = deque()  # when the primary was where in its log

    def is_usable(self) -> bool:
        now = time.monotonic()
        if now >= self.next_check and self.lock.acquire(blocking=False):
            try:
                self._check(now)
            finally:
                self.lock.release()
        return bool(self.usable)

    def catches_up(self, seconds: float) -> bool:
        """Whether it gets to where the primary is now in so many seconds."""
        if not self.is_usable():
            return False
        try:
            return _reaches(_position(), seconds)
        except TROUBLE as error:
            self.failed(error)
            return False

    def failed(self, error: DatabaseError | InterfaceError) -> None:
        if getattr(error.__cause__, "sqlstate", None) == CANCELLED_BY_RECOVERY:
            log.info("the replica could not finish a query; it is asked of the primary: %s", error)
            return
        connections[ALIAS].close()
        self._note(f"it does not answer: {error}".strip(), again_in=AWAY_FOR)

    def _check(self, now: float) -> None:
        while self.marks and now - self.marks[0][0] > MAX_LAG:
            self.marks.popleft()
        self.marks.append((now, _position()))
        patience = CATCH_UP if len(self.marks) == 1 else 0.0
        try:
            reached = _reaches(self.marks[0][1], patience)
        except TROUBLE as error:
            self.failed(error)
            return
        measured = now - self.marks[0][0] >= MAX_LAG - 2 * CHECK_EVERY
        if reached or measured:
            self._note("" if reached else "it is too far behind", again_in=CHECK_EVERY)
        else:  # it may be a moment behind, or hours: nobody has asked often enough to tell
            self.usable, self.next_check = self.usable and None, now + CHECK_EVERY

    def _note(self, trouble: str, *, again_in: float) -> None:
        """Logged when it changes, not with every read."""
        if trouble and self.usable is not False:
            log.warning("the replica is not used, reads go to the primary: %s", trouble)
        elif not trouble and self.usable is False:
            log.warning("the replica is used again")
        self.usable = not trouble
        self.next_check = time.monotonic() + again_in


_standing = _Standing()


def _may_be_used(by: str, wait: float) -> bool:
    if not is_there() or (by and _key(by) in cache):
        return False
    return _standing.catches_up(wait) if wait else _standing.is_usable()


def _position() -> str:
    """Where the primary is in its log."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_current_wal_insert_lsn()::text")
        return str(cursor.fetchone()[0])


def _reaches(position: str, seconds: float) -> bool:
    until = time.monotonic() + seconds
    statement = "SELECT CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() >= %s::pg_lsn END"
    while not (reached := _ask(statement, position)):
        if reached is None:
            raise OperationalError("it follows no primary")
        if time.monotonic() >= until:
            return False
        time.sleep(0.02)
    return True


def _ask(statement: str, position: str) -> Any:
    with connections[ALIAS].cursor() as cursor:
        cursor.execute(statement, [position])
        return cursor.fetchone()[0]


def _key(by: str) -> str:
    return f"wrote:{by}"
