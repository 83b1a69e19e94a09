"""What probes and scrapers are told of the connections to help desks."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from csat.connectors import connections, receiving
from csat.connectors.models import Connection, WriteBack
from csat.timeline.recording import SYSTEM
from tests.connectors.fake_desk import ADA, SIGNATURE, FakeSystem, make_connection
from tests.factories import make_session

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk(fake_system: FakeSystem) -> Connection:
    return make_connection(name="Nadia Zebra's desk", inbound="s3cret-zebra", own_user="zebra@acme.example")


def told(connection: Connection, outcome: str, *, seconds: float = 0) -> None:
    """An event that came in so long ago, and what became of it."""
    at = timezone.now() - timedelta(seconds=seconds)
    connection.events.create(
        key=f"{outcome} {at}",
        body=json.dumps({"name": "Nadia Zebra"}),
        outcome=outcome,
        created_at=at,
        next_try=at if outcome == "waiting" else None,
    )


def ready(client: Client) -> Any:
    cache.clear()
    return client.get("/health/ready")


def scraped(client: Client, settings: Any) -> list[str]:
    cache.clear()
    settings.METRICS_TOKEN = "s3cret"
    answer = client.get("/metrics", headers={"Authorization": "Bearer s3cret"})
    assert answer.status_code == 200
    return answer.content.decode().splitlines()


class TestReady:
    def test_nothing_is_connected(self, client: Client) -> None:
        assert ready(client).json()["connections"] == []

    def test_each_connection_has_its_colour_and_no_restart_is_asked_for(
        self, client: Client, desk: Connection
    ) -> None:
        shown = {"id": str(desk.uuid), "kind": "fake_desk", "colour": "new"}
        assert ready(client).json()["connections"] == [shown]
        told(desk, "failed")
        assert ready(client).json()["connections"] == [shown | {"colour": "amber"}]
        connections.pause(desk, reason="Their API refused the token of zebra@acme.example", by=ADA)
        answer = ready(client)
        assert answer.json()["connections"] == [shown | {"colour": "red"}]
        assert (answer.status_code, answer.json()["problems"]) == (200, [])

    def test_it_is_told_without_names_and_reasons(self, client: Client, desk: Connection) -> None:
        connections.pause(desk, reason="Zebra pressed it", by=ADA)
        content = ready(client).content
        assert str(desk.uuid).encode() in content
        assert b"ebra" not in content

    def test_a_key_that_is_missing_is_red_and_no_failure(
        self, client: Client, desk: Connection, settings: Any
    ) -> None:
        settings.SECRETS_KEYS = ["another key"]
        assert [one["colour"] for one in ready(client).json()["connections"]] == ["red"]

    def test_a_removed_connection_is_not_told(self, client: Client, desk: Connection) -> None:
        connections.remove(desk, by=SYSTEM)
        assert ready(client).json()["connections"] == []

    def test_many_connections_take_as_many_queries_as_one(
        self, client: Client, desk: Connection, django_assert_max_num_queries: Any
    ) -> None:
        ready(client)
        with django_assert_max_num_queries(100) as captured:
            ready(client)
        for _number in range(5):
            told(make_connection(), "applied")
        with django_assert_max_num_queries(len(captured)):
            assert len(ready(client).json()["connections"]) == 6


class TestMetrics:
    def test_there_are_none_where_nothing_is_connected(self, client: Client, settings: Any) -> None:
        assert not [line for line in scraped(client, settings) if "csat_connection" in line]

    def test_the_colour_of_each_is_a_one_among_zeros(
        self, client: Client, desk: Connection, settings: Any
    ) -> None:
        connections.pause(desk, reason="", by=ADA)
        labels = f'connection="{desk.uuid}",kind="fake_desk"'
        lines = scraped(client, settings)
        colours = {"new": "0.0", "green": "0.0", "amber": "0.0", "red": "1.0"}
        for colour, number in colours.items():
            order = sorted([f'colour="{colour}"', *labels.split(",")])
            assert f"csat_connection_state{{{','.join(order)}}} {number}" in lines

    def test_events_are_counted_by_kind_and_outcome(
        self, client: Client, desk: Connection, settings: Any
    ) -> None:
        for outcome in ("applied", "applied", "ignored", "failed"):
            told(desk, outcome)
        told(make_connection(), "applied")
        told(desk, "applied", seconds=25 * 3600)
        lines = scraped(client, settings)
        assert 'csat_connection_events{kind="fake_desk",outcome="applied"} 3.0' in lines
        assert 'csat_connection_events{kind="fake_desk",outcome="ignored"} 1.0' in lines
        assert 'csat_connection_events{kind="fake_desk",outcome="failed"} 1.0' in lines
        assert 'csat_connection_events{kind="fake_desk",outcome="duplicate"} 0.0' in lines

    def test_the_age_of_the_oldest_event_that_waits_is_told(
        self, client: Client, desk: Connection, settings: Any
    ) -> None:
        labels = f'{{connection="{desk.uuid}",kind="fake_desk"}}'
        name = f"csat_connection_oldest_waiting_seconds{labels} "
        assert f"{name}0.0" in scraped(client, settings)
        told(desk, "waiting", seconds=4000)
        told(desk, "waiting", seconds=10)
        [line] = [line for line in scraped(client, settings) if line.startswith(name)]
        assert 4000 <= float(line.split()[1]) < 4100

    def test_scores_that_wait_and_that_were_refused_are_counted(
        self, client: Client, desk: Connection, settings: Any
    ) -> None:
        for state in ("pending", "pending", "failed", "written", "replaced"):
            WriteBack.objects.create(connection=desk, session=make_session(), revision=1, state=state)
        lines = scraped(client, settings)
        assert 'csat_connection_write_backs{kind="fake_desk",state="pending"} 2.0' in lines
        assert 'csat_connection_write_backs{kind="fake_desk",state="failed"} 1.0' in lines
        assert len([line for line in lines if line.startswith("csat_connection_write_backs{")]) == 2

    def test_rejected_requests_are_a_counter(self, client: Client, desk: Connection, settings: Any) -> None:
        labels = f'{{connection="{desk.uuid}",kind="fake_desk"}}'
        for number in range(3):
            assert f"csat_connection_rejected_requests_total{labels} {number}.0" in scraped(client, settings)
            bad = {SIGNATURE: "0" * 64}
            assert receiving.receive(desk.kind, desk.opened["address"], bad, b"{}", "").status == 401

    def test_nothing_personal_stands_in_them(self, client: Client, desk: Connection, settings: Any) -> None:
        told(desk, "waiting")
        text = "\n".join(scraped(client, settings))
        assert "csat_connection_state" in text
        assert "ebra" not in text
