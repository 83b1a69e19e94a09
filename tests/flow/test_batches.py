"""One task sends many: over one connection, and asking the database the same few questions for each."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from csat.sessions import resolving
from csat.surveys import answering, sending
from tests.factories import API, make_resolved_session, make_sent_survey, make_session, switch_on

pytestmark = pytest.mark.django_db


def due_surveys(channel, count):
    switch_on(channel)
    for _ in range(count):
        make_resolved_session(channel)


@pytest.mark.smtp
def test_many_mails_go_over_one_connection(smtp_server):
    due_surveys("email", 25)
    assert sending.send_due() == 25
    assert (len(smtp_server.messages), smtp_server.connections) == (25, 1)


@pytest.mark.smtp
def test_a_server_that_hangs_up_in_between_is_called_again(smtp_server):
    due_surveys("email", 2)
    assert sending.send_due() == 2
    smtp_server.drop_lines()
    due_surveys("email", 2)
    assert sending.send_due() == 2
    assert len({message["Message-ID"] for message in smtp_server.messages}) == 4


def test_many_texts_go_over_one_connection(twilio_server):
    due_surveys("sms", 10)
    assert sending.send_due() == 10
    assert len({request["client"] for request in twilio_server.requests}) == 1


def test_a_provider_that_is_down_costs_the_other_channels_nothing(twilio_server):
    from tests.standins.twilio import busy

    twilio_server.behave(*[busy() for _ in range(10)])
    due_surveys("sms", 10)
    due_surveys("email", 10)
    assert sending.send_due() == 10


def test_each_survey_costs_the_same_few_queries():
    due_surveys("email", 2)
    with CaptureQueriesContext(connection) as few:
        sending.send_due()
    due_surveys("email", 12)
    with CaptureQueriesContext(connection) as many:
        sending.send_due()
    each = (len(many) - len(few)) / 10
    assert each <= 19, f"{each} queries for each survey"


def test_a_resolution_and_its_survey_cost_few_queries(django_assert_max_num_queries):
    switch_on("email")
    session = make_session()
    with django_assert_max_num_queries(18):
        resolving.resolve(session, by=API)


@pytest.mark.parametrize(("score", "most"), [(5, 17), (2, 20)])
def test_an_answer_costs_few_queries(score, most, django_assert_max_num_queries):
    survey = make_sent_survey()
    with django_assert_max_num_queries(most):
        answering.answer(survey, score=score, source="page")
