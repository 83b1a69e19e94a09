"""In which browsers somebody was logged in before: a cookie that nobody can make, for `login_attempts` alone.

It opens nothing. A browser that has it for a name does not wait for what strangers try with that name.
"""

from django.conf import settings
from django.contrib.auth.models import User
from django.core import signing
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from csat.lib.tokens import digest

COOKIE = "known_browser"
DAYS = 180
MOST = 5  # people who share a browser


def is_known(request: HttpRequest, username: str) -> bool:
    return _mark(username) in _marks(request)


def remember(request: HttpRequest, response: HttpResponseBase, user: User) -> None:
    """That this person proved who they are in this browser."""
    mark = _mark(user.get_username())
    marks = [mark, *(other for other in _marks(request) if other != mark)][:MOST]
    response.set_cookie(
        _name(),
        signing.dumps(marks, salt=COOKIE),
        max_age=DAYS * 86400,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


def _marks(request: HttpRequest) -> list[str]:
    try:
        marks: list[str] = signing.loads(request.COOKIES.get(_name(), ""), salt=COOKIE, max_age=DAYS * 86400)
    except signing.BadSignature:
        return []
    return marks


def _mark(username: str) -> str:
    return digest(f"known|{username}")


def _name() -> str:
    return f"__Host-{COOKIE}" if settings.HTTPS else COOKIE
