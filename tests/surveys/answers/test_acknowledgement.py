"""What the customer is told became of their rating."""

import pytest

from csat.surveys.answers import acknowledgement, answering, comment_withdrawal, follow_ups
from csat.surveys.models import CsatSettings, Score
from tests.factories import CUSTOMER, make_sent_survey

pytestmark = pytest.mark.django_db


def known(survey):
    return acknowledgement.of(Score.objects.get(survey=survey).answer, CsatSettings.current())


def test_it_says_who_read_it_what_it_was_about_and_what_was_done(manager_user):
    survey = make_sent_survey()
    answering.answer(survey, score=1, comment="Broken", about="product", source="page")
    assert known(survey).seen_at is None
    acknowledgement.mark_seen(Score.objects.get())
    first = known(survey).seen_at
    acknowledgement.mark_seen(Score.objects.get())
    follow_ups.say_what_was_done(survey.session, manager_user, "We sent you a new one.")
    follow_ups.mark_done(survey.session, manager_user)
    told = known(survey)
    assert (told.seen_at, told.about, told.done) == (first, "product", "We sent you a new one.")
    assert told.done_at
    assert told.has_words


def test_a_new_rating_has_been_read_by_nobody_yet():
    survey = make_sent_survey()
    answering.answer(survey, score=1, source="page")
    acknowledgement.mark_seen(Score.objects.get())
    answering.answer(survey, score=4, source="page")
    assert known(survey).seen_at is None


def test_an_answer_that_is_not_the_score_tells_nothing():
    survey = make_sent_survey()
    first = answering.answer(survey, score=1, source="page")
    answering.answer(survey, score=4, source="page")
    assert acknowledgement.of(first, CsatSettings.current()) is None


def test_words_of_a_rating_that_another_has_replaced_can_still_be_withdrawn():
    survey = make_sent_survey()
    answering.answer(survey, score=1, comment="Broken", source="page")
    answering.answer(survey, score=4, source="page")
    assert Score.objects.get().comment == ""
    assert known(survey).has_words
    comment_withdrawal.withdraw(survey, by=CUSTOMER)
    assert not known(survey).has_words


def test_reading_changes_nothing_that_others_synchronise():
    survey = make_sent_survey()
    answering.answer(survey, score=1, source="page")
    before = Score.objects.get().updated_at
    acknowledgement.mark_seen(Score.objects.get())
    assert Score.objects.get().updated_at == before
