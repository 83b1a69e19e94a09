"""Calling endpoints: one call in flight for each, many endpoints side by side."""

import contextlib
import json
import random
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from queue import Empty, SimpleQueue
from typing import Any

from django.conf import settings
from django.db import connection
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from standardwebhooks import Webhook

from csat.jobs import Job, enqueue
from csat.lib import http
from csat.lib.outcomes import Outcome
from csat.lib.refusal import Refused
from csat.lib.text import clean
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
SIDE_BY_SIDE = 64  # an endpoint that hangs holds one of these for as long as a call may take
AT_ONCE = 50  # calls of one endpoint read together
LOOK_EVERY = 0.2  # seconds between two looks for endpoints with work, and at most between a call that was taken and its note
TOGETHER = 100  # calls noted in one go
FRESH = 1.0  # seconds after which what was read is read again: it may have been forgotten, or the endpoint switched off
FORGOTTEN = "{}"  # the body of a call about somebody who was erased
KEPT_ANSWER = 2000  # characters


def take(events: list[Event]) -> int:
    """Make the calls that tell these, within the transaction that hands them over; how many."""
    named = [(event, name) for event in events if (name := event_type(event))]
    asking = list(Endpoint.objects.alive().filter(enabled=True)) if named else []
    wanted = {name for endpoint in asking for name in endpoint.events}
    told = [(event, name) for event, name in named if name in wanted]
    calls = [
        Call(endpoint=endpoint, event=event, contact_id=event.contact_id, type=name, body=text)
        for (event, name), text in zip(told, payloads.of_events(told) if told else (), strict=True)
        for endpoint in asking
        if name in endpoint.events
    ]
    if calls:
        Call.objects.bulk_create(calls, ignore_conflicts=True, batch_size=500)
        enqueue(Job.CALL_DUE)
    return len(calls)


def test(endpoint: Endpoint) -> Call:
    """Queue a `webhook.test` call, sent even when the endpoint is backing off. Raises Refused when it is switched off."""
    if not endpoint.enabled:
        raise Refused(_("This webhook is switched off: switch it on to test it."))
    call = Call.objects.create(endpoint=endpoint, type=TEST, body=payloads.test_body(TEST, at=timezone.now()))
    endpoint.change(next_try=timezone.now())
    enqueue(Job.CALL_DUE)
    return call


def replay(call: Call) -> None:
    """Send it again, under the same webhook-id. Raises Refused when it was about somebody who has been erased."""
    now = timezone.now()
    if (
        not Call.objects.filter(pk=call.pk)
        .exclude(body=FORGOTTEN)
        .update(state=Call.State.PENDING, attempt=0, next_try=now, updated_at=now)
    ):
        raise Refused(_("This call was about a contact who has been erased: it cannot be made again."))
    call.endpoint.change(next_try=now)
    enqueue(Job.CALL_DUE)


def replay_failed(endpoint: Endpoint, *, since: datetime) -> int:
    """Send again every failed call made since then; how many."""
    now = timezone.now()
    failed = endpoint.calls.filter(state=Call.State.FAILED, created_at__gte=since).exclude(body=FORGOTTEN)
    count = failed.update(state=Call.State.PENDING, attempt=0, next_try=now, updated_at=now)
    endpoint.change(next_try=now)
    enqueue(Job.CALL_DUE)
    return count


def forget(contact: Contact) -> None:
    """Blank every body about an erased contact; what still waited is not told any more."""
    told = Call.objects.filter(contact_id=contact.pk).exclude(type="contact.erased")
    told.filter(state=Call.State.PENDING).update(state=Call.State.FAILED)
    told.update(body=FORGOTTEN, attempts=[])


