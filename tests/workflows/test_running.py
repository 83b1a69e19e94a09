from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from csat.channels.outbox import SandboxMessage
from csat.lib.refusal import Refused
from csat.sessions import resolving
from csat.sessions.models import Session
from csat.surveys.answers import answering
from csat.surveys.delivery import scheduling, sending
from csat.surveys.models import Survey
from csat.timeline import dispatching
from csat.timeline.kinds import Kind
from csat.timeline.models import Event
from csat.timeline.recording import SYSTEM
from csat.workflows import actions, editing, running, triggers
from csat.workflows.actions import base
from csat.workflows.models import Run, Step
from tests.factories import make_resolved_session, make_session, switch_on
from tests.workflows.builders import block, from_example, rate, run_until_idle, workflow

pytestmark = pytest.mark.django_db


def step_states() -> list[tuple[str, str]]:
    return [(step.block_id, step.state) for step in Step.objects.all()]


def test_steps_run_in_order_and_are_recorded():
    workflow(block("add_tag", tag="seen"), block("note", text="Ticket {ticket_number}"))
    session = make_resolved_session()
    run_until_idle()
    assert [tag.name for tag in session.tags.all()] == ["seen"]
    assert step_states() == [("add_tag", "succeeded"), ("note", "succeeded")]
    assert Step.objects.last().output == {"text": f"Ticket {session.ticket_number}"}
    assert Event.objects.filter(kind=Kind.RUN_SUCCEEDED).count() == 1


def test_an_event_starts_a_workflow_once_even_when_dispatched_again():
    workflow(block("add_tag", tag="seen"))
    make_resolved_session()
    run_until_idle()
    Event.objects.filter(kind=Kind.SESSION_RESOLVED).update(dispatched_at=timezone.now())
    run_until_idle()
    assert Run.objects.count() == 1


def test_constraints_that_do_not_match_start_nothing():
    workflow(block("add_tag", tag="seen"), when={"==": [{"var": "session.sentiment"}, "positive"]})
    make_resolved_session()
    run_until_idle()
    assert not Run.objects.exists()


def test_a_branch_takes_one_side():
    read_score = block("get_csat_score", "read")
    branch = block("branch", condition={"<": [{"var": "steps.read.score"}, 3]}) | {
        "then": [block("add_tag", "low", tag="low")],
        "else": [block("add_tag", "fine", tag="fine")],
    }
    workflow(read_score, branch, block("add_tag", "after", tag="after"), trigger="csat-score-submit")
    session = make_resolved_session()
    rate(session, 2, "no")
    run_until_idle()
    assert {tag.name for tag in session.tags.all()} == {"low", "after"}


def test_before_an_answer_there_is_no_score_to_branch_on():
    branch = block("branch", condition={"<": [{"var": "steps.read.score"}, 3]}) | {
        "then": [block("add_tag", "low", tag="low")],
        "else": [],
    }
    workflow(block("get_csat_score", "read"), branch)
    session = make_resolved_session()
    run_until_idle()
    assert Step.objects.get(block_id="read").output["answered"] is False
    assert not session.tags.exists()


def test_a_run_continues_after_its_wait():
    workflow(block("wait", seconds=3600), block("add_tag", tag="later"))
    session = make_resolved_session()
    run_until_idle()
    assert Run.objects.get().state == Run.State.WAITING
    assert not session.tags.exists()
    with time_machine.travel(timezone.now() + timedelta(hours=1, seconds=1), tick=True):
        run_until_idle()
    assert Run.objects.get().state == Run.State.SUCCEEDED
    assert session.tags.count() == 1


def test_stop_ends_the_run():
    workflow(block("stop"), block("add_tag", tag="never"))
    session = make_resolved_session()
    run_until_idle()
    assert Run.objects.get().state == Run.State.SUCCEEDED
    assert not session.tags.exists()


