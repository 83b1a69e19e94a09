"""Rate limits of posts: a counter in the cache per minute and caller."""

import time

from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest

from csat.lib import client_address
from csat.lib.tokens import digest

MINUTE = 60
PER_TOKEN, PER_ADDRESS = 30, 600  # posts of one customer, and of all behind one address


def seconds_to_wait(name: str, caller: str, *, per_minute: int) -> int:
    """Count one request; 0 within the limit, otherwise the seconds until the next minute begins."""
    if not settings.RATE_LIMITS:
        return 0
    minute, second = divmod(int(time.time()), MINUTE)
    return MINUTE - second if count(f"limit:{name}:{caller}:{minute}", MINUTE * 2) > per_minute else 0


def check_post(name: str, request: HttpRequest, token: str) -> int:
    """Count one post by its address and its token; the seconds to wait, 0 for none.

    The address comes first, so that whoever invents tokens cannot fill the cache with their counters.
    """
    by_address = seconds_to_wait(f"{name}-from", network(request), per_minute=PER_ADDRESS)
    return by_address or seconds_to_wait(name, digest(token), per_minute=PER_TOKEN)


def network(request: HttpRequest) -> str:
    return client_address.find_network(request.META)


def can_count() -> bool:
    """Not while the cache is away: then everybody is at one."""
    cache.set("can-count", 1, MINUTE)
    return cache.get("can-count") is not None


def count(key: str, seconds: int) -> int:
    """How often this key was counted, this time included, in the `seconds` since its first."""
    if cache.add(key, 1, seconds):
        return 1
    try:
        return cache.incr(key)
    except ValueError:  # it expired between the two
        return 1
