"""The last sign of life of each worker cluster, written by its own periodic task."""

from datetime import datetime

from django.utils import timezone

from csat.timeline.models import Heartbeat


def beat(name: str) -> None:
    Heartbeat.objects.update_or_create(name=name, defaults={"at": timezone.now()})


def last_beat(name: str) -> datetime | None:
    """When cluster `name` last ran a task; None when it never did."""
    return Heartbeat.objects.filter(name=name).values_list("at", flat=True).first()
