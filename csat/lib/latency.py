"""How long things take: histograms that every process of every machine adds to, kept in the database.

A process counts in memory and writes at most once in WRITE_EVERY, in one statement; one that is killed loses
what it had not written. Nothing is counted while there is no METRICS_TOKEN to read it with.
"""

import threading
import time
from collections import defaultdict
from collections.abc import Iterator

import structlog
from django.conf import settings
from django.db import DatabaseError, connection, models

log = structlog.get_logger(__name__)
WRITE_EVERY = 10.0  # seconds
BOUNDS = (5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10000)  # milliseconds
BEYOND = 0  # in the place of a bound: longer than all of them

Key = tuple[str, str, str, int]  # what, label, outcome, bound


class Latency(models.Model):
    """How many took longer than the bound before and not longer than this one, and their seconds together."""

    what = models.CharField(max_length=20)  # "http", "send", "webhook"
    label = models.CharField(max_length=40)
    outcome = models.CharField(max_length=20)
    bound = models.PositiveIntegerField()  # milliseconds, or BEYOND
    number = models.BigIntegerField(default=0)
    seconds = models.FloatField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["what", "label", "outcome", "bound"], name="one_latency_each")
        ]

    def __str__(self) -> str:
        return f"{self.what} {self.label} {self.outcome} ≤ {self.bound} ms: {self.number}"


_lock = threading.Lock()
_counted: defaultdict[Key, list[float]] = defaultdict(lambda: [0, 0.0])
_written_at = time.monotonic()


def observe(what: str, label: str, outcome: str, seconds: float) -> None:
    """Count one in memory; from any thread, without the database."""
    if not settings.METRICS_TOKEN:
        return
    bound = next((bound for bound in BOUNDS if seconds * 1000 <= bound), BEYOND)
    with _lock:
        cell = _counted[what, label, outcome, bound]
        cell[0] += 1
        cell[1] += seconds


def write_if_due() -> None:
    """Write what was counted, if the last time is long enough ago. Never raises for the database's sake."""
    if settings.METRICS_TOKEN and _counted and time.monotonic() - _written_at >= WRITE_EVERY:
        write()


def write() -> None:
    """Add what was counted in this process to the rows, in one statement."""
    global _written_at
    with _lock:
        counted, _written_at = dict(_counted), time.monotonic()
        _counted.clear()
    if not counted:
        return
    table = Latency._meta.db_table
    values: list[tuple[str | float, ...]] = [
        (*key, *cell)
        for key, cell in sorted(counted.items())  # sorted: locked in one order
    ]
    rows = ", ".join(["(%s, %s, %s, %s, %s, %s)"] * len(values))
    try:
        with connection.cursor() as cursor:
            cursor.execute(
                f"INSERT INTO {table} (what, label, outcome, bound, number, seconds) VALUES {rows}"  # noqa: S608
                f" ON CONFLICT (what, label, outcome, bound) DO UPDATE SET"
                f" number = {table}.number + excluded.number, seconds = {table}.seconds + excluded.seconds",
                [part for row in values for part in row],
            )
    except DatabaseError as error:
        log.warning("latencies were not written", error=str(error))


def histograms(what: str) -> Iterator[tuple[tuple[str, str], list[tuple[str, int]], float]]:
    """By (label, outcome): cumulative counts by upper bound in seconds, as Prometheus has them; the sum."""
    rows: dict[tuple[str, str], dict[int, tuple[int, float]]] = defaultdict(dict)
    for row in Latency.objects.filter(what=what).order_by("label", "outcome"):
        rows[row.label, row.outcome][row.bound] = (row.number, row.seconds)
    for key, cells in rows.items():
        total, buckets = 0, []
        for bound in (*BOUNDS, BEYOND):
            total += cells.get(bound, (0, 0.0))[0]
            buckets.append((f"{bound / 1000:g}" if bound else "+Inf", total))
        yield key, buckets, sum(seconds for _number, seconds in cells.values())
