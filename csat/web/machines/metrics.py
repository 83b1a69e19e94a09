"""/metrics for Prometheus, if METRICS_TOKEN is set. Read from the database, so the same in every process."""

import hmac
from collections.abc import Iterable, Iterator, Sequence
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
from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from csat.channels import circuits, registry
from csat.channels.circuits import Circuit, SendCount, Way
from csat.jobs import CLUSTERS, oldest_waiting
from csat.lib import latency, replica
from csat.surveys.delivery import sending_status
from csat.surveys.delivery.sending_status import SendingStatus
from csat.surveys.models import Delivery, Survey
from csat.timeline import dispatching, heartbeat
from csat.timeline.models import Event
from csat.web.machines import connections, health
from csat.webhooks.models import Endpoint

OUTCOME = ("channel", "outcome")
CACHED = 30  # seconds, for the counts over whole tables

LATENCIES = {
    "http": ("csat_http_seconds", "How long requests take, by family of pages", ("family", "status")),
    "send": ("csat_send_seconds", "How long providers take over a message", ("channel", "outcome")),
    "webhook": ("csat_webhook_seconds", "How long endpoints take over a webhook", ("status",)),
}

Sample = tuple[tuple[str, ...], float]


@require_safe
@never_cache
def metrics(request: HttpRequest) -> HttpResponse:
    if not settings.METRICS_TOKEN:
        raise Http404
    authorization = request.headers.get("Authorization", "").encode()
    if not hmac.compare_digest(authorization, f"Bearer {settings.METRICS_TOKEN}".encode()):
        headers = {"WWW-Authenticate": "Bearer"}
        return HttpResponse("401\n", status=401, content_type="text/plain", headers=headers)
    return HttpResponse(generate_latest(_registry()), content_type=CONTENT_TYPE_LATEST)


class _Counters(Collector):
    """Metrics whose numbers are kept in the database."""

    def __init__(self, counters: Sequence[Metric]) -> None:
        self.counters = counters

    def collect(self) -> Sequence[Metric]:
        return self.counters


def _registry() -> CollectorRegistry:
    collected = CollectorRegistry()

    def add_gauge(name: str, text: str, samples: Iterable[Sample], *labels: str) -> None:
        gauge = Gauge(name, text, labels, registry=collected)
        for values, number in samples:
            (gauge.labels(*values) if labels else gauge).set(number)

    backlog, circuits_now = sending_status.backlog(), _circuits()
    sending = sending_status.current(count=False)
    waiting = Event.objects.filter(dispatched_at=None, dispatch_after__lte=timezone.now())
    add_gauge(
        "csat_survey_oldest_due_seconds",
        "Since the oldest unsent survey was first due",
        [((), health.age(backlog.oldest) or 0)],
    )
    add_gauge(
        "csat_event_oldest_due_seconds",
        "Age of the oldest fact not yet told",
        [((), health.age(dispatching.oldest_waiting()) or 0)],
    )
    add_gauge("csat_deliveries_due", "Deliveries that are due and not sent", [((), backlog.number)])
    add_gauge("csat_events_due", "Facts that could be told now", [((), waiting.count())])
    add_gauge("csat_sending_paused", "1 while somebody has paused it", _pauses(sending), "channel")
    add_gauge(
        "csat_channel_stopped",
        "1 while the provider rejects our account",
        [((status.channel,), bool(status.row.stopped_at)) for status in sending.channels],
        "channel",
    )
    add_gauge(
        "csat_circuit_open",
        "1 while the provider is away and surveys wait",
        [(tuple(circuit.way), bool(circuit.opened_at)) for circuit in circuits_now],
        "medium",
        "provider",
    )
    add_gauge(
        "csat_circuit_failures",
        "Failures of the provider in a row",
        [(tuple(circuit.way), circuit.failures) for circuit in circuits_now],
        "medium",
        "provider",
    )
    add_gauge("csat_queue_tasks", "Tasks in the queue", _queue(), "cluster")
    add_gauge(
        "csat_worker_heartbeat_age_seconds", "Since a worker's last sign of life", _heartbeats(), "cluster"
    )
    surveys = Survey.objects.filter(session__practice=False)
    add_gauge("csat_surveys", "Surveys by state", _counts("surveys", surveys.values_list("state")), "state")
    deliveries = Delivery.objects.filter(survey__session__practice=False)
    add_gauge(
        "csat_deliveries",
        "Deliveries by channel and state",
        _counts("deliveries", deliveries.values_list("channel", "state")),
        "channel",
        "state",
    )
    if replica.is_there():
        is_read, missing = replica.measure()
        add_gauge("csat_replica_used", "1 while lists and reports are read from the replica", [((), is_read)])
        if missing is not None:
            add_gauge("csat_replica_behind_bytes", "Changes it has yet to make", [((), missing)])
    add_gauge("csat_queue_oldest_seconds", "Since the oldest task waits", _queue_ages(), "cluster")
    add_gauge("csat_webhook_endpoints_waiting", "Endpoints that answer nobody", [((), _endpoints_waiting())])
    counters = [_sends(), _times_opened(circuits_now), *_latencies(), *connections.metrics()]
    collected.register(_Counters(counters))
    return collected


