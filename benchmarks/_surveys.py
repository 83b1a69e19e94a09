"""Surveys made by a revision's own code, for the measurement of another: its API, its verb, its rows.

Runs with that revision's tree as PYTHONPATH and working folder: a line of JSON in (`do` and arguments), a
line of JSON out, until stdin ends. Uses nothing of csat.surveys.delivery and csat.channels.
"""

import json
import sys
import time
from typing import Any

BULK = 500


class Surveys:
    def __init__(self) -> None:
        import django

        django.setup()
        from django.conf import settings
        from django.test import Client

        from csat.people import keys

        settings.ALLOWED_HOSTS = ["*"]
        scopes = ("chat-sessions:write", "csat:write", "csat:read")
        _row, key = keys.create("bench", scopes=scopes)
        self.client = Client(headers={"Authorization": f"Bearer {key}"})

    def settings(self, **values: Any) -> None:
        """Auto-send on every channel that is measured, and these settings of the API."""
        channels = {kind: {"enabled": True} for kind in ("email", "sms", "slack")}
        self._send("patch", "/api/v1/csat/settings", {"auto_send": True, "channels": channels} | values)

    def clear(self) -> None:
        """Forget the tasks that an ended cluster left in the queue."""
        from django_q.models import OrmQ

        OrmQ.objects.all().delete()

    def make(self, channel: str, prefix: str, first: int, count: int, resolved: bool) -> list[str]:
        """Conversations with an address of their own each, `first` and up; returns the addresses."""
        status = {"status": "closed_resolved"} if resolved else {}
        items = [_item(channel, prefix, number) | status for number in range(first, first + count)]
        for start in range(0, count, BULK):
            part = items[start : start + BULK]
            answer = self._send("post", "/api/v1/chat/sessions/bulk", {"items": part})
            assert all("id" in item for item in answer["items"]), answer["items"][:1]
        return [_address(channel, number) for number in range(first, first + count)]

    def release(self, prefix: str, tasks: int) -> int:
        """Make what waits for later due now, all at the same moment, and wake workers; returns how many."""
        from django.db import transaction
        from django.utils import timezone

        from csat.jobs import Job, enqueue

        with transaction.atomic():
            released = self._of(prefix).filter(state="due").update(next_try=timezone.now())
            for _ in range(tasks):
                enqueue(Job.SEND_DUE)
        return int(released)

    def resolve(self, external_id: str) -> float:
        """Resolve by the verb; returns when it began, in seconds of the monotonic clock."""
        from csat.sessions import resolving
        from csat.sessions.models import Session
        from csat.timeline.recording import SYSTEM

        session = Session.objects.get(external_id=external_id)
        began = time.monotonic()
        assert resolving.resolve(session, by=SYSTEM)
        return began

    def states(self, prefix: str) -> dict[str, int]:
        """How many of its deliveries are in which state."""
        from django.db.models import Count

        rows = self._of(prefix).order_by().values_list("state").annotate(Count("pk"))
        return {str(state): int(count) for state, count in rows}

    def backend(self) -> int:
        """The process id of our connection's PostgreSQL backend; 0 on SQLite."""
        from django.db import connection

        connection.ensure_connection()
        return int(connection.connection.info.backend_pid) if connection.vendor == "postgresql" else 0

    def _of(self, prefix: str) -> Any:
        from csat.surveys.models import Delivery

        return Delivery.objects.filter(survey__session__external_id__startswith=prefix)

    def _send(self, method: str, path: str, body: dict[str, Any]) -> Any:
        answer = getattr(self.client, method)(path, body, content_type="application/json")
        assert answer.status_code < 300, answer.content[:300]
        return answer.json()


def _item(channel: str, prefix: str, number: int) -> dict[str, Any]:
    contact = {
        "name": f"Guest {number}",
        "email": _address("email", number),
        "phone": _address("sms", number),
    }
    place: dict[str, Any] = {"type": channel}
    if channel == "slack":  # a channel each, for Slack takes one message a second in a channel
        place |= {"slack_channel": _address("slack", number), "thread_ts": f"17{number:08d}.000100"}
    agent = {"name": f"Agent {number % 20}"}
    return {"external_id": f"{prefix}{number}", "channel": place, "contact": contact, "assignee": agent}


def _address(channel: str, number: int) -> str:
    if channel == "email":
        return f"guest{number}@bench.example"
    return f"+4930{10_000_000 + number}" if channel == "sms" else f"C{number:09d}"


def main() -> None:
    surveys = Surveys()
    print("{}", flush=True)
    for line in sys.stdin:
        order = json.loads(line)
        answer = getattr(surveys, order.pop("do"))(**order)
        print(json.dumps({"answer": answer}), flush=True)


if __name__ == "__main__":
    main()
