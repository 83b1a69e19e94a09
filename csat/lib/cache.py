"""The shared cache, which may be away: it holds counters and short copies only, so that losing it loses
nothing.
"""

import json
import logging
import time
from collections.abc import Callable
from functools import cached_property
from typing import Any, TypeVar

from django.conf import settings
from django.core.cache.backends.redis import RedisCache, RedisCacheClient
from redis import Redis
from redis.exceptions import RedisError

T = TypeVar("T")
SAY_EVERY = 60.0  # seconds
log = logging.getLogger(__name__)


class JsonSerializer:
    """Numbers as Redis counts them, everything else as JSON. What cannot be read is not there: a pickle, say,
    of a former version, or of somebody who found the way to our Redis.
    """

    def dumps(self, value: object) -> int | bytes:
        return value if type(value) is int else json.dumps(value).encode()

    def loads(self, data: bytes) -> Any:
        try:
            return json.loads(data)
        except (ValueError, RecursionError):
            return None


class _Client(RedisCacheClient):
    """Django makes a Redis client for every command, which takes as long as asking it."""

    def get_client(self, key: Any = None, *, write: bool = False) -> Any:
        return self._only

    @cached_property
    def _only(self) -> Redis:
        return super().get_client(write=True)


class FaultTolerantCache(RedisCache):
    """Redis as long as it answers. While it does not, nothing is known, nothing is kept, and whoever counts
    is at one.
    """

    said_at = float("-inf")

    def __init__(self, server: str, params: dict[str, Any]) -> None:
        options = params.get("OPTIONS", {}) | {"serializer": JsonSerializer}
        super().__init__(server, params | {"OPTIONS": options})
        self._class = _Client

    def add(self, key: Any, *args: Any, **kwargs: Any) -> bool:
        return self._or(True, super().add, key, *args, **kwargs)

    def get(self, key: Any, default: Any = None, version: int | None = None) -> Any:
        return self._or(default, super().get, key, default, version)

    def has_key(self, key: Any, version: int | None = None) -> bool:
        """Of what is unknown, that it may well be there."""
        return self._or(True, super().has_key, key, version)

    def set(self, key: Any, *args: Any, **kwargs: Any) -> None:
        self._or(None, super().set, key, *args, **kwargs)

    def incr(self, key: Any, delta: int = 1, version: int | None = None) -> int:
        return self._or(delta, super().incr, key, delta, version)

    def delete(self, key: Any, version: int | None = None) -> bool:
        return self._or(False, super().delete, key, version)

    def _or(self, otherwise: T, ask: Callable[..., T], *args: Any, **kwargs: Any) -> T:
        try:
            return ask(*args, **kwargs)
        except RedisError as trouble:
            if time.monotonic() - self.said_at > SAY_EVERY:
                FaultTolerantCache.said_at = time.monotonic()
                log.warning("Redis does not answer; rate limits do not count until it does: %r", trouble)
            return otherwise


def trouble() -> str:
    """Why the Redis of REDIS_URL does not answer, as it or the network says; empty when it does."""
    client = Redis.from_url(settings.REDIS_URL, socket_connect_timeout=1, socket_timeout=1)
    try:
        client.ping()
    except RedisError as error:
        return str(error)
    finally:
        client.close()
    return ""
