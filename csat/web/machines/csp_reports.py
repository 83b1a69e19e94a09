"""What browsers report when a page tries what its policy forbids: a line in the log each."""

import json
from urllib.parse import urlsplit

import structlog
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from csat.lib.types import JsonObject
from csat.web import rate_limits

LONGEST = 8 * 1024  # bytes of a report
PER_MINUTE, PER_NETWORK = 120, 20  # from everybody, and from one network: anybody may post here
log = structlog.get_logger(__name__)


@csrf_exempt
@require_POST
def report(request: HttpRequest) -> HttpResponse:
    """204 whatever it was: who sends it can do nothing about it."""
    network = rate_limits.network(request)
    wait = rate_limits.seconds_to_wait("csp", network, per_minute=PER_NETWORK)
    if not wait and not rate_limits.seconds_to_wait("csp-all", "", per_minute=PER_MINUTE):
        _note(request)
    return HttpResponse(status=204)


def _note(request: HttpRequest) -> None:
    try:
        if int(request.headers.get("Content-Length") or 0) > LONGEST:
            return
        about: JsonObject = json.loads(request.body)["csp-report"]
        page, blocked = urlsplit(about["document-uri"]), urlsplit(about["blocked-uri"])
        directive = str(about.get("effective-directive") or about["violated-directive"])
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return
    if page.hostname != request.get_host().partition(":")[0]:
        return
    log.warning(
        "a page tried what its policy forbids",
        page=page.path[:200],
        directive=directive[:60],
        blocked=(blocked.hostname or blocked.scheme or blocked.path)[:200],
    )
