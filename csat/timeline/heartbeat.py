"""Signs of life: of each kind of cluster, written by its periodic task, and of each running cluster."""

import os
import socket
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.utils import timezone

from csat.timeline.models import Heartbeat, WorkerProcess

STALE = timedelta(seconds=200)  # a beat comes every 30 s, behind whatever the workers are at
GONE = timedelta(minutes=15)  # then it was most likely ended on purpose, with its machine


def beat(name: str) -> None:
    Heartbeat.objects.update_or_create(name=name, defaults={"at": timezone.now()})


def last_beat(name: str) -> datetime | None:
    """When cluster `name` last ran a task; None when it never did."""
    return Heartbeat.objects.filter(name=name).values_list("at", flat=True).first()


def beat_process() -> None:
    """Write, from a worker, that its cluster works; forget those of this machine that have ended."""
    from django_q.conf import Conf

    host, now = socket.gethostname(), timezone.now()
    WorkerProcess.objects.update_or_create(
        cluster=Conf.CLUSTER_NAME,
        host=host,
        pid=os.getppid(),
        defaults={"beat_at": now, "version": settings.VERSION},
    )
    here = WorkerProcess.objects.filter(host=host).values_list("pk", "pid")
    ended = [pk for pk, pid in here if not _is_running(pid)]
    WorkerProcess.objects.filter(pk__in=ended).delete()
    WorkerProcess.objects.filter(beat_at__lt=now - timedelta(days=1)).delete()


@dataclass(frozen=True)
class Standing:
    """The running clusters of one name, as their last signs of life tell."""

    fresh: int
    silent: tuple[WorkerProcess, ...]  # for longer than STALE, and not yet GONE


def standing(cluster: str, *, host: str = "") -> Standing:
    """Of all machines, or of one."""
    now = timezone.now()
    rows = WorkerProcess.objects.filter(cluster=cluster, beat_at__gte=now - GONE)
    if host:
        rows = rows.filter(host=host)
    known = list(rows.order_by("beat_at"))
    silent = tuple(row for row in known if row.beat_at < now - STALE)
    return Standing(len(known) - len(silent), silent)


def _is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # another user's, and alive
        return True
    return True
