"""What each channel does with what is due, and what waits for it."""

from datetime import timedelta

import pytest
from django.utils import timezone

from csat.channels import circuits, registry
from csat.channels.circuits import Way
from csat.lib.outcomes import Never, Retry
from csat.surveys.delivery import holds, sending_status
from csat.surveys.models import ChannelSettings, Delivery
from tests.factories import API, make_resolved_session, switch_on

pytestmark = pytest.mark.django_db
AWAY = Retry("connection refused", code="connect", outage=True)


def mail_goes_away():
    """The mail server refuses connections."""
    way = Way.of(registry.get("email"))
    circuits.note(way, [(f"customer{n}@example.com", AWAY) for n in range(5)])


def of(channel):
    return sending_status.current().of(channel)


def an_hour_late(channel="email"):
    """A survey that was due an hour ago, on this channel."""
    make_resolved_session(channel)
    then = timezone.now() - timedelta(hours=1)
    Delivery.objects.filter(channel=channel).update(due_since=then, next_try=then)


class TestOneChannel:
    def test_off_and_then_sending(self):
        assert of("sms").state == "off"
        switch_on("sms")
        assert (of("sms").state, of("sms").since, of("sms").reason) == ("sending", None, "")

    def test_paused_by_a_person_with_the_reason(self):
        switch_on("sms")
        holds.pause("sms", by=API, reason="wrong text")
        status = of("sms")
        assert (status.state, status.reason, status.since) == ("paused", "wrong text", status.row.paused_at)
        assert of("email").state == "off"

    def test_everything_paused_holds_each_channel(self):
        holds.pause(None, by=API, reason="moving house")
        status = sending_status.current()
        assert status.pause
        assert {(one.state, one.reason) for one in status.channels} == {("paused", "moving house")}

    def test_stopped_counts_before_a_pause(self):
        holds.pause("sms", by=API)
        holds.stop("sms", Never("20003 Authenticate", account=True))
        assert (of("sms").state, of("sms").reason) == ("stopped", "20003 Authenticate")

    def test_away_with_the_next_try(self):
        mail_goes_away()
        status = of("email")
        assert (status.state, status.reason, status.is_half_open) == ("away", "connection refused", False)
        assert status.since == status.circuit.opened_at
        assert status.next_try_at == status.circuit.probe_at
        holds.try_now("email")
        assert of("email").is_half_open

    def test_channels_of_one_way_are_away_together_and_named_once(self):
        mail_goes_away()
        status = sending_status.current()
        assert (of("web_voice").state, of("sms").state) == ("away", "off")
        assert [circuit.medium for circuit in status.away] == ["email"]
        assert [one.label for one in status.held] == ["Email", "Web Voice"]
        assert status.held_in_use == []
        switch_on("email")
        assert [one.label for one in sending_status.current().held_in_use] == ["Email"]

    def test_nothing_is_tried_while_somebody_holds_it(self):
        mail_goes_away()
        holds.pause("email", by=API)
        assert (of("email").state, of("email").next_try_at) == ("paused", None)


class TestWaiting:
    def test_it_is_counted_by_channel_since_it_was_first_due(self):
        switch_on()
        an_hour_late("sms")
        Delivery.objects.update(next_try=timezone.now() + timedelta(hours=2))  # its own back-off
        make_resolved_session("email")
        assert (of("sms").waiting.number, of("email").waiting.number) == (1, 1)
        assert of("sms").waiting.oldest == Delivery.objects.get(channel="sms").due_since
        assert sending_status.current().waiting == 2

    def test_what_is_not_due_yet_does_not_wait(self):
        switch_on()
        make_resolved_session("sms")
        Delivery.objects.update(due_since=timezone.now() + timedelta(minutes=5))
        assert of("sms").waiting.number == 0
        assert sending_status.backlog() == sending_status.Waiting(0, None)

    def test_the_backlog_counts_what_is_being_sent_too(self):
        switch_on()
        an_hour_late("sms")
        make_resolved_session("email")
        Delivery.objects.filter(channel="sms").update(state="sending")
        backlog = sending_status.backlog()
        assert (backlog.number, backlog.oldest) == (2, Delivery.objects.get(channel="sms").due_since)

    def test_the_status_takes_four_queries(self, django_assert_num_queries):
        switch_on()
        for channel in ("sms", "email", "slack"):
            make_resolved_session(channel)
        with django_assert_num_queries(4):
            sending_status.current()


class TestOverdue:
    def overdue(self):
        return sending_status.overdue(sending_status.current(), by=timedelta(minutes=5))

    def test_what_no_worker_took(self):
        switch_on()
        an_hour_late("sms")
        assert self.overdue() == Delivery.objects.get().next_try

    def test_what_waits_by_its_own_back_off_is_not(self):
        switch_on()
        an_hour_late("sms")
        Delivery.objects.update(next_try=timezone.now() + timedelta(hours=2))
        assert self.overdue() is None

    @pytest.mark.parametrize("channel", ["email", None])
    def test_what_somebody_paused_is_not(self, channel):
        switch_on()
        an_hour_late("email")
        holds.pause(channel, by=API)
        assert self.overdue() is None

    def test_what_waits_for_a_provider_is_not_but_its_neighbour_is(self):
        switch_on()
        an_hour_late("email")
        mail_goes_away()
        assert self.overdue() is None
        an_hour_late("sms")
        assert self.overdue() == Delivery.objects.get(channel="sms").next_try

    def test_one_of_two_channels_of_a_medium_may_be_held(self):
        switch_on()
        an_hour_late("web_voice")
        ChannelSettings.objects.filter(kind="email").update(stopped_at=timezone.now())
        assert self.overdue() == Delivery.objects.get().next_try
