"""Where help desks send their events: verified and stored, nothing more; a worker applies them."""

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from csat.connectors import receiving
from csat.connectors.systems.generic import EVENT_HEADER


@csrf_exempt
@require_POST
def receive(request: HttpRequest, kind: str, token: str) -> HttpResponse:
    """200 for what is stored, known or ignored; 401, 404, 413 and 503 as `receiving.receive` says."""
    headers = {name.lower(): value for name, value in request.headers.items()}
    if event := request.GET.get("event"):  # of a tool that can say which event it is in the address alone
        headers[EVENT_HEADER] = event
    url = f"{settings.SITE_URL}{request.get_full_path()}"
    try:
        raw = request.body
    except RequestDataTooBig:
        return HttpResponse(status=413)
    response = receiving.receive(kind, token, headers, raw, url)
    return HttpResponse(response.body, status=response.status, content_type="text/plain; charset=utf-8")
