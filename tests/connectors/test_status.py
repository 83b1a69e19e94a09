"""How a connection is going: its colour, the sentence that says why, and the figures behind both."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from csat.connectors import connections, receiving, status
from csat.connectors.models import Connection, InboundEvent, WriteBack
from csat.connectors.status import Colour
from tests.connectors.fake_desk import ADA, SIGNATURE, FakeSystem, make_connection
from tests.factories import make_session

pytestmark = pytest.mark.django_db


def told(connection: Connection, outcome: str = "applied", *, hours: float = 0, **more: Any) -> InboundEvent:
    """An event that came in so many hours ago, and what became of it."""
    body = json.dumps({"id": "42", "n": InboundEvent.objects.count()}).encode()
    assert receiving.receive(connection.kind, connection.opened["address"], {}, body, "").status == 200
    event = connection.events.latest("id")
    at = timezone.now() - timedelta(hours=hours)
    waiting = outcome == InboundEvent.Outcome.WAITING
    event.change(**{"outcome": outcome, "created_at": at, "next_try": at if waiting else None} | more)
    return event


def written(connection: Connection, state: str) -> WriteBack:
    return WriteBack.objects.create(connection=connection, session=make_session(), revision=1, state=state)


def how(connection: Connection) -> tuple[Colour, str]:
    found = status.status_of(Connection.objects.get(pk=connection.pk))
    return found.colour, found.text


class TestTheColour:
    def test_nothing_came_in_yet(self, connection: Connection) -> None:
        assert how(connection) == (Colour.NEW, "Nothing has come in yet")

    def test_it_works(self, connection: Connection) -> None:
        for outcome in ("applied", "ignored", "duplicate"):
            told(connection, outcome)
        assert how(connection) == (Colour.GREEN, "Working")

    def test_an_event_that_waits_for_a_moment_is_no_trouble(self, connection: Connection) -> None:
        told(connection, "waiting", hours=0.9)
        assert how(connection) == (Colour.GREEN, "Working")

    def test_events_wait_for_over_an_hour(self, connection: Connection) -> None:
        told(connection, "waiting", hours=1.1)
        assert how(connection) == (Colour.AMBER, "Events wait for over an hour: do the workers run?")

    def test_requests_were_refused_today(self, fake_system: FakeSystem) -> None:
        connection = make_connection(inbound="s3cret")
        token = connection.opened["address"]
        receiving.receive(connection.kind, token, {SIGNATURE: "0" * 64}, b"{}", "")
        assert how(connection) == (
            Colour.AMBER,
            "Requests were refused: The signature does not match: another secret, or a changed body.",
        )
        connection.change(rejected_at=timezone.now() - timedelta(hours=25))
        assert how(connection) == (Colour.NEW, "Nothing has come in yet")

    def test_the_last_sweep_failed(self, connection: Connection) -> None:
        told(connection)
        connection.change(sweep_error="503: try later")
        assert how(connection) == (Colour.AMBER, "The last sweep failed: 503: try later")

    def test_events_failed_today(self, connection: Connection) -> None:
        told(connection, "failed")
        told(connection, "failed", hours=23)
        assert how(connection) == (Colour.AMBER, "2 events failed today")
        InboundEvent.objects.update(created_at=timezone.now() - timedelta(hours=25))
        assert how(connection) == (Colour.GREEN, "Working")

    def test_scores_could_not_be_written_back_today(self, connection: Connection) -> None:
        told(connection)
        written(connection, "pending")
        assert how(connection) == (Colour.GREEN, "Working")
        written(connection, "failed")
        assert how(connection) == (Colour.AMBER, "1 score could not be written back today")

    def test_it_is_paused_by_hand_or_for_a_reason(self, connection: Connection) -> None:
        told(connection, "waiting", hours=3)
        connections.pause(connection, reason="", by=ADA)
        assert how(connection) == (Colour.RED, "Paused: by hand")
        connections.resume(connection, by=ADA)
        connections.pause(connection, reason="Their API refused the token: 401", by=ADA)
        assert how(connection) == (Colour.RED, "Paused: Their API refused the token: 401")

    def test_its_secrets_cannot_be_read(self, connection: Connection, settings: Any) -> None:
        settings.SECRETS_KEYS = ["another key"]
        colour, text = how(connection)
        assert colour == Colour.RED
        assert text.startswith("Its secrets cannot be read: It was encrypted with the key ")


class TestTheFigures:
    def test_they_are_of_the_last_day_and_of_each_connection(self, fake_system: FakeSystem) -> None:
        desk, other = make_connection(name="Desk"), make_connection(name="Other")
        for outcome in ("applied", "applied", "ignored", "duplicate", "failed"):
            told(desk, outcome)
        told(desk, "applied", hours=25)
        oldest = told(desk, "waiting", hours=26)
        told(other, "failed")
        written(desk, "pending")
        written(desk, "failed")
        written(desk, "written")
        found = status.statuses([desk, other])
        mine, theirs = found[desk.pk], found[other.pk]
        assert (mine.events, mine.applied, mine.ignored, mine.failed) == (5, 2, 2, 1)
        assert mine.oldest_waiting == oldest.created_at
        assert (mine.waiting_write_backs, mine.refused_write_backs) == (1, 1)
        assert (theirs.events, theirs.failed, theirs.oldest_waiting) == (1, 1, None)

    def test_many_connections_take_as_many_queries_as_one(
        self, fake_system: FakeSystem, django_assert_num_queries: Any
    ) -> None:
        rows = [make_connection() for _number in range(6)]
        for row in rows:
            told(row)
        with django_assert_num_queries(2):
            found = status.statuses(rows)
        assert {one.events for one in found.values()} == {1}
        assert len(found) == 6
