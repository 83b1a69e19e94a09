"""Run both clusters of the queue out of one process, so that what they load is in memory once."""

import ctypes
import gc
import multiprocessing
import os
import signal
import sys
from multiprocessing import connection
from typing import Any

from django.core.cache import cache
from django.core.management.base import BaseCommand, CommandError
from django.db import connections
from django.utils.module_loading import import_string
from django_q.conf import Conf
from django_q.models import OrmQ

from csat.jobs import Job

CLUSTERS = ("surveys", "outward")
LOOK_EVERY = 1.0  # seconds
PR_SET_PDEATHSIG = 1


class Command(BaseCommand):
    help = "Run both clusters of workers, surveys and outward, out of one process."
    requires_system_checks = ()

    def handle(self, *_args: Any, **_options: Any) -> None:
        """Until a signal stops both in order. When one of them dies, the other is stopped, and it is an
        error: whoever supervises us starts both again.
        """
        self._check_elsewhere()
        _load()
        _leave_no_orphans()
        from django_q.cluster import Cluster

        clusters: dict[str, Cluster] = {}
        try:
            for name in CLUSTERS:
                Conf.CLUSTER_NAME = name  # all that its configuration differs in: see Q_CLUSTER
                clusters[name] = Cluster()  # it takes the signals for itself
                for number in (signal.SIGTERM, signal.SIGINT):
                    signal.signal(number, _stop)
                clusters[name].start()
            guards = [cluster.sentinel.sentinel for cluster in clusters.values()]
            # one that was killed is told by the pipe only when its last child has ended, too: so we look
            while all(map(_works, clusters.values())):
                connection.wait(guards, LOOK_EVERY)
            ended = [name for name, cluster in clusters.items() if not _works(cluster)]
            raise CommandError(f"the cluster {' and '.join(ended)} ended")
        finally:
            living = [cluster for cluster in clusters.values() if _works(cluster)]
            for cluster in living:  # a killed one would never take note of it, and we would wait for that
                cluster.stop_event.set()
            for cluster in living:
                cluster.stop()

    def _check_elsewhere(self) -> None:
        """The system checks, in a process that ends: they load all of the web, which no worker needs."""
        process = multiprocessing.get_context("fork").Process(target=self.check)
        process.start()
        process.join()
        if process.exitcode:
            raise CommandError("the system checks found errors: see above")


def _load() -> None:
    """What every process would load for itself at its first work: drivers of database and cache, queries."""
    import_string(Job.SWEEP)
    cache.get("")
    OrmQ.objects.filter(pk=0).exists()
    connections.close_all()
    cache.close()
    gc.collect()
    gc.freeze()  # a collection writes to what it looks at, and so would part the memory that is shared


def _works(cluster: Any) -> bool:
    return bool(cluster.sentinel and cluster.sentinel.is_alive())


def _leave_no_orphans() -> None:
    """Whatever is forked from now on ends with who forked it: a cluster whose guard was killed would work on
    beside the one that is started in its place. Where the system is not Linux, a supervisor has to see to it.
    """
    if sys.platform == "linux":
        prctl = ctypes.CDLL(None).prctl
        os.register_at_fork(after_in_child=lambda: prctl(PR_SET_PDEATHSIG, signal.SIGKILL))


def _stop(*_: object) -> None:
    raise SystemExit(0)
