"""Twilio tells what became of a message: signed, repeated, out of order, forged."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.conf import settings as project
from django.test import Client

from csat.people import suppression
from csat.surveys.delivery import sending
from csat.surveys.models import Delivery
from csat.timeline.models import Event
from tests.api.callbacks.requests import TWILIO_TOKEN, sent, status, twilio

pytestmark = pytest.mark.django_db


class TestTheStatusOfAMessage:
    def test_states_repeat_and_come_in_any_order(self) -> None:
        delivery = sent("sms")
        for state in ("delivered", "sent", "delivered", "queued", "nonsense"):
            assert status(delivery, state).status_code == 204
        assert delivery.again().delivered_at is not None
        assert delivery.again().failed_at is None

    @pytest.mark.parametrize("reference", ["-" * 36, "0-" * 18, "f" * 33, "", "%00"])
    def test_a_reference_that_is_no_uuid_says_nothing(self, reference: str) -> None:
        told = {
            "MessageSid": "SM9",
            "MessageStatus": "delivered",
            "To": sent("sms").address,
            "From": "+15005550006",
        }
        assert twilio(f"/callbacks/twilio/status?reference={reference}", told).status_code == 204
        assert Delivery.objects.get().delivered_at is None

    def test_a_code_that_is_no_number_says_nothing(self) -> None:
        assert status(sent("sms"), "failed", ErrorCode="²").status_code == 204

    def test_a_bad_signature_is_403_and_changes_nothing(self) -> None:
        delivery = sent("sms")
        fields = {"MessageSid": "SM1", "MessageStatus": "delivered", "To": delivery.address}
        assert (
            twilio(f"/callbacks/twilio/status?reference={delivery.uuid}", fields, token="other").status_code
            == 403
        )
        assert Client().post("/callbacks/twilio/status", fields).status_code == 403
        assert delivery.again().delivered_at is None

    def test_a_failure_is_noted_with_its_code(self) -> None:
        delivery = sent("sms")
        for _ in range(2):
            status(delivery, "undelivered", ErrorCode="30005")
        assert (delivery.again().state, delivery.again().error_code) == ("failed", "30005")

    @pytest.mark.parametrize("channel", ["sms", "phone_voice", "whatsapp"])
    @pytest.mark.parametrize(
        ("code", "suppressed"),
        [("21610", True), ("30004", True), ("30005", False), ("30006", False), ("63016", False)],
    )
    def test_a_final_failure_hands_over_to_the_email_and_some_suppress_the_number(
        self, channel: str, code: str, suppressed: bool
    ) -> None:
        delivery = sent(channel)
        whom = f"whatsapp:{delivery.address}" if channel == "whatsapp" else delivery.address
        status(delivery, "failed", To=whom, ErrorCode=code)
        assert suppression.is_suppressed("sms", delivery.address) is suppressed
        project.TWILIO_AUTH_TOKEN = ""
        sending.send_due()
        told = list(delivery.survey.deliveries.order_by("id").values_list("channel", "state"))
        by_text = [("sms", "sent")] if channel == "whatsapp" and not suppressed else []
        assert told == [(channel, "failed"), *(by_text or [("email", "sent")])]

    @pytest.mark.parametrize(("code", "tries"), [("30003", 2), ("30008", 2), ("30001", 5), ("63018", 5)])
    def test_a_failure_that_may_pass_is_tried_again_before_the_email(
        self, code: str, tries: int, time_machine: Any
    ) -> None:
        delivery = sent("sms")
        project.TWILIO_AUTH_TOKEN = ""
        for attempt in range(1, tries + 1):
            assert (delivery.again().state, delivery.again().attempt) == ("sent", attempt)
            assert delivery.survey.again().delivered_at
            project.TWILIO_AUTH_TOKEN = TWILIO_TOKEN
            for _ in range(2):
                status(delivery, "undelivered", ErrorCode=code, MessageSid=f"SM{attempt}")
            project.TWILIO_AUTH_TOKEN = ""
            assert sending.send_due() == (attempt == tries)  # by email, at once, the last time
            time_machine.move_to(datetime.now(UTC) + timedelta(hours=3))
            sending.send_due()
        assert list(delivery.survey.deliveries.order_by("id").values_list("channel", "state")) == [
            ("sms", "failed"),
            ("email", "sent"),
        ]

    def test_delivered_after_it_was_sent_again_is_delivered(self, time_machine: Any) -> None:
        delivery = sent("sms")
        status(delivery, "undelivered", ErrorCode="30003")
        assert delivery.survey.again().delivered_at is None
        project.TWILIO_AUTH_TOKEN = ""
        time_machine.move_to(datetime.now(UTC) + timedelta(minutes=2))
        assert sending.send_due() == 1
        project.TWILIO_AUTH_TOKEN = TWILIO_TOKEN
        status(delivery, "delivered", MessageSid="SM2")
        assert delivery.again().delivered_at
        assert Event.objects.filter(kind="csat.requested").count() == 1

    def test_a_failure_after_delivered_is_out_of_order(self) -> None:
        delivery = sent("sms")
        status(delivery, "delivered")
        status(delivery, "undelivered", ErrorCode="30003")
        assert (delivery.again().state, delivery.survey.deliveries.count()) == ("sent", 1)

    def test_read_on_whatsapp_is_opened(self) -> None:
        delivery = sent("whatsapp")
        status(delivery, "read", To=f"whatsapp:{delivery.address}")
        assert delivery.again().opened_at
        assert delivery.again().delivered_at
