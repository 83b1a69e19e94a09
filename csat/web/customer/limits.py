"""How often one may knock: counters in the cache, one per minute and knocker."""

import time

from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest

MINUTE = 60


def wait(name: str, who: str, *, per_minute: int) -> int:
    """Count one knock; 0 when it is within the limit, otherwise the seconds until the next minute begins."""
    if not settings.RATE_LIMITS:
        return 0
    minute, second = divmod(int(time.time()), MINUTE)
    key = f"limit:{name}:{who}:{minute}"
    if cache.add(key, 1, MINUTE * 2):
        return 0
    return MINUTE - second if cache.incr(key) > per_minute else 0


def address(request: HttpRequest) -> str:
    """Who knocks, as told by the proxies we trust: the n-th last of X-Forwarded-For with TRUSTED_PROXIES=n."""
    proxies: int = settings.TRUSTED_PROXIES
    hops = [hop.strip() for hop in request.headers.get("X-Forwarded-For", "").split(",") if hop.strip()]
    if proxies and hops:
        return hops[-min(proxies, len(hops))]
    return str(request.META.get("REMOTE_ADDR", ""))
