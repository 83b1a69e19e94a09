"""Conversations lose their words when nothing has changed in them for so long."""

from datetime import timedelta

import pytest
from django.utils import timezone

from csat.sessions import activity, resolving, retention
from csat.sessions.models import Session
from csat.surveys.models import Score
from csat.timeline.recording import SYSTEM
from tests.factories import make_sent_survey, make_session
from tests.house.life import places
from tests.old_rows import plant

pytestmark = pytest.mark.django_db


def test_an_open_conversation_keeps_its_words_however_old():
    session = make_session(subject="zyxmark")
    Session.objects.filter(pk=session.pk).update(updated_at=timezone.now() - timedelta(days=900))
    assert retention.count(timezone.now()) == 0


def test_what_is_said_after_its_words_went_goes_when_it_is_old_itself(tmp_path):
    plant("messages", "zyxmark", days=9)
    before = timezone.now() - timedelta(days=5)
    assert (retention.drop(before), retention.drop(before)) == (1, 0)
    session = Session.objects.get()
    resolving.reopen(session, by=SYSTEM)
    activity.add_message(session, sender="contact", text="quolby", by=SYSTEM)
    resolving.resolve(session, by=SYSTEM)
    assert (retention.drop(before), bool(places(("quolby",), tmp_path))) == (0, True)
    assert retention.drop(timezone.now()) == 1
    assert places(("quolby",), tmp_path) == set()


def test_the_score_stays_without_its_comment():
    from csat.surveys.answers import answering

    survey = make_sent_survey()
    answering.answer(survey, score=2, source="page", comment="zyxmark")
    assert retention.drop(timezone.now()) == 1
    assert (Score.objects.get().score, Score.objects.get().comment) == (2, "")
