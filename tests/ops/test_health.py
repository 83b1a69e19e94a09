"""Probes and scrapers: alive, ready, and how the work stands."""

from datetime import timedelta
from unittest import mock

import pytest
from django.db import OperationalError
from django.test import Client
from django.utils import timezone

from csat.timeline import beating
from csat.timeline.kinds import Kind
from csat.timeline.models import Heartbeat
from csat.timeline.recording import SYSTEM, record


def test_a_living_process_needs_no_database(client: Client) -> None:
    assert client.get("/health/live").json() == {"status": "ok"}


@pytest.mark.parametrize("address", ["/health/live", "/health/ready"])
def test_a_probe_only_reads(address: str) -> None:
    assert Client(enforce_csrf_checks=True).post(address).status_code == 405


@pytest.mark.django_db
class TestReady:
    def test_all_is_well(self, client: Client) -> None:
        beating.beat("surveys")
        answer = client.get("/health/ready")
        assert answer.status_code == 200
        assert answer.json()["problems"] == []
        assert answer.json()["workers"]["surveys"] < 5
        assert answer.json()["workers"]["outward"] is None

    def test_a_worker_that_fell_silent_is_named(self, client: Client) -> None:
        Heartbeat.objects.create(name="outward", at=timezone.now() - timedelta(minutes=10))
        answer = client.get("/health/ready")
        assert answer.status_code == 503
        assert answer.json()["problems"] == ["no sign of life from the outward worker for 600 s"]

    def test_a_fact_that_nobody_tells_is_named(self, client: Client) -> None:
        fact = record(Kind.SESSION_CREATED, by=SYSTEM)
        type(fact).objects.update(dispatch_after=timezone.now() - timedelta(minutes=20))
        answer = client.get("/health/ready")
        assert answer.status_code == 503
        assert "oldest event has waited for 1200 s" in answer.json()["problems"][0]

    def test_missing_migrations_are_named(self, client: Client) -> None:
        with mock.patch("django.db.migrations.executor.MigrationExecutor.migration_plan", return_value=["one"]):
            answer = client.get("/health/ready")
        assert answer.status_code == 503
        assert "migrate" in answer.json()["problems"][0]

    def test_a_database_that_is_away_is_told(self, client: Client) -> None:
        with mock.patch("csat.web.machines.health.connection.ensure_connection", side_effect=OperationalError):
            answer = client.get("/health/ready")
        assert answer.status_code == 503
        assert "database" in answer.json()["problems"][0]


@pytest.mark.django_db
class TestMetrics:
    def test_there_is_nothing_without_a_token(self, client: Client) -> None:
        assert client.get("/metrics").status_code == 404

    def test_the_wrong_token_is_refused(self, client: Client, settings) -> None:
        settings.METRICS_TOKEN = "s3cret"
        assert client.get("/metrics").status_code == 401
        assert client.get("/metrics", headers={"Authorization": "Bearer s3cre"}).status_code == 401

    def test_the_age_of_what_waits_is_told(self, client: Client, settings) -> None:
        settings.METRICS_TOKEN = "s3cret"
        beating.beat("outward")
        record(Kind.SESSION_CREATED, by=SYSTEM)
        text = client.get("/metrics", headers={"Authorization": "Bearer s3cret"}).content.decode()
        assert "csat_events_due 1.0" in text
        assert "csat_survey_oldest_due_seconds 0.0" in text
        assert 'csat_worker_heartbeat_age_seconds{cluster="outward"}' in text
