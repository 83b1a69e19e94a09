"""/health/live: this process answers. /health/ready: the work gets done. For probes, so without a login."""

from datetime import datetime

from django.conf import settings
from django.core.cache import cache
from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe

from csat.diagnosis import site
from csat.diagnosis.work import LATE
from csat.jobs import CLUSTERS
from csat.lib import schema
from csat.lib.types import JsonObject
from csat.surveys.delivery import sending_status
from csat.surveys.delivery.sending_status import SendingStatus
from csat.timeline import dispatching, heartbeat
from csat.web.machines import connections


@csrf_exempt  # no form: a wrong method is a 405
@require_safe
@never_cache
def live(request: HttpRequest) -> HttpResponse:
    """Whoever shows that it has our SECRET_KEY, `manage.py doctor`, is told what proxies let through."""
    seen = site.seen(request.headers, request.META, secure=request.is_secure())
    answer = {"status": "ok", "version": settings.VERSION}
    return JsonResponse(answer | {"seen": seen} if seen else answer)


@csrf_exempt
@require_safe
@never_cache
def ready(request: HttpRequest) -> HttpResponse:
    """503 with the problems when somebody must act."""
    try:
        report = _report()
    except DatabaseError as error:
        problem = f"the database does not answer: {type(error).__name__}"
        return JsonResponse({"status": "not ready", "problems": [problem]}, status=503)
    return JsonResponse(report, status=503 if report["problems"] else 200)


def _report() -> JsonObject:
    connection.ensure_connection()
    if _unapplied():
        return {"status": "not ready", "problems": ["migrations are missing: run manage.py migrate"]}
    ages = {name: age(heartbeat.last_beat(name)) for name in CLUSTERS}
    sending = sending_status.current(count=False)
    late = {
        "survey": age(sending_status.overdue(sending, by=LATE)),
        "event": age(dispatching.oldest_waiting()),
    }
    problems = [
        f"no sign of life from the {name} worker for {seconds:.0f} s"
        for name, seconds in ages.items()
        if (seconds or 0) > LATE.seconds
    ]
    problems += [
        f"one of several {name} workers has given no sign of life for {age(standing.silent[0].beat_at):.0f} s"
        for name in CLUSTERS
        if (standing := heartbeat.standing(name)).silent and standing.fresh
    ]
    problems += [
        f"the oldest {name} has waited for {seconds:.0f} s"
        for name, seconds in late.items()
        if (seconds or 0) > LATE.seconds
    ]
    return {
        "status": "not ready" if problems else "ok",
        "problems": problems,
        "workers": ages,
        "oldest_due": {"survey": age(sending_status.backlog().oldest), "event": late["event"]},
        "sending": _what_holds_surveys(sending),
        "connections": _connections(),
    }


def _what_holds_surveys(sending: SendingStatus) -> list[str]:
    """For information, because a restart does not help. Without names and reasons: anybody may read it."""
    words = [f"everything is paused for {age(sending.everything.paused_at):.0f} s"] if sending.pause else []
    for status in sending.channels:
        if status.row.stopped_at:
            words.append(f"{status.channel} is stopped for {age(status.row.stopped_at):.0f} s")
        if status.row.paused_at:
            words.append(f"{status.channel} is paused for {age(status.row.paused_at):.0f} s")
    return words + [
        f"{circuit.provider} is away for {age(circuit.opened_at):.0f} s: {circuit.medium} waits"
        for circuit in sending.away
    ]


def _connections() -> list[JsonObject]:
    """For information, too: a help desk that sends nothing or refuses a token is mended in Settings."""
    return [{"id": one.id, "kind": one.kind, "colour": one.colour} for one in connections.standings()]


def _unapplied() -> bool:
    """Whether migrations are missing. Once they are applied the answer is cached."""
    if cache.get("migrated"):
        return False
    missing = bool(schema.difference().missing)
    if not missing:
        cache.set("migrated", True, 60)
    return missing


def age(at: datetime | None) -> float | None:
    """Seconds since then; 0 in the future, None for never."""
    return None if at is None else max(0.0, round((timezone.now() - at).total_seconds(), 1))
