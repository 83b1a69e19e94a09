"""What a customer presses: a face under a message, and the box for a comment after it."""

import pytest

from csat.channels.base import EventType, ProviderEvent
from csat.surveys.answers import presses
from csat.surveys.answers.inbound import InboundResult, Intent
from csat.surveys.models import Score
from tests.factories import make_sent_survey

pytestmark = pytest.mark.django_db


@pytest.fixture
def post():
    return make_sent_survey("slack").deliveries.get()


def press(delivery, score, user="U1", **fields):
    return presses.handle(
        ProviderEvent(
            EventType.PRESSED, reference=str(delivery.uuid), medium="slack", score=score, user=user, **fields
        )
    )


def test_a_press_is_a_rating_once_however_often_it_is_told(post):
    press(post, 3, event_id="E1")
    assert press(post, 3, event_id="E1") == InboundResult(Intent.REPEATED, 3, "en")
    assert post.survey.answers.count() == 1


def test_only_whoever_pressed_first_may_press_again(post):
    press(post, 3)
    assert press(post, 1, user="U2") == InboundResult(Intent.SOMEBODY_ELSE, 0, "en")
    press(post, 5)
    assert Score.objects.get().score == 5


def test_a_comment_belongs_to_the_press_of_the_same_person(post):
    press(post, 2)
    fields = {"reference": str(post.uuid), "medium": "slack", "text": "It broke"}
    assert presses.handle(ProviderEvent(EventType.COMMENTED, user="U2", **fields)) is None
    assert presses.handle(ProviderEvent(EventType.COMMENTED, user="U1", **fields)) == InboundResult(
        Intent.COMMENTED, 2, "en"
    )
    assert Score.objects.get().comment == "It broke"


def test_another_event_is_no_press(post):
    assert presses.handle(ProviderEvent(EventType.DELIVERED, reference=str(post.uuid))) is None


@pytest.mark.parametrize("reference", ["", "../../etc/passwd", "5b1c2f7e-0c39-4d7e-9c0a-5f2c7a1d9e10"])
def test_a_reference_that_is_not_ours_names_nothing(post, reference):
    assert presses.handle(ProviderEvent(EventType.PRESSED, reference=reference, score=5)) is None