def test_a_failed_step_fails_the_run_and_can_be_retried():
    workflow(
        block("add_tag", "first", tag="first"),
        block("assign", agent="nobody@acme.example"),
        block("add_tag", "last", tag="last"),
    )
    session = make_resolved_session()
    run_until_idle()
    run = Run.objects.get()
    assert run.state == Run.State.FAILED
    assert "nobody@acme.example" in run.error
    from tests.factories import make_agent

    make_agent("Noa", email="nobody@acme.example")
    running.retry(run, by=SYSTEM)
    assert Event.objects.filter(kind="audit", data__what="workflow.run_retried").count() == 1
    run_until_idle()
    assert run.again().state == Run.State.SUCCEEDED
    assert [tag.name for tag in session.tags.all()] == ["first", "last"]
    assert run.steps.get(block_id="first").attempt == 1


def test_only_a_failed_run_can_be_retried():
    workflow(block("stop"))
    make_resolved_session()
    run_until_idle()
    with pytest.raises(Refused):
        running.retry(Run.objects.get(), by=SYSTEM)


def test_editing_does_not_change_a_run_in_progress():
    active = workflow(block("wait", seconds=60), block("add_tag", tag="old"))
    session = make_resolved_session()
    run_until_idle()
    editing.save_draft(active, by=SYSTEM, blocks=[block("add_tag", tag="new")])
    editing.activate(active, by=SYSTEM)
    with time_machine.travel(timezone.now() + timedelta(minutes=2), tick=True):
        run_until_idle()
    assert [tag.name for tag in session.tags.all()] == ["old"]


class Resolve(base.Action):
    """Not shipped: the shortest way to trigger oneself."""

    type, label = "resolve", "Resolve"

    def run(self, context, params):
        return {"resolved": resolving.resolve(context.session.again(), by=context.by)}


def test_a_workflow_that_reopens_and_resolves_its_own_trigger_stops_at_the_guard_and_says_so(
    monkeypatch, manager
):
    monkeypatch.setitem(actions.TYPES, "resolve", Resolve())
    active = workflow(block("reopen_session"), block("resolve"))
    make_resolved_session()
    run_until_idle()
    runs = list(Run.objects.order_by("id"))
    assert [(run.state, run.depth) for run in runs] == [
        ("succeeded", 1),
        ("succeeded", 2),
        ("succeeded", 3),
        ("stopped", 4),
    ]
    error = "Stopped by the loop guard: workflows had triggered each other 3 times."
    assert runs[-1].error == error
    assert not runs[-1].steps.exists()
    assert error in manager.get(f"/workflows/{active.uuid}/runs/").content.decode()
    assert error in manager.get(f"/workflows/{active.uuid}/runs/{runs[-1].uuid}/").content.decode()


def test_a_workflow_that_requests_a_survey_after_each_request_stops_at_the_guard():
    """Through the sending of a survey, which another process does."""
    switch_on("email")
    workflow(block("send_csat_request"), trigger="csat-requested")
    make_resolved_session()
    while sending.send_due() + dispatching.fan_out() + running.run_due():
        pass
    assert [run.state for run in Run.objects.order_by("id")] == ["succeeded"] * 3 + ["stopped"]
    assert Event.objects.filter(kind=Kind.CSAT_REQUESTED).count() == 4


def test_a_low_score_notifies_the_supervisor_once_and_reopens_the_session():
    from_example("low-score", tell={"to": "boss@acme.example"})
    session = make_resolved_session()
    rate(session, 2, "still broken")
    run_until_idle()
    notice = SandboxMessage.objects.get(to="boss@acme.example")
    assert "still broken" in notice.text
    assert session.again().status == Session.Status.OPEN


def test_a_high_score_notifies_nobody():
    from_example("low-score", tell={"to": "boss@acme.example"})
    session = make_resolved_session()
    rate(session, 5)
    run_until_idle()
    assert not SandboxMessage.objects.exists()
    assert session.again().status == Session.Status.RESOLVED


