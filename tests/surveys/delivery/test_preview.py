"""A channel's message to an imagined customer: looked at, or sent to somebody of the team."""

import pytest

from csat.channels.kinds import SURVEYED
from csat.channels.outbox import SandboxMessage
from csat.lib.outcomes import Never
from csat.lib.refusal import Invalid, Refused
from csat.surveys.delivery import holds, preview
from csat.surveys.models import ChannelSettings, Survey
from csat.timeline.models import Event
from tests.factories import API

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("channel", [channel for channel in SURVEYED if channel != "api"])
def test_every_channel_can_be_looked_at_and_nothing_is_sent(channel):
    message = preview.preview(channel, message="How was {agent_name}?")
    assert "How was Sam?" in message.text
    assert not SandboxMessage.objects.exists()
    assert not Survey.objects.exists()


def test_it_speaks_the_language_asked_for():
    assert preview.preview("email", language="de").text != preview.preview("email").text
    assert preview.preview("email", language="de").language == "de"


def test_a_test_goes_to_the_address_given_and_is_kept_in_the_audit_log():
    preview.send_test("email", to=" sam@acme.example ", by=API)
    assert SandboxMessage.objects.get().to == "sam@acme.example"
    assert Event.objects.get(kind="audit").data["what"] == "survey.tested"


def test_a_test_that_was_taken_resumes_a_stopped_channel_and_one_refused_does_not(provider):
    holds.stop("sms", Never("No money left."))
    provider("sms").outcomes = [Never("Still no money.")]
    with pytest.raises(Refused, match="Still no money"):
        preview.send_test("sms", to="+493012345678", by=API)
    assert ChannelSettings.objects.get(kind="sms").stopped_at
    preview.send_test("sms", to="+493012345678", by=API)
    assert ChannelSettings.objects.get(kind="sms").stopped_at is None


def test_without_an_address_or_a_channel_that_sends_there_is_no_test():
    with pytest.raises(Invalid) as invalid:
        preview.send_test("email", to="  ", by=API)
    assert list(invalid.value.fields) == ["to"]
    with pytest.raises(Refused):
        preview.send_test("api", to="sam@acme.example", by=API)
