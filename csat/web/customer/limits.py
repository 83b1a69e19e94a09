"""How often one may knock: counters in the cache, one per minute and knocker."""

import time

from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest

from csat.lib.tokens import digest

MINUTE = 60
PER_TOKEN, PER_ADDRESS = 30, 600  # posts of one customer, and of all behind one address


def wait(name: str, who: str, *, per_minute: int) -> int:
    """Count one knock; 0 when it is within the limit, otherwise the seconds until the next minute begins."""
    if not settings.RATE_LIMITS:
        return 0
    minute, second = divmod(int(time.time()), MINUTE)
    key = f"limit:{name}:{who}:{minute}"
    if cache.add(key, 1, MINUTE * 2):
        return 0
    return MINUTE - second if cache.incr(key) > per_minute else 0


def posts(name: str, request: HttpRequest, token: str) -> int:
    """Count one post by its token and its address; the seconds to wait, 0 for none."""
    return wait(name, digest(token), per_minute=PER_TOKEN) or wait(f"{name}-from", address(request), per_minute=PER_ADDRESS)


def address(request: HttpRequest) -> str:
    """Who knocks, as told by the proxies we trust: the n-th last of X-Forwarded-For with TRUSTED_PROXIES=n."""
    proxies: int = settings.TRUSTED_PROXIES
    hops = [hop.strip() for hop in request.headers.get("X-Forwarded-For", "").split(",") if hop.strip()]
    if proxies and hops:
        return hops[-min(proxies, len(hops))]
    return str(request.META.get("REMOTE_ADDR", ""))
