"""django-q2's database broker, which also makes each cluster show by itself that it works.

A task that any of several clusters may take says nothing about the others: one that hangs is not missed. So
each cluster gives itself one, through the very queue and workers that do everything else.
"""

import time
import uuid
from typing import Any

from django.utils import timezone
from django_q.brokers.orm import ORM
from django_q.signing import SignedPackage

EVERY = 30.0  # seconds


class Broker(ORM):  # type: ignore[misc]  # django-q2 has no types
    """`beat`: the dotted path of the task to run in each cluster, set once when the process starts."""

    beat = ""
    next_beat = 0.0

    def dequeue(self) -> Any:
        """Tasks as (id, package); the cluster's own has no id, as it is no row."""
        now = time.monotonic()
        if not self.beat or now < self.next_beat:
            return super().dequeue()
        self.next_beat = now + EVERY
        id = uuid.uuid4().hex
        task = {"id": id, "name": "sign of life", "func": self.beat, "args": (), "kwargs": {}}
        return [(None, SignedPackage.dumps(task | {"started": timezone.now()}))]
