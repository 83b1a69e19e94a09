"""One task sends many: over one connection, and asking the database the same few questions for each."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from csat.sessions import resolving
from csat.surveys.delivery import sending
from csat.surveys.rules import settings as rules
from tests.factories import API, make_resolved_session, make_session, switch_on

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


@pytest.mark.parametrize("cap", [0, 7], ids=["no cap", "capped"])
@pytest.mark.parametrize(("surveys", "statements"), [(1, 32), (20, 36), (200, 72)])
def test_a_batch_costs_the_same_few_statements_whatever_its_size(provider, surveys, statements, cap):
    """The savepoints of this test count too, two for each transaction. 200 are two batches."""
    provider("sms")
    due_surveys("sms", 1)
    sending.send_due()  # what a first run alone needs
    due_surveys("sms", surveys)
    rules.change(by=API, contact_cap_days=cap)
    with CaptureQueriesContext(connection) as captured:
        assert sending.send_due() == surveys
    print(f"{surveys} surveys: {len(captured)} statements, {len(captured) / surveys:.2f} each")
    assert len(captured) <= statements, "\n".join(query["sql"][:150] for query in captured)


def test_a_resolution_and_its_survey_cost_few_queries(django_assert_max_num_queries):
    switch_on("email")
    session = make_session()
    with django_assert_max_num_queries(17):  # one of them asks whether the customer is one of us
        resolving.resolve(session, by=API)
