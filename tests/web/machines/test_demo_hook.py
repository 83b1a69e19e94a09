"""The demo's own receiver of webhooks."""

from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from csat.people import demo
from csat.timeline.recording import SYSTEM
from csat.webhooks import endpoints, queueing, signing
from csat.webhooks.models import Endpoint, WebhookAttempt

pytestmark = pytest.mark.django_db


@pytest.fixture
def endpoint(settings: Any) -> Endpoint:
    settings.SITE_URL = "http://127.0.0.1:8000"
    settings.WEBHOOK_ALLOW = ["127.0.0.1:8000"]
    return endpoints.add(url=demo.hook_url(), events=["csat.requested"], by=SYSTEM)


def send(client: Client, attempt: WebhookAttempt, **changed: str) -> int:
    headers = signing.headers(attempt, attempt.endpoint.signing_secrets, timezone.now()) | changed
    content_type = headers.pop("content-type")
    status: int = client.post(
        "/demo/hook/", attempt.content, content_type=content_type, headers=headers
    ).status_code
    return status


def test_a_signed_webhook_is_taken(customer: Client, endpoint: Endpoint) -> None:
    assert send(customer, queueing.enqueue_test(endpoint, by=SYSTEM)) == 204


def test_one_of_somebody_else_is_not(customer: Client, endpoint: Endpoint) -> None:
    attempt = queueing.enqueue_test(endpoint, by=SYSTEM)
    assert send(customer, attempt, **{"webhook-signature": "v1,AAAA"}) == 401
    assert send(customer, attempt, **{"webhook-id": "another"}) == 401


def test_without_the_demo_there_is_nothing(customer: Client, endpoint: Endpoint, settings: Any) -> None:
    attempt = queueing.enqueue_test(endpoint, by=SYSTEM)
    settings.SITE_URL = "https://csat.example.com"
    assert send(customer, attempt) == 404
    settings.SITE_URL = "http://127.0.0.1:8000"
    endpoints.remove(endpoint, by=SYSTEM)
    assert send(customer, attempt) == 404
