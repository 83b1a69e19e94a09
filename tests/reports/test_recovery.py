"""After a low score: who waits for somebody, and whose score was made good."""

import pytest

from csat.reports import recovery
from csat.reports.filters import parse
from csat.sessions import activity, resolving
from csat.surveys.answers import answering, follow_ups
from csat.surveys.delivery import sending
from tests.factories import API, CUSTOMER, make_sent_survey

pytestmark = pytest.mark.django_db


def rate(score, survey=None, **details):
    survey = survey or make_sent_survey(**details)
    answering.answer(survey, score=score, source="page")
    return survey


def test_what_nobody_has_done_comes_before_what_is_newer(manager_user):
    first, second, third = (rate(1) for _ in range(3))
    rate(5)
    follow_ups.mark_done(third.session, manager_user)
    assert [score.survey for score in recovery.low_scores(parse({}))] == [second, first, third]


def test_pages_of_low_scores_neither_miss_nor_double(manager_user):
    surveys = [rate(1) for _ in range(5)]
    for survey in surveys[3:]:
        follow_ups.mark_done(survey.session, manager_user)
    pages = [recovery.low_scores(parse({}), skip=skip, limit=2) for skip in (0, 2, 4)]
    order = [surveys[n] for n in (2, 1, 0, 4, 3)]
    assert [score.survey for page in pages for score in page] == order


def test_a_better_score_without_being_asked_again_is_no_recovery():
    rate(5, rate(1))
    assert recovery.recovery(parse({})) == recovery.Recovery(1, 0, 0, 0)


@pytest.mark.parametrize(("second", "better"), [(5, 1), (2, 1), (1, 0)])
def test_only_a_higher_score_after_the_second_request_is_better(second, better):
    survey = rate(1)
    session = survey.session.again()
    resolving.reopen(session, by=API)
    activity.add_message(session, sender="contact", text="Thank you!", by=CUSTOMER)
    resolving.resolve(session, by=API)
    sending.send_due()
    rate(second, survey)
    assert recovery.recovery(parse({})) == recovery.Recovery(1, 1, 1, better)
    assert recovery.surveys_at(parse({}), "better").count() == better


def test_quarantined_answers_are_listed_by_their_own_score():
    answering.answer(make_sent_survey(), score=1, source="page", quarantine="no_nonce")
    rate(2)
    assert [answer.score for answer in recovery.quarantined(parse({}))] == [1]
    assert not recovery.quarantined(parse({"score": "2"})).exists()
