"""/metrics for Prometheus, when METRICS_TOKEN is set: read from the database, so that every process tells the same."""

import hmac
from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.core.cache import cache
from django.db.models import Count, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from django_q.models import OrmQ
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Gauge, generate_latest

from csat.surveys.models import Delivery, Survey
from csat.timeline import beating
from csat.timeline.models import Event
from csat.web.machines import health

KEPT = 30  # seconds that the counts over whole tables are kept

Sample = tuple[tuple[str, ...], float]


@require_safe
@never_cache
def metrics(request: HttpRequest) -> HttpResponse:
    if not settings.METRICS_TOKEN:
        raise Http404
    if not hmac.compare_digest(request.headers.get("Authorization", "").encode(), f"Bearer {settings.METRICS_TOKEN}".encode()):
        return HttpResponse("401\n", status=401, content_type="text/plain", headers={"WWW-Authenticate": "Bearer"})
    return HttpResponse(generate_latest(_registry()), content_type=CONTENT_TYPE_LATEST)


def _registry() -> CollectorRegistry:
    registry = CollectorRegistry()
    now = timezone.now()

    def tell(name: str, text: str, samples: Iterable[Sample], *labels: str) -> None:
        gauge = Gauge(name, text, labels, registry=registry)
        for values, number in samples:
            (gauge.labels(*values) if labels else gauge).set(number)

    due = Delivery.objects.filter(state="due", next_try__lte=now)
    untold = Event.objects.filter(dispatched_at=None, dispatch_after__lte=now)
    tell("csat_survey_oldest_due_seconds", "Age of the oldest unsent survey", [((), health.age(health.oldest_delivery()) or 0)])
    tell("csat_event_oldest_due_seconds", "Age of the oldest fact not yet told", [((), health.age(health.oldest_event()) or 0)])
    tell("csat_deliveries_due", "Deliveries that could go out now", [((), due.count())])
    tell("csat_events_due", "Facts that could be told now", [((), untold.count())])
    tell("csat_queue_tasks", "Tasks in the queue", _queue(), "cluster")
    tell("csat_worker_heartbeat_age_seconds", "Since a worker's last sign of life", _heartbeats(), "cluster")
    tell("csat_surveys", "Surveys by state", _counts("surveys", Survey.objects.values_list("state")), "state")
    tell(
        "csat_deliveries",
        "Deliveries by channel and state",
        _counts("deliveries", Delivery.objects.values_list("channel", "state")),
        "channel",
        "state",
    )
    return registry


def _queue() -> list[Sample]:
    found = dict(OrmQ.objects.values_list("key").annotate(Count("id")))
    return [((name,), found.get(name, 0)) for name in health.CLUSTERS]


def _heartbeats() -> list[Sample]:
    ages = {name: health.age(beating.last(name)) for name in health.CLUSTERS}
    return [((name,), seconds) for name, seconds in ages.items() if seconds is not None]


def _counts(name: str, rows: QuerySet[Any, tuple[Any, ...]]) -> list[Sample]:
    """Grouped counts over a whole table: kept a while, so that scraping stays cheap at any size."""
    found: list[Sample] | None = cache.get(f"metrics:{name}")
    if found is None:
        found = [(tuple(row[:-1]), row[-1]) for row in rows.annotate(Count("id")).order_by()]
        cache.set(f"metrics:{name}", found, KEPT)
    return found
