"""What depends on how much the database holds, for growth.py: one of these runs on each size.

Spoken to like _calls.py, whose requests it has, too; it knows this tree's code.
"""

import itertools
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import _common as bench
import export
from _calls import MANY, Calls, serve

LATE = 20  # the late page stands where a twentieth of the list is left
SUNK = "http://127.0.0.1:9/events"  # where the webhooks would go; none is sent


class Growing(Calls):
    def __init__(self) -> None:
        super().__init__()
        bench.set_up()
        from django.conf import settings

        settings.WEBHOOK_ALLOW = ["127.0.0.1:9"]
        self.known = bench.known()

    def settle(self) -> int:
        """Do what is due, so that what follows finds nothing but its own; how many ratings there are now."""
        from csat import tasks
        from csat.reports import rollup
        from csat.surveys.delivery import sending
        from csat.surveys.models import Score

        sending.send_due()
        tasks.fan_out()
        tasks.sweep()
        rollup.recount(seconds=float("inf"))
        bench.vacuum()
        return Score.objects.count()

    def of_late_list(self, count: int) -> Iterator[Any]:
        from csat.api.paging import NEWEST
        from csat.lib import keyset
        from csat.surveys.models import Score

        oldest = Score.objects.order_by("created_at")
        late = oldest[oldest.count() // LATE]
        rows = Score.objects.filter(created_at__lte=late.created_at)
        _items, cursor = keyset.page(rows, NEWEST, after=None, size=1)
        for _ in range(count):
            yield lambda: self._get(f"/api/v1/csat/scores?limit={MANY}&cursor={cursor}")

    def of_send(self, count: int, surveys: int) -> Iterator[Any]:
        """One task that finds so many surveys due."""
        from csat.surveys.delivery import sending

        def send() -> None:
            assert sending.send_due() == surveys

        self._api("PATCH", "/csat/settings", {"auto_send": True, "delay_seconds": 0})
        for _ in range(count):
            self._sessions(surveys, status="closed_resolved")
            yield send
        self._api("PATCH", "/csat/settings", {"auto_send": False})

    def of_fan_out(self, count: int, sessions: int) -> Iterator[Any]:
        """The events of so many new conversations, and an endpoint that wants to hear of each."""
        from csat.timeline import dispatching
        from csat.timeline.recording import SYSTEM
        from csat.webhooks import endpoints
        from csat.webhooks.models import WebhookAttempt

        def fan_out() -> None:
            assert dispatching.fan_out() >= sessions

        endpoint = endpoints.add(url=SUNK, events=["conversation.started"], by=SYSTEM)
        for _ in range(count):
            self._sessions(sessions)
            yield fan_out
        assert WebhookAttempt.objects.filter(endpoint=endpoint).count() >= count * sessions
        endpoints.remove(endpoint, by=SYSTEM)

    def of_sweep(self, count: int, name: str) -> Iterator[Any]:
        """A task of every minute that finds nothing to do."""
        from csat import tasks

        return itertools.repeat(getattr(tasks, name), count)

    def of_recount(self, count: int) -> Iterator[Any]:
        """A day a month ago, which has a 365th of all."""
        from django.utils import timezone

        from csat.reports import rollup
        from csat.reports.models import DirtyDay

        day = timezone.localdate() - timedelta(days=30)

        def recount() -> None:
            assert rollup.recount() == 1

        for _ in range(count):
            DirtyDay.objects.create(day=day)
            yield recount

    def of_staff_page(self, count: int, path: str) -> Iterator[Any]:
        manager = bench.browser()

        def show() -> None:
            answer = manager.get(path.format(**self.known))
            assert answer.status_code == 200, (path, answer.status_code)

        return itertools.repeat(show, count)

    def of_export(self, count: int, chunks: int | None) -> Iterator[Any]:
        """All there is, or only its first chunks. By somebody who has just logged in: a login ages."""
        manager = bench.browser()

        def read() -> None:
            answer = manager.post(export.path(days=400))
            assert answer.status_code == 200, answer.status_code
            assert sum(map(len, itertools.islice(answer.streaming_content, chunks)))
            answer.close()

        return itertools.repeat(read, count)


if __name__ == "__main__":
    serve(Growing())
