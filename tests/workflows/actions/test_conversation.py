"""Steps on the conversation itself, carried out by a run."""

import pytest

from csat.channels.outbox import SandboxMessage
from csat.timeline.models import Event
from csat.timeline.recording import SYSTEM
from csat.workflows import editing, running, triggers
from csat.workflows.actions import conversation
from csat.workflows.models import Run, Step
from tests.factories import API, make_agent, make_resolved_session, make_session

pytestmark = pytest.mark.django_db


def carry_out(kind, session, **params):
    """A workflow of this one step, run on the session; the step as it ended."""
    step = {"id": kind, "type": kind, "params": params}
    workflow = editing.create(name=kind, by=SYSTEM, trigger_type="ticket-resolved", blocks=[step])
    editing.activate(workflow, by=SYSTEM)
    triggers.start_manually(workflow, session, by=API)
    while running.run_due():
        pass
    return Step.objects.get()


def test_a_resolved_session_is_reopened():
    session = make_resolved_session()
    assert carry_out("reopen_session", session).output == {"reopened": True}
    assert session.again().status == "open"


def test_a_tag_is_added_by_the_workflow():
    session = make_session()
    carry_out("add_tag", session, tag="unhappy")
    assert [tag.name for tag in session.tags.all()] == ["unhappy"]
    assert Event.objects.get(kind="session.tagged").actor_kind == "workflow"


def test_a_session_goes_to_an_agent_and_a_team_by_name():
    layla = make_agent("Layla", email="layla@acme.example")
    session = make_session()
    carry_out("assign", session, agent="Layla@acme.example", team="Tier 2")
    assert (session.again().assignee, session.again().team.name) == (layla, "Tier 2")


def test_an_agent_who_is_not_there_fails_the_run_and_says_so():
    session = make_session()
    carry_out("assign", session, agent="nobody@acme.example")
    assert Run.objects.get().state == Run.State.FAILED
    assert "nobody@acme.example" in Step.objects.get().error
    assert session.again().assignee is None


def test_a_note_is_filled_in():
    carry_out("note", make_session(), text="Call {contact_name}")
    assert Event.objects.get(kind="session.note").data["text"] == "Call Nadia Berg"


def test_a_message_goes_to_the_customer_and_stands_in_the_conversation():
    session = make_session("sms")
    carry_out("send_message", session, text="Sorry, {contact_name}!")
    sent = SandboxMessage.objects.get()
    assert (sent.kind, sent.to, sent.text) == ("sms", session.contact.phone, "Sorry, Nadia Berg!")
    assert Event.objects.get(kind="message.sent").data["text"] == "Sorry, Nadia Berg!"


def test_only_agents_with_an_address_can_be_chosen():
    make_agent("Layla", email="layla@acme.example")
    make_agent("Omar")
    assert [address for address, _name in conversation.agent_choices()] == ["layla@acme.example"]
