"""The rows scheduling works on: each session's survey, stored or new, and what became of it before."""

import pytest
from django.db import transaction

from csat.surveys.answers import answering
from csat.surveys.delivery import sending, survey_rows
from csat.surveys.models import Survey
from csat.surveys.rules.eligibility import Policy
from tests.factories import make_contact, make_resolved_session, make_sent_survey, make_session, switch_on

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _inside_a_transaction(db):
    with transaction.atomic():
        yield


def history(survey):
    return survey_rows.histories_of([survey])[survey.pk]


def test_each_session_has_its_survey_in_the_order_asked_for_and_a_new_one_is_not_stored():
    asked, new = make_sent_survey(), make_session()
    first, second = survey_rows.lock_surveys([new, asked.session])
    assert (first.pk, first.session, second) == (None, new, asked)
    assert Survey.objects.count() == 1


def test_a_survey_is_created_once_with_channel_and_language():
    session = make_session("sms", language="de")
    survey, created = survey_rows.lock_or_create_survey(session, Policy.current())
    assert (created, survey.again().channel, survey.again().language) == (True, "sms", "de")
    assert survey_rows.lock_or_create_survey(session, Policy.current()) == (survey, False)


def test_what_was_sent_is_known_and_so_is_when_it_was_answered():
    survey = make_sent_survey()
    assert history(survey).asked_before(survey)
    assert history(survey).answered_at is None
    answering.answer(survey, score=4, source="page")
    assert history(survey.again()).answered_at == survey.session.score.submitted_at


def test_one_that_waits_or_is_unanswered_is_on_its_way_and_a_new_one_is_not():
    switch_on("email")
    waiting = make_resolved_session("email").survey
    assert history(waiting).on_its_way(waiting)
    sending.send_due()
    sent = waiting.again()
    assert history(sent).on_its_way(sent)
    answering.answer(sent, score=4, source="page")
    assert not history(sent.again()).on_its_way(sent.again())
    new = Survey(session=make_session(contact=make_contact()))
    assert not history(new).on_its_way(new)
    assert not history(new).asked_before(new)


def test_histories_are_read_in_as_many_queries_for_many_as_for_one(django_assert_num_queries):
    surveys = [make_sent_survey() for _ in range(3)]
    with django_assert_num_queries(2):
        histories = survey_rows.histories_of(surveys)
    assert set(histories) == {survey.pk for survey in surveys}
