"""The circuit of each way out (a medium and its provider): open while the provider is away.

What waits for an open circuit is neither tried nor counted; now and then one message tries whether the
provider is back. A message that fails while others pass is that message's own trouble and opens nothing.
"""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from enum import StrEnum
from typing import NamedTuple

import structlog
from django.db import connection, models, transaction
from django.utils import timezone

from csat import signals
from csat.channels.base import Channel
from csat.channels.outbox import channel_choices
from csat.lib.outcomes import Outcome, Retry
from csat.lib.rows import Row

log = structlog.get_logger(__name__)

OPENS_AFTER, RECIPIENTS = 5, 3  # failures in a row of the provider, and for how many people at the least
PROBES = (  # from one try whether it is back to the next; the last one goes on
    timedelta(seconds=30),
    timedelta(minutes=1),
    timedelta(minutes=2),
    timedelta(minutes=5),
)
ANSWERED_EVERY = timedelta(seconds=10)  # how often an answer is written down while all is well


class Way(NamedTuple):
    """How a message leaves: channels of one medium and provider share their circuit."""

    medium: str
    provider: str

    @classmethod
    def of(cls, channel: Channel) -> "Way":
        return cls(str(channel.medium), channel.status().transport)


def is_local(channel: Channel) -> bool:
    """Whether nothing leaves this machine: it cannot be away, and may not be called from a thread."""
    return channel.silent or channel.sandboxed()


class CircuitState(StrEnum):
    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"  # the next message tries whether the provider is back


class Circuit(Row):
    """One way out and how its provider does. No row: nothing ever failed."""

    medium = models.CharField(max_length=10)
    provider = models.CharField(max_length=20)
    failures = models.PositiveIntegerField(default=0)  # in a row
    recipients = models.JSONField(default=list)  # whom those were for, as hashes; no more than matter
    opened_at = models.DateTimeField(null=True, blank=True)
    probe_at = models.DateTimeField(null=True, blank=True)  # when the next message tries
    probes = models.PositiveIntegerField(default=0)  # tries that failed since it opened
    probed_id = models.BigIntegerField(default=0)  # the delivery that tried last
    reason = models.CharField(max_length=500, blank=True)  # the provider's words, or the network's
    code = models.CharField(max_length=40, blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)  # give or take ANSWERED_EVERY
    times_opened = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["medium", "provider"], name="one_circuit_each_way")]

    def __str__(self) -> str:
        return f"{self.medium} by {self.provider}: {self.state}"

    @property
    def way(self) -> Way:
        return Way(self.medium, self.provider)

    @property
    def state(self) -> CircuitState:
        if self.opened_at is None:
            return CircuitState.CLOSED
        half_open = self.probe_at is not None and self.probe_at <= timezone.now()
        return CircuitState.HALF_OPEN if half_open else CircuitState.OPEN

    def answered_within(self, span: timedelta) -> bool:
        return self.answered_at is not None and timezone.now() - self.answered_at < span


def find(way: Way) -> Circuit | None:
    return Circuit.objects.filter(medium=way.medium, provider=way.provider).first()


def opened() -> list[Circuit]:
    """The circuits that are open or half open."""
    return list(Circuit.objects.filter(opened_at__isnull=False))


def take_probe(circuit: Circuit) -> bool:
    """Whether the caller may send one message through an open circuit now; of several callers one may."""
    now = timezone.now()
    due = {"opened_at__isnull": False, "probe_at__lte": now}
    return circuit.change(where=due, probe_at=now + _until_next_probe(circuit))


def try_now(way: Way) -> bool:
    """Let the next message through without waiting; False when the circuit is closed."""
    rows = Circuit.objects.filter(medium=way.medium, provider=way.provider, opened_at__isnull=False)
    return rows.update(probe_at=timezone.now(), updated_at=timezone.now()) > 0


def note(way: Way, results: Sequence[tuple[str, Outcome | None]]) -> Circuit | None:
    """Take down how sends of one way went, in their order: (recipient, what went wrong or None).

    Whatever the provider answered, a refusal too, is a sign of life, which closes an open circuit. Returns
    the circuit as it is now; None when nothing ever failed on this way.
    """
    circuit = find(way)
    failed = any(outcome and outcome.outage for _recipient, outcome in results)
    if circuit and not failed and not circuit.failures and circuit.answered_within(ANSWERED_EVERY):
        return circuit
    return _note_locked(way, results)


