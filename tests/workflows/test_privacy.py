"""Runs about an erased person keep no words, stop, and bring none back."""

import pytest

from csat.channels import notices
from csat.channels.outbox import SandboxMessage
from csat.lib.outcomes import Retry
from csat.lib.refusal import Refused
from csat.people import erasure
from csat.sessions.models import Session
from csat.sessions.privacy import forget
from csat.surveys.answers import answering, comment_withdrawal
from csat.timeline.models import Event
from csat.workflows import privacy, running
from csat.workflows.models import Run, Step
from tests.factories import API, make_contact, make_resolved_session, make_sent_survey
from tests.workflows.builders import block, run_until_idle, workflow

pytestmark = pytest.mark.django_db
WORDS = "Call {contact_name}"
TELL = block("notify", via="email", to="boss@acme.example", message=WORDS)
WAIT = block("wait", seconds=3600)


def run(*blocks):
    workflow(*blocks)
    session = make_resolved_session(contact=make_contact(name="Nadia"))
    run_until_idle()
    return session


def kept():
    rows = [*Step.objects.values(), *Run.objects.values(), *SandboxMessage.objects.values()]
    return str([*rows, *Event.objects.values("data")])


def test_steps_and_messages_to_colleagues_forget_the_person():
    session = run(block("note", text=WORDS), TELL, block("assign", agent="Nadia@nowhere.example"))
    assert "Nadia" in kept()
    erasure.erase(session.contact, by=API)
    assert "Nadia" not in kept()
    assert [step.type for step in Step.objects.all()] == ["note", "notify", "assign"]
    assert Run.objects.get().state == "failed"


def test_a_waiting_run_stops_and_says_why():
    session = run(block("note", text=WORDS), WAIT, TELL)
    erasure.erase(session.contact, by=API)
    stopped = Run.objects.get()
    assert (stopped.state, stopped.error, stopped.wake_at) == ("stopped", privacy.ERASED, None)


def test_a_failed_run_is_not_retried_about_nobody():
    session = run(block("assign", agent="Nadia@nowhere.example"))
    erasure.erase(session.contact, by=API)
    with pytest.raises(Refused):
        running.retry(Run.objects.get(), by=API)


@pytest.mark.parametrize(
    "outcome", [None, Retry("450 Nadia is away"), Refused("Nadia is away"), ValueError("Nadia")]
)
def test_a_step_that_ends_after_the_erasure_brings_no_word_back(outcome, monkeypatch):
    """Erased while the mail server is taking the message."""

    def erase_first(via, real=notices.send, **message):
        erasure.erase(Session.objects.get().contact, by=API)
        real(via, **message)
        if outcome:
            raise outcome
        return "id of Nadia"

    monkeypatch.setattr(notices, "send", erase_first)
    run(TELL, block("note", text=WORDS))
    assert "Nadia" not in kept()
    assert Run.objects.get().state == "stopped"


def test_a_comment_taken_back_while_a_step_calls_somebody_stays_nowhere(monkeypatch):
    survey = make_sent_survey()

    def withdraw_first(via, real=notices.send, **message):
        comment_withdrawal.withdraw(survey, by=API)
        return real(via, **message)

    monkeypatch.setattr(notices, "send", withdraw_first)
    step = block("notify", via="email", to="boss@acme.example", message="They said {comment}")
    workflow(step, trigger="csat-score-submit")
    answering.answer(survey, score=4, comment="Zyxmark was slow", source="page")
    run_until_idle()
    assert not SandboxMessage.objects.filter(text__contains="Zyxmark").exists()
    step = Step.objects.get()
    assert (step.state, "Zyxmark" in str(step.output)) == ("succeeded", False)


def test_the_words_of_old_conversations_go_and_a_run_under_way_goes_on():
    run(block("note", text=WORDS), TELL)
    waits = run(block("note", text=WORDS), WAIT)
    forget(Session.objects.all())
    done, waiting = Run.objects.exclude(session=waits), Run.objects.filter(session=waits, state="waiting")
    assert not Step.objects.filter(run__in=done).exclude(output={}).exists()
    assert waiting.get().steps.first().output == {"text": "Call Nadia"}


def test_their_data_says_what_workflows_did():
    session = run(block("note", text=WORDS), TELL)
    data = privacy.export(session.contact)
    assert [step["output"]["text"] for step in data["workflows"][0]["steps"]] == ["Call Nadia"] * 2
    assert [notice["to"] for notice in data["notices"]] == ["boss@acme.example"]
