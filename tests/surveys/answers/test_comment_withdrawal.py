"""Withdraw my words: afterwards no table, no file and no help desk has them, and the score stands."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from csat.channels.outbox import SandboxMessage
from csat.connectors import conversations, writing_back
from csat.connectors.changes import Change, Customer
from csat.connectors.models import Connection, WriteBack
from csat.connectors.rules import Rules
from csat.people import idempotency, keys
from csat.people.models import ApiKey
from csat.reports import exports
from csat.reports.filters import parse
from csat.sessions import activity
from csat.sessions.models import Session
from csat.subscriptions import digest_sending, digests
from csat.surveys.answers import answering, comment_withdrawal, follow_ups
from csat.surveys.delivery import staff_messages
from csat.surveys.delivery.scheduling import get_or_create_survey
from csat.surveys.models import Score, Survey
from csat.themes.models import ScoreTheme
from csat.timeline import dispatching
from csat.timeline.models import Event
from csat.timeline.recording import SYSTEM
from csat.webhooks import attempts, endpoints
from csat.webhooks import bodies as webhook_bodies
from csat.webhooks.models import WebhookAttempt
from csat.workflows import bodies as workflow_bodies
from csat.workflows.models import Step
from tests.connectors.fake_desk import make_connection
from tests.factories import API, CUSTOMER, make_sent_survey
from tests.house.life import places
from tests.standins.listening import Listener
from tests.subscriptions.rated import make_view
from tests.workflows import builders

pytestmark = pytest.mark.django_db
WORDS = "Zyxmark never arrived"
AWKWARD = 'Zyxmark "naïvely" waited <5> days,\n& nobody wrote'
MARK = ("zyxmark",)


def publish() -> None:
    waiting = Event.objects.filter(dispatched_at=None).exclude(dispatch_after=None)
    waiting.update(dispatch_after=timezone.now())
    dispatching.fan_out()


@pytest.fixture
def connection(db: None, fake_system: Any) -> Connection:
    return make_connection(name="Acme desk")


@pytest.fixture
def survey(
    connection: Connection, fake_system: Any, manager_user: User, settings: Any, tmp_path: Path
) -> Survey:
    """Rated in a help desk's conversation; told by webhook, by a workflow, in an export and by colleagues."""
    settings.MEDIA_ROOT = tmp_path
    endpoints.add(url="https://93.184.216.34/csat", events=["csat.score_submitted"], by=SYSTEM)
    builders.workflow(
        builders.block("get_csat_score"),
        builders.block("notify", via="email", to="boss@acme.test", message="They said “{comment}”"),
        builders.block("note", text="{comment}"),
        trigger="csat-score-submit",
    )
    change = Change("42", timezone.now(), status="solved", customer=Customer(email="nadia@customer.example"))
    conversations.apply(connection, Rules.of(fake_system, connection.rules), change)
    fake_system.desk.put_conversation("42", "solved", timezone.now())
    survey = get_or_create_survey(Session.objects.get())
    answering.answer(survey, score=2, comment=WORDS, source="page", by=CUSTOMER)
    answering.answer(survey, score=1, comment=WORDS, source="page", by=CUSTOMER)
    publish()
    builders.run_until_idle()
    connection.refresh_from_db()
    writing_back.write_due(connection.pk)
    follow_ups.save_note(survey.session, manager_user, f"Says: {WORDS}")
    export = exports.start(manager_user, parse({}), [], "csv")
    assert exports.run(export.pk)
    return survey


def test_no_table_no_file_and_no_help_desk_has_them_afterwards(
    survey: Survey,
    connection: Connection,
    fake_system: Any,
    tmp_path: Path,
    django_capture_on_commit_callbacks: Any,
) -> None:
    held = places(MARK, tmp_path)
    assert held >= {"csat_answer.comment", "csat_score.comment", "csat_event.data", "csat_call.body"}
    assert held >= {"csat_step.output", "csat_sandboxmessage.text", "csat_followup.note"}
    assert any("csv" in place or "chunk" in place for place in held)
    assert "Zyxmark" in str(fake_system.desk.notes)

    with django_capture_on_commit_callbacks(execute=True):
        assert comment_withdrawal.withdraw(survey, by=CUSTOMER)
    for _round in range(3):
        WriteBack.objects.filter(state="pending").update(next_try=timezone.now())
        writing_back.write_due(connection.pk)

    assert places(MARK, tmp_path) == set()
    assert "Zyxmark" not in str(fake_system.desk.notes)
    assert "CSAT 1/5 Terrible" in str(fake_system.desk.notes)


@pytest.mark.parametrize("words", [WORDS, AWKWARD, "Zyxmark"])
def test_no_door_that_a_rating_goes_through_keeps_them(
    words: str,
    manager: Client,
    manager_user: User,
    tmp_path: Path,
    settings: Any,
    listener: Listener,
    django_capture_on_commit_callbacks: Any,
) -> None:
    """Mails of the outbox, digests, quotations by colleagues, bodies that were moved away, files."""
    settings.MEDIA_ROOT = tmp_path
    survey = told_everywhere(words, listener, manager_user)
    messages = SandboxMessage.objects.filter(text__contains="Zyxmark")
    assert {message.reference[:7] for message in messages} > {"digest-"}
    assert places(MARK, tmp_path) >= {"csat_staffmessage.text", "csat_sandboxmessage.html", "csat_event.data"}
    held = places(MARK, tmp_path)
    assert held >= {"csat_stepbody.output", "csat_callbody.body"}, held
    assert ScoreTheme.objects.exists() == (words != "Zyxmark")

    with django_capture_on_commit_callbacks(execute=True):
        comment_withdrawal.withdraw(survey, by=CUSTOMER)

    assert places(MARK, tmp_path) == set()
    assert not ScoreTheme.objects.exists()
    for path in ("/outbox/", f"/inbox/{survey.session.uuid}/", "/reports/?show=comments", "/reports/export/"):
        page = manager.get(path)
        assert (page.status_code, "zyxmark" in page.content.decode().lower()) == (200, False), path
    assert f"/inbox/{survey.session.uuid}/" not in manager.get("/inbox/?q=Zyxmark").content.decode()


