"""1,000 events told to 20 endpoints, with a dead one beside them and without, against as many bare POSTs by the same HTTP client."""

import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "project.settings")
LIVE, EVENTS = 20, int(os.environ.get("EVENTS", "1000"))


def main() -> None:
    import django

    django.setup()
    listener = subprocess.Popen([sys.executable, str(HERE / "_listener.py")], stdout=subprocess.PIPE, text=True)
    try:
        port = int(listener.stdout.readline() if listener.stdout else 0)
        _measure(f"127.0.0.1:{port}")
    finally:
        listener.terminate()
        listener.wait(10)


def _measure(address: str) -> None:
    from django.conf import settings

    settings.WEBHOOK_ALLOW = [address]
    alone, handing = _tell(address, dead=False)
    beside, _again = _tell(address, dead=True)
    bare = _bare(address)
    _say("events handed over to 20 endpoints", handing, None, "/s", "-")
    _say(f"{EVENTS * LIVE:,} webhook calls to 20 endpoints, one process", alone, bare, "/s", "half of bare POSTs")
    _say("the same with a dead endpoint beside them", beside, alone, "/s", "as without it")


def _tell(address: str, *, dead: bool) -> tuple[float, float]:
    """Calls a second to the live endpoints, and events handed over a second."""
    from csat.people import contacts
    from csat.sessions import intake
    from csat.timeline import dispatching
    from csat.timeline.recording import SYSTEM
    from csat.webhooks import calling, endpoints
    from csat.webhooks.models import Call, Endpoint

    run = "b" if dead else "a"
    for old in Endpoint.objects.alive():
        endpoints.remove(old, by=SYSTEM)
    paths = [f"{run}/{number}" for number in range(LIVE)] + (["deaf"] if dead else [])
    for path in paths:
        endpoints.add(url=f"http://{address}/{path}", events=["conversation.started"], by=SYSTEM)
    contact = contacts.find_or_create(name="Nadia Berg", email="nadia@customer.example")[0]
    for number in range(EVENTS):
        intake.start(contact=contact, channel="email", external_id=f"{run}-{number}", by=SYSTEM)
    handing = EVENTS / _timed(dispatching.fan_out)
    live = Call.objects.filter(endpoint__deleted_at=None).exclude(endpoint__url__endswith="/deaf")
    speaker = threading.Thread(target=_call_on, args=(calling.call_due,))
    began = time.monotonic()
    speaker.start()
    while live.filter(state="delivered").count() < EVENTS * LIVE:
        time.sleep(0.2)
    seconds = time.monotonic() - began
    speaker.join()
    heard = _heard(address)
    assert all(heard[f"/{path}"] == EVENTS for path in paths if path != "deaf"), heard
    assert heard.get("/deaf", 0) == (1 if dead else 0), heard
    return EVENTS * LIVE / seconds, handing


def _call_on(call_due: object) -> None:
    """As the queue's worker does, batch after batch."""
    assert callable(call_due)
    while call_due():
        pass


def _bare(address: str) -> float:
    """POSTs a second, of the same size, by the same client and as many at once, and nothing around them."""
    threads = [threading.Thread(target=_post, args=(f"http://{address}/bare/{number}",)) for number in range(LIVE)]
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
            client.request("POST", url, content=b"x" * 600, headers={"content-type": "application/json", "webhook-id": "msg_" + "0" * 32})


def _heard(address: str) -> dict[str, int]:
    from csat.lib import http

    with http.Client() as client:
        found: dict[str, int] = json.loads(client.request("GET", f"http://{address}/").body)
        return found


def _timed(work: object) -> float:
    assert callable(work)
    began = time.monotonic()
    while work():
        pass
    return time.monotonic() - began


def _say(what: str, ours: float, limit: float | None, unit: str, goal: str) -> None:
    print(json.dumps({"what": what, "ours": ours, "limit": limit, "unit": unit, "goal": goal, "lower_is_better": False}), flush=True)


if __name__ == "__main__":
    main()
