"""Calling endpoints: one call in flight for each, many endpoints side by side."""

import random
import time
from collections import deque
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from standardwebhooks import Webhook

from csat.jobs import Job, enqueue
from csat.lib import http
from csat.lib.outcomes import Outcome
from csat.people.models import Contact
from csat.timeline.models import Event
from csat.webhooks import endpoints, payloads
from csat.webhooks.kinds import TEST, event_type
from csat.webhooks.models import Call, Endpoint

# Standard Webhooks 1.0, "deliverability": now, then these, each with jitter
RETRIES = tuple(
    timedelta(**step)
    for step in (
        {"minutes": 1},
        {"minutes": 5},
        {"minutes": 30},
        {"hours": 2},
        {"hours": 5},
        {"hours": 10},
        {"hours": 14},
        {"hours": 20},
        {"hours": 24},
    )
)
GIVE_UP = timedelta(days=5)
SEEN_EVERY = timedelta(seconds=45)  # an endpoint that takes call after call has its last success written this often
SIDE_BY_SIDE = 16
AT_ONCE = 50  # calls of one endpoint read together
LOOK_EVERY = 0.2  # seconds between two looks for endpoints with work
KEPT_ANSWER = 2000  # characters


def take(event: Event) -> int:
    """Make the calls that tell `event`, within the transaction that hands it over; how many."""
    name = event_type(event)
    if name is None:
        return 0
    asking = [endpoint for endpoint in Endpoint.objects.alive().filter(enabled=True) if name in endpoint.events]
    if not asking:
        return 0
    text = payloads.of_event(event, name)
    calls = [Call(endpoint=endpoint, event=event, contact_id=event.contact_id, type=name, body=text) for endpoint in asking]
    Call.objects.bulk_create(calls, ignore_conflicts=True)
    enqueue(Job.CALL_DUE)
    return len(calls)


def test(endpoint: Endpoint) -> Call:
    """Queue a `webhook.test` call, sent even when the endpoint is backing off."""
    call = Call.objects.create(endpoint=endpoint, type=TEST, body=payloads.test_body(TEST, at=timezone.now()))
    endpoint.change(next_try=timezone.now())
    enqueue(Job.CALL_DUE)
    return call


def replay(call: Call) -> None:
    """Send it again, under the same webhook-id."""
    call.change(state=Call.State.PENDING, attempt=0, next_try=timezone.now())
    call.endpoint.change(next_try=timezone.now())
    enqueue(Job.CALL_DUE)


def replay_failed(endpoint: Endpoint, *, since: datetime) -> int:
    """Send again every failed call made since then; how many."""
    now = timezone.now()
    failed = endpoint.calls.filter(state=Call.State.FAILED, created_at__gte=since)
    count = failed.update(state=Call.State.PENDING, attempt=0, next_try=now, updated_at=now)
    endpoint.change(next_try=now)
    enqueue(Job.CALL_DUE)
    return count


def forget(contact: Contact) -> None:
    """Blank every body about an erased contact; what still waited is not told any more."""
    told = Call.objects.filter(contact_id=contact.pk).exclude(type="contact.erased")
    told.filter(state=Call.State.PENDING).update(state=Call.State.FAILED)
    told.update(body="{}", attempts=[])


def call_due(*, seconds: float = 40) -> int:
    """Call every endpoint that has something due, up to 16 side by side; the number of calls made.

    Rows are read and written by this thread alone; only the network waits in others. Safe to run many times at once:
    an endpoint is claimed by a lease.
    """
    until, made, look = time.monotonic() + seconds, 0, 0.0
    under_way: dict[Future[dict[str, Any]], Lane] = {}
    with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
        while True:
            now = time.monotonic()
            if now < until and (now >= look or not under_way):
                under_way |= {pool.submit(_post, lane): lane for lane in _claim(SIDE_BY_SIDE - len(under_way))}
                look = now + LOOK_EVERY
            if not under_way:
                return made
            for future in wait(under_way, timeout=LOOK_EVERY, return_when=FIRST_COMPLETED).done:
                made += 1
                lane = under_way.pop(future)
                if _note(lane, future.result()) and lane.more(time.monotonic() < until):
                    under_way[pool.submit(_post, lane)] = lane


def due() -> bool:
    """Whether any endpoint could be called now."""
    return _with_work(timezone.now()).exists()


