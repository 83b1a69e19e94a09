"""When a provider is away, what waits for it is neither tried nor counted."""

from datetime import timedelta

import pytest
from django.utils import timezone

from csat.channels import circuits, registry
from csat.channels.circuits import Circuit, SendCount, Way
from csat.lib.outcomes import Never, Retry, Unknown
from csat.timeline.models import Event

pytestmark = pytest.mark.django_db
MAIL = Way("email", "smtp")
AWAY = Retry("connection refused", code="connect", outage=True)


def note(*results, way=MAIL):
    return circuits.note(way, [(f"customer{n}@example.com", result) for n, result in enumerate(results)])


class TestOpening:
    def test_five_failures_in_a_row_over_three_people_open_it(self):
        assert note(*[AWAY] * 4).state == "closed"
        circuit = note(AWAY)
        assert (circuit.state, circuit.reason, circuit.times_opened) == ("open", "connection refused", 1)

    def test_one_person_whose_message_fails_again_and_again_opens_nothing(self):
        circuit = circuits.note(MAIL, [("poison@example.com", AWAY)] * 50)
        assert circuit.state == "closed"

    def test_an_answer_in_between_begins_anew(self):
        assert note(*[AWAY] * 4, None, *[AWAY] * 4).state == "closed"

    def test_a_refusal_is_an_answer(self):
        assert note(*[AWAY] * 4, Never("no such mailbox"), *[AWAY] * 4).state == "closed"

    def test_greylisting_opens_nothing(self):
        assert note(*[Retry("450 try later", code="450")] * 50) is None or not circuits.opened()

    def test_a_time_out_counts_like_a_refused_connection(self):
        assert note(*[Unknown("timeout", outage=True)] * 5).state == "open"

    def test_each_way_has_its_own(self):
        note(*[AWAY] * 5)
        assert note(*[AWAY] * 4, way=Way("sms", "twilio")).state == "closed"
        assert [circuit.way for circuit in circuits.opened()] == [MAIL]

    def test_it_is_written_to_the_audit_log_once(self):
        note(*[AWAY] * 5)
        note(AWAY)
        audited = Event.objects.get(kind="audit", data__what="provider.away").data["after"]
        assert audited["reason"] == "connection refused"


class TestProbing:
    def test_one_of_many_may_try_half_a_minute_later(self, time_machine):
        note(*[AWAY] * 5)
        assert not circuits.take_probe(circuits.find(MAIL))
        time_machine.move_to(timezone.now() + timedelta(seconds=31))
        assert circuits.find(MAIL).state == "half_open"
        assert [circuits.take_probe(circuits.find(MAIL)) for _ in range(3)] == [True, False, False]

    def test_of_two_who_saw_the_same_row_one_may(self, time_machine):
        note(*[AWAY] * 5)
        time_machine.move_to(timezone.now() + timedelta(seconds=31))
        one, other = circuits.find(MAIL), circuits.find(MAIL)
        assert [circuits.take_probe(one), circuits.take_probe(other)] == [True, False]

    def test_the_longer_it_is_away_the_rarer_it_is_tried_but_every_five_minutes(self):
        note(*[AWAY] * 5)
        waits = []
        for _ in range(5):
            circuit = note(AWAY)
            waits.append(round((circuit.probe_at - timezone.now()).total_seconds() / 60))
        assert waits == [1, 2, 5, 5, 5]

    def test_it_waits_as_long_as_the_provider_asked(self):
        circuit = note(*[Retry("slow down", after=600, outage=True)] * 5)
        assert circuit.probe_at - timezone.now() > timedelta(seconds=590)

    def test_one_success_closes_it(self):
        note(*[AWAY] * 5)
        circuit = note(None)
        assert (circuit.state, circuit.failures, circuits.opened()) == ("closed", 0, [])
        assert Event.objects.filter(kind="audit", data__what="provider.back").count() == 1

    def test_a_message_of_its_own_trouble_cannot_hold_it_open(self):
        note(*[AWAY] * 5)
        assert note(Never("550 no such mailbox")).state == "closed"

    def test_somebody_can_have_it_tried_now(self):
        assert not circuits.try_now(MAIL)
        note(*[AWAY] * 5)
        assert circuits.try_now(MAIL)
        assert circuits.find(MAIL).state == "half_open"


class TestWhileAllIsWell:
    def test_nothing_is_written_but_a_sign_of_life_now_and_then(self, django_assert_num_queries):
        note(None)
        with django_assert_num_queries(1):
            note(None, None, None)

    def test_it_knows_when_the_provider_answered(self, time_machine):
        assert note(None).answered_within(timedelta(minutes=1))
        time_machine.move_to(timezone.now() + timedelta(minutes=2))
        assert not circuits.find(MAIL).answered_within(timedelta(minutes=1))


class TestGuarded:
    """A single message beside the surveys."""

    @pytest.fixture
    def slack(self, settings):
        settings.SLACK_BOT_TOKEN = "xoxb-1"
        return registry.get("slack")

    def send(self, channel, outcome=None, to="C0123456"):
        with circuits.guarded(channel, to):
            if outcome:
                raise outcome

    def test_an_open_circuit_lets_nothing_through_and_counts_nothing(self, slack):
        for n in range(5):
            with pytest.raises(Retry):
                self.send(slack, AWAY, to=f"C{n}")
        with pytest.raises(Retry) as refused:
            self.send(slack)
        assert (refused.value.outage, str(refused.value)) == (True, "connection refused")
        assert circuits.find(Way("slack", "slack")).failures == 5

    def test_it_may_be_the_one_that_tries(self, slack):
        note(*[AWAY] * 5, way=Way("slack", "slack"))
        circuits.try_now(Way("slack", "slack"))
        self.send(slack)
        assert circuits.opened() == []

    def test_what_stays_on_this_machine_cannot_be_away(self):
        self.send(registry.get("slack"))
        assert Circuit.objects.count() == 0


def test_outcomes_are_counted_by_channel():
    circuits.count([("sms", "sent"), ("email", "sent"), ("sms", "sent")])
    circuits.count([("sms", "sent"), ("sms", "outage")])
    circuits.count([])
    assert set(SendCount.objects.values_list("channel", "outcome", "number")) == {
        ("sms", "sent", 3),
        ("sms", "outage", 1),
        ("email", "sent", 1),
    }


def test_numbers_of_people_are_not_kept_in_clear():
    circuit = note(*[AWAY] * 5)
    assert len(circuit.recipients) == circuits.RECIPIENTS
    assert "customer" not in str(circuit.recipients)
