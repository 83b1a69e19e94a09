"""Messages of one medium go out one after another, beside those of the others."""

import threading
import time

import pytest
from django.utils import timezone

from csat.channels import registry
from csat.channels.base import CANNOT_TELL, Message, Receipt
from csat.lib.outcomes import Never, Retry, Unknown
from csat.surveys.delivery.lanes import STOP_AFTER, Lanes, NotFound, NotTried, Parcel, hand_over
from csat.surveys.models import Delivery, Survey

AWAY = Retry("connection refused", outage=True)


def parcel(channel="sms", address="+49301", in_doubt_since=None, pk=1):
    delivery = Delivery(pk=pk, channel=channel, medium=registry.get(channel).medium, address=address)
    delivery.survey = Survey()
    return Parcel(delivery, Message(channel, address, "How was it?", f"ref-{pk}"), in_doubt_since)


def soon():
    return time.monotonic() + 5


def outcomes_of(parcels, *, may_go=lambda: True):
    results = []
    hand_over(parcels, results.append, may_go=may_go)
    return [result.outcome for result in results]


@pytest.fixture
def by_twilio(settings):
    settings.TWILIO_ACCOUNT_SID, settings.TWILIO_AUTH_TOKEN, settings.TWILIO_SMS_FROM = "AC1", "t", "+1500"


class TestHandingOver:
    def test_what_the_provider_says_comes_back(self, provider):
        sms, never = provider("sms"), Never("not a number")
        sms.outcomes = [never]
        refused, taken = outcomes_of([parcel(), parcel(pk=2)])
        assert (refused, taken) == (never, Receipt(provider_id="SM1", transport="provider"))

    def test_a_provider_in_trouble_is_not_asked_on_and_on(self, provider):
        sms = provider("sms")
        sms.outcomes = [AWAY] * 20
        outcomes = outcomes_of([parcel(pk=n) for n in range(20)])
        assert len(sms.calls) == STOP_AFTER
        assert [isinstance(one, NotTried) for one in outcomes] == [False] * 5 + [True] * 15

    def test_one_that_is_refused_stops_nobody(self, provider):
        sms = provider("sms")
        sms.outcomes = [Never("no such number"), Retry("busy"), Unknown("cut"), AWAY] * 5
        assert not any(isinstance(one, NotTried) for one in outcomes_of([parcel(pk=n) for n in range(20)]))

    def test_an_account_that_is_refused_stops_at_once(self, provider):
        sms = provider("sms")
        sms.outcomes = [Never("wrong token", account=True)]
        assert isinstance(outcomes_of([parcel(), parcel(pk=2)])[1], NotTried)
        assert len(sms.calls) == 1

    def test_when_the_time_is_up_the_rest_comes_back_untried(self, provider):
        sms = provider("sms")
        assert isinstance(outcomes_of([parcel()], may_go=lambda: False)[0], NotTried)
        assert sms.calls == []

    @pytest.mark.parametrize("found", [None, CANNOT_TELL])
    def test_what_is_in_doubt_is_only_looked_up(self, provider, found):
        sms = provider("sms")
        sms.finds = found
        assert isinstance(outcomes_of([parcel(in_doubt_since=1)])[0], NotFound)
        assert (sms.lookups, sms.calls) == (1, [])

    def test_a_mistake_of_ours_comes_back_too(self, provider):
        sms, bug = provider("sms"), ZeroDivisionError("a bug")
        sms.outcomes = [bug]
        assert outcomes_of([parcel()]) == [bug]


