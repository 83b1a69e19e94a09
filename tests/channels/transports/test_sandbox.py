"""The sandbox: what would go out is kept whole in the outbox."""

import pytest

from csat.channels.base import Message
from csat.channels.outbox import SandboxMessage
from csat.channels.transports import sandbox

pytestmark = pytest.mark.django_db
MESSAGE = Message(
    kind="slack",
    to="C0123456789",
    text="How was it?",
    reference="ref-1",
    thread_ts="17.1",
    headers={"X": "1"},
)


def test_a_message_is_kept_whole_and_counts_as_taken():
    receipt = sandbox.send(MESSAGE, medium="slack")
    row = SandboxMessage.objects.get()
    assert (receipt.provider_id, receipt.transport) == (str(row.uuid), "sandbox")
    assert (row.kind, row.medium, row.to, row.text) == ("slack", "slack", "C0123456789", "How was it?")
    assert (row.data["thread_ts"], row.data["headers"]) == ("17.1", {"X": "1"})


def test_it_is_found_by_its_reference_and_nothing_else_is():
    assert sandbox.find(MESSAGE) is None
    assert sandbox.send(MESSAGE, medium="slack") == sandbox.find(MESSAGE)
    nameless = Message(kind="slack", to="C1", text="Hi", reference="")
    sandbox.send(nameless, medium="slack")
    assert sandbox.find(nameless) is None
