"""The worker of one endpoint: it claims the endpoint by a lease and sends its webhooks one after another."""

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from queue import SimpleQueue
from typing import NamedTuple

import structlog
from django.conf import settings
from django.db import connection
from django.db.models import Exists, F, OuterRef, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from csat.channels import circuits
from csat.lib import correlation, http, latency
from csat.lib.outcomes import Outcome
from csat.lib.text import clean
from csat.surveys import kept_links
from csat.webhooks import endpoints, payloads, signing
from csat.webhooks.models import AttemptLog, Endpoint, WebhookAttempt

logger = structlog.get_logger(__name__)
READ_SIZE = 50  # webhooks of one endpoint read together
REREAD_SECONDS = 1.0  # then rows are read again: a contact may have been erased, or the endpoint switched off
BATCH_SIZE = 100  # deliveries written together
BATCH_SECONDS = 0.2  # longest time between a delivery and its row
COUNT_SECONDS = 1.0
ANSWER_LENGTH = 2000  # characters kept of what the endpoint answered

# a webhook whose contact was erased meanwhile is no longer pending and stays as it is
MARK_DELIVERED = f"""UPDATE {WebhookAttempt._meta.db_table}
    SET state = 'delivered', attempts = %s, attempt = %s, status = %s, delivered_at = %s, updated_at = %s
    WHERE id = %s AND state = 'pending'"""  # noqa: S608 (the table's name is our own)


@dataclass
class AttemptBatch:
    """Successful attempts, written together. If the process dies first, they are sent again, same ids."""

    attempts: list[WebhookAttempt] = field(default_factory=list)
    started_at: float = 0.0
    uncounted: int = 0
    counted_at: float = field(default_factory=time.monotonic)

    def add(self, attempt: WebhookAttempt) -> None:
        self.started_at = self.started_at if self.attempts else time.monotonic()
        self.attempts.append(attempt)

    def write_if_due(self) -> None:
        if len(self.attempts) >= BATCH_SIZE or time.monotonic() - self.started_at >= BATCH_SECONDS:
            self.write()
        if time.monotonic() - self.counted_at >= COUNT_SECONDS:
            self.count()

    def write(self) -> None:
        attempts, self.attempts = self.attempts, []
        if not attempts:
            return
        now = connection.ops.adapt_datetimefield_value(timezone.now())
        rows = [
            (json.dumps(attempt.attempts), attempt.attempt, attempt.status, now, now, attempt.pk)
            for attempt in attempts
        ]
        with connection.cursor() as cursor:
            cursor.executemany(MARK_DELIVERED, rows)
        self.uncounted += len(rows)

    def count(self) -> None:
        """Add what was written to the counter that metrics show."""
        circuits.count([("webhook", "sent")] * self.uncounted)
        latency.write_if_due()
        self.uncounted, self.counted_at = 0, time.monotonic()


class SendResult(NamedTuple):
    """What a worker's thread reports: one attempt and its log, or without an attempt, that it has ended."""

    worker: "EndpointWorker"
    attempt: WebhookAttempt | None = None
    log: AttemptLog | None = None


