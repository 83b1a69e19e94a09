"""Which facts start which workflows, and how deep one may start another."""

from dataclasses import replace

import pytest

from csat.lib.refusal import Refused
from csat.sessions import tagging
from csat.timeline.models import Event
from csat.timeline.recording import SYSTEM
from csat.workflows import editing, triggers
from csat.workflows.models import Run, Trigger
from tests.factories import API, make_session

pytestmark = pytest.mark.django_db


def make_workflow(trigger="ticket-tag-added", **content):
    reopen = {"id": "reopen", "type": "reopen_session", "params": {}}
    workflow = editing.create(name="Reopen", by=SYSTEM, trigger_type=trigger, blocks=[reopen], **content)
    editing.activate(workflow, by=SYSTEM)
    return workflow


def tagged(session, *, by=API):
    tagging.tag(session, ["vip"], by=by)
    return Event.objects.filter(kind="session.tagged").latest("id")


def test_only_workflows_that_listen_to_it_are_started():
    workflow = make_workflow()
    make_workflow("csat-score-submit")
    session = make_session()
    tagged(session)
    runs = triggers.start_for(list(Event.objects.all()))
    assert [(run.workflow, run.session, run.trigger_type) for run in runs] == [
        (workflow, session, "ticket-tag-added")
    ]
    assert Run.objects.get().wake_at is not None


@pytest.mark.parametrize(("channel", "started"), [("email", 1), ("web", 0)])
def test_its_constraints_must_hold(channel, started):
    make_workflow(trigger_constraints={"==": [{"var": "session.channel"}, channel]})
    assert len(triggers.start_for([tagged(make_session("email"))])) == started


def test_a_condition_may_look_at_the_event_itself():
    make_workflow(trigger_constraints={"==": [{"var": "event.tag"}, "vip"]})
    assert len(triggers.start_for([tagged(make_session())])) == 1


def test_what_is_switched_off_is_not_started_by_hand_either():
    workflow = make_workflow()
    editing.disable(workflow, by=SYSTEM)
    session = make_session()
    assert triggers.start_for([tagged(session)]) == []
    with pytest.raises(Refused):
        triggers.start_manually(workflow.again(), session, by=API)


def test_on_a_practice_conversation_it_is_not_started_by_hand():
    with pytest.raises(Refused, match="practice"):
        triggers.start_manually(make_workflow(), make_session(practice=True), by=SYSTEM)
    assert not Run.objects.exists()


def test_started_by_hand_it_asks_for_no_constraint_and_names_who_did_it():
    workflow = make_workflow(trigger_constraints={"==": [{"var": "session.channel"}, "web"]})
    run = triggers.start_manually(workflow, make_session("email"), by=API)
    assert (run.trigger_type, run.started_by, run.depth) == (Trigger.MANUAL, "Helpdesk", 1)


def test_a_loop_ends_at_its_third_round():
    make_workflow()
    for depth, state in [(triggers.MAX_DEPTH - 1, Run.State.DUE), (triggers.MAX_DEPTH, Run.State.STOPPED)]:
        event = tagged(make_session(), by=replace(SYSTEM, depth=depth))
        run = triggers.start_for([event])[0]
        assert (run.state, run.depth, run.wake_at is None) == (state, depth + 1, state == Run.State.STOPPED)
    assert "3 times" in run.error
