"""Every error in one shape: `{"statusCode", "message", "error"}`, and `fields` for what was invalid."""

from collections.abc import Iterator
from http import HTTPStatus
from math import ceil

import structlog
from django.core.exceptions import DisallowedHost, PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.core.signals import got_request_exception
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext as _
from django.views import defaults
from django.views.decorators.csrf import csrf_exempt
from rest_framework import exceptions
from rest_framework.response import Response

from csat.lib import database_trouble
from csat.lib.refusal import Refused
from csat.lib.types import JsonObject

log = structlog.get_logger(__name__)
PHRASES = {413: "Payload Too Large", 422: "Unprocessable Entity"}  # Python 3.13 words these differently
STATUSES: dict[type[Exception], int] = {
    Http404: 404,
    PermissionDenied: 403,
    RequestDataTooBig: 413,
    SuspiciousOperation: 400,
}


def body(status: int, message: str, fields: dict[str, list[str]] | None = None) -> JsonObject:
    error = PHRASES.get(status) or HTTPStatus(status).phrase
    content: JsonObject = {"statusCode": status, "message": message, "error": error}
    return content | {"fields": fields} if fields else content


def handle(exc: Exception, context: JsonObject) -> Response:
    """The exception handler of the whole API (a DRF setting)."""
    if isinstance(exc, Refused):
        return _error_response(exc.status, exc.message, exc.fields)
    if isinstance(exc, exceptions.ValidationError):
        return _error_response(422, "", dict(_flatten(exc.detail)))
    if isinstance(exc, exceptions.APIException):
        return Response(body(exc.status_code, str(exc.detail)), exc.status_code, headers=_headers(exc))
    for error_type, status in STATUSES.items():
        if isinstance(exc, error_type):
            return Response(body(status, _message(status)), status)
    if database_trouble.is_trouble(exc):
        return _unavailable(exc)
    return _server_error(exc, context)


def _unavailable(exc: Exception) -> Response:
    log.error("api.unavailable", exc_info=exc)
    message = _("The database does not answer. Make the same call again in a minute.")
    headers = {"Retry-After": str(database_trouble.RETRY_AFTER)}
    return Response(body(503, message), 503, headers=headers)


def _error_response(status: int, message: str, fields: dict[str, list[str]]) -> Response:
    if not message:
        message = next((f"{name}: {texts[0]}" for name, texts in fields.items()), _message(status))
    return Response(body(status, message, fields), status)


def _flatten(detail: object, name: str = "") -> Iterator[tuple[str, list[str]]]:
    """Nested errors under dotted names: `contact.email`, `items.3.channel`."""
    if isinstance(detail, dict):
        for key, inner in detail.items():
            yield from _flatten(inner, name if key == "non_field_errors" else f"{name}.{key}".lstrip("."))
    elif isinstance(detail, list) and any(isinstance(inner, dict | list) for inner in detail):
        for position, inner in enumerate(detail):
            yield from _flatten(inner, f"{name}.{position}" if name else str(position))
    elif detail:
        yield name or "body", [str(text) for text in (detail if isinstance(detail, list) else [detail])]


def _headers(exc: exceptions.APIException) -> dict[str, str]:
    headers = {}
    if (scheme := getattr(exc, "auth_header", None)) is not None:
        headers["WWW-Authenticate"] = str(scheme)
    if (wait := getattr(exc, "wait", None)) is not None:
        headers["Retry-After"] = str(ceil(wait))
    return headers


def _message(status: int) -> str:
    messages = {404: _("There is nothing here."), 403: _("This is not allowed.")}
    return messages.get(status, _("This request could not be parsed."))


def _server_error(exc: Exception, context: JsonObject) -> Response:
    request = getattr(context.get("request"), "_request", None)
    got_request_exception.send(sender=None, request=request)  # for error reporting and the test client
    log.error("api.broken", exc_info=exc)
    request_id = structlog.contextvars.get_contextvars().get("request_id", "")
    message = _("Something went wrong on our side. It is in the logs as request %(id)s.") % {"id": request_id}
    return Response({**body(500, message), "request_id": request_id}, 500)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Refused before it reaches a view, for an unknown host name, say; pages get Django's own error page."""
    if not request.path.startswith("/api/"):
        return defaults.bad_request(request, exception)
    unknown_host = isinstance(exception, DisallowedHost)
    message = _("This host name is not allowed.") if unknown_host else _message(400)
    return JsonResponse(body(400, message), status=400)


@csrf_exempt
def not_found(request: HttpRequest, path: str = "") -> JsonResponse:
    return JsonResponse(body(404, _message(404)), status=404)