def call_due(*, seconds: float = 20) -> int:
    """Call every endpoint that has something due, up to 64 side by side; the number of calls made.

    Rows are read and written by this thread alone; only the network waits in others, one for each endpoint. Safe to run many
    times at once: an endpoint is claimed by a lease. One whose call breaks us is left to its lease, and told of once the others
    have been called.
    """
    until, made, look = time.monotonic() + seconds, 0, 0.0
    speaking: dict[int, Future[None]] = {}
    troubles: list[BaseException] = []
    notes: SimpleQueue[Note] = SimpleQueue()
    ledger = Ledger()
    with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
        while True:
            now = time.monotonic()
            if now < until and (now >= look or not speaking):
                speaking |= {lane.pk: pool.submit(_tell, lane, notes) for lane in _claim(SIDE_BY_SIDE - len(speaking), ledger)}
                look = now + LOOK_EVERY
            if not speaking:
                break
            for lane, call, log in _heard(notes):
                if call:
                    made += 1
                    _note(lane, call, log)
                elif trouble := speaking.pop(lane.pk).exception():
                    troubles.append(trouble)
                    lane.client.http.close()
                elif lane.more(time.monotonic() < until):
                    speaking[lane.pk] = pool.submit(_tell, lane, notes)
            ledger.write(if_due=True)
    ledger.write()
    if due():  # the time was over: whoever is free goes on
        enqueue(Job.CALL_DUE)
    if troubles:
        raise BaseExceptionGroup("calls that broke", troubles)
    return made


def due() -> bool:
    """Whether any endpoint could be called now."""
    return _with_work(timezone.now()).exists()


@dataclass
class Ledger:
    """Calls that were taken, written down together: a worker that dies before it makes them again under their ids."""

    calls: list[Call] = field(default_factory=list)
    since: float = 0.0

    def add(self, call: Call) -> None:
        self.since = self.since if self.calls else time.monotonic()
        self.calls.append(call)

    def write(self, *, if_due: bool = False) -> None:
        if self.calls and not (if_due and len(self.calls) < TOGETHER and time.monotonic() - self.since < LOOK_EVERY):
            told, self.calls = self.calls, []
            now = connection.ops.adapt_datetimefield_value(timezone.now())
            rows = [(json.dumps(call.attempts), call.attempt, call.status, now, now, call.pk) for call in told]
            with connection.cursor() as cursor:
                cursor.executemany(DELIVERED, rows)


# one that was forgotten meanwhile stays so
DELIVERED = f"""UPDATE {Call._meta.db_table} SET state = 'delivered', attempts = %s, attempt = %s, status = %s, delivered_at = %s,
    updated_at = %s WHERE id = %s AND state = 'pending'"""  # noqa: S608 (the table's name is our own)


@dataclass
class Lane:
    """One claimed endpoint, its open connection, and the calls it is to be told one after another."""

    endpoint: Endpoint
    client: http.Client
    ledger: Ledger
    waiting: list[Call] = field(default_factory=list)
    read_at: float = 0.0
    ended: bool = False

    @property
    def pk(self) -> int:
        return self.endpoint.pk

    def fill(self) -> bool:
        """Read what is due, unless the endpoint was changed, switched off or taken over meanwhile."""
        self.ledger.write()
        ours = Endpoint.objects.alive().filter(pk=self.pk, enabled=True, lease_until=self.endpoint.lease_until).first()
        self.endpoint, self.read_at = ours or self.endpoint, time.monotonic()
        due_calls = self.endpoint.calls.filter(state=Call.State.PENDING, next_try__lte=timezone.now())
        self.waiting = list(due_calls.order_by("next_try", "id")[:AT_ONCE] if ours else ())
        return bool(self.waiting)

    def more(self, time_left: bool) -> bool:
        """Whether further calls follow; the lease is renewed with them, or ends."""
        if not self.ended and time_left and self.fill() and self.hold():
            return True
        self.end()
        return False

    def hold(self) -> bool:
        """Renew the lease in time; False when it ran out and another worker calls this endpoint."""
        lease, now = self.endpoint.lease_until, timezone.now()
        return not lease or lease - now >= _lease() / 2 or self._change(lease_until=now + _lease())

    def end(self, **values: Any) -> None:
        if not self.ended:
            self.ended = True
            self.ledger.write()
            self.client.http.close()
            self._change(lease_until=None, **values)

    def _change(self, **values: Any) -> bool:
        return self.endpoint.change(where={"lease_until": self.endpoint.lease_until}, **values)


