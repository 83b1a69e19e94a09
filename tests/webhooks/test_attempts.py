import json
import os
import time
from collections import Counter
from datetime import timedelta

import pytest
import time_machine
from django.core import mail
from django.utils import timezone
from standardwebhooks import Webhook

from csat.channels.outbox import SandboxMessage
from csat.jobs import Job
from csat.lib.refusal import Refused
from csat.people import erasure
from csat.sessions.importing import import_many
from csat.timeline import dispatching
from csat.timeline.recording import SYSTEM
from csat.webhooks import attempts, endpoints, queueing, signing, workers
from csat.webhooks.models import Endpoint, WebhookAttempt
from tests.factories import make_contact, make_session

pytestmark = pytest.mark.django_db
MANY = 1000 if os.environ.get("CSAT_LONG") else 60  # events to each of 21 endpoints


def start_conversation() -> None:
    """Something happens, and its webhooks are queued."""
    make_session(messages=0)
    dispatching.fan_out()


def types(listener) -> list[str]:
    return [json.loads(heard.body)["type"] for heard in listener.heard]


def test_an_event_is_sent_once_to_its_subscriber(endpoint, listener):
    start_conversation()
    assert attempts.call_due() == 1
    assert attempts.call_due() == 0
    assert types(listener) == ["conversation.started"]


def test_nothing_is_sent_without_a_subscription(endpoint, listener):
    endpoints.change(endpoint, by=SYSTEM, events=["csat.score_submitted"])
    start_conversation()
    assert attempts.call_due() == 0


def test_the_reference_verifier_accepts_the_signature(endpoint, listener):
    start_conversation()
    attempts.call_due()
    heard = listener.heard[0]
    assert (
        Webhook(endpoint.signing_secret).verify(heard.body, heard.headers)["type"] == "conversation.started"
    )


def test_during_a_rotation_both_secrets_verify_and_after_a_day_only_the_new_one(endpoint, listener):
    old, new = endpoint.signing_secret, endpoints.rotate(endpoint, by=SYSTEM)
    start_conversation()
    attempts.call_due()
    for secret in (old, new):
        assert Webhook(secret).verify(listener.heard[0].body, listener.heard[0].headers)
    with time_machine.travel(timezone.now() + timedelta(hours=25), tick=True):
        assert endpoint.again().signing_secrets == [new]


def test_a_retry_keeps_body_and_id_and_renews_timestamp_and_signature(endpoint, listener):
    listener.answer = lambda heard: (500, {})
    start_conversation()
    attempts.call_due()
    listener.answer = lambda heard: (200, {})
    with time_machine.travel(timezone.now() + timedelta(minutes=2), tick=True):
        assert attempts.call_due() == 1
        first, second = listener.heard
        assert Webhook(endpoint.signing_secret).verify(second.body, second.headers)
    assert (first.body, first.headers["webhook-id"]) == (second.body, second.headers["webhook-id"])
    assert first.headers["webhook-timestamp"] != second.headers["webhook-timestamp"]
    assert first.headers["webhook-signature"] != second.headers["webhook-signature"]


def test_without_the_key_to_its_secret_an_endpoint_is_paused_says_so_and_loses_nothing(
    endpoint, listener, settings, admin_user
):
    start_conversation()
    keys, settings.SECRETS_KEYS = settings.SECRETS_KEYS, ["another key"]
    assert attempts.call_due() == 0
    row = endpoint.again()
    assert (row.enabled, row.lease_until) == (False, None)
    assert row.disabled_reason == "the key that encrypted its secret is not set"
    assert SandboxMessage.objects.filter(to=admin_user.email).exists()
    settings.SECRETS_KEYS = keys
    endpoints.change(row, by=SYSTEM, enabled=True)
    assert attempts.call_due() == 1
    assert Webhook(endpoint.signing_secret).verify(listener.heard[0].body, listener.heard[0].headers)


def test_a_failure_makes_everything_for_the_endpoint_wait(endpoint, listener):
    listener.answer = lambda heard: (503, {})
    start_conversation()
    start_conversation()
    assert attempts.call_due() == 1
    assert Endpoint.objects.get().failures == 1
    assert WebhookAttempt.objects.filter(state=WebhookAttempt.State.PENDING).count() == 2


@pytest.mark.parametrize(
    ("status", "headers"), [(301, {"location": "http://127.0.0.1:1/"}), (302, {}), (400, {}), (500, {})]
)
def test_anything_but_2xx_is_a_failure_and_no_redirect_is_followed(endpoint, listener, status, headers):
    listener.answer = lambda heard: (status, headers)
    start_conversation()
    attempts.call_due()
    attempt = WebhookAttempt.objects.get()
    assert (attempt.state, attempt.status, len(listener.heard)) == (WebhookAttempt.State.PENDING, status, 1)