def _pauses(sending: SendingStatus) -> list[Sample]:
    """The pause of a channel itself, and under `all` that of everything."""
    own: list[Sample] = [((status.channel,), bool(status.row.paused_at)) for status in sending.channels]
    return [(("all",), bool(sending.pause)), *own]


def _circuits() -> list[Circuit]:
    """Of every way that messages leave by now; a provider of former days is away for ever and no alarm."""
    known = {circuit.way: circuit for circuit in Circuit.objects.all()}
    ways = {Way.of(channel): None for channel in registry.all() if not circuits.is_local(channel)}
    return [known.get(way) or Circuit(**way._asdict()) for way in ways]


def _sends() -> CounterMetricFamily:
    counter = CounterMetricFamily("csat_sends", "Attempts to send, by what became of them", labels=OUTCOME)
    for channel, outcome, number in SendCount.objects.order_by("pk").values_list(*OUTCOME, "number"):
        counter.add_metric([channel, outcome], number)
    return counter


def _times_opened(circuits_now: list[Circuit]) -> CounterMetricFamily:
    counter = CounterMetricFamily("csat_circuit_opened", "How often a provider went away", labels=Way._fields)
    for circuit in circuits_now:
        counter.add_metric(circuit.way, circuit.times_opened)
    return counter


def _queue() -> list[Sample]:
    counts = dict(OrmQ.objects.values_list("key").annotate(Count("id")))
    return [((name,), counts.get(name, 0)) for name in CLUSTERS]


def _queue_ages() -> list[Sample]:
    return [((name,), health.age(oldest_waiting(name)) or 0) for name in CLUSTERS]


def _endpoints_waiting() -> int:
    return sum(endpoint.waits for endpoint in Endpoint.objects.alive().filter(enabled=True))


def _latencies() -> Iterator[Metric]:
    """Of all processes on all machines that have a METRICS_TOKEN, some seconds late."""
    for what, (name, text, labels) in LATENCIES.items():
        metric = HistogramMetricFamily(name, text, labels=labels)
        for (label, outcome), buckets, total in latency.histograms(what):
            values = [label, outcome] if len(labels) == 2 else [outcome]
            metric.add_metric(values, buckets, sum_value=total)
        yield metric


def _heartbeats() -> list[Sample]:
    ages = {name: health.age(heartbeat.last_beat(name)) for name in CLUSTERS}
    return [((name,), seconds) for name, seconds in ages.items() if seconds is not None]


def _counts(name: str, rows: QuerySet[Any, tuple[Any, ...]]) -> list[Sample]:
    """Grouped counts over a whole table, cached so that scraping stays cheap at any size."""
    samples: list[Sample] | None = cache.get(f"metrics:{name}")
    if samples is None:
        samples = [(tuple(row[:-1]), row[-1]) for row in rows.annotate(Count("id")).order_by()]
        cache.set(f"metrics:{name}", samples, CACHED)
    return samples
