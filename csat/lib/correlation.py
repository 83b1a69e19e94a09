"""What happens now belongs to: the ids that every log line carries, and the one that calls take along.

The id of a request is kept with the actor who caused something (timeline.recording.Actor), so that it is
known again when a worker goes on hours later.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from structlog import contextvars

HEADER = "X-Request-ID"


@contextmanager
def bound(**ids: object) -> Iterator[None]:
    """Every log line within carries these; what is empty is left out."""
    with contextvars.bound_contextvars(**{name: str(value) for name, value in ids.items() if value}):
        yield


def restart(**ids: object) -> None:
    """Forget what was, as a request or a task begins."""
    contextvars.clear_contextvars()
    contextvars.bind_contextvars(**{name: str(value) for name, value in ids.items() if value})


def request_id() -> str:
    """Of the request that caused what happens now; empty where none did."""
    return str(contextvars.get_contextvars().get("request_id", ""))


def headers() -> dict[str, str]:
    """For mails and calls that go out."""
    return {HEADER: request_id()} if request_id() else {}