def test_retry_after_is_honoured(endpoint, listener):
    listener.answer = lambda heard: (429, {"retry-after": "7200"})
    start_conversation()
    attempts.call_due()
    assert Endpoint.objects.get().next_try > timezone.now() + timedelta(minutes=119)


def test_410_switches_the_endpoint_off_and_emails_the_admins(endpoint, listener, admin_user):
    listener.answer = lambda heard: (410, {})
    start_conversation()
    attempts.call_due()
    assert Endpoint.objects.get().enabled is False
    notice = SandboxMessage.objects.get(to=admin_user.email)
    assert listener.url in notice.text
    assert not mail.outbox


def test_five_days_of_nothing_but_failures_switch_it_off(endpoint, listener):
    listener.answer = lambda heard: (500, {})
    now = timezone.now()
    for hours in range(0, 24 * 8, 12):
        with time_machine.travel(now + timedelta(hours=hours), tick=True):
            start_conversation()
            attempts.call_due()
    endpoint = Endpoint.objects.get()
    assert not endpoint.enabled
    assert "5 days" in endpoint.disabled_reason


def test_switched_on_again_it_receives_what_waited(endpoint, listener):
    listener.answer = lambda heard: (410, {})
    start_conversation()
    attempts.call_due()
    listener.answer = lambda heard: (200, {})
    endpoints.change(endpoint.again(), by=SYSTEM, enabled=True)
    with time_machine.travel(timezone.now() + timedelta(minutes=2), tick=True):
        assert attempts.call_due() == 1
    assert WebhookAttempt.objects.get().state == WebhookAttempt.State.DELIVERED


def test_a_webhook_fails_after_ten_attempts_and_can_be_replayed(endpoint, listener):
    start_conversation()
    start_conversation()
    refused = WebhookAttempt.objects.earliest("id")
    refused.change(attempt=9)
    listener.answer = lambda heard: (500 if heard.headers["webhook-id"] == refused.message_id else 200, {})
    attempts.call_due()
    assert refused.again().state == WebhookAttempt.State.FAILED
    listener.answer = lambda heard: (200, {})
    assert queueing.replay_failed(endpoint, since=timezone.now() - timedelta(hours=1), by=SYSTEM) == 1
    attempts.call_due()
    assert refused.again().state == WebhookAttempt.State.DELIVERED
    assert len({heard.headers["webhook-id"] for heard in listener.heard}) == 2


def test_the_steps_of_the_schedule_follow_each_other_with_any_jitter():
    for jitter in (0.9, 1, 1.1):
        failing_for, steps = timedelta(), []
        for _ in attempts.RETRIES:
            steps.append(attempts._until_next_try(failing_for))
            failing_for += steps[-1] * jitter
        assert steps == list(attempts.RETRIES)
        assert attempts._until_next_try(timedelta(days=30)) == attempts.RETRIES[-1]


def test_an_address_that_turned_private_is_refused_at_connect(endpoint, listener, settings):
    settings.WEBHOOK_ALLOW = []
    start_conversation()
    attempts.call_due()
    attempt = WebhookAttempt.objects.get()
    assert not listener.heard
    assert "not a public address" in attempt.attempts[0]["error"]


def test_a_test_event_goes_out_even_while_backing_off(endpoint, listener):
    endpoint.change(next_try=timezone.now() + timedelta(hours=5), failures=3)
    queueing.enqueue_test(endpoint, by=SYSTEM)
    attempts.call_due()
    assert types(listener) == ["webhook.test"]


def test_a_webhook_whose_worker_died_is_sent_again(endpoint, listener):
    start_conversation()
    endpoint.change(lease_until=timezone.now() + timedelta(seconds=45))  # claimed, then killed
    assert attempts.call_due() == 0
    with time_machine.travel(timezone.now() + timedelta(seconds=46), tick=True):
        assert attempts.call_due() == 1