def told_everywhere(words: str, listener: Listener, reader: User) -> Survey:
    """Rated yesterday, and everything that reads a rating has read this one; bodies were moved since."""
    with time_machine.travel(timezone.now() - timedelta(days=10)):
        endpoints.add(url=listener.url, events=["csat.score_submitted"], by=SYSTEM)
        builders.workflow(
            builders.block("get_csat_score"),
            builders.block("notify", via="email", to="boss@acme.test", message="They said: {comment}"),
            builders.block("http_request", url=listener.url, method="POST", body='{"said": "{comment}"}'),
            builders.block("send_message", text="You wrote: {comment}"),
            trigger="csat-score-submit",
        )
        survey = make_sent_survey()
        answering.answer(survey, score=5, comment=words, source="page", by=CUSTOMER)
        publish()
        builders.run_until_idle()
        attempts.call_due()
        for text in (f"You wrote “{words}”. We are at it.", f"Hello\n> {words}\nWe are at it."):
            staff_messages.write(survey.session, text, by=reader)
            staff_messages.send_due()
            activity.add_note(survey.session, text, by=API)
        exports.run(exports.start(reader, parse({"from": "2000-01-01", "to": "2100-01-01"}), [], "xlsx").pk)
        digests.start(make_view(reader), by=reader)
    with time_machine.travel(timezone.now() - timedelta(days=1)):
        digest_sending.send_due()
    webhook_bodies.move()
    workflow_bodies.move()
    staff_messages.write(survey.session, f"Once more: “{words}”", by=reader)
    return survey


def test_the_score_stays_and_others_are_told(survey: Survey) -> None:
    endpoints.add(url="https://93.184.216.34/told", events=["csat.comment_withdrawn"], by=SYSTEM)
    comment_withdrawal.withdraw(survey, by=CUSTOMER)
    publish()
    score = Score.objects.get()
    assert (score.score, score.comment) == (1, "")
    assert score.words_withdrawn_at
    told = WebhookAttempt.objects.get(type="csat.comment_withdrawn").body
    assert f'"score_id":"{score.uuid}","score":1' in told


def test_a_webhook_that_still_waits_goes_out_without_them(survey: Survey) -> None:
    comment_withdrawal.withdraw(survey, by=CUSTOMER)
    attempt = WebhookAttempt.objects.filter(type="csat.score_submitted").latest("id")
    assert attempt.state == "pending"
    assert '"comment":""' in attempt.body


def test_one_that_nobody_has_heard_of_is_told_without_them() -> None:
    endpoints.add(url="https://93.184.216.34/csat", events=["csat.score_submitted"], by=SYSTEM)
    survey = make_sent_survey()
    answering.answer(survey, score=4, comment=WORDS, source="page")
    comment_withdrawal.withdraw(survey, by=CUSTOMER)
    publish()
    assert "Zyxmark" not in WebhookAttempt.objects.get().body


def test_a_run_under_way_loses_them_too() -> None:
    builders.workflow(
        builders.block("get_csat_score"), builders.block("wait", seconds=3600), trigger="csat-score-submit"
    )
    survey = make_sent_survey()
    answering.answer(survey, score=4, comment=WORDS, source="page")
    publish()
    builders.run_until_idle()
    comment_withdrawal.withdraw(survey, by=CUSTOMER)
    assert Step.objects.get(type="get_csat_score").output["comment"] == ""


def test_an_answer_kept_under_an_idempotency_key_goes(survey: Survey) -> None:
    keys.create("Desk", scopes=["csat:write"], by=SYSTEM)
    record = idempotency.begin(ApiKey.objects.get(), name="one", fingerprint="f")
    idempotency.finish(record, status=201, body=WORDS, contact_ids=[survey.contact_id])
    comment_withdrawal.withdraw(survey, by=CUSTOMER)
    assert not type(record).objects.exists()


def test_what_staff_wrote_in_other_words_stays(survey: Survey, manager_user: User) -> None:
    staff_messages.StaffMessage.objects.create(
        session=survey.session, text="We are sorry", next_try=timezone.now()
    )
    comment_withdrawal.withdraw(survey, by=CUSTOMER)
    assert survey.session.follow_up.again().note == "Says: "
    assert staff_messages.StaffMessage.objects.get().text == "We are sorry"


def test_without_words_there_is_nothing_to_withdraw() -> None:
    survey = make_sent_survey()
    assert not comment_withdrawal.withdraw(survey, by=CUSTOMER)
    answering.answer(survey, score=4, source="page", by=API)
    assert not comment_withdrawal.withdraw(survey, by=CUSTOMER)
    assert not Event.objects.filter(kind="csat.comment_withdrawn").exists()
