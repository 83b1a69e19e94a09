"""Following up: somebody takes it, notes something, and it is done once."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.utils import timezone

from csat import tasks
from csat.lib.refusal import Invalid, Missing
from csat.surveys.answers import answering, follow_ups
from csat.surveys.models import FollowUp
from csat.surveys.rules import settings
from csat.timeline import dispatching
from csat.timeline.models import Event
from csat.timeline.recording import SYSTEM
from tests.factories import API, make_sent_survey
from tests.workflows import builders

pytestmark = pytest.mark.django_db


@pytest.fixture
def session():
    survey = make_sent_survey()
    answering.answer(survey, score=1, source="page")
    return survey.session


def steps():
    return [event.data["what"] for event in Event.objects.filter(kind="csat.follow_up").order_by("id")]


def test_a_note_replaces_the_earlier_one_which_the_timeline_keeps(session, agent_user):
    follow_ups.save_note(session, agent_user, "Called, nobody there")
    follow_ups.save_note(session, agent_user, " Refunded ")
    assert FollowUp.objects.get().note == "Refunded"
    notes = Event.objects.filter(kind="csat.follow_up").order_by("id").values_list("data__note", flat=True)
    assert list(notes) == ["Called, nobody there", "Refunded"]


def test_done_is_done_once_by_its_owner(session, agent_user, manager_user):
    follow_ups.assign_to(session, agent_user)
    done_at = follow_ups.mark_done(session, manager_user).done_at
    assert follow_ups.mark_done(session, manager_user).done_at == done_at
    assert not follow_ups.is_open(session)
    assert FollowUp.objects.get().owner == agent_user
    assert steps() == ["taken", "done"]


def test_a_session_without_a_low_score_needs_none(agent_user):
    survey = make_sent_survey()
    answering.answer(survey, score=5, source="page")
    for verb in (follow_ups.assign_to, follow_ups.mark_done):
        with pytest.raises(Missing):
            verb(survey.session, agent_user)
    assert not FollowUp.objects.exists()


def test_open_ones_are_handed_over_and_the_timeline_says_so(session, agent_user, manager_user):
    follow_ups.assign_to(session, agent_user)
    assert follow_ups.hand_over(agent_user, manager_user, SYSTEM) == ("follow_ups", 1)
    assert follow_ups.open_of(manager_user).get() == FollowUp.objects.get()
    assert steps() == ["taken", "handed_over"]
    follow_ups.mark_done(session, manager_user)
    assert follow_ups.hand_over(manager_user, agent_user, SYSTEM) == ("follow_ups", 0)
    assert FollowUp.objects.get().owner == manager_user


def test_it_is_due_by_its_score_in_office_hours():
    hours = {day: [["09:00", "18:00"]] for day in ("mon", "tue", "wed", "thu", "fri")}
    settings.change(by=API, follow_up_hours={"1": 4, "2": None}, sending_hours=hours)
    first, second = make_sent_survey(), make_sent_survey()
    with time_machine.travel(datetime(2026, 11, 27, 16, tzinfo=UTC), tick=False):  # a Friday
        answering.answer(first, score=1, source="page")
        answering.answer(second, score=2, source="page")
    assert first.session.follow_up.due_at == datetime(2026, 11, 30, 11, tzinfo=UTC)
    assert second.session.follow_up.due_at is None


def test_one_that_was_done_is_due_anew_with_the_next_low_score(session, manager_user):
    follow_ups.mark_done(session, manager_user)
    settings.change(by=API, follow_up_hours={"1": 4})
    answering.answer(session.survey, score=1, comment="Again", source="page")
    follow_up = FollowUp.objects.get()
    assert follow_up.done_at is None
    assert follow_up.due_at > timezone.now()


def late(session):
    follow_up = session.follow_up
    follow_up.change(due_at=timezone.now() - timedelta(minutes=1))
    return follow_up.again()


def test_what_is_late_is_told_once_with_its_owner(session, agent_user):
    follow_ups.assign_to(session, agent_user)
    assert late(session).is_overdue
    assert follow_ups.mark_overdue() == 1
    assert follow_ups.mark_overdue() == 0
    event = Event.objects.get(kind="csat.follow_up_overdue")
    assert event.data["owner"] == "sam"


def test_what_is_done_or_not_due_is_never_late(session, manager_user):
    assert follow_ups.mark_overdue() == 0
    late(session)
    follow_ups.mark_done(session, manager_user)
    assert follow_ups.mark_overdue() == 0
    assert not FollowUp.objects.get().is_overdue


def test_a_workflow_escalates_what_is_overdue(session):
    workflow = builders.workflow(builders.block("add_tag", tag="escalated"), trigger="follow-up-overdue")
    late(session)
    tasks.sweep()
    dispatching.fan_out()
    builders.run_until_idle()
    assert workflow.runs.get().state == "succeeded"
    assert [tag.name for tag in session.tags.all()] == ["escalated"]


def test_what_was_done_is_said_in_a_sentence_that_the_timeline_keeps(session, manager_user):
    follow_ups.say_what_was_done(session, manager_user, " We sent another. ")
    follow_ups.say_what_was_done(session, manager_user, "We sent another.")
    assert FollowUp.objects.get().resolution == "We sent another."
    assert steps() == ["told"]
    with pytest.raises(Invalid):
        follow_ups.say_what_was_done(session, manager_user, "x" * 501)