@dataclass
class EndpointWorker:
    """One claimed endpoint, its open connection, and the webhooks to send to it."""

    endpoint: Endpoint
    client: http.Client
    batch: AttemptBatch
    waiting: list[WebhookAttempt] = field(default_factory=list)
    read_at: float = 0.0
    released: bool = False

    @property
    def pk(self) -> int:
        return self.endpoint.pk

    def send_waiting(self, results: "SimpleQueue[SendResult]") -> None:
        """Send what was read, until one fails or the rows must be read again.

        Runs in a thread of its own and uses no database. A last result without an attempt reports its end.
        """
        try:
            secrets = self.endpoint.signing_secrets  # opened once for all that was read together
            for attempt in self.waiting:
                log = self._post(attempt, secrets)
                results.put(SendResult(self, attempt, log))
                if not is_success(log) or time.monotonic() - self.read_at >= REREAD_SECONDS:
                    return
        finally:
            results.put(SendResult(self))

    def read_more(self) -> bool:
        """Read what is due and keep the lease; False when nothing is due or we lost the endpoint."""
        return self.read_due() and self._renew_lease()

    def read_due(self) -> bool:
        """Read what is due, unless the endpoint was changed, switched off or taken over meanwhile.

        Of an endpoint that fails only one webhook is read, the one that tried it longest ago.
        """
        self.batch.write()
        ours = Endpoint.objects.alive().filter(lease_until=self.endpoint.lease_until, enabled=True)
        endpoint = ours.filter(pk=self.pk).first()
        self.endpoint, self.read_at = endpoint or self.endpoint, time.monotonic()
        due = self._due().annotate(request_id=F("event__request_id")).order_by("next_try", "id")
        self.waiting = list(due[:READ_SIZE] if endpoint else ())
        if self.endpoint.failures:
            self.waiting = sorted(self.waiting, key=_last_try)[:1]
        payloads.restore_links(self.waiting)
        return bool(self.waiting)

    def has_another(self, attempt: WebhookAttempt) -> bool:
        """Whether a further webhook is due."""
        return self._due().exclude(pk=attempt.pk).exists()

    def keep(self, **values: object) -> None:
        """Go on with the endpoint, saving these values of it."""
        self._change_if_ours(**values)

    def release(self, **values: object) -> None:
        """End the lease and close the connection, saving these values of the endpoint. Idempotent."""
        if not self.released:
            self.released = True
            self.batch.write()
            self.client.http.close()
            self._change_if_ours(lease_until=None, **values)

    def _due(self) -> QuerySet[WebhookAttempt]:
        return self.endpoint.calls.filter(state=WebhookAttempt.State.PENDING, next_try__lte=timezone.now())

    def _renew_lease(self) -> bool:
        """Renew the lease in time; False when it ran out and another worker has the endpoint."""
        lease_until, now = self.endpoint.lease_until, timezone.now()
        if not lease_until or lease_until - now >= lease_length() / 2:
            return True
        return self._change_if_ours(lease_until=now + lease_length())

    def _change_if_ours(self, **values: object) -> bool:
        return self.endpoint.change(where={"lease_until": self.endpoint.lease_until}, **values)

    def _post(self, attempt: WebhookAttempt, secrets: list[str]) -> AttemptLog:
        request_id = getattr(attempt, "request_id", None)  # read with it: here is no database
        with correlation.bound(webhook=attempt.message_id, event_id=attempt.event_id, request_id=request_id):
            return self._timed(attempt, secrets)

    def _timed(self, attempt: WebhookAttempt, secrets: list[str]) -> AttemptLog:
        now, started = timezone.now(), time.monotonic()
        log = AttemptLog(at=payloads.stamp(now), status=None, answer="", error="", retry_after=None)
        headers = signing.headers(attempt, secrets, now)
        try:
            answer = self.client.request(
                "POST", self.endpoint.url, content=attempt.content.encode(), headers=headers
            )
            log["status"], log["retry_after"] = answer.status, answer.retry_after
            if answer.body:  # it may be an echo
                log["answer"] = kept_links.hide(clean(answer.text))[:ANSWER_LENGTH]
        except Outcome as outcome:
            log["error"] = clean(outcome.text)[:ANSWER_LENGTH]
        seconds = time.monotonic() - started
        log["ms"] = round(seconds * 1000)
        status = f"{log['status'] // 100}xx" if log["status"] else "none"
        latency.observe("webhook", "", status, seconds)
        sent_to = self.endpoint.for_log
        logger.info("posted to a webhook endpoint", **sent_to, status=log["status"], ms=log["ms"])
        return log


def claim(limit: int, batch: AttemptBatch) -> Iterator[EndpointWorker]:
    """Claim up to so many endpoints that have something due; each is leased to us alone."""
    now = timezone.now()
    for endpoint in with_due_attempts(now)[:limit] if limit else ():
        # one UPDATE that must still find it ready
        if Endpoint.objects.ready(now).filter(pk=endpoint.pk).update(lease_until=now + lease_length()):
            endpoint.lease_until = now + lease_length()
            if not endpoints.is_readable(endpoint):
                endpoint.change(lease_until=None)
                endpoints.disable(endpoint, reason=_("the key that encrypted its secret is not set"))
                continue
            worker = EndpointWorker(endpoint, http.Client(allow=settings.WEBHOOK_ALLOW), batch)
            if worker.read_due():
                yield worker
            else:
                worker.release()


def with_due_attempts(now: datetime) -> QuerySet[Endpoint]:
    """Endpoints that are ready and have something to send, the longest waiting first."""
    due = WebhookAttempt.objects.filter(
        endpoint=OuterRef("pk"), state=WebhookAttempt.State.PENDING, next_try__lte=now
    )
    return Endpoint.objects.ready(now).filter(Exists(due)).order_by("next_try")


def _last_try(attempt: WebhookAttempt) -> str:
    return str(attempt.attempts[-1]["at"]) if attempt.attempts else ""


def is_success(log: AttemptLog) -> bool:
    return 200 <= (log["status"] or 0) < 300


def lease_length() -> timedelta:
    return timedelta(seconds=settings.CALL_LEASE_SECONDS)
