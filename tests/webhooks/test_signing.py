"""The headers of an attempt, as a receiver verifies them."""

from datetime import timedelta

import pytest
from django.utils import timezone
from standardwebhooks import Webhook, WebhookVerificationError

from csat.timeline.recording import SYSTEM
from csat.webhooks import endpoints, queueing, signing

pytestmark = pytest.mark.django_db


@pytest.fixture
def endpoint():
    return endpoints.add(url="https://93.184.216.34/csat", events=["csat.score_submitted"], by=SYSTEM)


@pytest.fixture
def attempt(endpoint):
    return queueing.enqueue_test(endpoint, by=SYSTEM)


def test_the_receiver_verifies_the_body_and_a_changed_body_is_refused(endpoint, attempt):
    headers = signing.headers(attempt, endpoint.signing_secrets, timezone.now())
    receiver = Webhook(endpoint.signing_secret)
    assert receiver.verify(attempt.body, headers)["type"] == "webhook.test"
    with pytest.raises(WebhookVerificationError):
        receiver.verify(attempt.body.replace("test", "best"), headers)


def test_a_retry_has_the_same_id_and_a_signature_of_its_own_time(endpoint, attempt):
    first = signing.headers(attempt, endpoint.signing_secrets, timezone.now())
    second = signing.headers(attempt, endpoint.signing_secrets, timezone.now() + timedelta(minutes=1))
    assert first["webhook-id"] == second["webhook-id"] == attempt.message_id
    assert int(second["webhook-timestamp"]) - int(first["webhook-timestamp"]) in (60, 61)
    assert first["webhook-signature"] != second["webhook-signature"]


def test_while_a_rotation_runs_either_secret_verifies(endpoint, attempt):
    old = endpoint.signing_secret
    new = endpoints.rotate(endpoint, by=SYSTEM)
    headers = signing.headers(attempt, endpoint.again().signing_secrets, timezone.now())
    for secret in (old, new):
        Webhook(secret).verify(attempt.body, headers)
