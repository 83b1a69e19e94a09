"""The demo's own receiver of webhooks: it verifies each as an integrator's server does, and keeps nothing."""

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST
from standardwebhooks import Webhook, WebhookVerificationError

from csat.lib.encryption import UnknownKey
from csat.people import demo
from csat.webhooks.models import Endpoint


@csrf_exempt
@require_POST
def receive(request: HttpRequest) -> HttpResponse:
    """204, or 401 for what was not signed with the secret of the demo's endpoint."""
    endpoint = Endpoint.objects.alive().filter(url=demo.hook_url()).first()
    if endpoint is None or not demo.on_this_machine():
        raise Http404
    headers = {name.lower(): value for name, value in request.headers.items()}
    try:
        secrets = endpoint.signing_secrets
    except UnknownKey:
        return HttpResponse(status=503)
    for secret in secrets:
        try:
            Webhook(secret).verify(request.body, headers)
        except WebhookVerificationError:
            continue
        return HttpResponse(status=204)
    return HttpResponse("The signature does not verify.", status=401, content_type="text/plain")
