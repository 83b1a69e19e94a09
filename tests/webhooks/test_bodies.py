"""The body of a webhook leaves its row when it has ended, and is read, sent again and deleted from there."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from csat.people import erasure
from csat.people.models import Contact
from csat.sessions.models import Session
from csat.surveys.removal import remove_sessions
from csat.timeline import dispatching
from csat.timeline.recording import SYSTEM
from csat.webhooks import attempts, bodies, privacy, queueing
from csat.webhooks.models import WebhookAttempt, WebhookBody
from tests.factories import API, make_session

pytestmark = pytest.mark.django_db


@pytest.fixture
def attempt(endpoint):
    """Delivered."""
    make_session(messages=0)
    dispatching.fan_out()
    attempts.call_due()
    return WebhookAttempt.objects.get()


def test_what_waits_carries_its_body_and_what_has_ended_does_not(endpoint):
    make_session(messages=0)
    dispatching.fan_out()
    assert (bodies.due(), bodies.move()) == (False, 0)
    attempts.call_due()
    before = WebhookAttempt.objects.get()
    assert (bodies.due(), bodies.move(), bodies.due(), bodies.move()) == (True, 1, False, 0)
    after = WebhookAttempt.objects.get()
    assert (after.body, after.attempts, after.updated_at) == ("{}", [], before.updated_at)
    bodies.read_into([after])
    assert (after.body, after.attempts) == (before.body, before.attempts)


def test_a_slice_that_is_killed_leaves_all_as_it_was(attempt, monkeypatch):
    monkeypatch.setattr("django.db.models.query.QuerySet.update", lambda *args, **values: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        bodies.move()
    monkeypatch.undo()
    assert not WebhookBody.objects.exists()
    assert bodies.move() == 1


def test_the_move_and_reading_take_the_same_statements_for_many_as_for_few(endpoint):
    def statements(rows):
        for _row in range(rows):
            WebhookAttempt.objects.create(endpoint=endpoint, type="t", body='{"a": 1}', state="failed")
        with CaptureQueriesContext(connection) as queries:
            assert bodies.move() == rows
            bodies.read_into(WebhookAttempt.objects.all())
        return len(queries)

    assert statements(2) == statements(20)


def test_a_replay_sends_the_same_body_again(attempt, listener):
    bodies.move()
    queueing.replay(attempt, by=SYSTEM)
    assert not WebhookBody.objects.exists()
    attempts.call_due()
    first, again = (heard.body for heard in listener.heard)
    assert first == again


def test_an_erasure_finds_it_there_and_so_does_whoever_asks_for_their_data(attempt):
    bodies.move()
    contact = Contact.objects.get()
    (told,) = privacy.export(contact)["webhooks"]
    assert "conversation.started" in told["body"]
    erasure.erase(contact, by=API)
    assert not WebhookBody.objects.exists()


def test_a_conversation_that_is_taken_out_takes_it_along(attempt):
    bodies.move()
    remove_sessions([Session.objects.get().pk])
    assert not WebhookBody.objects.exists()
