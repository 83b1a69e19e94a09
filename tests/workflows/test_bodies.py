"""What steps were given and brought leaves their rows a week after the run, and is read from there."""

from datetime import timedelta

import pytest
from django.utils import timezone

from csat.people import erasure
from csat.surveys.removal import remove_sessions
from csat.timeline.recording import SYSTEM
from csat.workflows import bodies, privacy
from csat.workflows.models import Run, StepBody
from tests.factories import make_contact, make_resolved_session
from tests.workflows.builders import block, run_until_idle, workflow

pytestmark = pytest.mark.django_db


@pytest.fixture
def run():
    """Of a week ago."""
    workflow(block("note", text="Call {contact_name}"))
    make_resolved_session(contact=make_contact(name="Nadia"))
    run_until_idle()
    Run.objects.update(finished_at=timezone.now() - bodies.STAY - timedelta(minutes=1))
    return Run.objects.get()


def test_it_is_moved_after_a_week_and_read_where_it_stands_then(run):
    given, brought = run.steps.get().input, run.steps.get().output
    Run.objects.update(finished_at=timezone.now() - timedelta(days=6))
    assert (bodies.due(), bodies.move()) == (False, 0)
    Run.objects.update(finished_at=timezone.now() - timedelta(days=8))
    assert (bodies.due(), bodies.move(), bodies.move()) == (True, 1, 0)
    assert (run.steps.get().input, run.steps.get().output) == ({}, {})
    run = Run.objects.get()
    bodies.read_into([run])
    assert [(step.input, step.output) for step in run.steps.all()] == [(given, brought)]


@pytest.mark.parametrize("state", ["failed", "waiting"])
def test_a_run_that_may_go_on_keeps_it_in_its_steps(run, state):
    Run.objects.update(state=state)
    assert bodies.move() == 0


def test_pages_and_their_data_show_it_and_an_erasure_takes_it(run, manager, admin):
    bodies.move()
    page = f"/workflows/{run.workflow.uuid}/runs/{run.uuid}/"
    assert "Call Nadia" in manager.get(page).content.decode()
    assert "Call" in admin.get(f"/admin/csat/run/{run.pk}/change/").content.decode()
    assert "Nadia" in str(privacy.export(run.session.contact)["workflows"])
    erasure.erase(run.session.contact, by=SYSTEM)
    assert not StepBody.objects.exists()
    assert "no longer kept" in manager.get(page).content.decode()


def test_a_conversation_that_is_taken_out_takes_it_along(run):
    bodies.move()
    remove_sessions([run.session_id])
    assert not StepBody.objects.exists()