@transaction.atomic
def _note_locked(way: Way, results: Sequence[tuple[str, Outcome | None]]) -> Circuit:
    Circuit.objects.bulk_create([Circuit(**way._asdict())], ignore_conflicts=True)
    rows = Circuit.objects.select_for_update(no_key=True)
    circuit = rows.get(medium=way.medium, provider=way.provider)
    for recipient, outcome in results:
        if outcome and outcome.outage:
            _add_failure(circuit, recipient, outcome)
        else:
            _add_answer(circuit)
    circuit.save()
    return circuit


def _add_failure(circuit: Circuit, recipient: str, outcome: Outcome) -> None:
    now = timezone.now()
    whom = hashlib.sha256(recipient.encode()).hexdigest()[:12]
    circuit.failures += 1
    circuit.recipients = list(dict.fromkeys([*circuit.recipients, whom]))[:RECIPIENTS]
    circuit.reason, circuit.code = outcome.text[:500], outcome.code[:40]
    if circuit.opened_at:
        circuit.probes += 1
    elif circuit.failures >= OPENS_AFTER and len(circuit.recipients) >= RECIPIENTS:
        circuit.opened_at, circuit.probes, circuit.times_opened = now, 0, circuit.times_opened + 1
        log.error("the circuit has opened: surveys wait", **_about(circuit))
        _tell_others(circuit)
    else:
        return
    asked_to_wait = getattr(outcome, "after", None) or 0.0
    circuit.probe_at = now + max(_until_next_probe(circuit), timedelta(seconds=min(asked_to_wait, 3600)))


def _add_answer(circuit: Circuit) -> None:
    if circuit.opened_at:
        away = timezone.now() - circuit.opened_at
        log.warning("the circuit has closed", **_about(circuit), seconds=round(away.total_seconds()))
        circuit.opened_at = circuit.probe_at = None
        _tell_others(circuit)
    circuit.failures, circuit.recipients, circuit.answered_at = 0, [], timezone.now()


def _until_next_probe(circuit: Circuit) -> timedelta:
    return PROBES[min(circuit.probes, len(PROBES) - 1)]


def _tell_others(circuit: Circuit) -> None:
    signals.circuit_changed.send(sender=Circuit, circuit=circuit)


def _about(circuit: Circuit) -> dict[str, str]:
    return {
        "medium": circuit.medium,
        "provider": circuit.provider,
        "error": circuit.reason,
        "code": circuit.code,
    }


@contextmanager
def guarded(channel: Channel, recipient: str) -> Iterator[None]:
    """For one message beside the surveys: raises Retry instead of sending it while the circuit is open, and
    takes down how it went.

    The message may be the one that tries whether the provider is back.
    """
    if is_local(channel):
        yield
        return
    way = Way.of(channel)
    circuit = find(way)
    if circuit and circuit.opened_at and not take_probe(circuit):
        raise Retry(circuit.reason, code=circuit.code, outage=True)
    try:
        yield
    except Outcome as outcome:
        note(way, [(recipient, outcome)])
        raise
    else:
        note(way, [(recipient, None)])


class SendCount(models.Model):
    """How many sends of a channel ended in an outcome, since ever."""

    channel = models.CharField(max_length=20, choices=channel_choices)
    outcome = models.CharField(max_length=20)  # sent, retry, unknown, outage, failed, gate, postponed
    number = models.BigIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["channel", "outcome"], name="one_count_each")]

    def __str__(self) -> str:
        return f"{self.channel} {self.outcome}: {self.number}"


def count(outcomes: Iterable[tuple[str, str]]) -> None:
    """Add (channel, outcome) pairs to their counters, in one statement."""
    numbers: dict[tuple[str, str], int] = {}
    for pair in outcomes:
        numbers[pair] = numbers.get(pair, 0) + 1
    if not numbers:
        return
    table = SendCount._meta.db_table
    values = [(*pair, number) for pair, number in sorted(numbers.items())]  # sorted: locked in one order
    rows = ", ".join(["(%s, %s, %s)"] * len(values))
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} (channel, outcome, number) VALUES {rows}"  # noqa: S608 (all of it our own)
            f" ON CONFLICT (channel, outcome) DO UPDATE SET number = {table}.number + excluded.number",
            [part for row in values for part in row],
        )
