"""How often a key may knock."""

import time
from math import ceil
from typing import TYPE_CHECKING

from django.conf import settings
from django.core.cache import cache
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

if TYPE_CHECKING:
    from rest_framework.views import APIView  # which reads this module's name from the settings while it loads

WINDOW = 60  # seconds


class PerKey(BaseThrottle):
    """1,000 requests for one API key in the minute that begins with its first one, counted in the cache all processes share.

    The cache counts by itself, so that requests at the same moment, here or on another machine, are counted one by one.
    """

    limit = 1000

    def allow_request(self, request: Request, view: "APIView") -> bool:
        if request.auth is None or not settings.RATE_LIMITS:
            return True
        began = _began(f"throttle:{request.auth.pk}")
        self.ends = began + WINDOW
        return _count(f"throttle:{request.auth.pk}:{began}") <= self.limit

    def wait(self) -> float:
        return float(max(1, ceil(self.ends - time.time())))


def _began(key: str) -> float:
    """When the key's minute began: with this request, unless it has begun already."""
    now, began = time.time(), cache.get(key)
    if began is None:
        began = now if cache.add(key, now, WINDOW) else cache.get(key, now)
    elif not began <= now < began + WINDOW:  # the cache's clock is not ours
        began = now
        cache.set(key, now, WINDOW)
    return float(began)


def _count(key: str) -> int:
    if cache.add(key, 1, WINDOW * 2):
        return 1
    try:
        return cache.incr(key)
    except ValueError:  # the cache was emptied between the two
        return 1
