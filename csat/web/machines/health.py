"""/health/live: this process answers. /health/ready: the work gets done. For probes and supervisors, so without a login."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.core.cache import cache
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe

from csat.surveys.models import Delivery
from csat.timeline import beating
from csat.timeline.models import Event

CLUSTERS = ("surveys", "outward")
LATE = 300  # seconds: anything timed is at most 90 s late when all is well


@csrf_exempt  # no form: a wrong method is told as such
@require_safe
@never_cache
def live(request: HttpRequest) -> HttpResponse:
    return JsonResponse({"status": "ok"})


@csrf_exempt
@require_safe
@never_cache
def ready(request: HttpRequest) -> HttpResponse:
    """503 with words when something needs a person."""
    try:
        words = _words()
    except DatabaseError as trouble:
        return JsonResponse({"status": "not ready", "problems": [f"the database does not answer: {type(trouble).__name__}"]}, status=503)
    return JsonResponse(words, status=503 if words["problems"] else 200)


def _words() -> dict[str, Any]:
    connection.ensure_connection()
    if _unapplied():
        return {"status": "not ready", "problems": ["migrations are missing: run manage.py migrate"]}
    ages = {name: age(beating.last(name)) for name in CLUSTERS}
    oldest = {name: age(find()) for name, find in OLDEST.items()}
    problems = [f"no sign of life from the {name} worker for {seconds:.0f} s" for name, seconds in ages.items() if (seconds or 0) > LATE]
    problems += [f"the oldest {name} has waited for {seconds:.0f} s" for name, seconds in oldest.items() if (seconds or 0) > LATE]
    return {"status": "not ready" if problems else "ok", "problems": problems, "workers": ages, "oldest_due": oldest}


def _unapplied() -> bool:
    """Once applied they stay so: asked of the database until then."""
    if cache.get("migrated"):
        return False
    executor = MigrationExecutor(connection)
    missing = bool(executor.migration_plan(executor.loader.graph.leaf_nodes()))
    if not missing:
        cache.set("migrated", True, 60)
    return missing


def oldest_delivery() -> datetime | None:
    """When the survey that waits longest to be sent was due."""
    return Delivery.objects.filter(state="due").order_by("next_try").values_list("next_try", flat=True).first()


def oldest_event() -> datetime | None:
    """When the fact that waits longest to be told was due."""
    waiting = Event.objects.filter(dispatched_at=None, dispatch_after__isnull=False)
    return waiting.order_by("dispatch_after").values_list("dispatch_after", flat=True).first()


def age(at: datetime | None) -> float | None:
    """Seconds since then; 0 for what lies ahead, None for never."""
    return None if at is None else max(0.0, round((timezone.now() - at).total_seconds(), 1))


OLDEST: dict[str, Callable[[], datetime | None]] = {"survey": oldest_delivery, "event": oldest_event}
