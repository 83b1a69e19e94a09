"""django-q2's database broker, which also makes each cluster show by itself that it works.

A task that any of several clusters may take says nothing about the others: one that hangs is not missed. So
each cluster gives itself one, through the very queue and workers that do everything else.
"""

import time
import uuid
from typing import Any

from django.db import DatabaseError, connections
from django.utils import timezone
from django_q.brokers.orm import ORM
from django_q.conf import Conf
from django_q.models import OrmQ
from django_q.signing import SignedPackage

from csat.lib.rows import insert_if_new

EVERY = 30.0  # seconds
DUE = f"SELECT 1 FROM {OrmQ._meta.db_table} WHERE key = %s AND lock < %s LIMIT 1"  # noqa: S608 (a name of Django's)


class Broker(ORM):  # type: ignore[misc]  # django-q2 has no types
    """`beat`: the dotted path of the task to run in each cluster, set once when the process starts."""

    beat = ""
    next_beat = 0.0

    def __init__(self, list_key: str = "") -> None:
        """For whoever queues a task makes one: django-q2's tests the connection for that, too."""
        self.list_key, self._info = list_key or Conf.CLUSTER_NAME, None
        self.cache = self.get_cache()

    def dequeue(self) -> Any:
        """Tasks as (id, package); the cluster's own has no id, as it is no row."""
        now = time.monotonic()
        if not self.beat or now < self.next_beat:
            if self._is_idle():
                return time.sleep(Conf.POLL)
            return super().dequeue()
        self.next_beat = now + EVERY
        id = uuid.uuid4().hex
        task = {"id": id, "name": "sign of life", "func": self.beat, "args": (), "kwargs": {}}
        return [(None, SignedPackage.dumps(task | {"started": timezone.now()}))]

    def enqueue(self, package: str) -> None:
        """Right after the commit of what it is about: there is no need to test that connection anew, as
        django-q2 would.
        """
        insert_if_new(OrmQ(key=self.list_key, payload=package, lock=timezone.now()))

    def _is_idle(self) -> bool:
        """Whether no task is due. It is asked all day long: one plain statement, where django-q2 composes one
        and tests its connection first.
        """
        connection = connections[Conf.ORM]
        try:
            with connection.cursor() as cursor:
                cursor.execute(DUE, [self.list_key, connection.ops.adapt_datetimefield_value(timezone.now())])
                return cursor.fetchone() is None
        except DatabaseError:
            return False  # then django-q2 connects anew, or says what is wrong
