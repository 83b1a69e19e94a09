"""An endpoint goes away for minutes, days and more; what it missed comes afterwards, in its order."""

import logging
from collections import Counter
from datetime import timedelta

import pytest
from django.utils import timezone

from csat.channels.circuits import SendCount
from csat.jobs import Job
from csat.sessions.importing import import_many
from csat.timeline import dispatching
from csat.timeline.recording import SYSTEM
from csat.webhooks import attempts, endpoints, queueing
from csat.webhooks.models import WebhookAttempt
from tests.factories import make_contact

pytestmark = pytest.mark.django_db
OPENS, CLOSES = "a webhook endpoint fails: its calls wait", "a webhook endpoint answers again"
OFF, FOR_GOOD = "a webhook endpoint was switched off", "a webhook call failed for good"


@pytest.fixture
def endpoint(listener):
    return endpoints.add(url=listener.url, events=["conversation.started"], by=SYSTEM)


@pytest.fixture
def live(endpoint, time_machine, monkeypatch):
    """Let time pass: workers run whenever the endpoint is to be tried."""
    monkeypatch.setattr("random.uniform", lambda _least, _most: 1.0)

    def run(**time):
        end = timezone.now() + timedelta(**time)
        while (moment := next_moment()) and moment < end:
            time_machine.move_to(max(moment, timezone.now()) + timedelta(seconds=1))
            attempts.call_due()
        time_machine.move_to(end)

    def next_moment():
        waiting = endpoint.calls.filter(state="pending", endpoint__enabled=True).order_by("next_try").first()
        return max(endpoint.again().next_try, waiting.next_try) if waiting else None

    return run


@pytest.fixture
def logged(caplog):
    return lambda: Counter(
        record.msg["event"]
        for record in [*caplog.get_records("setup"), *caplog.get_records("call")]
        if record.name.startswith("csat.webhooks") and record.levelno >= logging.WARNING
    )


def start_conversations(number):
    contact = {"contact_id": make_contact().uuid}
    import_many([contact] * number, by=SYSTEM)
    dispatching.fan_out()


def in_order():
    return [attempt.message_id for attempt in WebhookAttempt.objects.order_by("id")]


def asked(listener):
    return [heard.headers["webhook-id"] for heard in listener.heard]


def states():
    return Counter(WebhookAttempt.objects.values_list("state", "attempt"))


def answers(status, **headers):
    return lambda heard: (status, headers)


def refuses(message_id):
    return lambda heard: (500 if heard.headers["webhook-id"] == message_id else 200, {})


@pytest.mark.parametrize("status", [500, 503, 429, 404])
@pytest.mark.parametrize(
    ("away", "tries", "back"), [({"hours": 40}, 8, {"hours": 15}), ({"days": 3}, 9, {"hours": 12})]
)
def test_nothing_is_counted_while_it_answers_nobody_and_then_all_comes_in_order(
    endpoint, listener, live, logged, status, away, tries, back
):
    start_conversations(30)
    listener.answer = answers(status)
    attempts.call_due()
    live(**away)
    assert states() == {("pending", 0): 30}
    tried = asked(listener)
    assert len(tried) == len(set(tried)) in (tries, tries + 2)  # each try another one
    listener.heard.clear()
    listener.answer = answers(200)
    live(**back)
    assert states() == {("delivered", 1): 30}
    probe, *others = asked(listener)
    assert others == [one for one in in_order() if one != probe]
    assert logged() == {OPENS: 1, CLOSES: 1}


def test_a_refused_connection_is_the_endpoints_trouble_too(endpoint, listener, live, settings):
    start_conversations(3)
    settings.WEBHOOK_ALLOW = ["127.0.0.1:1"]
    endpoint.change(url="http://127.0.0.1:1/")
    attempts.call_due()
    live(hours=3)
    assert states() == {("pending", 0): 3}
    assert "no program listens" in str(list(WebhookAttempt.objects.values_list("attempts", flat=True)))


class TestMoreThanFiveDays:
    @pytest.fixture
    def given_up(self, endpoint, listener, live, admin_user):
        start_conversations(20)
        listener.answer = answers(503)
        attempts.call_due()
        live(days=6)
        listener.heard.clear()
        listener.answer = answers(200)
        return endpoint.again()

    def test_it_is_switched_off_and_its_calls_are_kept(self, given_up, listener, live, logged):
        assert not given_up.enabled
        assert logged() == {OPENS: 1, OFF: 1}
        live(days=3)
        assert states() == {("pending", 0): 20}
        assert not listener.heard

    def test_switched_on_again_it_gets_what_waited(
        self, given_up, listener, django_capture_on_commit_callbacks
    ):
        with django_capture_on_commit_callbacks() as woken:
            endpoints.change(given_up, by=SYSTEM, enabled=True)
        assert Job.CALL_DUE in [task.job for task in woken]
        attempts.call_due()
        assert asked(listener) == in_order()
        assert states() == {("delivered", 1): 20}

    def test_switched_on_too_early_it_has_another_five_days(self, given_up, listener, live):
        listener.answer = answers(503)
        endpoints.change(given_up, by=SYSTEM, enabled=True)
        live(days=4)
        assert given_up.again().enabled
        live(days=2)
        assert not given_up.again().enabled
        assert states() == {("pending", 0): 20}


