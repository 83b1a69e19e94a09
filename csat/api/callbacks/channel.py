"""Callbacks of a channel that needs no reply, for instance one that was added to the eight."""

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseForbidden
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from csat.channels import registry
from csat.surveys.answers import inbound, presses
from csat.surveys.delivery import receipts


@csrf_exempt
@require_POST
def receive(request: HttpRequest, kind: str) -> HttpResponse:
    """Receipts, answers and keywords alike."""
    channel = registry.find(kind)
    if channel is None:
        raise Http404
    url = f"{settings.SITE_URL}{request.get_full_path()}"
    if not channel.verify(request.headers, request.body, url):
        return HttpResponseForbidden()
    for event in channel.read(request.headers, request.body, url):
        if inbound.handle(event) is None and presses.handle(event) is None:
            receipts.apply(event)
    return HttpResponse(status=204)
