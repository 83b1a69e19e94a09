"""Taking conversations out altogether."""

import pytest

from csat.channels.outbox import SandboxMessage
from csat.sessions.models import Session
from csat.surveys.answers import answering
from csat.surveys.models import Answer, Delivery, FollowUp, Link, Score, Survey
from csat.surveys.removal import remove_sessions
from csat.timeline.kinds import Kind
from csat.timeline.models import Event
from tests.factories import make_sent_survey

pytestmark = pytest.mark.django_db

ROWS = (Session, Survey, Delivery, Answer, Score, FollowUp, Link, SandboxMessage)


def test_a_conversation_goes_with_all_that_hangs_on_it_and_no_other() -> None:
    kept, gone = make_sent_survey(), make_sent_survey()
    for survey in (kept, gone):
        answering.answer(survey, score=1, source="page", comment="No")
    Link.objects.filter(purpose=Link.Purpose.UNSUBSCRIBE).delete()  # of the customers, who stay
    counts = {model: model.objects.count() for model in ROWS}
    remove_sessions([gone.session_id])
    assert {model: model.objects.count() * 2 for model in ROWS} == counts
    assert not Event.objects.filter(session_id=gone.session_id).exists()
    assert Event.objects.filter(session_id=kept.session_id).exists()


def test_of_its_events_those_that_are_named_go() -> None:
    survey = make_sent_survey()
    remove_sessions([survey.session_id], events=Event.objects.exclude(kind=Kind.MESSAGE_RECEIVED))
    left = Event.objects.filter(session_id=survey.session_id)
    assert {event.kind for event in left} == {Kind.MESSAGE_RECEIVED}
