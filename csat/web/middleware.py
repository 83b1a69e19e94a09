"""For every request: an id in the logs, a clean address, https, no copies, the reader's language and time."""

import re
import time
import uuid
from collections.abc import Callable
from urllib.parse import urlsplit

import structlog
from django.conf import settings
from django.contrib.auth import user_logged_in
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.middleware import get_user
from django.contrib.auth.models import AnonymousUser, User
from django.contrib.sessions.backends.base import SessionBase
from django.core.exceptions import BadRequest
from django.core.signals import request_finished
from django.dispatch import receiver
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import ResolverMatch
from django.utils import timezone, translation
from django.utils.functional import SimpleLazyObject

from csat.lib import client_address, correlation, latency
from csat.lib.clock import zones
from csat.people import demo, logins, profiles
from csat.web import errors

log = structlog.get_logger(__name__)
GetResponse = Callable[[HttpRequest], HttpResponse]
NOTED_EVERY = 60  # seconds: a session is written at most so often
POLL = "X-Poll"  # static/js/app.js marks what a page asks by itself
SECOND_FACTOR_DUE = "second_factor_due"  # in the session: the role requires one, and there is none
ACCOUNT_PATHS = ("/account/", "/login/", "/logout/", "/admin/logout/")  # all that such a session opens
CUSTOMER_PATHS = ("/r/", "/u/", "/widget/")
PROVIDER_PATHS = ("/callbacks/", "/connect/")
CUSTOMER_ADDRESSES = re.compile(r"/(?:[ru]/|widget/|brand-[\w-]+\.css$|media/brand/|csp-report$)")
SAFE_ID = re.compile(r"[A-Za-z0-9._-]{1,128}")


class RequestIdMiddleware:
    """Takes a well-formed X-Request-ID or makes one, adds it to every log line and sends it back."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request_id = request.headers.get("X-Request-ID", "")
        if not SAFE_ID.fullmatch(request_id):
            request_id = uuid.uuid4().hex
        correlation.restart(request_id=request_id)
        started = time.monotonic()
        response = self.get_response(request)
        response["X-Request-ID"] = request_id
        _count(request, response, time.monotonic() - started)
        return response


def _count(request: HttpRequest, response: HttpResponse, seconds: float) -> None:
    """For the histograms, and for the access log where there is one; by its route, which holds no secret."""
    match = request.resolver_match
    latency.observe("http", _family(match), f"{response.status_code // 100}xx", seconds)
    if settings.ACCESS_LOG:
        route = f"/{match.route}" if match else ""
        status, ms = response.status_code, round(seconds * 1000)
        log.info("answered", method=request.method, route=route, status=status, ms=ms)


def _family(match: ResolverMatch | None) -> str:
    """Of pages or of the API, by where its views live: `inbox`, `api`, `callbacks`; `none` is no address."""
    if match is None:
        return "none"
    room, _dot, module = match.func.__module__.removeprefix("csat.").partition(".")
    first = module.partition(".")[0]
    if room == "web":
        return first
    return "callbacks" if first == "callbacks" else room


@receiver(request_finished)
def write_latencies(**_: object) -> None:
    """When the answer has left."""
    latency.write_if_due()


class ClientAddressMiddleware:
    """Tells the audit log where staff and keys come from; customers' addresses are kept nowhere."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path.startswith((*CUSTOMER_PATHS, *PROVIDER_PATHS)):
            return self.get_response(request)
        with client_address.as_current(client_address.find(request.META)):
            return self.get_response(request)


class RefuseNulMiddleware:
    """400 for an address with a NUL, which PostgreSQL refuses in any text; machines get their own words."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        has_nul = "%00" in request.META.get("QUERY_STRING", "") or "\0" in request.path_info
        if has_nul and not request.path_info.startswith(("/api/", "/callbacks/", "/connect/")):
            raise BadRequest("NUL in the address")
        return self.get_response(request)


class HttpsOnlyMiddleware:
    """Refuses what machines ask by http where the site is https: a redirect would hide that a key leaked."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        plain = settings.SECURE_SSL_REDIRECT and not request.is_secure()
        if not plain or not re.match(settings.HTTPS_ONLY, request.path.lstrip("/")):
            return self.get_response(request)
        text = f"Use {settings.SITE_URL}: what was sent by http could be read on the way."
        body = {"statusCode": 403, "message": text, "error": "Forbidden"}
        return JsonResponse(body, status=403, headers={"Cache-Control": "no-store"})


