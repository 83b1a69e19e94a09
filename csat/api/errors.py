"""Every "no" in one shape: `{"statusCode", "message", "error"}`, and `fields` for what was invalid."""

from collections.abc import Iterator
from http import HTTPStatus
from math import ceil
from typing import Any

import structlog
from django.core.exceptions import DisallowedHost, PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.core.signals import got_request_exception
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext as _
from django.views import defaults
from django.views.decorators.csrf import csrf_exempt
from rest_framework import exceptions
from rest_framework.response import Response

from csat.lib.refusal import Refused

log = structlog.get_logger(__name__)
NAMES = {413: "Payload Too Large", 422: "Unprocessable Entity"}  # other Pythons name these otherwise
PLAIN: dict[type[Exception], int] = {Http404: 404, PermissionDenied: 403, RequestDataTooBig: 413, SuspiciousOperation: 400}


def body(status: int, message: str, fields: dict[str, list[str]] | None = None) -> dict[str, Any]:
    answer = {"statusCode": status, "message": message, "error": NAMES.get(status) or HTTPStatus(status).phrase}
    return {**answer, "fields": fields} if fields else answer


def answer(exc: Exception, context: dict[str, Any]) -> Response:
    """The exception handler of the whole API (a DRF setting)."""
    if isinstance(exc, Refused):
        return _refused(exc.status, exc.message, exc.fields)
    if isinstance(exc, exceptions.ValidationError):
        return _refused(422, "", dict(_flat(exc.detail)))
    if isinstance(exc, exceptions.APIException):
        return Response(body(exc.status_code, str(exc.detail)), exc.status_code, headers=_headers(exc))
    for kind, status in PLAIN.items():
        if isinstance(exc, kind):
            return Response(body(status, _message(status)), status)
    return _broken(exc, context)


def _refused(status: int, message: str, fields: dict[str, list[str]]) -> Response:
    if not message:
        message = next((f"{name}: {texts[0]}" for name, texts in fields.items()), _message(status))
    return Response(body(status, message, fields), status)


def _flat(detail: Any, name: str = "") -> Iterator[tuple[str, list[str]]]:
    """Nested errors under dotted names: `contact.email`, `items.3.channel`."""
    if isinstance(detail, dict):
        for key, inner in detail.items():
            yield from _flat(inner, name if key == "non_field_errors" else f"{name}.{key}".lstrip("."))
    elif isinstance(detail, list) and any(isinstance(inner, dict | list) for inner in detail):
        for position, inner in enumerate(detail):
            yield from _flat(inner, f"{name}.{position}" if name else str(position))
    elif detail:
        yield name or "body", [str(text) for text in (detail if isinstance(detail, list) else [detail])]


def _headers(exc: exceptions.APIException) -> dict[str, str]:
    known = {"WWW-Authenticate": getattr(exc, "auth_header", None), "Retry-After": getattr(exc, "wait", None)}
    return {name: str(value if isinstance(value, str) else ceil(value)) for name, value in known.items() if value is not None}


def _message(status: int) -> str:
    return {404: _("There is nothing here."), 403: _("This is not allowed.")}.get(status, _("This request cannot be understood."))


def _broken(exc: Exception, context: dict[str, Any]) -> Response:
    request = getattr(context.get("request"), "_request", None)
    got_request_exception.send(sender=None, request=request)  # error reporting and the test client listen to it
    log.error("api.broken", exc_info=exc)
    request_id = structlog.contextvars.get_contextvars().get("request_id", "")
    message = _("Something went wrong on our side. It is in the logs as request %(id)s.") % {"id": request_id}
    return Response({**body(500, message), "request_id": request_id}, 500)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """What is refused before it comes to a view, such as an unknown host name; pages keep Django's own words."""
    if not request.path.startswith("/api/"):
        return defaults.bad_request(request, exception)
    strange = isinstance(exception, DisallowedHost)
    return JsonResponse(body(400, _("We do not answer to this host name.") if strange else _message(400)), status=400)


@csrf_exempt
def not_found(request: HttpRequest, path: str = "") -> JsonResponse:
    return JsonResponse(body(404, _message(404)), status=404)
