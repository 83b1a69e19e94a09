"""Twilio's callbacks: delivery states, and messages from customers with the one line that goes back."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseForbidden
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from csat.channels.base import ProviderEvent
from csat.channels.kinds import Medium
from csat.channels.replies import confirmations, parser
from csat.channels.transports import twilio_callbacks
from csat.surveys.answers import auto_reply, inbound
from csat.surveys.answers.inbound import InboundResult, Intent
from csat.surveys.delivery import receipts
from csat.surveys.models import CsatSettings


@csrf_exempt
@require_POST
def receive_status(request: HttpRequest) -> HttpResponse:
    if not _is_signed(request):
        return HttpResponseForbidden()
    for event in twilio_callbacks.read(request.body, _url(request)):
        receipts.apply(event)
    return HttpResponse(status=204)


@csrf_exempt
@require_POST
def receive_message(request: HttpRequest) -> HttpResponse:
    if not _is_signed(request):
        return HttpResponseForbidden()
    lines = [_reply_to(event) for event in twilio_callbacks.read(request.body, _url(request))]
    return HttpResponse(twilio_callbacks.twiml(" ".join(filter(None, lines))), content_type="text/xml")


def _is_signed(request: HttpRequest) -> bool:
    return twilio_callbacks.verify(request.headers, request.body, _url(request))


def _url(request: HttpRequest) -> str:
    """The public address that Twilio signed."""
    return f"{settings.SITE_URL}{request.get_full_path()}"


def _reply_to(event: ProviderEvent) -> str:
    """Empty: nothing goes back, because there is nothing to say or enough was said."""
    result = inbound.handle(event)
    line = _line(event, result) if result else ""
    return line if result and line and auto_reply.claim(event, result) else ""


def _line(event: ProviderEvent, result: InboundResult) -> str:
    """Twilio confirms its own keywords, and blocks ours after STOP (21610)."""
    if event.raw.get("OptOutType"):
        return ""
    language = result.language
    confirmed_by_twilio = event.medium == Medium.SMS and parser.carrier_keyword(event.text)
    match result.intent:
        case Intent.RATED:
            return confirmations.thanks(result.score, language=language)
        case Intent.COMMENTED:
            return confirmations.thanks_for_comment(language=language)
        case Intent.UNCLEAR:
            return confirmations.ask_again(language=language)
        case Intent.HELPED:
            return confirmations.help_text(brand=_brand_name(result), language=language)
        case Intent.STOPPED if not confirmed_by_twilio:
            return confirmations.stopped(language=language)
        case Intent.STARTED if not confirmed_by_twilio:
            return confirmations.started(language=language)
    return ""


def _brand_name(result: InboundResult) -> str:
    """As the survey has it that they answer; for somebody we never asked the default one."""
    settings = CsatSettings.current()
    return (settings.brand_of(result.delivery.survey.session) if result.delivery else settings.brand).name