Note = tuple[Lane, Call | None, dict[str, Any]]  # what came of a call; None: the thread is at its end
Notes = SimpleQueue[Note]


def _lease() -> timedelta:
    return timedelta(seconds=settings.CALL_LEASE_SECONDS)


def _with_work(now: datetime) -> QuerySet[Endpoint]:
    waiting = Call.objects.filter(endpoint=OuterRef("pk"), state=Call.State.PENDING, next_try__lte=now)
    return Endpoint.objects.ready(now).filter(Exists(waiting)).order_by("next_try")


def _claim(room: int, ledger: Ledger) -> Iterator[Lane]:
    now = timezone.now()
    for endpoint in _with_work(now)[:room] if room else ():
        # one UPDATE that must still find it ready
        if Endpoint.objects.ready(now).filter(pk=endpoint.pk).update(lease_until=now + _lease()):
            endpoint.lease_until = now + _lease()
            lane = Lane(endpoint, http.Client(allow=settings.WEBHOOK_ALLOW), ledger)
            if lane.fill():
                yield lane
            else:
                lane.end()


def _tell(lane: Lane, notes: Notes) -> None:
    """In a thread of its own, touching no row: the calls that were read, until one fails or they are not fresh any more."""
    try:
        for call in lane.waiting:
            log = _post(lane, call)
            notes.put((lane, call, log))
            if not _taken(log) or time.monotonic() - lane.read_at >= FRESH:
                return
    finally:
        notes.put((lane, None, {}))


def _heard(notes: Notes) -> Iterator[Note]:
    """What the threads have told meanwhile; waits a moment for the first."""
    with contextlib.suppress(Empty):
        yield notes.get(timeout=LOOK_EVERY)
        for _more in range(TOGETHER):
            yield notes.get_nowait()


def _post(lane: Lane, call: Call) -> dict[str, Any]:
    """One HTTP call."""
    now, began = timezone.now(), time.monotonic()
    log: dict[str, Any] = {"at": payloads.stamp(now), "status": None, "answer": "", "error": "", "retry_after": None}
    try:
        answer = lane.client.request("POST", lane.endpoint.url, content=call.body.encode(), headers=headers(call, lane.endpoint, now))
        log |= {"status": answer.status, "answer": clean(answer.text)[:KEPT_ANSWER], "retry_after": answer.retry_after}
    except Outcome as outcome:
        log["error"] = clean(outcome.text)[:KEPT_ANSWER]
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


def _taken(log: dict[str, Any]) -> bool:
    return 200 <= (log["status"] or 0) < 300


def _note(lane: Lane, call: Call, log: dict[str, Any]) -> None:
    """Write down what came of it."""
    call.attempt += 1
    call.attempts = [*call.attempts, log][-20:]
    call.status = log["status"]
    if _taken(log):
        _succeeded(call, lane)
    else:
        _failed(call, lane, log)


def _succeeded(call: Call, lane: Lane) -> None:
    now, endpoint = timezone.now(), lane.endpoint
    lane.ledger.add(call)
    if endpoint.failures or not endpoint.last_success_at or now - endpoint.last_success_at > SEEN_EVERY:
        endpoint.change(failures=0, failing_since=None, last_success_at=now, next_try=now)


def _failed(call: Call, lane: Lane, log: dict[str, Any]) -> None:
    now, endpoint = timezone.now(), lane.endpoint
    last = call.attempt > len(RETRIES)
    wait_call, wait_endpoint = (_back_off(count, log["retry_after"]) for count in (call.attempt, endpoint.failures + 1))
    state = Call.State.FAILED if last else Call.State.PENDING
    call.change(
        where={"state": Call.State.PENDING},
        state=state,
        next_try=now + wait_call,
        attempt=call.attempt,
        attempts=call.attempts,
        status=call.status,
    )
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
