"""Steps whose provider is away: they wait uncounted, and go on in the order of their runs."""

from datetime import datetime, timedelta

from django.utils import timezone

from csat.channels import circuits
from csat.channels.circuits import Circuit, CircuitState, Way
from csat.workflows.models import Run, Step

EVERY = timedelta(minutes=2)
GIVE_UP = timedelta(days=5)


def is_away(way: Way) -> bool:
    """Whether its provider answers nobody: it failed more than once since it answered last."""
    circuit = circuits.find(way)
    return circuit is not None and (circuit.opened_at is not None or circuit.failures > 1)


def wait(step: Step, way: Way, *, error: str) -> bool:
    """Take the attempt back, and keep since when and for whom the step waits; False after five days of it."""
    now = timezone.now()
    since = step.output.get("waits_since") or now.isoformat()
    if now - datetime.fromisoformat(since) >= GIVE_UP:
        return False
    return step.change(
        attempt=step.attempt - 1,
        error=error[:500],
        interrupted=step.interrupted,
        output={"waits_since": since, "waits_for": _name(way)},
    )


def next_try() -> datetime:
    """The same moment for all who wait, so that none overtakes another."""
    now = timezone.now()
    return now + EVERY - timedelta(seconds=now.timestamp() % EVERY.total_seconds())


def hold() -> None:
    """Let the runs whose provider is away wait on, in one statement however many they are.

    One of them tries whether it is back, the one that tried longest ago, unless another message tried
    a moment ago. Those who have waited long enough are not held: they give up.
    """
    for circuit in Circuit.objects.filter(failures__gt=1):
        now = timezone.now()
        still = {"state": Run.State.WAITING, "wake_at__lte": now}
        steps = Step.objects.filter(
            state=Step.State.RUNNING,
            output__waits_for=_name(circuit.way),
            created_at__gt=now - GIVE_UP,
            run__in=Run.objects.filter(**still),
        )
        held = Run.objects.filter(pk__in=steps.values("run"), **still)
        if circuit.state != CircuitState.OPEN:
            held = held.exclude(pk=steps.order_by("updated_at").values_list("run", flat=True).first() or 0)
        held.update(wake_at=next_try())


def _name(way: Way) -> str:
    return " ".join(way)
