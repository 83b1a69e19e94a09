"""The events an endpoint may ask for, and the name a fact has among them."""

import pytest

from csat.timeline.kinds import Kind
from csat.timeline.models import Event
from csat.webhooks.event_types import EVENTS, event_type


@pytest.mark.parametrize(
    ("sender", "name"), [("ai", "conversation.ai_response"), ("agent", "conversation.agent_response")]
)
def test_a_reply_is_named_by_who_wrote_it(sender: str, name: str):
    assert event_type(Event(kind=Kind.MESSAGE_SENT, data={"sender": sender, "text": "Hello"})) == name


def test_what_stays_in_the_house_has_no_name():
    assert event_type(Event(kind=Kind.AUDIT, data={})) is None


def test_every_name_may_be_asked_for():
    kinds = (Event(kind=kind, data={"sender": "agent"}) for kind in Kind)
    names = {event_type(event) for event in kinds} - {None}
    assert names <= set(EVENTS)
    assert "csat.score_submitted" in names
