"""Every function the queue may call: one id in, one verb called. Their names are stored with queued tasks."""

from django.core.management import call_command

from csat.surveys import sending, sweeping
from csat.timeline import beating, dispatching


def send_due() -> int:
    return sending.send_due()


def sweep() -> dict[str, int]:
    return sweeping.sweep()


def fan_out() -> int:
    return dispatching.fan_out()


def sweep_outward() -> int:
    """The other cluster's minute: what fan-out left, and a sign of life."""
    handed_over = dispatching.fan_out()
    beating.beat("outward")
    return handed_over


def nightly() -> None:
    call_command("clearsessions")
