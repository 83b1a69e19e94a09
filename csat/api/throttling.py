"""The rate limit of an API key."""

import time
from math import ceil
from typing import TYPE_CHECKING

from django.conf import settings
from django.core.cache import cache
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

if TYPE_CHECKING:
    from rest_framework.views import APIView  # at run time it would import this module by its settings

WINDOW = 60  # seconds


class PerKey(BaseThrottle):
    """1,000 requests for one API key in the minute that begins with its first one.

    The cache that all processes share does the counting, so that no two requests count as one.
    """

    limit = 1000

    def allow_request(self, request: Request, view: "APIView") -> bool:
        if request.auth is None or not settings.RATE_LIMITS:
            return True
        start = _window_start(f"throttle:{request.auth.pk}")
        self.ends = start + WINDOW
        return _increment(f"throttle:{request.auth.pk}:{start}") <= self.limit

    def wait(self) -> float:
        return float(max(1, ceil(self.ends - time.time())))


def _window_start(key: str) -> float:
    """When the key's minute began: now, unless it began earlier."""
    now, start = time.time(), cache.get(key)
    if start is None:
        start = now if cache.add(key, now, WINDOW) else cache.get(key, now)
    elif not start <= now < start + WINDOW:  # the cache's clock may differ from ours
        start = now
        cache.set(key, now, WINDOW)
    return float(start)


def _increment(key: str) -> int:
    if cache.add(key, 1, WINDOW * 2):
        return 1
    try:
        return cache.incr(key)
    except ValueError:  # the cache was emptied between the two
        return 1