@dataclass
class Lane:
    """One claimed endpoint, its open connection, and the calls it is to be told one after another."""

    endpoint: Endpoint
    client: http.Client
    waiting: deque[Call] = field(default_factory=deque)

    @property
    def call(self) -> Call:
        return self.waiting[0]

    def fill(self) -> bool:
        due_calls = self.endpoint.calls.filter(state=Call.State.PENDING, next_try__lte=timezone.now())
        self.waiting.extend(due_calls.order_by("next_try", "id")[:AT_ONCE])
        return bool(self.waiting)

    def more(self, time_left: bool) -> bool:
        """Whether another call follows; the lease is renewed with it, or ends."""
        self.waiting.popleft()
        if time_left and (self.waiting or self.fill()):
            return self.hold()
        self.end()
        return False

    def hold(self) -> bool:
        """Renew the lease in time; False when it ran out and another worker calls this endpoint."""
        lease, now = self.endpoint.lease_until, timezone.now()
        if lease and lease - now < _lease() / 2 and not self._change(lease_until=now + _lease()):
            self.client.http.close()
            return False
        return True

    def end(self, **values: Any) -> None:
        self.client.http.close()
        self._change(lease_until=None, **values)

    def _change(self, **values: Any) -> bool:
        return self.endpoint.change(where={"lease_until": self.endpoint.lease_until}, **values)


def _lease() -> timedelta:
    return timedelta(seconds=settings.CALL_LEASE_SECONDS)


def _with_work(now: datetime) -> QuerySet[Endpoint]:
    waiting = Call.objects.filter(endpoint=OuterRef("pk"), state=Call.State.PENDING, next_try__lte=now)
    return Endpoint.objects.ready(now).filter(Exists(waiting)).order_by("next_try")


def _claim(room: int) -> Iterator[Lane]:
    now = timezone.now()
    for endpoint in _with_work(now)[:room] if room else ():
        # one UPDATE that must still find it ready
        if Endpoint.objects.ready(now).filter(pk=endpoint.pk).update(lease_until=now + _lease()):
            endpoint.lease_until = now + _lease()
            lane = Lane(endpoint, http.Client(allow=settings.WEBHOOK_ALLOW))
            if lane.fill():
                yield lane
            else:
                lane.end()


def _post(lane: Lane) -> dict[str, Any]:
    """One HTTP call, in a thread of its own: touches no row."""
    now, began = timezone.now(), time.monotonic()
    log: dict[str, Any] = {"at": payloads.stamp(now), "status": None, "answer": "", "error": "", "retry_after": None}
    call, endpoint = lane.call, lane.endpoint
    try:
        answer = lane.client.request("POST", endpoint.url, content=call.body.encode(), headers=headers(call, endpoint, now))
        log |= {"status": answer.status, "answer": answer.text[:KEPT_ANSWER], "retry_after": answer.retry_after}
    except Outcome as outcome:
        log["error"] = outcome.text[:KEPT_ANSWER]
    log["ms"] = round((time.monotonic() - began) * 1000)
    return log


def headers(call: Call, endpoint: Endpoint, now: datetime) -> dict[str, str]:
    """The Standard Webhooks headers of one attempt: id and body stay, timestamp and signatures are this attempt's."""
    signatures = [Webhook(secret).sign(call.message_id, now, call.body) for secret in endpoint.secrets]
    return {
        "content-type": "application/json",
        "user-agent": "csat-webhooks/1",
        "webhook-id": call.message_id,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": " ".join(signatures),
    }


def _note(lane: Lane, log: dict[str, Any]) -> bool:
    """Write down what came of it; whether the endpoint may be called on."""
    call = lane.call
    call.attempt += 1
    call.attempts = [*call.attempts, log][-20:]
    call.status = log["status"]
    if 200 <= (call.status or 0) < 300:
        _succeeded(call, lane.endpoint)
        return True
    _failed(call, lane, log)
    return False


def _succeeded(call: Call, endpoint: Endpoint) -> None:
    now = timezone.now()
    call.change(state=Call.State.DELIVERED, delivered_at=now, attempt=call.attempt, attempts=call.attempts, status=call.status)
    if endpoint.failures or not endpoint.last_success_at or now - endpoint.last_success_at > SEEN_EVERY:
        endpoint.change(failures=0, failing_since=None, last_success_at=now, next_try=now)


def _failed(call: Call, lane: Lane, log: dict[str, Any]) -> None:
    now, endpoint = timezone.now(), lane.endpoint
    last = call.attempt > len(RETRIES)
    wait_call, wait_endpoint = (_back_off(count, log["retry_after"]) for count in (call.attempt, endpoint.failures + 1))
    state = Call.State.FAILED if last else Call.State.PENDING
    call.change(state=state, next_try=now + wait_call, attempt=call.attempt, attempts=call.attempts, status=call.status)
    since = endpoint.failing_since or now
    lane.end(failures=endpoint.failures + 1, failing_since=since, next_try=now + wait_endpoint)
    if log["status"] == 410:
        endpoints.disable(endpoint, reason=_("it answered 410 Gone"))
    elif now - since >= GIVE_UP:
        endpoints.disable(endpoint, reason=_("nothing but failures for 5 days"))


def _back_off(failures: int, retry_after: float | None) -> timedelta:
    step = RETRIES[min(failures, len(RETRIES)) - 1]
    jittered = step * random.uniform(0.9, 1.1)  # noqa: S311 (spreads load, no secret)
    return max(jittered, timedelta(seconds=min(retry_after or 0, 86400)))
