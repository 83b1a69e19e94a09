"""Webhooks about an erased contact keep neither body nor answers, and do not go out."""

import pytest

from csat.people import erasure
from csat.people.models import Contact
from csat.sessions.models import Session
from csat.sessions.privacy import forget
from csat.timeline import dispatching
from csat.webhooks import privacy
from csat.webhooks.models import WebhookAttempt
from tests.factories import API, make_session

pytestmark = pytest.mark.django_db


@pytest.fixture
def attempt(endpoint):
    make_session(messages=0)
    dispatching.fan_out()
    return WebhookAttempt.objects.get()


def test_body_and_answers_go_and_that_it_was_sent_stays(attempt):
    attempt.change(attempts=[{"at": "2026-01-01T00:00:00Z", "answer": "Nadia"}])
    erasure.erase(Contact.objects.get(), by=API)
    attempt = attempt.again()
    assert (attempt.body, attempt.attempts, attempt.state) == ("{}", [], "failed")
    assert attempt.type == "conversation.started"


def test_the_words_of_old_conversations_go_alone(attempt):
    other = make_session(messages=0)
    dispatching.fan_out()
    forget(Session.objects.exclude(pk=other.pk))
    assert attempt.again().body == "{}"
    assert WebhookAttempt.objects.get(event__session_id=other.pk).body != "{}"


def test_their_data_says_what_was_told_to_whom(attempt):
    told = privacy.export(Contact.objects.get())["webhooks"]
    assert [(row["type"], row["to"]) for row in told] == [("conversation.started", attempt.endpoint.url)]
