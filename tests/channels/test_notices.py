"""Plain words by the same transports: a notice to a colleague, a message to a customer."""

import pytest

from csat.channels import notices
from csat.channels.base import Addresses, Brand
from csat.channels.outbox import SandboxMessage
from csat.lib.outcomes import Never

pytestmark = pytest.mark.django_db
NADIA = Addresses("Nadia", "nadia@customer.example", "+493012345678", "C0123456789", "17.1")


def sent():
    return list(SandboxMessage.objects.order_by("id").values_list("kind", "to", "text"))


def test_a_notice_goes_where_it_is_sent():
    assert notices.send("email", to="ada@acme.example", subject="Stopped", text="SMS has stopped.")
    assert sent() == [("email", "ada@acme.example", "SMS has stopped.")]


def test_a_repeated_notice_is_looked_up_first():
    details = {"to": "ada@acme.example", "text": "Hello", "token": "run-1"}
    first = notices.send("sms", **details)
    assert notices.send("sms", again=True, **details) == first
    assert len(sent()) == 1
    notices.send("sms", **details)
    assert len(sent()) == 2


@pytest.mark.parametrize(
    ("channel", "via", "to"),
    [
        ("email", "email", NADIA.email),
        ("sms", "sms", NADIA.phone),
        ("slack", "slack", NADIA.slack_channel),
    ],
)
def test_a_customer_is_written_to_on_the_sessions_own_channel(channel, via, to):
    assert notices.to_customer(channel, NADIA, brand=Brand("Acme"), text="Hello")[0] == via
    assert sent() == [(via, to, "Hello")]


@pytest.mark.parametrize("channel", ["web", "api"])
def test_where_nothing_travels_it_stays_in_the_conversation(channel):
    assert notices.to_customer(channel, NADIA, brand=Brand("Acme"), text="Hello") == ("conversation", "")
    assert sent() == []


def test_without_an_address_it_never_goes():
    with pytest.raises(Never):
        notices.to_customer("sms", Addresses("Nadia", "nadia@customer.example"), brand=Brand(), text="Hello")