def test_the_notice_of_a_low_score_waits_for_its_comment():
    from_example("low-score", tell={"to": "boss@acme.example"})
    session = make_resolved_session()
    answer = answering.answer(scheduling.open_for_link(session), score=1, source="page", await_comment=True)
    run_until_idle()
    assert not SandboxMessage.objects.exists()
    answering.add_comment(answer, comment="nobody called")
    run_until_idle()
    assert "nobody called" in SandboxMessage.objects.get().text


def enable(kind: str) -> None:
    from csat.surveys.rules import settings

    settings.change(by=SYSTEM, channels={kind: {"enabled": True}})


@pytest.mark.parametrize(("sentiment", "asked"), [("positive", 1), ("negative", 0), ("", 0)])
def test_only_happy_conversations_are_asked(sentiment, asked):
    enable("email")
    from_example("positive-sentiment")
    session = make_session(sentiment=sentiment)
    resolving.resolve(session, by=SYSTEM)
    run_until_idle()
    assert Survey.objects.filter(session=session, origin="workflow").count() == asked


def test_another_ticketing_system_resolves_and_the_workflow_asks():
    from csat.surveys.rules import settings

    enable("email")
    settings.change(by=SYSTEM, auto_send=True, ticketing_system="zendesk")
    from_example("third-party")
    session = make_resolved_session()
    run_until_idle()
    assert Survey.objects.get(session=session).origin == "workflow"
    assert Survey.objects.get(session=session).state == "scheduled"


@pytest.mark.parametrize("handed_off", [True, False])
def test_low_scores_after_a_handoff_are_tagged_for_training(handed_off):
    from csat.sessions import activity

    from_example("ai-training")
    session = make_session()
    if handed_off:
        activity.hand_off(session, reasons=["insufficient_knowledge"], by=SYSTEM)
    resolving.resolve(session.again(), by=SYSTEM)
    rate(session, 1, "bad bot")
    run_until_idle()
    assert session.tags.filter(name="ai-training").exists() is handed_off


def test_a_message_of_ours_carries_the_rating_link():
    from_example("own-message")
    make_resolved_session()
    run_until_idle()
    message = SandboxMessage.objects.get()
    assert "/r/" in message.text
    assert "{csat_link}" not in message.text


def test_a_notice_whose_worker_died_is_looked_up_and_not_sent_twice():
    workflow(block("notify", via="email", to="boss@acme.example", message="Look"))
    make_resolved_session()
    run_until_idle()
    step = Step.objects.get()
    # as a killed worker leaves it: the message was sent and no output saved
    step.change(state=Step.State.RUNNING, output={}, finished_at=None)
    Run.objects.update(state=Run.State.RUNNING, wake_at=timezone.now())
    run_until_idle()
    assert SandboxMessage.objects.count() == 1
    assert step.again().interrupted
    assert step.again().attempt == 2


def test_a_system_that_is_down_is_tried_again_later_under_the_same_key(listener):
    listener.answer = lambda heard: (503, {})
    workflow(block("http_request", method="POST", url=listener.url, body='{"score": "{score}"}'))
    make_resolved_session()
    run_until_idle()
    assert Run.objects.get().state == Run.State.WAITING
    listener.answer = lambda heard: (200, {})
    with time_machine.travel(timezone.now() + timedelta(minutes=2), tick=True):
        run_until_idle()
    assert Run.objects.get().state == Run.State.SUCCEEDED
    assert len({heard.headers["idempotency-key"] for heard in listener.heard}) == 1


def test_started_by_hand_it_runs_whatever_its_trigger():
    active = workflow(block("add_tag", tag="by-hand"), trigger="csat-score-submit")
    session = make_session()
    triggers.start_manually(active, session, by=SYSTEM)
    run_until_idle()
    assert session.tags.count() == 1


def test_switched_off_it_cannot_be_started_by_hand():
    active = workflow(block("stop"))
    editing.disable(active, by=SYSTEM)
    with pytest.raises(Refused):
        triggers.start_manually(active.again(), make_session(), by=SYSTEM)
