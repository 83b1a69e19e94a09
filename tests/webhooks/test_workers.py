"""The worker of one endpoint: it alone claims it, reads what is due, and gives it back."""

from datetime import timedelta

import pytest
from django.utils import timezone

from csat.timeline.recording import SYSTEM
from csat.webhooks import endpoints, queueing, workers
from csat.webhooks.models import Endpoint, WebhookAttempt

pytestmark = pytest.mark.django_db


@pytest.fixture
def due():
    """An endpoint with one webhook to send."""
    endpoint = endpoints.add(url="https://93.184.216.34/csat", events=["csat.requested"], by=SYSTEM)
    queueing.enqueue_test(endpoint, by=SYSTEM)
    return endpoint


def claim(limit=5):
    return list(workers.claim(limit, workers.AttemptBatch()))


def test_an_endpoint_is_claimed_by_one_worker_until_it_is_released(due):
    (worker,) = claim()
    assert [attempt.type for attempt in worker.waiting] == ["webhook.test"]
    assert claim() == []
    worker.release()
    assert due.again().lease_until is None
    assert len(claim()) == 1


def test_the_lease_of_a_worker_that_died_runs_out(due, time_machine):
    claim()
    time_machine.move_to(timezone.now() + workers.lease_length() + timedelta(seconds=1))
    assert len(claim()) == 1


def test_only_endpoints_with_something_due_are_claimed_and_no_more_than_asked_for(due):
    endpoints.add(url="https://93.184.216.34/idle", events=["csat.requested"], by=SYSTEM)
    assert list(workers.with_due_attempts(timezone.now())) == [due]
    assert claim(0) == []
    due.change(next_try=timezone.now() + timedelta(hours=1))
    assert claim() == []


def test_a_worker_whose_endpoint_was_switched_off_reads_nothing(due):
    (worker,) = claim()
    endpoints.change(Endpoint.objects.get(), by=SYSTEM, enabled=False)
    assert not worker.read_due()
    assert worker.waiting == []


def test_what_was_delivered_is_written_once_and_an_erased_webhook_stays_as_it_is(due):
    attempt = WebhookAttempt.objects.get()
    batch = workers.AttemptBatch([attempt])
    attempt.attempt, attempt.status = 1, 204
    batch.write()
    assert (attempt.again().state, attempt.again().status, batch.attempts) == ("delivered", 204, [])
    attempt.change(state="failed")
    workers.AttemptBatch([attempt]).write()
    assert attempt.again().state == "failed"


@pytest.mark.parametrize(
    ("status", "success"), [(200, True), (299, True), (302, False), (500, False), (None, False)]
)
def test_only_2xx_is_a_success(status, success):
    log = {"at": "", "status": status, "answer": "", "error": "", "retry_after": None}
    assert workers.is_success(log) is success