class LinkHostMiddleware:
    """The short domain of LINK_BASE answers what customers' links lead to, and nothing else.

    What those pages load comes before: WhiteNoise has answered it.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if _is_link_host(request) and not CUSTOMER_ADDRESSES.match(request.path_info):
            return errors.not_found(request)
        return self.get_response(request)


def _is_link_host(request: HttpRequest) -> bool:
    link, site = urlsplit(settings.LINK_BASE), urlsplit(settings.SITE_URL)
    host = request.get_host().lower()
    if link.hostname == site.hostname:  # they differ in the port
        return link.netloc != site.netloc and host == link.netloc.lower()
    return bool(link.hostname) and urlsplit(f"//{host}").hostname == link.hostname


class NoStoreMiddleware:
    """Nobody on the way keeps what depends on who is logged in: page, fragment, file or stream."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if request.session.accessed and "no-store" not in response.headers.get("Cache-Control", ""):
            response.headers["Cache-Control"] = "no-store"
        return response


@receiver(user_logged_in)
def begin_login(request: HttpRequest, user: AbstractBaseUser, **_: object) -> None:
    now = int(time.time())
    request.session.update({"login_began": now, "login_seen": now, "login_of_demo": demo.is_login(user)})
    note_reader(request.session, user)
    list_login(request, user)


def list_login(request: HttpRequest, user: AbstractBaseUser) -> None:
    """Among the logins of this person, to be seen and ended."""
    assert isinstance(user, User)
    session, agent = request.session, request.META.get("HTTP_USER_AGENT", "")
    if not session.session_key:
        session.save()
    address = client_address.find(request.META)
    logins.remember(user, key=str(session.session_key), user_agent=agent, address=address)
    session[logins.LISTED] = True


def note_reader(session: SessionBase, user: AbstractBaseUser) -> None:
    """That the person was seen, and what pages go by: asked with every request it would be a query a page."""
    assert isinstance(user, User)
    profile = profiles.note_seen(user)
    session["reader"] = {"zone": profile.timezone, "language": profile.language}


class LoginTimeMiddleware:
    """Ends a login after SESSION_HOURS, and after SESSION_IDLE_MINUTES in which nobody did anything; from
    here on pages are in the language and the time zone of the person's profile.

    Like Django's own before it, only where somebody asks who the user is.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.user = SimpleLazyObject(lambda: self._current(request))  # type: ignore[assignment]
        return self.get_response(request)

    def _current(self, request: HttpRequest) -> AbstractBaseUser | AnonymousUser:
        user, session, now = get_user(request), request.session, int(time.time())
        if not user.is_authenticated:
            return user
        if "login_began" not in session:  # of a version that did not count
            begin_login(request, user)
        if logins.LISTED not in session:  # of one that did not list them
            list_login(request, user)
        over = now - session["login_began"] > settings.SESSION_HOURS * 3600
        idle = now - session["login_seen"]
        misplaced = session["login_of_demo"] and not demo.on_this_machine()
        if over or misplaced or idle > settings.SESSION_IDLE_MINUTES * 60:
            session.flush()
            return AnonymousUser()
        if session.get(SECOND_FACTOR_DUE) and not request.path.startswith(ACCOUNT_PATHS):
            return AnonymousUser()
        if idle >= NOTED_EVERY and POLL not in request.headers:
            session["login_seen"] = now
            note_reader(session, user)
        if not request.path.startswith(CUSTOMER_PATHS):
            self._turn_to(session.get("reader", {}))
        return user

    @staticmethod
    def _turn_to(reader: dict[str, str]) -> None:
        """ReaderZoneMiddleware and LocaleMiddleware, which stand around us, turn back."""
        if reader.get("zone") in zones():
            timezone.activate(reader["zone"])
        if reader.get("language") in settings.STAFF_LANGUAGES:
            translation.activate(reader["language"])


class WholeLanguageMiddleware:
    """Staff pages and the API use a language with all texts translated; customers' pages choose their own."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path.startswith(CUSTOMER_PATHS) or translation.get_language() in settings.STAFF_LANGUAGES:
            return self.get_response(request)
        with translation.override(settings.LANGUAGE_CODE):
            response = self.get_response(request)
            response.headers.setdefault("Content-Language", translation.get_language())
            return response


class ReaderZoneMiddleware:
    """Shows times in the zone that the browser named in the `tz` cookie, unless the reader's profile says."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        name = request.COOKIES.get("tz", "")
        with timezone.override(name if name in zones() else None):
            return self.get_response(request)
