"""A low score waits for its comment: published with it, without it, and never twice."""

from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone

from csat.surveys.answers import answering, comment_wait
from csat.timeline import dispatching
from csat.timeline.models import Event
from tests.factories import make_sent_survey

pytestmark = pytest.mark.django_db


@pytest.fixture
def answer():
    return answering.answer(make_sent_survey(), score=1, source="page", await_comment=True)


def publish_with(answer, comment):
    with transaction.atomic():
        return comment_wait.publish_with_comment(answer, comment, "product")


def test_it_waits_two_minutes(answer, time_machine):
    assert comment_wait.awaits_comment(answer)
    time_machine.move_to(timezone.now() + comment_wait.COMMENT_WAIT + timedelta(seconds=1))
    assert not comment_wait.awaits_comment(answer)


def test_published_once_it_waits_no_longer(answer):
    assert comment_wait.publish_now(answer)
    assert not comment_wait.publish_now(answer)
    assert not comment_wait.awaits_comment(answer)


def test_the_comment_joins_answer_and_event(answer):
    assert publish_with(answer, "It broke")
    event = Event.objects.get(pk=answer.event_id)
    assert (event.data["comment"], event.data["about"], event.data["score"]) == ("It broke", "product", 1)
    assert (answer.again().comment, answer.again().about) == ("It broke", "product")
    assert event.dispatch_after <= timezone.now()


def test_what_was_told_already_is_not_changed(answer):
    comment_wait.publish_now(answer)
    dispatching.fan_out()
    assert not publish_with(answer, "It broke")
    assert answer.again().comment == ""