class TestOneThatTheEndpointCannotTake:
    def test_it_does_not_hold_two_hundred_others(self, endpoint, listener, logged):
        start_conversations(201)
        poison = in_order()[100]
        listener.answer = refuses(poison)
        attempts.call_due()
        assert states() == {("delivered", 1): 200, ("pending", 1): 1}
        assert not logged()

    def test_it_fails_after_the_schedule_and_can_be_replayed(self, endpoint, listener, live, logged):
        start_conversations(1)
        poison = in_order()[0]
        listener.answer = refuses(poison)
        for _ in range(20):
            start_conversations(1)
            attempts.call_due()
            live(hours=12)
        failed = WebhookAttempt.objects.get(state="failed")
        assert (failed.message_id, failed.attempt) == (poison, 10)
        assert logged()[FOR_GOOD] == 1
        assert endpoint.again().enabled
        listener.answer = answers(200)
        queueing.replay(failed, by=SYSTEM)
        attempts.call_due()
        assert states() == {("delivered", 1): 21}

    def test_after_an_outage_it_is_found_out_and_the_others_pass(self, endpoint, listener, live):
        start_conversations(10)
        listener.answer = answers(503)
        attempts.call_due()
        live(hours=3)
        listener.answer = refuses(in_order()[0])
        live(hours=30)
        assert states()["delivered", 1] == 9
        assert WebhookAttempt.objects.get(state="pending").message_id == in_order()[0]

    def test_several_in_a_row_pass_for_an_outage_until_others_are_taken(self, endpoint, listener, live):
        start_conversations(20)
        poisoned = set(in_order()[:5])
        listener.answer = lambda heard: (500 if heard.headers["webhook-id"] in poisoned else 200, {})
        attempts.call_due()
        assert len(listener.heard) == attempts.FAILS_AFTER
        live(minutes=3)
        assert WebhookAttempt.objects.filter(state="delivered").count() < 20
        live(hours=1)
        assert WebhookAttempt.objects.filter(state="delivered").count() == 15


class TestSomethingNewHappens:
    """A back-off may last a day; what has just happened may try before."""

    @pytest.fixture
    def away(self, endpoint, listener, live):
        start_conversations(3)
        listener.answer = answers(503)
        attempts.call_due()
        live(hours=12)
        listener.heard.clear()
        assert endpoint.again().next_try > timezone.now() + timedelta(hours=1)

    def test_it_learns_that_the_endpoint_is_back(self, away, listener):
        listener.answer = answers(200)
        start_conversations(1)
        assert attempts.call_due() == 4

    def test_the_endpoint_is_tried_every_five_minutes_at_the_most(self, away, listener, time_machine):
        for _minute in range(20):
            time_machine.shift(timedelta(minutes=1))
            start_conversations(1)
            attempts.call_due()
        assert len(listener.heard) in (4, 5)
        assert len(set(asked(listener))) == len(listener.heard)

    def test_an_endpoint_that_asked_to_be_left_alone_is(self, endpoint, listener, live, time_machine):
        start_conversations(1)
        listener.answer = answers(429, **{"retry-after": "7200"})
        attempts.call_due()
        live(hours=1)
        start_conversations(1)
        assert attempts.call_due() == 0

    def test_but_no_longer_than_it_asked(self, endpoint, listener, live, time_machine):
        start_conversations(1)
        listener.answer = answers(503, **{"retry-after": "600"})
        attempts.call_due()
        live(hours=12)
        assert endpoint.again().next_try > timezone.now() + timedelta(hours=1)
        start_conversations(1)
        assert attempts.call_due() == 1
        time_machine.shift(timedelta(minutes=9))
        start_conversations(1)
        assert attempts.call_due() == 0


def test_outcomes_are_counted(endpoint, listener, live):
    start_conversations(3)
    listener.answer = answers(503)
    attempts.call_due()
    listener.answer = refuses(in_order()[1])
    live(minutes=2)
    counts = dict(SendCount.objects.filter(channel="webhook").values_list("outcome", "number"))
    assert counts["sent"] == 2
    assert counts["outage"] >= 1
