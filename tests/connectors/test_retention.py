"""An event whose body has gone stays with what became of it, and says so when it is to be processed again."""

import pytest
from django.utils import timezone

from csat.connectors import bodies, receiving, retention
from csat.connectors.models import InboundEvent
from csat.lib.refusal import Refused
from csat.timeline.recording import SYSTEM
from tests.api.conftest import machine

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("moved", [True, False])
def test_without_its_body_it_is_not_processed_again_and_every_door_says_why(connection, admin, moved):
    row = {"connection": connection, "key": "k", "body": '{"id": 1}', "next_try": None, "outcome": "applied"}
    event = InboundEvent.objects.create(**row)
    if moved:
        bodies.move()
    assert (retention.drop(timezone.now()), retention.drop(timezone.now())) == (1, 0)
    with pytest.raises(Refused, match="body is no longer kept"):
        receiving.retry_event(event, by=SYSTEM)
    answer = machine().post(f"/connections/{connection.uuid}/events/{event.uuid}/process", {})
    assert (answer.status_code, "no longer kept" in answer.json()["message"]) == (409, True)
    page = f"/settings/connections/{connection.uuid}/events/{event.uuid}/"
    assert "Its body is no longer kept." in admin.get(page).content.decode()
    said = admin.post(f"{page}process/", follow=True).content.decode()
    assert "Its body is no longer kept: it cannot be processed again." in said
    assert event.again().outcome == "applied"


def test_what_waits_keeps_its_body(connection):
    InboundEvent.objects.create(connection=connection, key="k", body="{}")
    assert (retention.count(timezone.now()), retention.drop(timezone.now())) == (0, 0)
