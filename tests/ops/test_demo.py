"""The demo: a believable team, made once, that breaks no rule of the house."""

import shutil
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import transaction
from django.db.models import Count, F
from django.test import Client, override_settings
from django.utils import timezone, translation

from csat.channels.kinds import NEVER_SURVEYED, Channel
from csat.channels.outbox import SandboxMessage
from csat.connectors.models import Connection, ConversationOrigin, InboundEvent
from csat.people.demo import LOGINS, VISITOR, passwords
from csat.people.models import Agent, Contact, Team
from csat.reports import recovery
from csat.reports.filters import parse
from csat.reports.models import DirtyDay, Rollup
from csat.sessions.models import HandoffReason, Session, Tag
from csat.surveys.answers import answering
from csat.surveys.models import Answer, CsatSettings, Delivery, FollowUp, Score, Survey
from csat.timeline.kinds import Kind
from csat.timeline.models import Event
from csat.webhooks.models import Endpoint
from csat.workflows.models import Run, Trigger, Workflow
from tests.factories import make_contact, make_sent_survey, make_session
from tests.house.test_payloads import misfits

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def made(django_db_setup: Any, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The demo, made once for all tests of this module; each takes back what it did to it."""
    folder = tmp_path_factory.mktemp("demo")
    with (
        django_db_blocker.unblock(),
        override_settings(VAR_DIR=folder),
        translation.override("en"),
        transaction.atomic(),
    ):
        call_command("demo", verbosity=0)
        yield folder
        transaction.set_rollback(True)


@pytest.fixture
def var(made: Path, settings: Any, tmp_path: Path) -> Path:
    settings.VAR_DIR = tmp_path / "var"
    shutil.copytree(made, settings.VAR_DIR)
    return Path(settings.VAR_DIR)


@pytest.fixture
def demo(var: Path) -> None:
    """What `made` has made."""


def test_there_is_something_to_see_everywhere(demo: None) -> None:
    assert Session.objects.count() > 100
    assert set(Session.objects.values_list("channel", flat=True)) == set(Channel.values)
    assert set(Survey.objects.values_list("state", flat=True)) >= {
        "sent",
        "answered",
        "cancelled",
        "skipped",
        "failed",
        "expired",
    }
    assert set(Score.objects.values_list("score", flat=True)) == {1, 2, 3, 4, 5}
    assert Score.objects.exclude(comment="").count() > 20
    assert HandoffReason.objects.values("reason").distinct().count() > 3
    assert FollowUp.objects.filter(done_at=None).exists()
    assert misfits(Event.objects.all()) == []
    assert FollowUp.objects.exclude(done_at=None).exists()
    assert SandboxMessage.objects.count() >= 4
    figures = recovery.recovery(parse({"from": str(timezone.localdate() - timedelta(days=90))}))
    assert (figures.reopened, figures.asked_again, figures.better) == (3, 2, 1)


def test_every_page_of_integrations_has_something_true(demo: None) -> None:
    workflow = Workflow.objects.get()
    assert workflow.active
    runs = Run.objects.filter(workflow=workflow)
    assert list(runs.values_list("state", flat=True)) == ["succeeded"] * 3
    assert sorted(runs.values_list("trigger_type", flat=True)) == sorted(
        [Trigger.SCORE, Trigger.MANUAL, Trigger.MANUAL]
    )
    assert Tag.objects.filter(name="to-review").count() == 3
    connection = Connection.objects.get()
    outcomes = InboundEvent.objects.filter(connection=connection).values_list("outcome", flat=True)
    assert sorted(outcomes) == ["applied", "applied", "applied", "ignored"]
    told = Survey.objects.filter(session__connected=True)
    assert told.get().state == "sent"
    assert SandboxMessage.objects.filter(kind="slack").exists()
    assert Answer.objects.filter(state=Answer.State.QUARANTINED).count() == 2
    whats = set(Event.objects.filter(kind=Kind.AUDIT).values_list("data__what", flat=True))
    assert {"workflow.activated", "connection.added", "settings.changed"} <= whats


def test_elsewhere_it_has_no_webhook(demo: None) -> None:
    assert not Endpoint.objects.exists()


def test_a_second_call_adds_nothing(demo: None) -> None:
    before = [model.objects.count() for model in (Session, Contact, Event, Survey)]
    call_command("demo", verbosity=0)
    assert [model.objects.count() for model in (Session, Contact, Event, Survey)] == before


@pytest.mark.parametrize(("role", "login"), LOGINS.items())
def test_each_role_can_log_in(demo: None, role: str, login: str) -> None:
    client = Client()
    assert client.post("/login/", {"username": login, "password": passwords()[login]}).status_code == 302
    assert client.get("/inbox/").status_code == 200


class TestRemoval:
    def test_a_login_that_took_another_name_goes_as_well(self, demo: None) -> None:
        User.objects.filter(username="sam").update(username="nora", email="nora@real.test", first_name="Nora")
        call_command("demo", remove=True)
        assert not User.objects.exists()

    def test_nothing_of_it_stays(self, demo: None, var: Path) -> None:
        call_command("demo", remove=True)
        for model in (
            *(Session, Contact, Event, Survey, SandboxMessage, Agent, Team, User, Rollup),
            *(Workflow, Run, Endpoint, Connection, InboundEvent, ConversationOrigin),
        ):
            rows = model.objects.exclude(kind=Kind.AUDIT) if model is Event else model.objects.all()
            assert not rows.exists(), list(rows[:3])
        settings = CsatSettings.current()
        assert (settings.auto_send, settings.brand_name) == (False, "Support")
        assert not (var / "demo-logins").exists()

    def test_the_chat_pages_visitors_go_too(self, demo: None, settings: Any, client: Client) -> None:
        settings.SITE_URL, settings.WIDGET_ORIGINS = "http://127.0.0.1:8000", ["http://localhost:8000"]
        assert client.post("/demo/chat/start", headers={"Host": "localhost:8000"}).status_code == 200
        once = make_contact(name=VISITOR["name"], email="", phone="")  # then they had no external id
        make_session(contact=once)
        assert Contact.objects.filter(name=VISITOR["name"]).count() == 2
        call_command("demo", remove=True)
        assert not Contact.objects.exists()
        assert not Session.objects.exists()

    def test_what_is_real_stays(self, demo: None) -> None:
        survey = make_sent_survey("email")
        answering.answer(survey, score=4, source="page")
        sam = Agent.objects.get(email="sam@acme.example")
        survey.session.change(assignee=sam)
        contact = make_contact(external_id="demo-shop-7", email="jo@mail.example")
        User.objects.create_user("hugo", "hugo@real.test")
        CsatSettings.objects.update(brand_name="Real")
        call_command("demo", remove=True)
        assert list(Session.objects.all()) == [survey.session]
        assert set(Contact.objects.all()) == {contact, survey.contact}
        assert list(User.objects.values_list("username", flat=True)) == ["hugo"]
        assert survey.session.again().assignee == sam
        assert Score.objects.get().score == 4
        assert (CsatSettings.current().auto_send, CsatSettings.current().brand_name) == (True, "Real")
        call_command("rebuild_reports", check=True)


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
    assert last.pk < new.pk < last.pk + 100


def test_the_reports_are_counted(demo: None) -> None:
    assert not DirtyDay.objects.exists()
    assert (
        sum(Rollup.objects.filter(perspective="", dim1="", dim2="").values_list("s5", flat=True))
        == Score.objects.filter(score=5).count()
    )
    call_command("rebuild_reports", check=True)
