"""The events an endpoint may ask for, and the name a fact has among them."""

import pytest

from csat.timeline.kinds import Kind
from csat.timeline.models import Event
from csat.webhooks.event_types import AUDIT, EVENTS, event_type, subscription


@pytest.mark.parametrize(
    ("sender", "name"), [("ai", "conversation.ai_response"), ("agent", "conversation.agent_response")]
)
def test_a_reply_is_named_by_who_wrote_it(sender: str, name: str):
    assert event_type(Event(kind=Kind.MESSAGE_SENT, data={"sender": sender, "text": "Hello"})) == name


def test_what_stays_in_the_house_has_no_name():
    assert event_type(Event(kind=Kind.SESSION_NOTE, data={})) is None


def test_an_entry_of_the_audit_log_has_the_name_of_what_was_done():
    entry = Event(kind=Kind.AUDIT, data={"what": "login.failed"})
    assert event_type(entry) == "audit.login.failed"
    assert subscription("audit.login.failed") == AUDIT
    assert subscription("csat.requested") == "csat.requested"


def test_a_row_from_before_the_list_of_what_is_done_does_not_go_out():
    assert event_type(Event(kind=Kind.AUDIT, data={"what": "user changed: sam"})) is None


def test_every_name_may_be_asked_for():
    kinds = (Event(kind=kind, data={"sender": "agent"}) for kind in Kind)
    names = {event_type(event) for event in kinds} - {None}
    assert names <= set(EVENTS)
    assert "csat.score_submitted" in names
