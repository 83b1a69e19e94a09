"""What every request carries: an id for the logs, the reader's time zone."""

import re
import uuid
from collections.abc import Callable

import structlog
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import timezone, translation

from csat.lib.clock import zones

GetResponse = Callable[[HttpRequest], HttpResponse]
CUSTOMERS = ("/r/", "/u/", "/widget/")
SAFE_ID = re.compile(r"[A-Za-z0-9._-]{1,128}")


class RequestIdMiddleware:
    """X-Request-ID is taken when it is well formed, made otherwise, bound to the logs and sent back."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        given = request.headers.get("X-Request-ID", "")
        request_id = given if SAFE_ID.fullmatch(given) else uuid.uuid4().hex
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=request_id)
        response = self.get_response(request)
        response["X-Request-ID"] = request_id
        return response


class WholeLanguageMiddleware:
    """Staff and machines are answered in a language everything is translated to; customers' pages choose for themselves."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path.startswith(CUSTOMERS) or translation.get_language() in settings.STAFF_LANGUAGES:
            return self.get_response(request)
        with translation.override(settings.LANGUAGE_CODE):
            response = self.get_response(request)
            response.headers.setdefault("Content-Language", settings.LANGUAGE_CODE)
            return response


class ReaderZoneMiddleware:
    """Times are shown in the zone the reader's browser named in the `tz` cookie."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        name = request.COOKIES.get("tz", "")
        if name in zones():
            with timezone.override(name):
                return self.get_response(request)
        return self.get_response(request)
