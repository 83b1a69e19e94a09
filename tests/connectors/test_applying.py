"""The worker that applies what came in."""

import json
import time
from datetime import timedelta
from unittest import mock

import pytest
from django.utils import timezone

from csat.connectors import applying, connections, receiving
from csat.connectors.models import Connection, InboundEvent
from csat.jobs import TIMEOUTS, Job
from csat.lib import http
from csat.lib.outcomes import Never, Retry, Unknown
from csat.sessions.models import Session
from csat.surveys.models import Survey
from csat.timeline.recording import SYSTEM
from tests.connectors.fake_desk import change_of
from tests.factories import switch_on

pytestmark = pytest.mark.django_db
Outcome = InboundEvent.Outcome
HI = [{"id": 1, "sender": "contact", "text": "Hi", "at": "2026-11-28T10:00Z"}]
NADIA = {"email": "nadia@customer.example", "name": "Nadia Berg"}


@pytest.fixture(autouse=True)
def _at_once():
    """A worker does not linger for what may still come."""
    with mock.patch.object(applying, "LINGER", 0):
        yield


@pytest.fixture
def arrive(connection):
    """A body as their webhook brings it; returns the event."""

    def arrive(body=None, **values):
        whole = {"id": "42", "at": timezone.now().isoformat(), **NADIA, **values} if body is None else body
        raw = whole if isinstance(whole, bytes) else json.dumps(whole).encode()
        token = connection.opened["address"]
        assert receiving.receive("fake_desk", token, {}, raw, "https://us.example/").status == 200
        return InboundEvent.objects.order_by("id").last()

    return arrive


def apply(connection):
    return applying.apply_due(connection.pk)


def ready(event):
    """As if its wait were over."""
    InboundEvent.objects.filter(pk=event.pk).update(next_try=timezone.now())
    Connection.objects.update(lease_until=None)


class TestInOrder:
    def test_what_came_in_is_applied_in_the_order_of_its_arrival(self, arrive, connection, fake_system):
        fake_system.desk.put_conversation("42", "solved", timezone.now(), **NADIA)
        arrive(status="open", messages=HI)
        event = arrive(status="solved")
        assert apply(connection) == 2
        assert Session.objects.get().status == "closed_resolved"
        event.refresh_from_db()
        assert (event.outcome, event.text) == (Outcome.APPLIED, "resolved")
        assert event.session == Session.objects.get()
        assert event.contact_id == event.session.contact_id

    def test_while_one_worker_has_a_connection_no_other_applies(self, arrive, connection):
        arrive(status="open")
        connection.change(lease_until=timezone.now() + timedelta(minutes=1))
        assert apply(connection) == 0
        connection.change(lease_until=timezone.now() - timedelta(seconds=1))  # it died
        assert apply(connection) == 1

    def test_while_their_api_is_slow_it_ends_with_its_time_and_not_with_its_batch(
        self, arrive, connection, fake_system
    ):
        """The queue kills whoever works for too long, and a lease that is left holds up all for minutes."""
        for number in range(5):
            arrive(id=str(number), status="open")
        with mock.patch.object(type(fake_system), "read", side_effect=lambda *_: time.sleep(0.2) or []):
            assert applying.apply_due(connection.pk, seconds=0.3) == 2
        assert connection.again().lease_until is None
        assert apply(connection) == 3
        assert TIMEOUTS[Job.APPLY_EVENTS] >= 40 + 3 * http.SECONDS

    def test_a_paused_connection_takes_in_and_applies_nothing_until_it_is_resumed(self, arrive, connection):
        connections.pause(connection, reason="by hand", by=SYSTEM)
        arrive(status="open")
        assert apply(connection) == 0
        connection.refresh_from_db()
        connections.resume(connection, by=SYSTEM)
        assert apply(connection) == 1

    def test_the_sweep_of_each_minute_wakes_a_worker_for_what_nobody_applies(self, arrive, connection):
        arrive(status="open")
        assert applying.wake_all() == 1
        apply(connection)
        assert applying.wake_all() == 0


class TestRereading:
    """Rule 3: before a survey is scheduled, how the conversation stands there now counts."""

    def test_reopened_meanwhile_it_is_not_asked_about(self, arrive, connection, fake_system):
        switch_on()
        fake_system.desk.put_conversation("42", "open", timezone.now(), **NADIA)
        arrive(status="solved")
        apply(connection)
        assert Session.objects.get().status == "open"
        assert not Survey.objects.exists()

    def test_the_address_that_the_payload_lacks_is_there(self, arrive, connection, fake_system):
        switch_on()
        fake_system.desk.put_conversation("42", "solved", timezone.now(), **NADIA)
        arrive({"id": "42", "at": timezone.now().isoformat(), "status": "solved"})
        apply(connection)
        assert Session.objects.get().contact.email == NADIA["email"]

    def test_one_that_is_gone_is_closed_unresolved(self, arrive, connection, fake_system):
        switch_on()
        arrive(status="solved")
        apply(connection)
        assert Session.objects.get().status == "closed_unresolved"

    def test_while_it_cannot_be_read_nobody_is_asked(self, arrive, connection, fake_system):
        switch_on()
        fake_system.desk.answers["GET /conversations/42"] = Retry("503", outage=True)
        event = arrive(status="solved")
        apply(connection)
        event.refresh_from_db()
        assert (event.outcome, event.text) == (Outcome.FAILED, "503")
        assert not Session.objects.exists()
        del fake_system.desk.answers["GET /conversations/42"]
        fake_system.desk.put_conversation("42", "solved", timezone.now(), **NADIA)
        ready(event)
        apply(connection)
        assert Survey.objects.get().state == "scheduled"

    def test_what_asks_nobody_is_not_looked_up(self, arrive, connection, fake_system):
        arrive(status="open")
        apply(connection)
        assert fake_system.desk.calls == []


