"""1,000 events sent to 20 endpoints, with a dead endpoint beside them and without.

The limit is as many bare POSTs by the same HTTP client.
"""

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

HERE = Path(__file__).resolve().parent
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "project.settings")
LIVE, EVENTS = 20, int(os.environ.get("EVENTS", "1000"))


def main() -> None:
    import django

    django.setup()
    listener = subprocess.Popen(
        [sys.executable, str(HERE / "_listener.py")], stdout=subprocess.PIPE, text=True
    )
    try:
        port = int(listener.stdout.readline() if listener.stdout else 0)
        _measure(f"127.0.0.1:{port}")
    finally:
        listener.terminate()
        listener.wait(10)


def _measure(address: str) -> None:
    from django.conf import settings

    settings.WEBHOOK_ALLOW = [address]
    alone, dispatched = _send_webhooks(address, dead=False)
    beside, _dispatched = _send_webhooks(address, dead=True)
    bare = _bare_posts(address)
    _report("events handed over to 20 endpoints", dispatched, None, "/s", "-")
    _report(
        f"{EVENTS * LIVE:,} webhook calls to 20 endpoints, one process",
        alone,
        bare,
        "/s",
        "half of bare POSTs",
    )
    _report("the same with a dead endpoint beside them", beside, alone, "/s", "as without it")


def _send_webhooks(address: str, *, dead: bool) -> tuple[float, float]:
    """Webhooks a second to the live endpoints, and events dispatched a second."""
    from csat.people import contacts
    from csat.sessions import intake
    from csat.timeline import dispatching
    from csat.timeline.recording import SYSTEM
    from csat.webhooks import attempts, endpoints
    from csat.webhooks.models import Endpoint, WebhookAttempt

    run = "b" if dead else "a"
    for old in Endpoint.objects.alive():
        endpoints.remove(old, by=SYSTEM)
    paths = [f"{run}/{number}" for number in range(LIVE)] + (["deaf"] if dead else [])
    for path in paths:
        endpoints.add(url=f"http://{address}/{path}", events=["conversation.started"], by=SYSTEM)
    contact = contacts.find_or_create(name="Nadia Berg", email="nadia@customer.example")[0]
    for number in range(EVENTS):
        intake.start(contact=contact, channel="email", external_id=f"{run}-{number}", by=SYSTEM)
    dispatched = EVENTS / _seconds_to_finish(dispatching.fan_out)
    live = WebhookAttempt.objects.filter(endpoint__deleted_at=None).exclude(endpoint__url__endswith="/deaf")
    sender = threading.Thread(target=_repeat, args=(attempts.call_due,))
    began = time.monotonic()
    sender.start()
    while live.filter(state="delivered").count() < EVENTS * LIVE:
        time.sleep(0.2)
    seconds = time.monotonic() - began
    sender.join()
    received = _received(address)
    assert all(received[f"/{path}"] == EVENTS for path in paths if path != "deaf"), received
    assert received.get("/deaf", 0) == (1 if dead else 0), received
    return EVENTS * LIVE / seconds, dispatched


def _repeat(job: Callable[[], int]) -> None:
    """Run the job until it finds nothing to do, as the queue's worker does."""
    while job():
        pass


def _bare_posts(address: str) -> float:
    """POSTs a second, of the same size, by the same client and as many in parallel,
    without the application."""
    threads = [
        threading.Thread(target=_post, args=(f"http://{address}/bare/{number}",)) for number in range(LIVE)
    ]
    began = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return EVENTS * LIVE / (time.monotonic() - began)


def _post(url: str) -> None:
    from csat.lib import http

    with http.Client() as client:
        for _ in range(EVENTS):
            client.request(
                "POST",
                url,
                content=b"x" * 600,
                headers={"content-type": "application/json", "webhook-id": "msg_" + "0" * 32},
            )


def _received(address: str) -> dict[str, int]:
    """How many requests the listener has received, by path."""
    from csat.lib import http

    with http.Client() as client:
        counts: dict[str, int] = json.loads(client.request("GET", f"http://{address}/").body)
        return counts


def _seconds_to_finish(job: Callable[[], int]) -> float:
    began = time.monotonic()
    _repeat(job)
    return time.monotonic() - began


def _report(what: str, ours: float, limit: float | None, unit: str, goal: str) -> None:
    print(
        json.dumps(
            {"what": what, "ours": ours, "limit": limit, "unit": unit, "goal": goal, "lower_is_better": False}
        ),
        flush=True,
    )


if __name__ == "__main__":
    main()
