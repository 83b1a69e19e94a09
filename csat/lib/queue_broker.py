"""django-q2's database broker, which also makes each cluster show by itself that it works.

A task that any of several clusters may take says nothing about the others: one that hangs is not missed. So
each cluster gives itself one, through the very queue and workers that do everything else.
"""

import time
import uuid
from datetime import datetime
from typing import Any

from django.db import DatabaseError, connections
from django.utils import timezone
from django_q.brokers.orm import ORM
from django_q.conf import Conf
from django_q.models import OrmQ
from django_q.signing import SignedPackage

from csat.lib.rows import insert_if_new

EVERY = 30.0  # seconds
# Asked all day long: plain statements, as to compose them touches memory that a process shared until then
TABLE = OrmQ._meta.db_table
DUE = f"SELECT id FROM {TABLE} WHERE key = %s AND lock < %s LIMIT 1"  # noqa: S608 (a name of Django's)
TAKE = f"UPDATE {TABLE} SET lock = %s WHERE id = ({DUE}) AND lock < %s RETURNING id, payload"  # noqa: S608
DONE = f"DELETE FROM {TABLE} WHERE id = %s"  # noqa: S608


class Broker(ORM):  # type: ignore[misc]  # django-q2 has no types
    """`beat`: the dotted path of the task to run in each cluster, set once when the process starts."""

    beat = ""
    next_beat = 0.0

    def __init__(self, list_key: str = "") -> None:
        """For whoever queues a task makes one: django-q2's tests the connection for that, too."""
        self.list_key, self._info = list_key or Conf.CLUSTER_NAME, None
        self.cache = self.get_cache()

    def enqueue(self, package: str) -> None:
        """Right after the commit of what it is about: there is no need to test that connection anew, as
        django-q2 would.
        """
        insert_if_new(OrmQ(key=self.list_key, payload=package, lock=timezone.now()))

    def dequeue(self) -> Any:
        """Tasks as (id, package); the cluster's own has no id, as it is no row."""
        now = time.monotonic()
        if not self.beat or now < self.next_beat:
            if self._is_idle():
                return time.sleep(Conf.POLL)
            return self._take()
        self.next_beat = now + EVERY
        id = uuid.uuid4().hex
        task = {"id": id, "name": "sign of life", "func": self.beat, "args": (), "kwargs": {}}
        return [(None, SignedPackage.dumps(task | {"started": timezone.now()}))]

    def delete(self, task_id: int) -> None:
        ORM.get_connection()  # tested, and made anew where it is gone
        with connections[Conf.ORM].cursor() as cursor:
            cursor.execute(DONE, [task_id])

    def _is_idle(self) -> bool:
        """Whether no task is due, on the connection as it is."""
        try:
            with connections[Conf.ORM].cursor() as cursor:
                cursor.execute(DUE, [self.list_key, _adapted(timezone.now())])
                return cursor.fetchone() is None
        except DatabaseError:
            return False  # then we connect anew, or django-q2 says what is wrong

    def _take(self) -> list[tuple[int, str]]:
        """A task that is due, so that no other takes it; none when another was faster."""
        ORM.get_connection()  # tested, and made anew where it is gone
        now, again = _adapted(timezone.now()), _adapted(self.timeout(None))
        with connections[Conf.ORM].cursor() as cursor:
            cursor.execute(TAKE, [again, self.list_key, now, now])
            return list(cursor.fetchall())


def _adapted(at: datetime) -> Any:
    return connections[Conf.ORM].ops.adapt_datetimefield_value(at)
