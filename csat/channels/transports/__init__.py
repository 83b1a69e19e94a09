"""The ways out that several channels share; inside `session()` one connection serves a whole batch."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from contextvars import ContextVar
from typing import Any, TypeVar

Connection = TypeVar("Connection")


class _Batch:
    def __init__(self, stack: ExitStack) -> None:
        self.stack = stack
        self.open: dict[str, Any] = {}


_batch: ContextVar[_Batch | None] = ContextVar("batch", default=None)


@contextmanager
def session() -> Iterator[None]:
    """Keep connections open over the sends inside; a session within a session is the outer one."""
    if _batch.get():
        yield
        return
    with ExitStack() as stack:
        mark = _batch.set(_Batch(stack))
        try:
            yield
        finally:
            _batch.reset(mark)


@contextmanager
def held(name: str, make: Callable[[], AbstractContextManager[Connection]]) -> Iterator[Connection]:
    """The session's connection of this name, opened at its first use; without a session one for this send
    alone.
    """
    batch = _batch.get()
    if batch is None:
        with make() as connection:
            yield connection
        return
    if name not in batch.open:
        batch.open[name] = batch.stack.enter_context(make())
    yield batch.open[name]