class TestLanes:
    def test_a_provider_that_hangs_holds_its_own_lane_only(self, settings, by_twilio, monkeypatch):
        settings.SLACK_BOT_TOKEN = "xoxb-1"
        hung = threading.Event()
        monkeypatch.setattr(registry.get("sms"), "send", lambda _message: hung.wait(10) and Receipt("SM1"))
        monkeypatch.setattr(registry.get("slack"), "send", lambda _message: Receipt("TS1"))
        with Lanes() as lanes:
            lanes.of("sms").give([parcel()], until=soon())
            lanes.of("slack").give([parcel("slack", "C1", pk=2)], until=soon())
            assert [result.outcome for result in lanes.collect(seconds=5, most=1)] == [Receipt("TS1")]
            assert lanes.busy == {"sms"}
            hung.set()
            assert [result.outcome for result in lanes.collect(seconds=5, most=9)] == [Receipt("SM1")]
            assert lanes.busy == set()

    def test_what_stays_on_this_machine_is_done_at_once(self, provider):
        provider("sms").outcomes = [AWAY]
        with Lanes() as lanes:
            lanes.of("sms").give([parcel()], until=soon())
            threads = {thread.name for thread in threading.enumerate()}
            assert "lane-sms" not in threads
            assert [result.outcome for result in lanes.collect(seconds=1, most=9)] == [AWAY]

    def test_collecting_waits_no_longer_than_it_is_told(self, by_twilio, monkeypatch):
        done = threading.Event()
        monkeypatch.setattr(registry.get("sms"), "send", lambda _message: done.wait(10) and Receipt())
        with Lanes() as lanes:
            lanes.of("sms").give([parcel()], until=soon())
            assert lanes.collect(seconds=0.05, most=9) == []
            done.set()

    def test_whoever_leaves_in_the_middle_lets_nothing_more_go_out(self, by_twilio, monkeypatch):
        first_is_out, go_on = threading.Event(), threading.Event()
        sent = []

        def send(message):
            sent.append(message.reference)
            first_is_out.set()
            go_on.wait(10)
            return Receipt()

        monkeypatch.setattr(registry.get("sms"), "send", send)
        with Lanes() as lanes:
            lanes.of("sms").give([parcel(pk=n) for n in range(5)], until=soon())
            first_is_out.wait(10)
            threading.Timer(0.2, go_on.set).start()
        assert sent == ["ref-0"]


class TestTurns:
    @pytest.fixture(autouse=True)
    def _connected(self, settings):
        settings.SLACK_BOT_TOKEN = "xoxb-1"

    def deliveries(self, *addresses, channel="slack"):
        return [parcel(channel, address, pk=n).delivery for n, address in enumerate(addresses)]

    def test_slack_takes_one_message_a_second_in_each_of_its_channels(self):
        waits = Lanes().take_turns(self.deliveries("C1", "C1", "C2", "C1"))
        assert {pk: round(seconds) for pk, seconds in waits.items()} == {1: 1, 3: 2}

    def test_the_next_batch_remembers(self):
        lanes = Lanes()
        assert lanes.take_turns(self.deliveries("C1")) == {}
        assert set(lanes.take_turns(self.deliveries("C1", "C2"))) == {0}

    def test_a_turn_is_over_when_the_provider_has_answered(self, monkeypatch):
        def slowly(_message):
            time.sleep(0.3)
            return Receipt("TS1")

        monkeypatch.setattr(registry.get("slack"), "send", slowly)
        with Lanes() as lanes:
            [first, second] = self.deliveries("C1", "C1")
            lanes.take_turns([first])
            lanes.of("slack").give([parcel("slack", "C1", pk=first.pk)], until=soon())
            lanes.collect(seconds=5, most=9)
            assert lanes.take_turns([second])[second.pk] > 0.9

    def test_a_provider_that_asks_to_wait_is_heard(self, monkeypatch):
        def busy(_message):
            raise Retry("ratelimited", after=30)

        monkeypatch.setattr(registry.get("slack"), "send", busy)
        with Lanes() as lanes:
            [delivery] = self.deliveries("C1")
            lanes.of("slack").give([parcel("slack", "C1", pk=delivery.pk)], until=soon())
            lanes.collect(seconds=5, most=9)
            assert lanes.take_turns([delivery])[delivery.pk] > 29

    def test_looking_up_takes_nobodys_turn(self, monkeypatch):
        monkeypatch.setattr(registry.get("slack"), "find", lambda message, since: None)
        with Lanes() as lanes:
            doubted = parcel("slack", "C1", in_doubt_since=timezone.now())
            lanes.of("slack").give([doubted], until=soon())
            [result] = lanes.collect(seconds=5, most=1)
            assert isinstance(result.outcome, NotFound)
            assert lanes.take_turns([doubted.delivery]) == {}

    def test_no_other_provider_keeps_a_pace(self):
        assert Lanes().take_turns(self.deliveries("+49301", "+49301", channel="sms")) == {}

    def test_in_the_sandbox_nobody_waits(self, settings):
        settings.SLACK_BOT_TOKEN = ""
        assert Lanes().take_turns(self.deliveries("C1", "C1")) == {}
