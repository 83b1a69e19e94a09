"""The sweep: what changed there when webhooks were lost."""

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from csat.connectors import sweeping
from csat.connectors.models import Connection
from csat.lib.outcomes import Never, Retry
from csat.sessions.models import Session
from csat.surveys.models import Survey
from tests.connectors.fake_desk import make_connection
from tests.factories import switch_on

pytestmark = pytest.mark.django_db
HI = [{"id": 1, "sender": "contact", "text": "Hi", "at": "2026-11-28T10:00Z"}]


def sweep(connection):
    Connection.objects.update(next_sweep=timezone.now())
    return sweeping.sweep(connection.pk)


def test_conversations_whose_webhooks_were_lost_are_found_page_by_page(connection, fake_system):
    """Trap 15."""
    switch_on()
    for number in range(5):
        at = timezone.now() + timedelta(seconds=number)
        fake_system.desk.put_conversation(
            str(number), "solved", at, email=f"a{number}@customer.example", messages=HI
        )
    with time_machine.travel(timezone.now() + timedelta(minutes=4)):
        assert sweep(connection) == 5
    assert Session.objects.filter(status="closed_resolved").count() == 5
    assert Survey.objects.filter(state="scheduled").count() == 5


def test_the_sweep_and_the_webhook_of_the_same_change_ask_once(connection, fake_system):
    """Trap 15."""
    switch_on()
    fake_system.desk.put_conversation("42", "solved", timezone.now(), email="a@customer.example", messages=HI)
    assert sweep(connection) == 1
    assert sweep(connection) == 0
    assert Survey.objects.get().request_number == 1
    assert Session.objects.get().customer_messages == 1


def test_the_first_one_asks_nobody_about_what_was_resolved_before(connection, fake_system):
    """Trap 16."""
    switch_on()
    before = timezone.now() - timedelta(minutes=2)
    for number in range(10):
        fake_system.desk.put_conversation(str(number), "solved", before, email=f"a{number}@customer.example")
    sweep(connection)
    assert not Survey.objects.exclude(state="skipped").exists()


def test_the_next_one_begins_where_the_last_one_ended_a_little_before(connection, fake_system):
    sweep(connection)
    connection.refresh_from_db()
    sweep(connection)
    since = fake_system.desk.calls[-1][2]["since"]
    assert since == (connection.swept_until - sweeping.OVERLAP).isoformat()


def test_one_that_breaks_off_goes_on_with_its_page(connection, fake_system):
    for number in range(5):
        fake_system.desk.put_conversation(str(number), "open", timezone.now())
    answers, poll = iter([None, Retry("503")]), type(fake_system).poll

    def breaking(self, config, api, since, cursor):
        if trouble := next(answers, None):
            raise trouble
        return poll(self, config, api, since, cursor)

    type(fake_system).poll = breaking
    try:
        sweep(connection)
        connection.refresh_from_db()
        assert (connection.sweep_cursor, connection.sweep_error) == ("2", "503")
        assert connection.swept_until is None
        sweep(connection)
    finally:
        type(fake_system).poll = poll
    assert Session.objects.count() == 5
    connection.refresh_from_db()
    assert (connection.sweep_cursor, connection.sweep_error) == ("", "")


def test_a_refused_token_pauses_the_connection(connection, fake_system):
    fake_system.desk.answers["GET /conversations"] = Never("401", code="401", account=True)
    sweep(connection)
    connection.refresh_from_db()
    assert connection.paused_at
    assert sweeping.wake_all() == 0


def test_every_five_minutes_one_worker_is_woken_for_it(connection):
    assert sweeping.wake_all() == 1
    sweep(connection)
    assert sweeping.wake_all() == 0
    with time_machine.travel(timezone.now() + timedelta(minutes=6)):
        assert sweeping.wake_all() == 1
        Connection.objects.update(sweep_lease_until=timezone.now() + timedelta(minutes=1))
        assert sweeping.wake_all() == 0


def test_without_a_token_nothing_is_read(fake_system, db):
    assert sweep(make_connection(token="")) == 0
    assert fake_system.desk.calls == []
