"""Guessing passwords and codes: each wrong one makes the next wait longer, per address, per name from one
address, and, more slowly, per name from all addresses.

No name is ever locked. Its owner gets in from any browser in which they were logged in before
(`known_browsers`), whatever strangers try; any other becomes such a browser by the link of a password reset.
"""

import time
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from functools import wraps
from math import ceil
from typing import Any

import structlog
from django.conf import settings
from django.contrib.auth.models import User
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render

from csat.lib.tokens import digest
from csat.people import logins
from csat.people.audit_actions import AuditAction
from csat.people.audit_log import audit
from csat.timeline.recording import SYSTEM
from csat.web import known_browsers, rate_limits

REMEMBERED = 3600  # seconds from the first attempt
UNCOUNTED = 60  # seconds: six digits are guessed in an hour where nobody counts
log = structlog.get_logger(__name__)
View = Callable[..., HttpResponseBase]


class Attempt(Enum):
    """What is guessed, counted apart: a right password gives no new attempts at the code. And what the audit
    log says of a wrong one.
    """

    LOGIN = "login", AuditAction.LOGIN_FAILED
    CODE = "code", AuditAction.SECOND_FACTOR_FAILED
    CONFIRMATION = "confirmation", AuditAction.IDENTITY_NOT_CONFIRMED
    RESET = "reset", None  # a mail each time: there is no wrong or right

    def __init__(self, word: str, failure: AuditAction | None) -> None:
        self.word, self.failure = word, failure


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
FROM_ANYWHERE = Limit(free=50, longest=60)  # of one name, in browsers that are new to it: some 110 an hour


def limited(attempt: Attempt, name_of: Callable[[HttpRequest], str]) -> Callable[[View], View]:
    """For a view that takes a password or a code, or mails a link, for the name that `name_of` tells."""

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if request.method != "POST":
                return view(request, *args, **kwargs)
            name = logins.username_of(name_of(request))
            if seconds := begin(request, name, attempt):
                return _too_many(request, seconds)
            response = view(request, *args, **kwargs)
            if getattr(request, "was_right", False):  # `web/account/receivers` hears of it
                succeed(request, name, attempt)
            else:
                fail(request, name, attempt)
            return response

        return guarded

    return decorate


def begin(request: HttpRequest, name: str, attempt: Attempt = Attempt.LOGIN) -> int:
    """Count an attempt before its password is looked at; the seconds to wait, 0 to go on."""
    if not settings.RATE_LIMITS:
        return 0
    if attempt is Attempt.CODE and not rate_limits.can_count():
        log.warning("no code is taken while attempts cannot be counted")
        return UNCOUNTED
    limits = _limits(request, name, attempt)
    seconds = max(map(_seconds_left, limits)) or max(_take_turn(key, limits[key]) for key in limits)
    if seconds:
        log.warning("a login has to wait", attempt=attempt.word, seconds=seconds, **_who(request, name))
    return seconds


def fail(request: HttpRequest, name: str, attempt: Attempt = Attempt.LOGIN) -> None:
    if attempt.failure is None:
        return
    log.warning("a login failed", attempt=attempt.word, **_who(request, name))
    user = User.objects.filter(username=name).first()
    audit(SYSTEM, attempt.failure, after={"username": user.username if user else "unknown"}, target=user)


def succeed(request: HttpRequest, name: str, attempt: Attempt = Attempt.LOGIN) -> None:
    """Forget the attempts of this name from here, and this one of the others."""
    if attempt is not Attempt.CONFIRMATION:
        log.info("somebody logged in", attempt=attempt.word, **_who(request, name))
    if not settings.RATE_LIMITS:
        return
    by_name, *others = _limits(request, name, attempt)
    cache.delete(by_name)
    cache.delete(_gate(by_name))
    for key in others:
        if cache.get(key):
            cache.incr(key, -1)


def _seconds_left(key: str) -> int:
    return max(0, ceil(float(cache.get(_gate(key), 0)) - time.time()))


def _take_turn(key: str, limit: Limit) -> int:
    """Count this attempt; not 0 when another one took the same turn."""
    wait = limit.wait_after(rate_limits.count(key, REMEMBERED))
    return wait if wait and not cache.add(_gate(key), time.time() + wait, wait) else 0


def _limits(request: HttpRequest, name: str, attempt: Attempt) -> dict[str, Limit]:
    """The limit of each counter that an attempt has; the one of the name from this address is the first."""
    network = rate_limits.network(request)
    one_name = unicodedata.normalize("NFKC", name).strip().casefold()
    limits = {
        f"{attempt.word}:{digest(f'{network}|{one_name}')}": PER_NAME,
        f"{attempt.word}:{digest(network)}": PER_ADDRESS,
    }
    if one_name and not known_browsers.is_known(request, name):
        limits[f"{attempt.word}:{digest(f'|{one_name}')}"] = FROM_ANYWHERE
    return limits


def _gate(key: str) -> str:
    return f"{key}:until"


def _who(request: HttpRequest, name: str) -> dict[str, str]:
    """Only names that somebody has: a password typed into the wrong field belongs in no log."""
    known = User.objects.filter(username=name).exists()
    return {"username": name if known else "unknown", "network": rate_limits.network(request)}


def _too_many(request: HttpRequest, seconds: int) -> HttpResponse:
    context = {"next": request.POST.get("next", ""), "seconds": seconds, "back": request.path}
    response = render(request, "account/too_many_attempts.html", context, status=429)
    response.headers["Retry-After"] = str(seconds)
    return response
