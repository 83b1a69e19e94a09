"""Following up: somebody takes it, notes something, and it is done once."""

import pytest

from csat.lib.refusal import Missing
from csat.surveys.answers import answering, follow_ups
from csat.surveys.models import FollowUp
from csat.timeline.models import Event
from csat.timeline.recording import SYSTEM
from tests.factories import make_sent_survey

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
