"""Queueing attempts: one for each event and endpoint that asked for it, and what may be sent again."""

from datetime import timedelta

import pytest
from django.utils import timezone

from csat.lib.refusal import Refused
from csat.people import erasure, roles
from csat.people.audit_actions import AuditAction
from csat.people.audit_log import audit
from csat.people.models import Contact
from csat.timeline import dispatching
from csat.timeline.models import Event
from csat.timeline.recording import SYSTEM
from csat.webhooks import endpoints, queueing
from csat.webhooks.models import WebhookAttempt
from tests.factories import API, make_session

pytestmark = pytest.mark.django_db
FAILED, PENDING = WebhookAttempt.State.FAILED, WebhookAttempt.State.PENDING


@pytest.fixture
def endpoint():
    return endpoints.add(url="https://93.184.216.34/csat", events=["conversation.started"], by=SYSTEM)


@pytest.fixture
def attempt(endpoint):
    make_session()
    queueing.enqueue_for(list(Event.objects.order_by("id")))
    return WebhookAttempt.objects.get()


def fail(attempt, **values):
    attempt.change(state=FAILED, attempt=10, **values)


def test_only_the_events_asked_for_are_queued(endpoint):
    session = make_session(messages=2)
    assert queueing.enqueue_for(list(Event.objects.all())) == 1
    attempt = WebhookAttempt.objects.get()
    assert (attempt.endpoint, attempt.type, attempt.event.kind) == (
        endpoint,
        "conversation.started",
        "session.created",
    )
    assert attempt.contact_id == session.contact_id


def test_the_same_event_handed_over_twice_is_queued_once(attempt):
    queueing.enqueue_for(list(Event.objects.all()))
    assert WebhookAttempt.objects.count() == 1


def test_an_endpoint_that_is_off_or_removed_gets_nothing(endpoint):
    other = endpoints.add(url="https://93.184.216.34/other", events=["conversation.started"], by=SYSTEM)
    endpoints.change(endpoint, by=SYSTEM, enabled=False)
    endpoints.remove(other, by=SYSTEM)
    make_session()
    assert queueing.enqueue_for(list(Event.objects.all())) == 0


def test_a_test_is_sent_even_while_backing_off_but_not_when_switched_off(endpoint):
    endpoint.change(next_try=timezone.now() + timedelta(hours=3))
    assert queueing.enqueue_test(endpoint, by=SYSTEM).type == "webhook.test"
    assert endpoint.again().next_try <= timezone.now()
    endpoints.change(endpoint, by=SYSTEM, enabled=False)
    with pytest.raises(Refused):
        queueing.enqueue_test(endpoint, by=SYSTEM)


def test_a_replay_starts_over_with_the_same_id_and_body(attempt):
    fail(attempt)
    before = (attempt.message_id, attempt.body)
    queueing.replay(attempt, by=SYSTEM)
    row = attempt.again()
    assert (row.state, row.attempt) == (PENDING, 0)
    assert (row.message_id, row.body) == before


def test_only_what_failed_since_then_is_replayed(endpoint, attempt):
    fail(attempt)
    assert queueing.replay_failed(endpoint, since=timezone.now() + timedelta(minutes=1), by=SYSTEM) == 0
    assert queueing.replay_failed(endpoint, since=timezone.now() - timedelta(minutes=1), by=SYSTEM) == 1
    assert attempt.again().state == PENDING
    assert queueing.replay_failed(endpoint, since=timezone.now() - timedelta(minutes=1), by=SYSTEM) == 0


def test_what_was_about_an_erased_contact_is_blank_and_never_sent_again(endpoint, attempt):
    erasure.erase(Contact.objects.get(pk=attempt.contact_id), by=API)
    row = attempt.again()
    assert (row.body, row.state) == ("{}", FAILED)
    with pytest.raises(Refused):
        queueing.replay(row, by=SYSTEM)
    assert queueing.replay_failed(endpoint, since=timezone.now() - timedelta(days=1), by=SYSTEM) == 0


def test_who_tested_and_who_replayed_is_in_the_audit_log(endpoint, attempt):
    queueing.enqueue_test(endpoint, by=API)
    queueing.replay(attempt, by=API)
    queueing.replay_failed(endpoint, since=timezone.now(), by=API)
    audited = Event.objects.filter(kind="audit", actor_name="Helpdesk").order_by("id")
    assert [event.data["what"] for event in audited] == [
        "webhook.tested",
        "webhook.replayed",
        "webhook.replayed",
    ]
    assert attempt.body not in str([event.data for event in audited])


class TestAuditLog:
    @pytest.fixture
    def stream(self):
        return endpoints.add(url="https://93.184.216.34/siem", events=["audit.*"], by=SYSTEM)

    def test_who_subscribes_to_all_of_it_gets_each_entry_under_its_own_type(self, stream, endpoint):
        audit(API, AuditAction.LOGIN_FAILED)
        audit(API, AuditAction.SETTINGS_CHANGED)
        dispatching.fan_out()
        queued = WebhookAttempt.objects.filter(endpoint=stream, event__actor_name="Helpdesk")
        assert list(queued.order_by("id").values_list("type", flat=True)) == [
            "audit.login.failed",
            "audit.settings.changed",
        ]
        assert not endpoint.calls.exists()

    def test_what_happened_before_it_was_asked_for_does_not_come(self):
        audit(API, AuditAction.LOGIN_FAILED)
        dispatching.fan_out()
        stream = endpoints.add(url="https://93.184.216.34/siem", events=["audit.*"], by=SYSTEM)
        dispatching.fan_out()
        assert list(stream.calls.values_list("type", flat=True)) == ["audit.webhook.added"]

    def test_what_failed_of_it_is_sent_again_for_who_may_read_it_alone(
        self, stream, admin_user, manager_user
    ):
        dispatching.fan_out()
        stream.calls.update(state=FAILED)
        since = timezone.now() - timedelta(days=1)
        for by in (API, roles.actor_of(manager_user)):
            assert queueing.replay_failed(stream, since=since, by=by) == 0
        assert queueing.replay_failed(stream, since=since, by=roles.actor_of(admin_user)) == 1


def statements_of_dispatching(endpoints_there, events, django_assert_max_num_queries):
    """How many statements hand these many events to these many endpoints."""
    for number in range(endpoints_there):
        endpoints.add(url=f"https://93.184.216.34/{number}", events=["conversation.started"], by=SYSTEM)
    dispatching.fan_out()
    for _ in range(events):
        make_session()
    with django_assert_max_num_queries(40) as counted:
        dispatching.fan_out()
    assert WebhookAttempt.objects.count() == endpoints_there * events
    return len(counted.captured_queries)


@pytest.mark.parametrize(("endpoints_there", "events"), [(1, 1), (20, 1), (20, 10)])
def test_handing_over_takes_as_many_statements_for_any_number(
    endpoints_there, events, django_assert_max_num_queries
):
    assert statements_of_dispatching(endpoints_there, events, django_assert_max_num_queries) <= 24


def test_an_event_has_one_id_for_an_endpoint_for_ever_and_another_for_each(attempt, endpoint):
    other = endpoints.add(url="https://93.184.216.34/other", events=["conversation.started"], by=SYSTEM)
    known = attempt.uuid
    attempt.delete()
    queueing.enqueue_for(list(Event.objects.all()))
    uuids = dict(WebhookAttempt.objects.values_list("endpoint", "uuid"))
    assert (
        uuids[endpoint.pk]
        == known
        == queueing.attempt_id(endpoint, Event.objects.get(kind="session.created"))
    )
    assert len({*uuids.values()}) == len(uuids) == 2
    assert other.pk in uuids