@pytest.mark.slow
@pytest.mark.timeout(400)
@pytest.mark.parametrize(("death", "events"), [("deaf", MANY), ("gone", 60)])
def test_a_dead_endpoint_costs_twenty_others_nothing(listener, settings, death, events):
    meanwhile = []

    def answer(heard):
        while heard.path == "/hook/deaf" and len(listener.heard) <= 20 * events and time.monotonic() < until:
            time.sleep(0.05)
        if heard.path == "/hook/deaf":
            meanwhile.append(len(listener.heard))
        return 200, {}

    settings.WEBHOOK_ALLOW = [listener.address, "127.0.0.1:1"]
    for number in range(20):
        endpoints.add(url=f"{listener.url}/{number}", events=["conversation.started"], by=SYSTEM)
    url = {"deaf": f"{listener.url}/deaf", "gone": "http://127.0.0.1:1/"}[death]
    dead = endpoints.add(url=url, events=["conversation.started"], by=SYSTEM)
    contact = {"contact_id": make_contact().uuid}
    for first in range(0, events, 500):
        import_many([contact for _ in range(first, min(first + 500, events))], by=SYSTEM)
    assert dispatching.fan_out(seconds=120) >= events
    listener.answer, until = answer, time.monotonic() + 12
    attempts.call_due(seconds=300)
    received = Counter(
        (heard.path, heard.headers["webhook-id"]) for heard in listener.heard if heard.path != "/hook/deaf"
    )
    assert len(received) == received.total() == 20 * events
    if death == "deaf":
        assert meanwhile[0] > 20  # sent while it kept us waiting
    else:
        assert dead.calls.filter(state=WebhookAttempt.State.PENDING).count() == events
        assert dead.calls.exclude(attempts=[]).count() == 1


def test_endpoints_that_hang_do_not_hold_up_the_live_ones(listener, settings):
    times = {}

    def answer(heard):
        times.setdefault(heard.path, time.monotonic() - began)
        while (
            "hanging" in heard.path
            and not {"/hook/live0", "/hook/live1"} <= times.keys()
            and time.monotonic() < began + 12
        ):
            time.sleep(0.05)
        return 200, {}

    listener.answer = answer
    for name in [*(f"hanging{number}" for number in range(20)), "live0", "live1"]:
        endpoints.add(url=f"{listener.url}/{name}", events=["conversation.started"], by=SYSTEM)
    start_conversation()
    began = time.monotonic()
    assert attempts.call_due() == 22
    assert max(times["/hook/live0"], times["/hook/live1"]) < 10


def test_an_unexpected_error_stops_one_endpoint_only(endpoint, listener, monkeypatch):
    endpoints.add(url=f"{listener.url}/broken", events=["conversation.started"], by=SYSTEM)
    headers = signing.headers
    monkeypatch.setattr(
        signing,
        "headers",
        lambda attempt, *more: headers(attempt, *more) if attempt.endpoint_id == endpoint.pk else 1 / 0,
    )
    start_conversation()
    with pytest.raises(ExceptionGroup, match="unexpectedly"):
        attempts.call_due()
    assert [attempt.state for attempt in WebhookAttempt.objects.filter(endpoint=endpoint)] == [
        WebhookAttempt.State.DELIVERED
    ]


def test_when_time_is_up_the_next_job_continues(endpoint, listener, django_capture_on_commit_callbacks):
    start_conversation()
    with django_capture_on_commit_callbacks() as woken:
        assert attempts.call_due(seconds=0) == 0
    assert [task.job for task in woken] == [Job.CALL_DUE]


def test_an_answer_with_a_nul_byte_is_kept_without_it(endpoint, listener):
    listener.answer = lambda heard: (503, {"content-length": "3", "retry-after": "\xb2"})
    listener.body = b"a\0b"
    start_conversation()
    assert attempts.call_due() == 1
    assert WebhookAttempt.objects.get().attempts[0]["answer"] == "ab"


def test_webhooks_about_an_erased_contact_are_not_sent_again(endpoint, listener):
    listener.answer = lambda heard: (500, {})
    session = make_session(messages=0)
    dispatching.fan_out()
    attempts.call_due()
    erasure.erase(session.contact, by=SYSTEM)
    assert queueing.replay_failed(endpoint, since=timezone.now() - timedelta(days=1), by=SYSTEM) == 0
    with pytest.raises(Refused, match="erased"):
        queueing.replay(WebhookAttempt.objects.get(type="conversation.started"), by=SYSTEM)


def test_switched_off_in_the_middle_it_receives_no_more(endpoint, listener, monkeypatch):
    monkeypatch.setattr(workers, "READ_SIZE", 1)
    for _ in range(3):
        make_session(messages=0)
    dispatching.fan_out()
    record_result = attempts.record_result

    def record_and_switch_off(worker, attempt, log):
        record_result(worker, attempt, log)
        endpoint.change(enabled=False)

    monkeypatch.setattr(attempts, "record_result", record_and_switch_off)
    attempts.call_due()
    assert len(listener.heard) == 1
