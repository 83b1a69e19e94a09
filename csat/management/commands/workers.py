"""Run both clusters of the queue out of one process, so that what they load is in memory once."""

import gc
import multiprocessing
import signal
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


class Command(BaseCommand):
    help = "Run both clusters of workers, surveys and outward, out of one process."
    requires_system_checks = ()

    def handle(self, *_args: Any, **_options: Any) -> None:
        """Until a signal stops both in order. When one of them dies, the other is stopped, and it is an
        error: whoever supervises us starts both again.
        """
        self._check_elsewhere()
        _load()
        from django_q.cluster import Cluster

        clusters: dict[str, Cluster] = {}
        try:
            for name in CLUSTERS:
                Conf.CLUSTER_NAME = name  # all that its configuration differs in: see Q_CLUSTER
                clusters[name] = Cluster()  # it takes the signals for itself
                for number in (signal.SIGTERM, signal.SIGINT):
                    signal.signal(number, _stop)
                clusters[name].start()
            connection.wait([cluster.sentinel.sentinel for cluster in clusters.values()])
            ended = [name for name, cluster in clusters.items() if not cluster.sentinel.is_alive()]
            raise CommandError(f"the cluster {' and '.join(ended)} ended")
        finally:
            for cluster in clusters.values():
                if cluster.stop_event:
                    cluster.stop_event.set()
            for cluster in clusters.values():
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


def _stop(*_: object) -> None:
    raise SystemExit(0)
