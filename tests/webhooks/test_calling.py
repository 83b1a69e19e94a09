import json
import time
from collections import Counter
from datetime import timedelta

import pytest
import time_machine
from django.core import mail
from django.utils import timezone
from standardwebhooks import Webhook

from csat.channels.outbox import SandboxMessage
from csat.lib.refusal import Refused
from csat.people import erasing
from csat.sessions.importing import start_many
from csat.timeline import dispatching
from csat.timeline.recording import SYSTEM
from csat.webhooks import calling, endpoints
from csat.webhooks.models import Call, Endpoint
from tests.factories import make_contact, make_session

pytestmark = pytest.mark.django_db


def tell() -> None:
    """Something happens, and it is fanned out."""
    make_session(messages=0)
    dispatching.fan_out()


def types(listener) -> list[str]:
    return [json.loads(heard.body)["type"] for heard in listener.heard]


def test_an_event_is_told_once_to_who_asked_for_it(endpoint, listener):
    tell()
    assert calling.call_due() == 1
    assert calling.call_due() == 0
    assert types(listener) == ["conversation.started"]


def test_who_did_not_ask_is_not_told(endpoint, listener):
    endpoints.change(endpoint, by=SYSTEM, events=["csat.score_submitted"])
    tell()
    assert calling.call_due() == 0


def test_the_reference_verifier_accepts_the_call(endpoint, listener):
    tell()
    calling.call_due()
    heard = listener.heard[0]
    assert Webhook(endpoint.secret).verify(heard.body, heard.headers)["type"] == "conversation.started"


def test_during_a_rotation_both_secrets_verify_and_after_a_day_only_the_new_one(endpoint, listener):
    old, new = endpoint.secret, endpoints.rotate(endpoint, by=SYSTEM)
    tell()
    calling.call_due()
    for secret in (old, new):
        assert Webhook(secret).verify(listener.heard[0].body, listener.heard[0].headers)
    with time_machine.travel(timezone.now() + timedelta(hours=25), tick=True):
        assert endpoint.again().secrets == [new]


def test_a_retry_keeps_body_and_id_and_renews_timestamp_and_signature(endpoint, listener):
    listener.answer = lambda heard: (500, {})
    tell()
    calling.call_due()
    listener.answer = lambda heard: (200, {})
    with time_machine.travel(timezone.now() + timedelta(minutes=2), tick=True):
        assert calling.call_due() == 1
        first, second = listener.heard
        assert Webhook(endpoint.secret).verify(second.body, second.headers)
    assert (first.body, first.headers["webhook-id"]) == (second.body, second.headers["webhook-id"])
    assert first.headers["webhook-timestamp"] != second.headers["webhook-timestamp"]
    assert first.headers["webhook-signature"] != second.headers["webhook-signature"]


def test_a_failure_makes_all_calls_of_the_endpoint_wait(endpoint, listener):
    listener.answer = lambda heard: (503, {})
    tell()
    tell()
    assert calling.call_due() == 1
    assert Endpoint.objects.get().failures == 1
    assert Call.objects.filter(state=Call.State.PENDING).count() == 2


@pytest.mark.parametrize(("status", "headers"), [(301, {"location": "http://127.0.0.1:1/"}), (302, {}), (400, {}), (500, {})])
def test_anything_but_2xx_is_a_failure_and_no_redirect_is_followed(endpoint, listener, status, headers):
    listener.answer = lambda heard: (status, headers)
    tell()
    calling.call_due()
    call = Call.objects.get()
    assert (call.state, call.status, len(listener.heard)) == (Call.State.PENDING, status, 1)


def test_retry_after_is_honoured(endpoint, listener):
    listener.answer = lambda heard: (429, {"retry-after": "7200"})
    tell()
    calling.call_due()
    assert Endpoint.objects.get().next_try > timezone.now() + timedelta(minutes=119)


def test_410_switches_the_endpoint_off_and_tells_the_admins(endpoint, listener, admin_user):
    listener.answer = lambda heard: (410, {})
    tell()
    calling.call_due()
    assert Endpoint.objects.get().enabled is False
    notice = SandboxMessage.objects.get(to=admin_user.email)
    assert listener.url in notice.text
    assert not mail.outbox


def test_five_days_of_nothing_but_failures_switch_it_off(endpoint, listener):
    listener.answer = lambda heard: (500, {})
    now = timezone.now()
    for hours in range(0, 24 * 8, 12):
        with time_machine.travel(now + timedelta(hours=hours), tick=True):
            tell()
            calling.call_due()
    endpoint = Endpoint.objects.get()
    assert not endpoint.enabled
    assert "5 days" in endpoint.disabled_reason


def test_switched_on_again_it_is_told_what_waited(endpoint, listener):
    listener.answer = lambda heard: (410, {})
    tell()
    calling.call_due()
    listener.answer = lambda heard: (200, {})
    endpoints.change(endpoint.again(), by=SYSTEM, enabled=True)
    with time_machine.travel(timezone.now() + timedelta(minutes=2), tick=True):
        assert calling.call_due() == 1
    assert Call.objects.get().state == Call.State.DELIVERED


