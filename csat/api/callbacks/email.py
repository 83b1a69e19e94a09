"""Callbacks of email service providers (ESPs): anymail verifies and reads them, and signals each event."""

from typing import Any

from anymail import urls as anymail_urls
from anymail.exceptions import AnymailConfigurationError
from django.conf import settings
from django.core.exceptions import BadRequest, PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseForbidden
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

MISTAKES = (ValueError, LookupError, TypeError, AttributeError, RecursionError)


class BadRequestWhenUnreadable:
    """Put before an anymail view: whatever it stumbles over in a request is the sender's mistake."""

    def run_validators(self, request: HttpRequest) -> None:
        try:
            super().run_validators(request)  # type: ignore[misc]
        except AnymailConfigurationError as error:  # its key is not set, which some look up only now
            raise PermissionDenied from error
        except MISTAKES as error:
            raise BadRequest(f"not as this ESP signs: {error!r}") from error

    def parse_events(self, request: HttpRequest) -> list[object]:
        try:
            return list(super().parse_events(request))  # type: ignore[misc]
        except MISTAKES as error:
            raise BadRequest(f"not as this ESP writes: {error!r}") from error


def _readable(callback: Any) -> Any:
    view = callback.view_class
    guarded = type(view.__name__, (BadRequestWhenUnreadable, view), {})
    return guarded.as_view(**callback.view_initkwargs)  # type: ignore[attr-defined]


VIEWS: dict[str, Any] = {
    str(pattern.name): _readable(pattern.callback) for pattern in anymail_urls.urlpatterns
}
VIEWS["mandrill_inbound_webhook"] = VIEWS["mandrill_webhook"]  # one for both


@csrf_exempt
@require_http_methods(["POST", "HEAD"])
def receive(request: HttpRequest, esp: str, what: str) -> HttpResponse:
    """`what`: tracking, inbound, or inbound_mime (Mailgun). 403 for an ESP that could not be verified."""
    view = VIEWS.get(f"{esp}_{what.removesuffix('_mime')}_webhook")
    if view is None:
        raise Http404
    if not _is_verifiable(view):
        return HttpResponseForbidden()
    response: HttpResponse = view(request)
    return response


def _is_verifiable(view: Any) -> bool:
    """By the shared secret, or by the ESP's own signature when its key is set."""
    try:
        instance = view.view_class(**view.view_initkwargs)
    except (AnymailConfigurationError, ImportError):  # its key is not set, or a package it needs is missing
        return False
    return bool(settings.ANYMAIL["WEBHOOK_SECRET"] or not instance.warn_if_no_basic_auth)
