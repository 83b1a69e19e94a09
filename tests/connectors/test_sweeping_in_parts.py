"""A long sweep goes in parts, one that breaks off goes on later: nothing that changed meanwhile is lost."""

from datetime import timedelta
from typing import Any
from unittest import mock

import pytest
import time_machine
from django.utils import timezone

from csat.connectors import conversations, sweeping
from csat.connectors.changes import Change
from csat.connectors.models import Connection
from csat.jobs import Job
from csat.lib.outcomes import Never, Retry
from csat.sessions.models import Session
from tests.connectors.fake_desk import FakeSystem

pytestmark = pytest.mark.django_db


def fill(fake_system: FakeSystem, count: int) -> None:
    for number in range(count):
        fake_system.desk.put_conversation(str(number), "open", timezone.now())


@pytest.fixture
def enqueued() -> Any:
    with mock.patch.object(sweeping, "enqueue") as enqueue:
        yield enqueue


def test_after_its_time_it_stops_with_its_page_and_another_goes_on_at_once(
    connection: Connection, fake_system: FakeSystem, enqueued: mock.Mock
) -> None:
    fill(fake_system, 5)  # three pages
    clock = mock.Mock(side_effect=[0, 1, sweeping.SECONDS - 1, sweeping.SECONDS + 1])
    with mock.patch.object(sweeping, "time", mock.Mock(monotonic=clock)):
        assert sweeping.sweep(connection.pk) == 4
    row = connection.again()
    assert (row.sweep_cursor, row.swept_until, row.sweep_lease_until) == ("4", None, None)
    assert row.sweep_began is not None
    enqueued.assert_called_once_with(Job.SWEEP_CONNECTION, connection.pk)
    assert sweeping.wake_all() == 1
    assert sweeping.sweep(connection.pk) == 1
    assert Session.objects.count() == 5
    after = connection.again()
    assert (after.sweep_cursor, after.sweep_began, after.swept_until) == ("", None, row.sweep_began)


def test_one_that_was_read_to_its_end_waits_five_minutes(
    connection: Connection, fake_system: FakeSystem, enqueued: mock.Mock
) -> None:
    fill(fake_system, 1)
    assert sweeping.sweep(connection.pk) == 1
    assert connection.again().next_sweep > timezone.now() + timedelta(minutes=4)
    enqueued.assert_not_called()


def test_what_changed_while_their_api_was_away_in_the_middle_of_it_is_found_by_the_next(
    connection: Connection, fake_system: FakeSystem, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It goes on an hour later with its second page; what changed in that hour was on none it read."""
    poll, asked, answers = type(fake_system).poll, [], iter([None, Retry("503"), None])

    def breaking(self: Any, config: Any, api: Any, since: Any, cursor: str) -> Any:
        asked.append(since)
        if trouble := next(answers, None):
            raise trouble
        return poll(self, config, api, since, cursor)

    monkeypatch.setattr(type(fake_system), "poll", breaking)
    fill(fake_system, 3)
    began = timezone.now()
    sweeping.sweep(connection.pk)
    assert connection.again().sweep_error == "503"
    with time_machine.travel(began + timedelta(hours=1)):
        sweeping.sweep(connection.pk)
        assert connection.again().sweep_cursor == ""
        sweeping.sweep(connection.pk)
    assert asked[-1] < began


def test_a_conversation_that_cannot_be_applied_holds_up_no_other(
    connection: Connection, fake_system: FakeSystem, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(fake_system, 5)
    apply = conversations.apply

    def broken(connection: Connection, rules: Any, change: Change) -> Any:
        if change.external_id == "1":
            raise ZeroDivisionError
        return apply(connection, rules, change)

    monkeypatch.setattr(conversations, "apply", broken)
    assert sweeping.sweep(connection.pk) == 4
    assert connection.again().swept_until is not None
    assert Session.objects.count() == 4


def test_a_cursor_that_they_have_forgotten_is_not_asked_for_for_ever(
    connection: Connection, fake_system: FakeSystem, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The connection was paused in the middle of a sweep, for a week."""
    fill(fake_system, 3)
    connection.change(sweep_cursor="expired", sweep_began=timezone.now() - timedelta(days=7))
    poll = type(fake_system).poll

    def forgetful(self: Any, config: Any, api: Any, since: Any, cursor: str) -> Any:
        if cursor == "expired":
            raise Never("400: the cursor has expired", code="400")
        return poll(self, config, api, since, cursor)

    monkeypatch.setattr(type(fake_system), "poll", forgetful)
    assert sweeping.sweep(connection.pk) == 0
    assert connection.again().sweep_error == "400: the cursor has expired"
    assert sweeping.sweep(connection.pk) == 3
    assert (connection.again().sweep_error, connection.again().sweep_cursor) == ("", "")


def test_a_sweep_that_breaks_us_does_not_look_as_if_it_went_well(
    connection: Connection, fake_system: FakeSystem, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(type(fake_system), "poll", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        sweeping.sweep(connection.pk)
    assert connection.again().sweep_error == "Something went wrong with it here."
    assert connection.again().next_sweep > timezone.now()
