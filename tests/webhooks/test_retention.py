"""A webhook whose body has gone stays in the log, and says so when it is to be sent again."""

import pytest
from django.utils import timezone

from csat.lib.refusal import Refused
from csat.timeline.recording import SYSTEM
from csat.webhooks import bodies, endpoints, queueing, retention
from csat.webhooks.models import WebhookAttempt
from tests.api.conftest import machine

pytestmark = pytest.mark.django_db


def make(endpoint, state="failed"):
    return WebhookAttempt.objects.create(endpoint=endpoint, type="t", body='{"a": 1}', state=state)


@pytest.mark.parametrize("moved", [True, False])
def test_without_its_body_it_is_not_replayed_and_every_door_says_why(endpoint, manager, moved):
    attempt = make(endpoint)
    if moved:
        bodies.move()
    assert retention.drop(timezone.now()) == 1
    with pytest.raises(Refused, match="body is no longer kept"):
        queueing.replay(attempt, by=SYSTEM)
    assert queueing.replay_failed(endpoint, since=attempt.created_at, by=SYSTEM) == 0
    answer = machine().post(f"/webhooks/{endpoint.uuid}/calls/{attempt.uuid}/replay", {})
    assert (answer.status_code, answer.json()["message"]) == (
        409,
        "Its body is no longer kept: it cannot be replayed.",
    )
    page = f"/settings/webhooks/{endpoint.uuid}/"
    assert "Its body is no longer kept." in manager.get(page).content.decode()
    said = manager.post(f"{page}replay/", {"call": str(attempt.uuid)}, follow=True).content.decode()
    assert "Its body is no longer kept: it cannot be replayed." in said
    assert (attempt.again().state, attempt.again().created_at) == ("failed", attempt.created_at)


def test_what_waits_keeps_its_body_unless_its_endpoint_is_off(endpoint):
    attempt = make(endpoint, "pending")
    assert (retention.count(timezone.now()), retention.drop(timezone.now())) == (0, 0)
    endpoints.change(endpoint, by=SYSTEM, enabled=False)
    assert (retention.count(timezone.now()), retention.drop(timezone.now())) == (1, 1)
    assert (attempt.again().state, attempt.again().body) == ("failed", "{}")