def test_a_call_is_given_up_after_ten_attempts_and_can_be_replayed(endpoint, listener):
    tell()
    Call.objects.update(attempt=9)
    listener.answer = lambda heard: (500, {})
    calling.call_due()
    assert Call.objects.get().state == Call.State.FAILED
    listener.answer = lambda heard: (200, {})
    assert calling.replay_failed(endpoint, since=timezone.now() - timedelta(hours=1)) == 1
    calling.call_due()
    assert Call.objects.get().state == Call.State.DELIVERED
    assert len({heard.headers["webhook-id"] for heard in listener.heard}) == 1


def test_an_address_that_turned_private_is_refused_at_connect(endpoint, listener, settings):
    settings.WEBHOOK_ALLOW = []
    tell()
    calling.call_due()
    call = Call.objects.get()
    assert not listener.heard
    assert "not a public address" in call.attempts[0]["error"]


def test_a_test_event_goes_out_even_while_backing_off(endpoint, listener):
    endpoint.change(next_try=timezone.now() + timedelta(hours=5), failures=3)
    calling.test(endpoint)
    calling.call_due()
    assert types(listener) == ["webhook.test"]


def test_a_call_whose_worker_died_is_made_again_under_the_same_id(endpoint, listener):
    tell()
    endpoint.change(lease_until=timezone.now() + timedelta(seconds=45))  # claimed, then killed
    assert calling.call_due() == 0
    with time_machine.travel(timezone.now() + timedelta(seconds=46), tick=True):
        assert calling.call_due() == 1


@pytest.mark.slow
@pytest.mark.timeout(400)
@pytest.mark.parametrize(
    ("death", "events"), [("deaf", 60), ("gone", 60), pytest.param("deaf", 1000, marks=pytest.mark.postgres)]
)  # the whole size on the database that such an installation has
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
        start_many([contact for _ in range(first, min(first + 500, events))], by=SYSTEM)
    assert dispatching.fan_out(seconds=120) >= events
    listener.answer, until = answer, time.monotonic() + 12
    calling.call_due(seconds=300)
    told = Counter((heard.path, heard.headers["webhook-id"]) for heard in listener.heard if heard.path != "/hook/deaf")
    assert len(told) == told.total() == 20 * events
    if death == "deaf":
        assert meanwhile[0] > 20  # they were told while it kept us waiting
    else:
        assert dead.calls.filter(state=Call.State.PENDING).count() == events
        assert dead.calls.filter(attempt__gt=0).count() == 1


def test_endpoints_that_hang_do_not_hold_up_the_live_ones(listener, settings):
    times = {}

    def answer(heard):
        times.setdefault(heard.path, time.monotonic() - began)
        while "hanging" in heard.path and not {"/hook/live0", "/hook/live1"} <= times.keys() and time.monotonic() < began + 12:
            time.sleep(0.05)
        return 200, {}

    listener.answer = answer
    for name in [*(f"hanging{number}" for number in range(20)), "live0", "live1"]:
        endpoints.add(url=f"{listener.url}/{name}", events=["conversation.started"], by=SYSTEM)
    tell()
    began = time.monotonic()
    assert calling.call_due() == 22
    assert max(times["/hook/live0"], times["/hook/live1"]) < 10


def test_one_that_breaks_us_leaves_the_others_told(endpoint, listener, monkeypatch):
    endpoints.add(url=f"{listener.url}/broken", events=["conversation.started"], by=SYSTEM)
    headers = calling.headers
    monkeypatch.setattr(calling, "headers", lambda call, to, now: headers(call, to, now) if to.pk == endpoint.pk else 1 / 0)
    tell()
    with pytest.raises(ExceptionGroup, match="broke"):
        calling.call_due()
    assert [call.state for call in Call.objects.filter(endpoint=endpoint)] == [Call.State.DELIVERED]


def test_what_is_left_when_the_time_is_over_is_handed_on(endpoint, listener, django_capture_on_commit_callbacks):
    tell()
    with django_capture_on_commit_callbacks() as woken:
        assert calling.call_due(seconds=0) == 0
    assert [call.function for call in woken] == ["csat.tasks.call_due"]


def test_an_answer_no_database_can_keep_is_kept_without_it(endpoint, listener):
    listener.answer = lambda heard: (503, {"content-length": "3", "retry-after": "\xb2"})
    listener.body = b"a\0b"
    tell()
    assert calling.call_due() == 1
    assert Call.objects.get().attempts[0]["answer"] == "ab"


def test_calls_about_an_erased_contact_are_not_made_again(endpoint, listener):
    listener.answer = lambda heard: (500, {})
    session = make_session(messages=0)
    dispatching.fan_out()
    calling.call_due()
    erasing.erase(session.contact, by=SYSTEM)
    assert calling.replay_failed(endpoint, since=timezone.now() - timedelta(days=1)) == 0
    with pytest.raises(Refused, match="erased"):
        calling.replay(Call.objects.get(type="conversation.started"))


def test_switched_off_in_the_middle_it_is_called_no_more(endpoint, listener, monkeypatch):
    monkeypatch.setattr(calling, "AT_ONCE", 1)
    for _ in range(3):
        make_session(messages=0)
    dispatching.fan_out()
    note = calling._note

    def noted(lane, call, log):
        note(lane, call, log)
        endpoint.change(enabled=False)

    monkeypatch.setattr(calling, "_note", noted)
    calling.call_due()
    assert len(listener.heard) == 1
