"""What Twilio calls back with: signed states, replies, STOP and START."""

from typing import Any

import pytest

from csat.channels import registry
from csat.channels.base import EventType, ProviderEvent
from csat.channels.kinds import Medium
from csat.channels.transports import twilio_callbacks
from tests.channels.asks import ask, composed
from tests.standins.twilio import TwilioServer

INBOUND = "https://support.example.com/callbacks/twilio/inbound"
Callback = tuple[str, bytes, dict[str, str]]


def read(kind: str, callback: Callback) -> list[ProviderEvent]:
    url, body, headers = callback
    channel = registry.get(kind)
    assert channel.verify(headers, body, url)
    return channel.read(headers, body, url)


@pytest.mark.parametrize("kind", ["sms", "phone_voice", "whatsapp"])
class TestStates:
    @pytest.fixture(autouse=True)
    def _sent(self, kind: str, twilio_server: TwilioServer) -> None:
        self.receipt = registry.get(kind).send(composed(kind))
        self.message = twilio_server.messages[0]
        self.server = twilio_server

    def test_a_state_finds_its_delivery_both_ways(self, kind: str):
        (update,) = read(kind, self.server.callback(self.message, "delivered"))
        assert (update.type, update.provider_id, update.reference) == (
            EventType.DELIVERED,
            self.receipt.provider_id,
            ask(kind).reference,
        )

    def test_a_final_failure_carries_its_code_and_whom_it_concerns(self, kind: str):
        (update,) = read(kind, self.server.callback(self.message, "undelivered", 30005))
        assert (update.type, update.code, update.address, update.suppress) == (
            EventType.FAILED,
            "30005",
            "+15005550006",
            False,
        )

    def test_a_refusal_by_the_person_suppresses_the_number(self, kind: str):
        (update,) = read(kind, self.server.callback(self.message, "failed", 21610))
        assert update.suppress

    @pytest.mark.parametrize("state", ["accepted", "queued", "sending", "scheduled", "something-new"])
    def test_states_on_the_way_say_nothing(self, kind: str, state: str):
        assert read(kind, self.server.callback(self.message, state)) == []

    def test_a_doubled_callback_has_one_id(self, kind: str):
        first, again = (read(kind, self.server.callback(self.message, "sent"))[0].event_id for _ in range(2))
        assert first == again
        assert first != read(kind, self.server.callback(self.message, "delivered"))[0].event_id

    def test_a_wrong_signature_is_not_believed(self, kind: str):
        url, body, headers = self.server.callback(self.message, "delivered")
        channel = registry.get(kind)
        assert not channel.verify(headers, body + b"&More=1", url)
        assert not channel.verify(headers, body, url.replace("status", "inbound"))
        assert not channel.verify({**headers, "X-Twilio-Signature": "bm8="}, body, url)

    def test_without_a_token_nobody_is_believed(self, kind: str, settings: Any):
        settings.TWILIO_AUTH_TOKEN = ""
        url, body, headers = self.server.callback(self.message, "delivered")
        assert not registry.get(kind).verify(headers, body, url)


