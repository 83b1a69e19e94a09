"""Webhook delivery: many endpoints in parallel, one request at a time to each.

An endpoint's trouble is not its calls': what failed counts for a call only when others passed since its last
try. While an endpoint answers nobody its calls wait, and each time another one tries whether it is back.
"""

import contextlib
import random
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime, timedelta
from queue import Empty, SimpleQueue

import structlog
from django.utils import timezone
from django.utils.translation import gettext as _

from csat.channels import circuits
from csat.jobs import Job, enqueue
from csat.webhooks import endpoints, workers
from csat.webhooks.models import AttemptLog, WebhookAttempt
from csat.webhooks.workers import AttemptBatch, EndpointWorker, SendResult

log = structlog.get_logger(__name__)
# Standard Webhooks 1.0, "deliverability": at once, then after each of these, with jitter
RETRIES = (
    timedelta(minutes=1),
    timedelta(minutes=5),
    timedelta(minutes=30),
    *(timedelta(hours=hours) for hours in (2, 5, 10, 14, 20, 24)),
)
GIVE_UP = timedelta(days=5)  # of failures only: the endpoint is switched off
FAILS_AFTER = 3  # failures in a row, of different calls: before that another call is tried at once
ASKS_TO_WAIT = {429, 502, 503, 504}  # the endpoint's own trouble, whatever it was sent
LAST_SUCCESS_EVERY = timedelta(
    seconds=45
)  # how often an endpoint's last success is written while all succeed
MAX_WORKERS = 64  # endpoints in parallel; one that hangs occupies a worker until its request times out
CLAIM_EVERY = 0.2  # seconds between two looks for endpoints with something due


def call_due(*, seconds: float = 20) -> int:
    """Send what is due to every endpoint, up to 64 of them in parallel; returns the number of attempts.

    This thread alone reads and writes rows; the pool's threads wait for the network. Safe to run many times
    at once: an endpoint is claimed by a lease. An unexpected error stops its endpoint only, until the lease
    runs out, and is raised when the others are done.
    """
    deadline, made, next_claim = time.monotonic() + seconds, 0, 0.0
    running: dict[int, Future[None]] = {}
    errors: list[BaseException] = []
    results: SimpleQueue[SendResult] = SimpleQueue()
    batch = AttemptBatch()
    with ThreadPoolExecutor(MAX_WORKERS) as pool:
        while True:
            now = time.monotonic()
            if now < deadline and (now >= next_claim or not running):
                for worker in workers.claim(MAX_WORKERS - len(running), batch):
                    running[worker.pk] = pool.submit(worker.send_waiting, results)
                next_claim = now + CLAIM_EVERY
            if not running:
                break
            for worker, attempt, result in _arrived(results):
                if attempt and result:
                    made += 1
                    record_result(worker, attempt, result)
                elif error := running.pop(worker.pk).exception():
                    errors.append(error)
                    worker.client.http.close()
                elif not worker.released and time.monotonic() < deadline and worker.read_more():
                    running[worker.pk] = pool.submit(worker.send_waiting, results)
                else:
                    worker.release()
            batch.write_if_due()
    batch.write()
    batch.count()
    if due():  # time is up: the next job continues
        enqueue(Job.CALL_DUE)
    if errors:
        raise BaseExceptionGroup("webhooks that failed unexpectedly", errors)
    return made


def due() -> bool:
    """Whether any endpoint has something to send now."""
    return workers.with_due_attempts(timezone.now()).exists()


def record_result(worker: EndpointWorker, attempt: WebhookAttempt, result: AttemptLog) -> None:
    """Write the result of one attempt."""
    last_try = attempt.last_try
    attempt.attempts = [*attempt.attempts, result][-20:]
    attempt.status = result["status"]
    if workers.is_success(result):
        _record_success(worker, attempt)
    else:
        _record_failure(worker, attempt, others_passed=worker.endpoint.answered_after(last_try))


def _record_success(worker: EndpointWorker, attempt: WebhookAttempt) -> None:
    now, endpoint = timezone.now(), worker.endpoint
    attempt.attempt += 1
    worker.batch.add(attempt)
    if endpoint.waits and endpoint.failing_since:
        away = round((now - endpoint.failing_since).total_seconds())
        log.warning("a webhook endpoint answers again", **endpoint.for_log, seconds=away)
    last_success = endpoint.last_success_at
    if endpoint.failures or not last_success or now - last_success > LAST_SUCCESS_EVERY:
        endpoint.change(failures=0, failing_since=None, last_success_at=attempt.last_try, next_try=now)


def _record_failure(worker: EndpointWorker, attempt: WebhookAttempt, *, others_passed: bool) -> None:
    now, endpoint, result = timezone.now(), worker.endpoint, attempt.attempts[-1]
    _save_failure(attempt, now, counted=others_passed)
    failing_since, failures = endpoint.failing_since or now, endpoint.failures + 1
    if not _asks_to_wait(result) and failures < FAILS_AFTER and worker.has_another(attempt):
        worker.keep(failures=failures, failing_since=failing_since)
        return
    if not endpoint.waits:
        error = result["error"] or str(result["status"])
        log.warning("a webhook endpoint fails: its calls wait", **endpoint.for_log, error=error)
    wait = _jittered(_until_next_try(now - failing_since), result["retry_after"])
    worker.release(failures=failures, failing_since=failing_since, next_try=now + wait)
    if result["status"] == 410:
        endpoints.disable(endpoint, reason=_("it answered 410 Gone"))
    elif now - failing_since >= GIVE_UP:
        endpoints.disable(endpoint, reason=_("every attempt failed for 5 days"))


def _save_failure(attempt: WebhookAttempt, now: datetime, *, counted: bool) -> None:
    """What is not counted keeps its place in the order."""
    values = {"attempts": attempt.attempts, "status": attempt.status}
    is_last = counted and attempt.attempt >= len(RETRIES)
    if counted:
        wait = RETRIES[min(attempt.attempt, len(RETRIES) - 1)]
        values |= {
            "attempt": attempt.attempt + 1,
            "state": WebhookAttempt.State.FAILED if is_last else WebhookAttempt.State.PENDING,
            "next_try": now + _jittered(wait, attempt.attempts[-1]["retry_after"]),
        }
    saved = attempt.change(where={"state": WebhookAttempt.State.PENDING}, **values)
    if saved and is_last:
        log.warning("a webhook call failed for good", **attempt.endpoint.for_log, call=str(attempt.uuid))
    circuits.count([("webhook", "failed" if is_last else "retry" if counted else "outage")])


def _asks_to_wait(result: AttemptLog) -> bool:
    return result["status"] is None or result["status"] in ASKS_TO_WAIT or bool(result["retry_after"])


def _until_next_try(failing_for: timedelta) -> timedelta:
    """The step of the schedule that comes next for an endpoint that has failed for so long."""
    passed = timedelta()
    for step in RETRIES:
        passed += step
        if failing_for * 1.2 < passed:  # jitter may have made it a tenth shorter
            return step
    return RETRIES[-1]


def _jittered(wait: timedelta, retry_after: float | None) -> timedelta:
    jittered = wait * random.uniform(0.9, 1.1)  # noqa: S311 (spreads load, no secret)
    return max(jittered, timedelta(seconds=min(retry_after or 0, 86400)))


def _arrived(results: "SimpleQueue[SendResult]") -> Iterator[SendResult]:
    """The results that have arrived; waits a moment for the first."""
    with contextlib.suppress(Empty):
        yield results.get(timeout=CLAIM_EVERY)
        for _index in range(workers.BATCH_SIZE):
            yield results.get_nowait()
