"""Wake a worker once the transaction has committed. The rows carry the state; a lost task costs a minute."""

import contextlib
import time
from collections.abc import Iterator
from contextvars import ContextVar
from dataclasses import dataclass, field

from django.db import transaction


def enqueue(function: str, pk: int | None = None, *, cluster: str, timeout: int | None = None) -> None:
    """Ask the queue to call the function at dotted path `function`, with one id or nothing, after commit.

    The cluster is always named: without a name a task would go to the cluster that asks.
    """
    transaction.on_commit(_Call(function, pk, cluster, timeout))


@contextlib.contextmanager
def gathered(*, seconds: float = 1.0) -> Iterator[None]:
    """For whoever commits often: one and the same call is put at most once in so many seconds, and at the end if any was left."""
    gathering = _Gathering(seconds)
    token = _current.set(gathering)
    try:
        yield
    finally:
        _current.reset(token)
        for call in gathering.left:
            call()


@dataclass(frozen=True)
class _Call:
    function: str
    pk: int | None
    cluster: str
    timeout: int | None

    def __call__(self) -> None:
        gathering = _current.get()
        if gathering is None or gathering.is_time_for(self):
            _put(self.function, self.pk, self.cluster, self.timeout)


@dataclass
class _Gathering:
    seconds: float
    put: dict[_Call, float] = field(default_factory=dict)  # when last
    left: set[_Call] = field(default_factory=set)

    def is_time_for(self, call: _Call) -> bool:
        now = time.monotonic()
        if now - self.put.get(call, float("-inf")) < self.seconds:
            self.left.add(call)
            return False
        self.put[call] = now
        self.left.discard(call)
        return True


_current: ContextVar[_Gathering | None] = ContextVar("gathering", default=None)


def _put(function: str, pk: int | None, cluster: str, timeout: int | None) -> None:
    from django_q.tasks import async_task

    # keyword names are django-q2's own: only positional arguments and q_options pass
    args = () if pk is None else (pk,)
    async_task(function, *args, q_options={"cluster": cluster} | ({"timeout": timeout} if timeout else {}))