class TestInbound:
    def heard(
        self, server: TwilioServer, text: str, sender: str = "+15005550006", **more: str
    ) -> ProviderEvent:
        (update,) = read("sms", server.inbound(INBOUND, sender=sender, text=text, **more))
        return update

    def test_a_reply_is_the_persons_own_words(self, twilio_server: TwilioServer):
        update = self.heard(twilio_server, "5 – great!")
        assert (update.type, update.text, update.medium, update.address) == (
            EventType.REPLIED,
            "5 – great!",
            Medium.SMS,
            "+15005550006",
        )
        assert update.event_id.startswith("SM")

    def test_whatsapp_is_told_apart(self, twilio_server: TwilioServer):
        update = self.heard(twilio_server, "😍", sender="whatsapp:+15005550006")
        assert (update.medium, update.address) == (Medium.WHATSAPP, "+15005550006")

    def test_a_quick_reply_speaks_by_its_payload(self, twilio_server: TwilioServer):
        assert (
            self.heard(twilio_server, "Excellent 😍", ButtonPayload="5", ButtonText="Excellent 😍").text
            == "5"
        )

    @pytest.mark.parametrize(
        ("more", "said"),
        [
            ({"ButtonPayload": "csat:4", "ButtonText": "Gut"}, "4"),
            ({"ButtonPayload": "CSAT_1", "ButtonText": "Schrecklich"}, "1"),
            ({"ButtonPayload": "csat5", "ButtonText": "😍"}, "5"),
            ({"ListId": "csat:3", "ListTitle": "Okay"}, "3"),
            ({"ButtonPayload": "csat:6", "ButtonText": "Perfect"}, "Perfect"),
            ({"ButtonPayload": "track_order_4", "ButtonText": "Track my order"}, "Track my order"),
            ({"ButtonPayload": "😍 Excellent", "ButtonText": "😍 Excellent"}, "😍 Excellent"),
        ],
    )
    def test_a_button_speaks_by_our_payload_else_by_its_words(
        self, more: dict[str, str], said: str, twilio_server: TwilioServer
    ):
        update = self.heard(twilio_server, more.get("ButtonText", ""), sender="whatsapp:+15005550006", **more)
        assert (update.text, update.medium) == (said, Medium.WHATSAPP)

    def test_a_reply_names_the_message_it_was_given_to(self, twilio_server: TwilioServer):
        update = self.heard(
            twilio_server, "5", sender="whatsapp:+15005550006", OriginalRepliedMessageSid="MM1"
        )
        assert update.provider_id == "MM1"

    def test_an_empty_reply_is_still_a_reply(self, twilio_server: TwilioServer):
        assert self.heard(twilio_server, "").type is EventType.REPLIED

    @pytest.mark.parametrize(
        "word",
        [
            "STOP",
            "stop",
            " Stop. ",
            "STOPALL",
            "stop all",
            "UNSUBSCRIBE",
            "CANCEL",
            "END",
            "QUIT",
            "REVOKE",
            "OPTOUT",
        ],
    )
    def test_twilios_own_stop_words_opt_out(self, word: str, twilio_server: TwilioServer):
        update = self.heard(twilio_server, word)
        assert (update.type, update.suppress) == (EventType.OPTED_OUT, True)

    @pytest.mark.parametrize(
        ("kind", "what"),
        [("STOP", EventType.OPTED_OUT), ("START", EventType.OPTED_IN), ("HELP", EventType.HELP)],
    )
    def test_advanced_opt_out_names_it_whatever_the_words(
        self, kind: str, what: EventType, twilio_server: TwilioServer
    ):
        assert self.heard(twilio_server, "basta", OptOutType=kind).type is what

    @pytest.mark.parametrize(
        ("word", "what"),
        [
            ("START", EventType.OPTED_IN),
            ("unstop", EventType.OPTED_IN),
            ("YES", EventType.OPTED_IN),
            ("help", EventType.HELP),
            ("INFO", EventType.HELP),
        ],
    )
    def test_start_and_help_are_heard(self, word: str, what: EventType, twilio_server: TwilioServer):
        assert self.heard(twilio_server, word).type is what

    @pytest.mark.parametrize(
        "text", ["please stop calling me", "it never ends", "yes it was great", "4", "ARRÊT", "dur"]
    )
    def test_a_sentence_is_no_command(self, text: str, twilio_server: TwilioServer):
        assert self.heard(twilio_server, text).type is EventType.REPLIED


def test_an_unreadable_body_says_nothing():
    assert twilio_callbacks.read(b"\xff") == []


def test_one_that_says_stop_nowhere_near_twilio_is_not_verified(settings: Any):
    settings.TWILIO_AUTH_TOKEN = "token"
    assert not twilio_callbacks.verify({"X-Twilio-Signature": "é"}, b"Body=STOP", INBOUND)