class TestTrouble:
    def test_a_refused_token_pauses_the_connection_and_keeps_the_event(self, arrive, connection, fake_system):
        """Trap 18."""
        fake_system.desk.answers["GET /conversations/42"] = Never("401: bad token", code="401", account=True)
        event = arrive(status="solved")
        apply(connection)
        connection.refresh_from_db()
        assert "401: bad token" in connection.paused_reason
        event.refresh_from_db()
        assert event.outcome == Outcome.WAITING

    def test_while_their_api_is_away_the_other_events_wait_untried(self, arrive, connection, fake_system):
        fake_system.desk.answers["GET /conversations/42"] = Unknown("timeout", outage=True)
        first, second = arrive(status="solved"), arrive(status="solved", id="43")
        apply(connection)
        second.refresh_from_db()
        first.refresh_from_db()
        assert (first.attempt, first.text, second.attempt) == (0, "timeout", 0)
        assert second.outcome == Outcome.WAITING
        connection.refresh_from_db()
        assert connection.lease_until > timezone.now()

    def test_days_without_their_api_lose_no_event(self, arrive, connection, fake_system):
        switch_on()
        fake_system.desk.answers["GET /conversations/42"] = Retry("503", outage=True)
        event = arrive(status="solved")
        for _hour in range(72):
            ready(event)
            apply(connection)
        del fake_system.desk.answers["GET /conversations/42"]
        fake_system.desk.put_conversation("42", "solved", timezone.now(), **NADIA)
        ready(event)
        apply(connection)
        assert Survey.objects.get().state == "scheduled"

    def test_how_long_they_ask_to_wait_counts(self, arrive, connection, fake_system):
        """Trap 18."""
        fake_system.desk.answers["GET /conversations/42"] = Retry("429", after=1800, outage=True)
        arrive(status="solved")
        apply(connection)
        connection.refresh_from_db()
        assert connection.lease_until > timezone.now() + timedelta(minutes=29)

    def test_one_event_that_breaks_us_holds_up_no_other(self, arrive, connection, fake_system):
        broken, whole = arrive(status="open", id="broken"), arrive(status="open")
        read = type(fake_system).read

        def breaking(self, config, headers, body, fetch):
            if body["id"] == "broken":
                raise ZeroDivisionError
            return read(self, config, headers, body, fetch)

        with mock.patch.object(type(fake_system), "read", breaking):
            apply(connection)
        broken.refresh_from_db()
        whole.refresh_from_db()
        assert (broken.outcome, whole.outcome) == (Outcome.FAILED, Outcome.APPLIED)
        assert broken.next_try > timezone.now()
        ready(broken)
        apply(connection)
        broken.refresh_from_db()
        assert broken.outcome == Outcome.APPLIED

    def test_after_the_last_try_it_stays_failed_and_is_kept(self, arrive, connection, fake_system):
        fake_system.desk.answers["GET /conversations/42"] = Retry("500")
        event = arrive(status="solved")
        for _try in range(len(applying.RETRIES) + 1):
            ready(event)
            apply(connection)
        event.refresh_from_db()
        assert (event.outcome, event.next_try) == (Outcome.FAILED, None)
        receiving.retry_event(event, by=SYSTEM)
        del fake_system.desk.answers["GET /conversations/42"]
        fake_system.desk.put_conversation("42", "solved", timezone.now(), **NADIA)
        apply(connection)
        event.refresh_from_db()
        assert event.outcome == Outcome.APPLIED

    def test_a_body_of_another_shape_is_failed_and_shown(self, arrive, connection):
        """Trap 13."""
        event = arrive(["no", "object"])
        apply(connection)
        event.refresh_from_db()
        assert (event.outcome, event.text) == (Outcome.FAILED, "The body is no object.")

    def test_of_many_changes_the_bad_one_is_told(self, arrive, connection, fake_system):
        """Trap 12."""

        def read(self, config, headers, body, fetch):
            return [change_of(one) for one in body["all"]]

        at = timezone.now().isoformat()
        bodies = [{"id": str(number), "at": at, "status": "open"} for number in range(5)]
        bodies[3]["id"] = "x" * 300  # longer than an id may be
        with mock.patch.object(type(fake_system), "read", read):
            event = arrive({"all": bodies})
            apply(connection)
        event.refresh_from_db()
        assert event.outcome == Outcome.FAILED
        assert event.text.startswith("4 of 5 changes applied; ")
        assert Session.objects.count() == 4


def test_the_same_event_applied_twice_leaves_one_conversation(arrive, connection):
    """Trap 1: a killed worker's events are applied again."""
    switch_on()
    event = arrive(status="open", messages=HI)
    apply(connection)
    receiving.retry_event(event, by=SYSTEM)
    apply(connection)
    event.refresh_from_db()
    assert event.outcome == Outcome.DUPLICATE
    assert Session.objects.get().customer_messages == 1
