"""What every channel in the registry promises; a new one inherits all of it."""

import json
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any
from unittest.mock import patch

import hypothesis
import pytest
from django.conf import settings

from csat.channels import registry, rendering
from csat.channels.base import Addresses, Channel, Message, Receipt
from csat.channels.kinds import NEVER_SURVEYED, SURVEYED, Medium
from csat.channels.outbox import SandboxMessage
from tests.channels.asks import ADDRESSES, RATE_URL, ask, composed, of_one_shape

every_channel = pytest.mark.parametrize("channel", registry.all(), ids=lambda channel: channel.kind)
SILENT = {Medium.CARD, Medium.NONE}


def test_the_registry_holds_every_surveyed_channel_once():
    assert sorted(channel.kind for channel in registry.all()) == sorted(kind.value for kind in SURVEYED)


@pytest.mark.parametrize("kind", sorted(NEVER_SURVEYED))
def test_social_channels_are_not_in_it(kind: str):
    with pytest.raises(KeyError):
        registry.get(kind)


@every_channel
class TestEveryChannel:
    def test_reaches_a_contact_who_has_what_it_needs(self, channel: Channel):
        assert channel.address(ADDRESSES) is not None

    def test_cannot_reach_one_who_has_not(self, channel: Channel):
        assert (channel.address(Addresses()) is None) == bool(channel.needs)

    def test_composes_the_same_message_twice(self, channel: Channel):
        assert composed(channel.kind) == composed(channel.kind)

    def test_says_the_custom_message_in_place_of_its_own_words(self, channel: Channel):
        own, default = composed(channel.kind, intro="Tell us, Ana: was Sam any good?"), composed(channel.kind)
        assert "was Sam any good?" in own.text
        assert "was Sam any good?" not in default.text

    def test_carries_the_link_in_its_plain_text(self, channel: Channel):
        message = composed(channel.kind)
        assert message.link == RATE_URL
        assert RATE_URL in message.text or channel.medium is Medium.CARD

    def test_names_its_delivery_and_survey(self, channel: Channel):
        message, asked = composed(channel.kind), ask(channel.kind)
        assert (message.kind, message.reference, message.survey_id) == (
            channel.kind,
            asked.reference,
            asked.survey_id,
        )

    @pytest.mark.parametrize("language", [code for code, _ in settings.LANGUAGES])
    def test_speaks_every_language(self, channel: Channel, language: str):
        assert composed(channel.kind, language=language).text

    @pytest.mark.parametrize("language", [code for code, _ in settings.LANGUAGES])
    @hypothesis.settings(max_examples=10, deadline=None)
    @hypothesis.given(customers=of_one_shape())
    def test_says_the_same_from_a_skeleton(
        self, channel: Channel, language: str, customers: list[dict[str, Any]]
    ):
        for customer in customers:
            message = composed(channel.kind, language=language, **customer)
            with patch.object(rendering, "render", rendering.full):
                assert composed(channel.kind, language=language, **customer) == message

    def test_shrugs_at_a_language_nobody_knows(self, channel: Channel):
        assert composed(channel.kind, language="tlh").text == composed(channel.kind, language="en").text

    def test_survives_hostile_names(self, channel: Channel):
        nasty = "<script>alert(1)</script>\r\nBcc: x@y.z {{ 7|add:7 }} %s {0}"
        message = composed(channel.kind, contact_name=nasty, agent_name=nasty, subject=nasty, intro=nasty)
        assert "<script>" not in message.html
        assert "\n" not in message.subject
        assert "\r" not in message.subject

    def test_can_be_kept_as_plain_data(self, channel: Channel):
        assert json.loads(json.dumps(asdict(composed(channel.kind))))

    def test_believes_no_unsigned_callback(self, channel: Channel):
        assert (
            channel.verify({}, b"MessageStatus=delivered", "https://support.example.com/callbacks/x") is False
        )

    @pytest.mark.parametrize(
        "body", [b"", b"\xff\xfe", b"payload={", b"a=b", b"payload=%7B%22type%22%3A%22new%22%7D"]
    )
    def test_makes_nothing_of_what_it_does_not_understand(self, channel: Channel, body: bytes):
        assert channel.read({}, body) == []


@every_channel
@pytest.mark.django_db
class TestEveryChannelInTheSandbox:
    def test_keeps_what_it_would_have_sent(self, channel: Channel):
        receipt = channel.send(composed(channel.kind))
        kept = SandboxMessage.objects.filter(reference=ask(channel.kind).reference)
        assert kept.count() == (0 if channel.medium in SILENT else 1)
        assert receipt.transport == channel.status().transport

    def test_finds_what_it_sent_and_nothing_else(self, channel: Channel):
        message = composed(channel.kind)
        before = channel.find(message, datetime.now(UTC))
        channel.send(message)
        after = channel.find(message, datetime.now(UTC))
        assert before is None
        assert isinstance(after, Receipt) or channel.medium in SILENT

    def test_says_what_to_do_to_leave_it(self, channel: Channel):
        standing = channel.status()
        assert standing.state == ("connected" if channel.medium in SILENT else "sandbox")
        assert bool(standing.todo) == (standing.state == "sandbox")


def test_messages_are_frozen():
    message: Message = composed("sms")
    with pytest.raises(AttributeError):
        message.text = "other"  # type: ignore[misc]
