"""A restored database sends nothing until it is released, and then nothing that may have been sent before."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from csat import tasks
from csat.channels.outbox import SandboxMessage
from csat.lib import tokens
from csat.lib.refusal import Invalid, Refused
from csat.people.audit_actions import AuditAction
from csat.sessions import resolving
from csat.surveys import links
from csat.surveys.choices import Origin, SurveyState
from csat.surveys.delivery import expiry, holds, release, scheduling, sending, sending_status
from csat.surveys.models import CsatSettings, Delivery, Link, Survey
from csat.timeline import dispatching
from csat.timeline.models import Event
from csat.webhooks import endpoints
from csat.webhooks.models import WebhookAttempt
from csat.workflows.models import Run
from tests.factories import API, make_resolved_session, make_sent_survey, make_session, restored, switch_on
from tests.workflows.builders import block, workflow

pytestmark = pytest.mark.django_db


def due_survey(channel: str = "sms", **details: Any) -> Survey:
    switch_on("sms", "email")
    return make_resolved_session(channel, **details).survey


def test_nothing_is_sent_and_nobody_can_resume_it() -> None:
    due_survey()
    restored()
    assert release.is_held()
    assert sending.send_due() == 0
    with pytest.raises(Refused, match="release it instead"):
        holds.resume(None, by=API)
    assert sending.send_due() == 0
    assert sending_status.current().pause


def test_what_was_due_before_is_not_sent_and_its_link_opens() -> None:
    survey = due_survey()
    key = links._keys()[0]
    in_their_message = tokens.derive(key, Link.Purpose.RATE, survey.uuid, 1)  # sent since the backup
    assert Client().get(f"/r/{in_their_message}").status_code == 404
    restored()
    assert release.in_doubt(timezone.now()) == 1
    assert release.release(by=API) == release.Released(1, done=True)
    assert sending.send_due() == 0
    assert not SandboxMessage.objects.exists()
    delivery = Delivery.objects.get()
    assert (delivery.state, delivery.error_code) == ("cancelled", "restored")
    survey = survey.again()
    assert (survey.state, survey.origin) == ("sent", Origin.LINK)
    assert survey.expires_at
    assert Client().get(f"/r/{in_their_message}").status_code == 200


def test_what_is_asked_afterwards_goes_out_and_a_resend_by_hand_too() -> None:
    survey = due_survey()
    restored()
    later = due_survey()
    assert release.release(by=API).not_sent == 1
    assert sending.send_due() == 1
    assert later.again().state == "sent"
    scheduling.request(survey.again().session, origin="manual", by=API)
    assert sending.send_due() == 1


def test_what_was_to_go_out_later_goes_out() -> None:
    survey = due_survey()
    at = timezone.now() + timedelta(hours=5)
    Delivery.objects.update(next_try=at, due_since=at)
    restored()
    assert release.release(by=API).not_sent == 0
    assert survey.again().state == "scheduled"


def test_a_conversation_that_a_help_desk_tells_again_is_not_asked_again() -> None:
    """It was resolved after the backup and before the restore, and asked, for all this database knows."""
    switch_on("sms")
    session = make_session("sms")
    restored()
    resolving.resolve(session, by=API)
    session.change(resolved_at=timezone.now() - timedelta(minutes=20))
    assert release.release(by=API).not_sent == 1
    assert sending.send_due() == 0


def test_the_operator_may_know_better_until_when_it_was_sent() -> None:
    due_survey()
    restored_at = restored()
    with pytest.raises(Invalid, match="yet to come") as refused:
        release.release(by=API, sent_until=timezone.now() + timedelta(hours=1))
    assert list(refused.value.fields) == ["sent_until"]
    assert release.is_held()
    assert release.release(by=API, sent_until=restored_at - timedelta(hours=1)).not_sent == 0
    assert sending.send_due() == 1


def test_what_a_worker_held_when_the_backup_was_made_is_in_doubt_too() -> None:
    due_survey()
    assert sending.claim(Delivery.objects.all(), 1)
    restored()
    assert release.release(by=API).not_sent == 1
    assert Delivery.objects.get().state == "cancelled"


def test_no_reminder_no_fallback_and_no_lease_falls_due_while_it_is_held_or_for_what_was_due() -> None:
    survey = make_sent_survey("sms")
    past = timezone.now() - timedelta(minutes=1)
    survey.change(remind_at=past)
    restored()
    assert expiry.sweep() == {"expired": 0}
    assert Delivery.objects.count() == 1
    release.release(by=API)
    assert survey.again().remind_at is None
    assert expiry.sweep()["reminded"] == 0


def test_a_card_that_was_due_to_be_replaced_goes_on_waiting() -> None:
    switch_on("web", "sms")
    survey = make_resolved_session("web").survey
    sending.send_due()
    card = Delivery.objects.get(medium="card")
    card.change(next_try=timezone.now() - timedelta(minutes=1))
    restored()
    release.release(by=API)
    assert expiry.sweep()["unshown"] == 0
    assert card.again().next_try == survey.again().expires_at


def test_workflows_that_were_due_are_stopped_and_later_ones_go_on() -> None:
    workflow(block("add_tag", tag="seen"))
    session = make_resolved_session("sms")
    dispatching.fan_out()
    run = Run.objects.get(session=session)
    other = make_resolved_session("sms")
    dispatching.fan_out()
    waiting = Run.objects.get(session=other)
    waiting.change(state="waiting", started_at=timezone.now(), wake_at=timezone.now() + timedelta(days=1))
    restored()
    assert tasks.run_due() == 0
    release.release(by=API)
    run = run.again()
    assert (run.state, bool(run.finished_at)) == ("stopped", True)
    assert "restore" in run.error
    assert waiting.again().state == "waiting"


def test_webhooks_wait_and_come_under_the_ids_that_their_receivers_know() -> None:
    endpoint = endpoints.add(url="https://93.184.216.34/csat", events=["conversation.started"], by=API)
    make_session()
    dispatching.fan_out()
    known = WebhookAttempt.objects.get()
    known_id, event = known.message_id, known.event
    known.delete()  # the backup was made before it was dispatched
    Event.objects.filter(pk=event.pk).update(dispatched_at=None)
    restored()
    dispatching.fan_out()
    assert tasks.call_due() == 0
    assert WebhookAttempt.objects.get(endpoint=endpoint).message_id == known_id
    assert WebhookAttempt.objects.get().state == "pending"


def test_it_is_done_in_batches_and_goes_on_where_it_stopped(monkeypatch: Any) -> None:
    monkeypatch.setattr(release, "BATCH", 2)
    for _ in range(3):
        due_survey()
    restored()
    assert release.release(by=API, seconds=-1) == release.Released(0, done=False)
    assert release.is_held()
    assert release.release(by=API) == release.Released(3, done=True)
    assert release.release(by=API) == release.Released(0, done=True)
    [resumed] = Event.objects.filter(kind="audit", data__what=AuditAction.SENDING_RESUMED)
    assert resumed.data["after"]["sent_until"]


@pytest.mark.timeout(20)
def test_it_ends_though_somebody_else_settles_what_it_is_about_to_close(monkeypatch: Any) -> None:
    monkeypatch.setattr(release, "BATCH", 2)
    for _ in range(3):
        due_survey()
    restored()
    seen = []

    def close(ids: list[int], _settings: CsatSettings) -> int:
        seen.extend(ids)
        return 0

    monkeypatch.setattr(release, "_close", close)
    assert release.release(by=API) == release.Released(0, done=True)
    assert sorted(seen) == sorted(Delivery.objects.values_list("pk", flat=True))
    assert not release.is_held()


def test_the_number_of_statements_does_not_grow_with_the_surveys(django_assert_max_num_queries: Any) -> None:
    for _ in range(12):
        due_survey()
    restored()
    with django_assert_max_num_queries(40):
        release.release(by=API)


def test_nothing_is_released_while_the_restore_itself_has_not_ended() -> None:
    survey = due_survey()
    now = timezone.now()
    CsatSettings.current().change(paused_at=now, restored_from=now)
    with pytest.raises(Refused, match=r"manage\.py restore again"):
        release.release(by=API)
    assert release.is_held()
    assert survey.again().state == SurveyState.SCHEDULED
