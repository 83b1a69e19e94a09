"""How the connections to help desks stand, for probes and scrapers: without names, addresses and reasons."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any, NamedTuple

from django.core.cache import cache
from django.db.models import Count, QuerySet
from django.utils import timezone
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from csat.connectors import status
from csat.connectors.models import Connection, InboundEvent, WriteBack
from csat.connectors.status import Colour, ConnectionStatus

CACHED = 15  # seconds: probes and scrapers stay cheap at any size
DAY = timedelta(days=1)
ONE = ("connection", "kind")
UNWRITTEN = (WriteBack.State.PENDING, WriteBack.State.FAILED)


class Standing(NamedTuple):
    """Of one connection. It is cached, so it holds what JSON can."""

    id: str
    kind: str
    colour: str
    waiting_since: float | None  # of its oldest event, in seconds since 1970
    rejected: int


def standings() -> list[Standing]:
    """Of every connection there is."""
    found: list[list[Any]] | None = cache.get("machines:connections")
    if found is None:
        rows = list(Connection.objects.alive())
        judged = status.statuses(rows)
        found = [list(_standing(row, judged[row.pk])) for row in rows]
        cache.set("machines:connections", found, CACHED)
    return [Standing(*values) for values in found]


def _standing(row: Connection, judged: ConnectionStatus) -> Standing:
    since = judged.oldest_waiting.timestamp() if judged.oldest_waiting else None
    return Standing(str(row.uuid), row.kind, judged.colour.value, since, row.rejected)


def metrics() -> Iterator[Metric]:
    """Nothing where nothing is connected."""
    found = standings()
    if not found:
        return
    kinds, now = sorted({one.kind for one in found}), timezone.now().timestamp()
    colours = GaugeMetricFamily(
        "csat_connection_state", "1 for the colour that a connection has", labels=(*ONE, "colour")
    )
    waiting = GaugeMetricFamily(
        "csat_connection_oldest_waiting_seconds", "Since the oldest event came in that waits", labels=ONE
    )
    rejected = CounterMetricFamily(
        "csat_connection_rejected_requests", "Requests with a bad signature", labels=ONE
    )
    for one in found:
        for colour in Colour:
            colours.add_metric([one.id, one.kind, colour.value], one.colour == colour)
        waiting.add_metric([one.id, one.kind], now - one.waiting_since if one.waiting_since else 0)
        rejected.add_metric([one.id, one.kind], one.rejected)
    yield from (colours, waiting, rejected, _events(kinds), _write_backs(kinds))


def _events(kinds: list[str]) -> Metric:
    """A gauge, as events are kept for seven days only."""
    gauge = GaugeMetricFamily(
        "csat_connection_events",
        "Events of the last 24 hours, by what became of them",
        labels=("kind", "outcome"),
    )
    recent = InboundEvent.objects.filter(created_at__gte=timezone.now() - DAY)
    _add_counts(gauge, recent, "outcome", [(kind, one) for kind in kinds for one in InboundEvent.Outcome])
    return gauge


def _write_backs(kinds: list[str]) -> Metric:
    gauge = GaugeMetricFamily(
        "csat_connection_write_backs", "Scores that are not written back", labels=("kind", "state")
    )
    rows = WriteBack.objects.filter(state__in=UNWRITTEN)
    _add_counts(gauge, rows, "state", [(kind, state) for kind in kinds for state in UNWRITTEN])
    return gauge


def _add_counts(
    gauge: GaugeMetricFamily, rows: QuerySet[Any], column: str, labels: list[tuple[str, str]]
) -> None:
    """How many rows have these values of kind and column, none included; cached."""
    name = f"machines:connections:{gauge.name}"
    counted: list[list[Any]] | None = cache.get(name)
    if counted is None:
        grouped = rows.order_by().values_list("connection__kind", column).annotate(Count("id"))
        counted = [list(row) for row in grouped]
        cache.set(name, counted, CACHED)
    numbers = {(kind, value): number for kind, value, number in counted}
    for label in labels:
        gauge.add_metric([str(part) for part in label], numbers.get(label, 0))
