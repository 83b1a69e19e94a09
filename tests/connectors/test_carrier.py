"""Surveys as a public reply in the help desk."""

from datetime import timedelta

import pytest
from django.utils import timezone

from csat.channels import registry
from csat.connectors import connections, conversations
from csat.connectors.carrier import HelpDesk
from csat.connectors.changes import Change, Customer
from csat.connectors.rules import Rules
from csat.lib.outcomes import Never, Retry, Unknown
from csat.sessions.models import Session
from csat.surveys.delivery import message, sending
from csat.surveys.models import CsatSettings, Delivery, Survey
from csat.timeline.recording import SYSTEM
from tests.connectors.fake_desk import ADA, make_connection
from tests.factories import switch_on

pytestmark = pytest.mark.django_db
REPLIES = "/conversations/42/replies"
NADIA = Customer(email="nadia@customer.example")


@pytest.fixture(autouse=True)
def _knows_nothing_yet():
    registry.add_carrier(HelpDesk())


@pytest.fixture
def connection(fake_system):
    return make_connection(rules_given={"send": True})


@pytest.fixture
def resolved(connection, fake_system):
    """A live chat there is resolved; its customer is asked."""

    def resolve(channel="web", customer=NADIA, **values):
        switch_on()
        CsatSettings.objects.update(auto_send_since=timezone.now() - timedelta(days=1))
        fake_system.desk.put_conversation("42", "solved", timezone.now())
        rules = Rules.of(fake_system, connection.again().rules)
        change = Change("42", timezone.now(), status="solved", channel=channel, customer=customer)
        conversations.apply(connection, rules, change)
        send()
        return Session.objects.get()

    return resolve


def send():
    Delivery.objects.filter(state="due").update(next_try=timezone.now())
    while sending.send_due():
        pass


def hops():
    rows = Delivery.objects.order_by("id")
    return list(rows.values_list("channel", "medium", "transport", "state"))


def test_the_link_goes_there_as_a_public_reply(resolved, fake_system, connection):
    resolved()
    (reply,) = fake_system.desk.replies
    assert "How was your conversation with us?" in reply["text"]
    assert "/r/" in reply["text"]
    assert hops() == [("web", "helpdesk", "helpdesk", "sent")]
    survey = Survey.objects.get()
    assert (survey.state, survey.delivered_via) == ("sent", "web")
    assert Delivery.objects.get().address == f"{connection.uuid}:42"


def test_so_does_one_to_a_customer_without_any_address(resolved, fake_system):
    resolved(customer=Customer(name="Visitor"))
    assert len(fake_system.desk.replies) == 1


def test_an_email_conversation_is_answered_there_too(resolved, fake_system):
    resolved(channel="email")
    assert hops() == [("email", "helpdesk", "helpdesk", "sent")]


def test_a_connection_that_may_not_send_leaves_it_to_guaranteed_delivery(resolved, fake_system, connection):
    connections.change(connection, by=ADA, rules_given={"send": False})
    registry.add_carrier(HelpDesk())
    resolved()
    assert fake_system.desk.replies == []
    assert [hop[:2] for hop in hops()] == [("web", "card"), ("email", "email")]


def test_where_it_is_refused_for_good_the_channel_itself_takes_over(resolved, fake_system):
    fake_system.desk.answers[f"POST {REPLIES}"] = Never("422: closed", code="422")
    resolved(channel="email")
    assert [hop[1::2] for hop in hops()] == [("helpdesk", "failed"), ("email", "sent")]


def test_a_help_desk_that_is_away_holds_up_only_its_own_messages(resolved, fake_system):
    fake_system.desk.answers[f"POST {REPLIES}"] = Retry("503", code="503", outage=True)
    resolved()
    assert hops() == [("web", "helpdesk", "", "due")]
    del fake_system.desk.answers[f"POST {REPLIES}"]
    send()
    assert hops() == [("web", "helpdesk", "helpdesk", "sent")]


def test_a_refused_token_stops_no_channel(resolved, fake_system):
    fake_system.desk.answers[f"POST {REPLIES}"] = Never("401", code="401", account=True)
    resolved()
    assert hops() == [("web", "helpdesk", "", "due")]


def test_after_a_cut_connection_the_reply_is_looked_for_before_it_is_written_again(resolved, fake_system):
    fake_system.desk.answers[f"POST {REPLIES}"] = Unknown("cut", code="cut")
    resolved()
    del fake_system.desk.answers[f"POST {REPLIES}"]
    survey = Survey.objects.get()
    link = registry.of_medium("helpdesk").compose(_context(survey)).link
    there = [{"id": "r1", "sender": "agent", "text": f"How was it? {link}", "at": timezone.now().isoformat()}]
    fake_system.desk.conversations["42"]["messages"] = there
    send()
    assert fake_system.desk.replies == []
    assert hops() == [("web", "helpdesk", "helpdesk", "sent")]


def test_while_the_connection_is_paused_it_waits(resolved, fake_system, connection):
    connections.pause(connection, reason="holidays", by=SYSTEM)
    resolved()
    assert hops() == [("web", "helpdesk", "", "due")]


def test_a_connection_that_is_gone_leaves_it_to_the_channel(resolved, fake_system, connection):
    connections.pause(connection, reason="holidays", by=SYSTEM)
    resolved(channel="email")
    connections.remove(connection, by=ADA)
    registry.add_carrier(HelpDesk())
    send()
    assert [hop[1::2] for hop in hops()] == [("helpdesk", "failed"), ("email", "sent")]


def _context(survey):
    return message.build(survey.deliveries.get(), CsatSettings.current())
