"""Guessing passwords: each wrong one makes the next wait longer, per address and per name from one address.

No name is ever locked: its owner gets in from any other address, whatever strangers try with it.
"""

import time
import unicodedata
from dataclasses import dataclass
from math import ceil

import structlog
from django.conf import settings
from django.contrib.auth.models import User
from django.core.cache import cache
from django.http import HttpRequest

from csat.lib.tokens import digest
from csat.web import rate_limits

REMEMBERED = 3600  # seconds from the first attempt
log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Limit:
    """After so many attempts for nothing each one more waits: 1, 2, 4 ... seconds, up to the longest."""

    free: int
    longest: int

    def wait_after(self, attempts: int) -> int:
        """Seconds from the last of these attempts to the next."""
        late = attempts - self.free
        return 0 if late < 0 else min(1 << min(late, 16), self.longest)


PER_NAME = Limit(free=5, longest=300)  # of one name from one address: some 25 an hour
PER_ADDRESS = Limit(free=20, longest=60)  # of any names: what a shared address needs after a bad morning


def begin(request: HttpRequest, name: str) -> int:
    """Count an attempt before its password is looked at; the seconds to wait, 0 to go on."""
    if not settings.RATE_LIMITS:
        return 0
    limits = _limits(request, name)
    seconds = max(map(_seconds_left, limits)) or max(_take_turn(key, limits[key]) for key in limits)
    if seconds:
        log.warning("a login has to wait", seconds=seconds, **_who(request, name))
    return seconds


def fail(request: HttpRequest, name: str) -> None:
    log.warning("a login failed", **_who(request, name))


def succeed(request: HttpRequest, name: str) -> None:
    """Forget the attempts of this name from here, and this one of the address."""
    log.info("somebody logged in", **_who(request, name))
    if not settings.RATE_LIMITS:
        return
    by_name, by_address = _limits(request, name)
    cache.delete(by_name)
    cache.delete(_gate(by_name))
    if cache.get(by_address):
        cache.incr(by_address, -1)


def _seconds_left(key: str) -> int:
    return max(0, ceil(float(cache.get(_gate(key), 0)) - time.time()))


def _take_turn(key: str, limit: Limit) -> int:
    """Count this attempt; not 0 when another one took the same turn."""
    wait = limit.wait_after(rate_limits.count(key, REMEMBERED))
    return wait if wait and not cache.add(_gate(key), time.time() + wait, wait) else 0


def _limits(request: HttpRequest, name: str) -> dict[str, Limit]:
    """The limit of each counter that an attempt has: of the name from this address, and of the address."""
    network = rate_limits.network(request)
    one_name = unicodedata.normalize("NFKC", name).strip().casefold()
    return {
        f"login:{digest(f'{network}|{one_name}')}": PER_NAME,
        f"login:{digest(network)}": PER_ADDRESS,
    }


def _gate(key: str) -> str:
    return f"{key}:until"


def _who(request: HttpRequest, name: str) -> dict[str, str]:
    """Only names that somebody has: a password typed into the wrong field belongs in no log."""
    known = User.objects.filter(username=name).exists()
    return {"username": name if known else "unknown", "network": rate_limits.network(request)}
