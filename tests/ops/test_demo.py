"""The demo: a believable team, made once, that breaks no rule of the house."""

from datetime import timedelta

import pytest
from django.core.management import call_command
from django.db.models import Count, F
from django.test import Client
from django.utils import timezone

from csat.channels.kinds import NEVER_SURVEYED, Channel
from csat.channels.outbox import SandboxMessage
from csat.management.demo.cast import LOGINS, PASSWORD
from csat.people.models import Contact
from csat.sessions.models import HandoffReason, Session
from csat.surveys.models import Answer, Delivery, FollowUp, Score, Survey
from csat.timeline.models import Event

pytestmark = pytest.mark.django_db


@pytest.fixture
def demo() -> None:
    call_command("demo", verbosity=0)


def test_there_is_something_to_see_everywhere(demo: None) -> None:
    assert Session.objects.count() > 100
    assert set(Session.objects.values_list("channel", flat=True)) == set(Channel.values)
    assert set(Survey.objects.values_list("state", flat=True)) >= {"sent", "answered", "cancelled", "skipped", "failed", "expired"}
    assert set(Score.objects.values_list("score", flat=True)) == {1, 2, 3, 4, 5}
    assert Score.objects.exclude(comment="").count() > 20
    assert HandoffReason.objects.values("reason").distinct().count() > 3
    assert FollowUp.objects.filter(done_at=None).exists()
    assert FollowUp.objects.exclude(done_at=None).exists()
    assert SandboxMessage.objects.count() >= 4


def test_a_second_call_adds_nothing(demo: None) -> None:
    before = [model.objects.count() for model in (Session, Contact, Event, Survey)]
    call_command("demo", verbosity=0)
    assert [model.objects.count() for model in (Session, Contact, Event, Survey)] == before


@pytest.mark.parametrize(("role", "login"), LOGINS.items())
def test_each_role_can_log_in(demo: None, role: str, login: str) -> None:
    client = Client()
    assert client.post("/login/", {"username": login, "password": PASSWORD}).status_code == 302
    assert client.get("/inbox/").status_code == 200


def test_its_rows_agree_with_each_other(demo: None) -> None:
    assert not Score.objects.exclude(answer__score=F("score")).exists()
    assert not Survey.objects.filter(state="answered", score=None).exists()
    assert not Survey.objects.filter(channel__in=NEVER_SURVEYED).exclude(state="skipped").exists()
    assert not Survey.objects.filter(state="skipped", skipped_by="").exists()
    assert not Session.objects.filter(status="closed_resolved", survey=None).exists()
    assert not Score.objects.filter(submitted_at__lt=F("survey__requested_at")).exists()
    assert Answer.objects.values("survey").annotate(n=Count("id")).filter(n__gt=1).exists()
    assert Delivery.objects.filter(reason="fallback", state="sent").exists()


def test_the_past_is_told_to_nobody(demo: None) -> None:
    told = Event.objects.exclude(dispatch_after=None)
    assert told.exists()  # what was done just now
    assert not told.filter(at__lt=timezone.now() - timedelta(hours=24)).exists()
    assert told.count() < Event.objects.count() / 5


def test_a_new_session_gets_the_next_number(demo: None) -> None:
    last = Session.objects.latest("pk")
    new = Session.objects.create(contact=last.contact, channel="api", last_activity_at=last.last_activity_at)
    assert new.pk == last.pk + 1
