"""`manage.py demo` where there is none yet, and the year of conversations that it makes for measuring."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.db.models import F
from django.utils import timezone

from csat.channels.kinds import NEVER_SURVEYED, Channel
from csat.management.demo import year
from csat.management.demo.cast import gather
from csat.sessions.models import Session
from csat.surveys.models import Score, Survey
from csat.timeline.kinds import Kind
from csat.timeline.models import Event
from csat.webhooks.models import Endpoint

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def var(settings: Any, tmp_path: Path) -> Path:
    settings.VAR_DIR = tmp_path
    return tmp_path


def test_its_webhook_is_taken_by_this_server_where_that_is_allowed(settings: Any) -> None:
    settings.SITE_URL = "http://127.0.0.1:8000"
    settings.WEBHOOK_ALLOW = ["127.0.0.1:8000"]
    call_command("demo", verbosity=0)
    endpoint = Endpoint.objects.get()
    types = set(endpoint.calls.values_list("type", flat=True))
    assert types == {"csat.requested", "csat.score_submitted"}
    call_command("demo", remove=True)
    assert not Endpoint.objects.exists()


def test_removing_it_twice_or_without_one_removes_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("demo", remove=True)
    assert "Removed 0 customers and 0 conversations" in capsys.readouterr().out


def agree() -> None:
    """What holds for a year's rows, however they were made."""
    assert not Score.objects.exclude(answer__score=F("score")).exists()
    assert not Score.objects.filter(session__resolver=None).exists()
    assert not Survey.objects.filter(state="answered", score=None).exists()
    assert not Survey.objects.exclude(state="answered").filter(score__isnull=False).exists()
    assert not Session.objects.filter(status="closed_resolved", survey=None).exists()
    assert not Survey.objects.filter(channel__in=NEVER_SURVEYED).exclude(state="skipped").exists()
    assert not Survey.objects.filter(
        request_number=1, requested_at__lt=F("session__resolved_at")
    ).exists()  # unless asked anew since
    assert not Score.objects.filter(submitted_at__lt=F("survey__requested_at")).exists()
    assert not Survey.objects.exclude(counted_at=F("requested_at")).exclude(requested_at=None).exists()
    assert not Event.objects.exclude(dispatch_after=None).exclude(kind=Kind.AUDIT).exists()


def test_a_year_of_sessions_on_any_database(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("demo", sessions=60)
    assert Session.objects.count() == 60
    assert "sessions/s" in capsys.readouterr().out
    assert Score.objects.exists()  # though nobody had switched surveys on
    assert Session.objects.filter(created_at__lt=timezone.now() - timedelta(days=200)).exists()
    agree()


@pytest.mark.postgres
class TestYear:
    def test_it_is_as_large_and_as_old_as_asked(self) -> None:
        call_command("demo", verbosity=0)
        told = Session.objects.count()
        Event.objects.update(dispatch_after=None)
        call_command("demo", sessions=1500, verbosity=0)
        assert Session.objects.count() == told + 1500
        assert set(Score.objects.values_list("score", flat=True)) == {1, 2, 3, 4, 5}
        assert Score.objects.exclude(comment="").count() > 60
        assert set(Session.objects.values_list("channel", flat=True)) == set(Channel.values)
        assert Session.objects.earliest("created_at").created_at < timezone.now() - timedelta(days=350)
        agree()
        last = Session.objects.latest("pk")
        new = Session.objects.create(
            contact=last.contact, channel="api", last_activity_at=last.last_activity_at
        )
        assert new.pk == last.pk + 1  # nobody's number is taken

    def test_every_score_can_be_asked_for(self) -> None:
        year.fill(800, gather(), answered=1)
        assert Score.objects.count() == Session.objects.exclude(channel__in=NEVER_SURVEYED).count() > 700

    def test_indexes_are_the_same_afterwards(self, monkeypatch: pytest.MonkeyPatch) -> None:
        before = indexes()
        monkeypatch.setattr(year, "BATCH", 100)
        year.fill(250, gather())
        assert indexes() == before
        assert Session.objects.count() == 250
        agree()


def indexes() -> list[tuple[str, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT tablename, indexname, indexdef FROM pg_indexes"
            " WHERE tablename LIKE 'csat%%' ORDER BY 1, 2",
            [],
        )
        found = cursor.fetchall()
        cursor.execute(
            "SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid)"
            " FROM pg_constraint ORDER BY 1, 2"
        )
        return [*found, *cursor.fetchall()]
