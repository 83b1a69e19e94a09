"""Probes and scrapers: alive, ready, and how the work stands."""

from datetime import timedelta
from unittest import mock

import pytest
from django.conf import settings
from django.db import OperationalError, connection
from django.db.migrations.recorder import MigrationRecorder
from django.test import Client
from django.utils import timezone

from csat.channels import circuits, registry
from csat.channels.circuits import Way
from csat.lib.outcomes import Never, Retry
from csat.surveys.delivery import holds
from csat.surveys.models import Delivery
from csat.timeline import heartbeat
from csat.timeline.kinds import Kind
from csat.timeline.models import Heartbeat
from csat.timeline.recording import SYSTEM, record
from tests.factories import API, make_resolved_session, make_sent_survey, switch_on
from tests.workers import NEWEST


def late_survey() -> None:
    """A mail that was due twenty minutes ago."""
    switch_on("email")
    make_resolved_session("email")
    then = timezone.now() - timedelta(minutes=20)
    Delivery.objects.update(due_since=then, next_try=then)


def mail_goes_away() -> None:
    refused = Retry("connection refused", outage=True)
    circuits.note(Way.of(registry.get("email")), [(f"ana{n}@customer.example", refused) for n in range(5)])


def test_a_living_process_needs_no_database(client: Client) -> None:
    assert client.get("/health/live").json() == {"status": "ok", "version": settings.VERSION}


@pytest.mark.parametrize("address", ["/health/live", "/health/ready"])
def test_a_probe_only_reads(address: str) -> None:
    assert Client(enforce_csrf_checks=True).post(address).status_code == 405


@pytest.mark.django_db
class TestReady:
    def test_all_is_well(self, client: Client) -> None:
        heartbeat.beat("surveys")
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

    def test_a_survey_that_nobody_sends_is_named(self, client: Client) -> None:
        late_survey()
        answer = client.get("/health/ready")
        assert answer.status_code == 503
        assert answer.json()["problems"] == ["the oldest survey has waited for 1200 s"]

    def test_a_provider_that_is_away_is_told_and_no_restart_is_asked_for(self, client: Client) -> None:
        late_survey()
        mail_goes_away()
        answer = client.get("/health/ready")
        assert (answer.status_code, answer.json()["problems"]) == (200, [])
        assert answer.json()["sending"] == ["sandbox is away for 0 s: email waits"]
        assert answer.json()["oldest_due"]["survey"] >= 1200

    def test_a_pause_is_told_without_names_and_reasons(self, client: Client) -> None:
        late_survey()
        holds.pause(None, by=API, reason="secret move")
        holds.pause("sms", by=API)
        holds.stop("slack", Never("token of xoxb-1 revoked", account=True))
        answer = client.get("/health/ready")
        assert (answer.status_code, answer.json()["problems"]) == (200, [])
        assert answer.json()["sending"] == [
            "everything is paused for 0 s",
            "sms is paused for 0 s",
            "slack is stopped for 0 s",
        ]

    def test_missing_migrations_are_named(self, client: Client) -> None:
        MigrationRecorder(connection).record_unapplied("csat", NEWEST)
        answer = client.get("/health/ready")
        assert answer.status_code == 503
        assert "migrate" in answer.json()["problems"][0]

    def test_a_database_that_is_away_is_told(self, client: Client) -> None:
        with mock.patch(
            "csat.web.machines.health.connection.ensure_connection", side_effect=OperationalError
        ):
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
        heartbeat.beat("outward")
        record(Kind.SESSION_CREATED, by=SYSTEM)
        text = client.get("/metrics", headers={"Authorization": "Bearer s3cret"}).content.decode()
        assert "csat_events_due 1.0" in text
        assert "csat_survey_oldest_due_seconds 0.0" in text
        assert 'csat_worker_heartbeat_age_seconds{cluster="outward"}' in text

    def scraped(self, client: Client, settings) -> list[str]:
        settings.METRICS_TOKEN = "s3cret"
        answer = client.get("/metrics", headers={"Authorization": "Bearer s3cret"})
        return answer.content.decode().splitlines()

    def test_the_age_counts_from_when_a_survey_was_first_due_whenever_it_is_tried_next(
        self, client: Client, settings
    ) -> None:
        late_survey()
        Delivery.objects.update(next_try=timezone.now() + timedelta(hours=2))
        lines = self.scraped(client, settings)
        assert "csat_deliveries_due 1.0" in lines
        age = next(line for line in lines if line.startswith("csat_survey_oldest_due_seconds "))
        assert 1200 <= float(age.split()[1]) < 1300

    def test_practice_is_counted_nowhere(self, client: Client, settings) -> None:
        make_sent_survey("email")
        make_sent_survey("email", practice=True)
        lines = self.scraped(client, settings)
        assert 'csat_surveys{state="sent"} 1.0' in lines
        assert 'csat_deliveries{channel="email",state="sent"} 1.0' in lines

    def test_every_way_out_has_its_circuit_also_one_that_never_failed(self, client: Client, settings) -> None:
        settings.SLACK_BOT_TOKEN, settings.SLACK_SIGNING_SECRET = "xoxb-1", "s"
        lines = self.scraped(client, settings)
        assert 'csat_circuit_open{medium="slack",provider="slack"} 0.0' in lines
        refused = Retry("503", outage=True)
        circuits.note(Way("slack", "slack"), [(f"C{n}", refused) for n in range(6)])
        circuits.note(Way("email", "smtp"), [(f"C{n}", refused) for n in range(6)])  # of former days
        lines = self.scraped(client, settings)
        assert 'csat_circuit_open{medium="slack",provider="slack"} 1.0' in lines
        assert 'csat_circuit_failures{medium="slack",provider="slack"} 6.0' in lines
        assert 'csat_circuit_opened_total{medium="slack",provider="slack"} 1.0' in lines
        assert not [line for line in lines if 'provider="smtp"' in line]

    def test_pauses_stops_and_outcomes_are_told_by_channel(self, client: Client, settings) -> None:
        holds.pause("sms", by=API)
        holds.stop("slack", Never("revoked", account=True))
        circuits.count([("sms", "sent"), ("sms", "sent"), ("email", "outage")])
        lines = self.scraped(client, settings)
        assert 'csat_sending_paused{channel="all"} 0.0' in lines
        assert 'csat_sending_paused{channel="sms"} 1.0' in lines
        assert 'csat_channel_stopped{channel="slack"} 1.0' in lines
        assert 'csat_sends_total{channel="sms",outcome="sent"} 2.0' in lines
        assert 'csat_sends_total{channel="email",outcome="outage"} 1.0' in lines
