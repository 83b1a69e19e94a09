"""Where providers knock: each signature is verified, each body read by its channel, each update handed to the surveys."""

from collections.abc import Callable
from typing import Any

from anymail import urls as anymail_urls
from anymail.exceptions import AnymailConfigurationError
from django.conf import settings
from django.core.exceptions import BadRequest
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseForbidden
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST

from csat.api import replying
from csat.channels import registry
from csat.channels.base import Update
from csat.channels.kinds import Channel
from csat.channels.transports import twilio_callbacks
from csat.surveys import hearing, receipts
from csat.surveys.hearing import Heard


class Readable:
    """Before one of anymail's views: what cannot be read is a bad request, whatever an ESP's reader stumbles over."""

    def parse_events(self, request: HttpRequest) -> list[Any]:
        try:
            return list(super().parse_events(request))  # type: ignore[misc]
        except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as trouble:
            raise BadRequest(f"not as this ESP writes: {trouble!r}") from trouble


def _readable(callback: Any) -> Any:
    view = callback.view_class
    return type(view.__name__, (Readable, view), {}).as_view(**callback.view_initkwargs)  # type: ignore[attr-defined]


VIEWS: dict[str, Any] = {str(pattern.name): _readable(pattern.callback) for pattern in anymail_urls.urlpatterns}
VIEWS["mandrill_inbound_webhook"] = VIEWS["mandrill_webhook"]  # one for both


@csrf_exempt
@require_POST
def twilio_status(request: HttpRequest) -> HttpResponse:
    return _taken(request, Channel.SMS, receipts.apply, HttpResponse(status=204))


@csrf_exempt
@require_POST
def twilio_inbound(request: HttpRequest) -> HttpResponse:
    lines: list[str] = []

    def act(update: Update) -> None:
        lines.append(replying.by_text(update, _heard(update)))

    refused = _taken(request, Channel.SMS, act, HttpResponse())
    if refused.status_code != 200:
        return refused
    return HttpResponse(twilio_callbacks.twiml(" ".join(filter(None, lines))), content_type="text/xml")


@csrf_exempt
@require_POST
def slack_interactions(request: HttpRequest) -> HttpResponse:
    return _taken(request, Channel.SLACK, lambda update: replying.in_slack(update, _heard(update)), HttpResponse(status=200))


@csrf_exempt
@require_http_methods(["POST", "HEAD"])
def email(request: HttpRequest, esp: str, what: str) -> HttpResponse:
    """`what`: tracking, inbound, or inbound_mime (Mailgun). anymail verifies, reads and sends its signal of that name.

    An ESP whose word could not be verified is not let in.
    """
    view = VIEWS.get(f"{esp}_{what.removesuffix('_mime')}_webhook")
    if view is None:
        raise Http404
    if not _verifiable(view):
        return HttpResponseForbidden()
    answer: HttpResponse = view(request)
    return answer


def _taken(request: HttpRequest, kind: str, act: Callable[[Update], object], answer: HttpResponse) -> HttpResponse:
    channel, url = registry.get(kind), f"{settings.SITE_URL}{request.get_full_path()}"
    if not channel.verify(request.headers, request.body, url):
        return HttpResponseForbidden()
    for update in channel.read(request.headers, request.body, url):
        act(update)
    return answer


def _heard(update: Update) -> Heard | None:
    """An answer, or a wish such as STOP."""
    return hearing.hear(update)


def _verifiable(view: Any) -> bool:
    """By the shared secret, or by the ESP's own signature when its key is set."""
    try:
        made = view.view_class(**view.view_initkwargs)
    except (AnymailConfigurationError, ImportError):  # its key is not set, or what it needs is not installed
        return False
    return bool(settings.ANYMAIL["WEBHOOK_SECRET"] or not made.warn_if_no_basic_auth)
