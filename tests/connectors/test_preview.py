"""How conversations would arrive, before anything does."""

import json

import pytest
from django.utils import timezone

from csat.connectors import preview
from csat.connectors.changes import Change, Customer
from csat.connectors.models import InboundEvent
from csat.connectors.rules import Rules
from csat.lib.outcomes import Never
from csat.lib.refusal import Refused
from csat.people.models import Contact
from csat.sessions.models import Session
from tests.connectors.fake_desk import make_connection
from tests.factories import switch_on

pytestmark = pytest.mark.django_db
NADIA = Customer(email="nadia@customer.example")


def judge(connection, **values):
    given = {"status": "solved", "channel": "email", "customer": NADIA} | values
    (arrival,) = preview.judge(connection, [Change("42", timezone.now(), **given)])
    return arrival.asked, arrival.text


class TestTheSentence:
    def test_who_would_be_asked_and_on_which_channel(self, connection):
        switch_on()
        assert judge(connection) == (True, "would be asked by Email")

    def test_who_would_not_be_and_why(self, connection):
        switch_on()
        assert judge(connection, customer=Customer()) == (
            False,
            "would not be asked: No address for Email",
        )
        assert judge(connection, their_survey=True)[1].startswith(
            "would not be asked: The help desk asks the customer itself"
        )

    def test_that_surveys_are_off(self, connection):
        assert judge(connection)[0] is False
        assert "would not be asked: " in judge(connection)[1]

    def test_what_ends_nothing_and_what_is_ignored(self, connection):
        assert judge(connection, status="waiting") == (None, "not resolved (waiting)")
        assert judge(connection, ours=True) == (None, "ignored: our own write")
        assert judge(connection, not_used="unknown event") == (None, "ignored: unknown event")

    def test_one_that_they_send_for_us(self, fake_system):
        switch_on()
        connection = make_connection(rules_given={"send": True})
        assert judge(connection, customer=Customer()) == (True, "would be asked by a public reply there")

    def test_a_chat_that_is_not_ours_is_asked_by_email(self, connection):
        switch_on()
        assert judge(connection, channel="web") == (True, "would be asked by Email")
        assert judge(connection, channel="web", customer=Customer())[0] is False


class TestTheLatest:
    def test_five_of_their_conversations_are_read_and_nothing_is_stored(self, connection, fake_system):
        switch_on()
        for number in range(7):
            fake_system.desk.put_conversation(str(number), "solved", timezone.now(), email="a@b.example")
        arrivals = preview.latest(connection)
        assert {arrival.text for arrival in arrivals} == {"would be asked by Email"}
        assert not Session.objects.exists()
        assert not Contact.objects.exists()

    def test_what_is_wrong_with_their_api_is_said(self, connection, fake_system):
        fake_system.desk.answers["GET /conversations"] = Never("401: bad token", code="401", account=True)
        with pytest.raises(Refused, match="Fake Desk could not be read: 401: bad token"):
            preview.latest(connection)
        connection.refresh_from_db()
        assert connection.paused_at is None

    def test_without_a_token_it_says_what_to_do_instead(self, fake_system):
        with pytest.raises(Refused, match="Without a token"):
            preview.latest(make_connection(token=""))


def test_other_rules_are_tried_over_what_came_in(connection, fake_system):
    switch_on()
    body = {"id": "42", "at": timezone.now().isoformat(), "status": "done", "email": "a@b.example"}
    for number, text in enumerate([json.dumps(body), '["no object"]']):
        InboundEvent.objects.create(connection=connection, key=str(number), body=text)
    events = InboundEvent.objects.order_by("id")
    (before,) = preview.of_events(connection, Rules.of(fake_system, {}), events)
    (after,) = preview.of_events(connection, Rules.of(fake_system, {"resolved": ["done"]}), events)
    assert (before.asked, after.asked) == (None, True)
