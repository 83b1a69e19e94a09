"""A survey by hand overtakes a bulk send, however long the provider takes over each."""

import threading
import time
from typing import Any

import pytest
from django.db import connection

from csat.channels import registry
from csat.channels.base import Message, Receipt
from csat.surveys.choices import Origin
from csat.surveys.delivery import scheduling, sending
from csat.surveys.models import Delivery
from tests import workers
from tests.factories import API, make_contact, make_resolved_session, make_session, switch_on
from tests.standins.twilio import TwilioServer

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("shared_database")]
MANY = 130  # more than one batch
TAKES = 0.04  # seconds, the provider over one message: it hands the batch out for longer than the limit
WITHIN = 2.0  # seconds


@pytest.fixture
def slow(twilio_server: TwilioServer, monkeypatch: Any) -> TwilioServer:
    channel = registry.get("sms")
    at_once = channel.send

    def send(message: Message) -> Receipt:
        time.sleep(TAKES)
        return at_once(message)

    monkeypatch.setattr(channel, "send", send)
    return twilio_server


def worker() -> None:
    """A single one, as when all the others are busy."""
    try:
        sending.send_due(seconds=20)
    finally:
        connection.close()


def test_one_by_hand_leaves_within_two_seconds_beside_a_bulk_send(slow: TwilioServer) -> None:
    switch_on("sms")
    for _ in range(MANY):
        make_resolved_session("sms")
    session = make_session("sms", contact=make_contact(phone="+4930999999"))
    sender = threading.Thread(target=worker)
    sender.start()
    try:
        assert workers.wait_for(lambda: len(slow.messages) >= 3)
        scheduling.request(session, origin=Origin.MANUAL, by=API)
        asked_at = time.monotonic()
        assert workers.wait_for(lambda: any(one["to"] == "+4930999999" for one in slow.messages))
        waited, sent_before = time.monotonic() - asked_at, len(slow.messages)
    finally:
        sender.join()
    assert waited < WITHIN
    assert sent_before < MANY  # it overtook them
    assert len(slow.messages) == MANY + 1
    assert not Delivery.objects.exclude(state="sent").exists()
    assert set(Delivery.objects.values_list("attempt", flat=True)) == {1}  # given back is not tried
