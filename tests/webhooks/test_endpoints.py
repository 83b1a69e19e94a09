"""Looking after endpoints: what may be saved, what a rotation keeps, and what switching on and off means."""

from datetime import timedelta

import pytest
from django.utils import timezone

from csat.channels import notices
from csat.channels.outbox import SandboxMessage
from csat.jobs import Job
from csat.lib.outcomes import Never, Retry
from csat.lib.refusal import Invalid
from csat.people import roles
from csat.timeline.models import Event
from csat.timeline.recording import SYSTEM
from csat.webhooks import endpoints
from csat.webhooks.models import Endpoint, WebhookAttempt
from tests.factories import API

pytestmark = pytest.mark.django_db
URL = "https://93.184.216.34/csat"


def make_endpoint(**fields):
    return endpoints.add(**({"url": URL, "events": ["csat.score_submitted"], "by": SYSTEM} | fields))


def audited():
    return list(Event.objects.filter(kind="audit").order_by("id").values_list("data__what", flat=True))


def test_a_new_endpoint_has_a_secret_of_its_own_and_each_event_once():
    endpoint = make_endpoint(events=["conversation.started", "csat.requested", "csat.requested"])
    assert endpoint.again().events == ["conversation.started", "csat.requested"]
    assert endpoint.signing_secret.startswith("whsec_")
    assert endpoint.signing_secret != make_endpoint().signing_secret
    assert audited() == ["webhook.added", "webhook.added"]


@pytest.mark.parametrize(
    ("field", "value"),
    [("url", "http://127.0.0.1/"), ("url", "ftp://x.example/"), ("events", ["csat.nothing"]), ("events", [])],
)
def test_what_is_wrong_is_named_and_nothing_is_saved(field, value):
    with pytest.raises(Invalid) as invalid:
        make_endpoint(**{field: value})
    assert list(invalid.value.fields) == [field]
    assert not Endpoint.objects.exists()


def test_a_change_is_checked_as_a_new_endpoint_is_and_the_secret_cannot_be_chosen():
    endpoint = make_endpoint()
    secret = endpoint.signing_secret
    with pytest.raises(Invalid):
        endpoints.change(endpoint, by=SYSTEM, events=["csat.nothing"])
    endpoints.change(endpoint, by=SYSTEM, description="Ours", secret="chosen")
    assert (endpoint.again().description, endpoint.again().signing_secret) == ("Ours", secret)


def test_switching_on_again_forgets_past_failures_and_another_change_does_not():
    endpoint = make_endpoint()
    endpoint.change(failures=7, failing_since=timezone.now() - timedelta(days=1))
    endpoints.change(endpoint, by=SYSTEM, description="Ours", enabled=True)
    assert endpoint.again().failures == 7
    endpoints.disable(endpoint, reason="It is gone.")
    endpoints.change(endpoint.again(), by=SYSTEM, enabled=True)
    row = endpoint.again()
    assert (row.failures, row.failing_since, row.disabled_reason, row.disabled_at) == (0, None, "", None)


def test_after_a_rotation_both_secrets_sign_for_a_day(time_machine):
    endpoint = make_endpoint()
    old = endpoint.signing_secret
    new = endpoints.rotate(endpoint, by=SYSTEM)
    assert endpoint.again().signing_secrets == [new, old]
    time_machine.move_to(timezone.now() + timedelta(hours=24, seconds=1))
    assert endpoint.again().signing_secrets == [new]


def test_the_database_never_holds_a_secret_that_signs(settings):
    endpoint = make_endpoint()
    first = endpoint.signing_secret
    second = endpoints.rotate(endpoint, by=SYSTEM)
    stored = Endpoint.objects.values_list("secret", "old_secret").get()
    assert not any(secret in text for secret in (first, second) for text in stored)
    settings.SECRETS_KEYS = ["a new key", *settings.SECRETS_KEYS]
    assert endpoint.again().signing_secrets == [second, first]


def test_one_whose_key_is_gone_is_given_a_new_secret_that_signs_alone(settings):
    endpoint = make_endpoint()
    settings.SECRETS_KEYS = ["another key"]
    assert not endpoints.is_readable(endpoint)
    new = endpoints.rotate(endpoint, by=SYSTEM)
    assert endpoint.again().signing_secrets == [new]


def test_secrets_of_an_earlier_version_are_read_and_encrypted_on_demand(settings):
    endpoint, plain = make_endpoint(), "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    endpoint.change(secret=plain)
    assert endpoint.again().signing_secret == plain
    assert endpoints.reencrypt() == (1, 0)
    row = endpoint.again()
    assert (plain in row.secret, row.signing_secret, row.old_secret) == (False, plain, "")


def test_after_a_rotation_of_the_key_the_former_one_may_go(settings):
    readable, lost = make_endpoint(), make_endpoint()
    secret, former = readable.signing_secret, settings.SECRETS_KEYS
    lost.change(secret=lost.secret.replace(":", "0:", 1))  # of a key nobody has
    settings.SECRETS_KEYS = ["the next key", *former]
    assert endpoints.reencrypt() == (1, 1)
    settings.SECRETS_KEYS = ["the next key"]
    assert readable.again().signing_secret == secret
    assert not endpoints.is_readable(lost.again())


def test_a_removed_endpoint_is_no_longer_alive_and_its_row_stays():
    endpoint = make_endpoint()
    endpoints.remove(endpoint, by=SYSTEM)
    assert not Endpoint.objects.alive().exists()
    assert not endpoint.again().enabled


def test_an_endpoint_switches_itself_off_once_and_every_admin_hears_of_it(admin_user):
    endpoint = make_endpoint()
    endpoints.disable(endpoint, reason="It answers 410.")
    endpoints.disable(endpoint, reason="It answers 410.")
    assert (endpoint.again().enabled, endpoint.again().disabled_reason) == (False, "It answers 410.")
    mail = SandboxMessage.objects.get()
    assert mail.to == admin_user.email
    assert "It answers 410." in mail.text
    assert audited().count("webhook.disabled") == 1


@pytest.mark.parametrize("outcome", [Retry("connection refused", outage=True), Never("no such account")])
def test_an_admin_who_cannot_be_told_by_mail_is_a_line_in_the_log(admin_user, monkeypatch, caplog, outcome):
    def fails(*_args, **_kwargs):
        raise outcome

    monkeypatch.setattr(notices, "send", fails)
    endpoint = make_endpoint()
    endpoints.disable(endpoint, reason="It answers 410.")
    assert not endpoint.again().enabled
    assert "could not be told by mail" in caplog.text


def test_switched_on_again_a_worker_is_woken_for_what_waits(django_capture_on_commit_callbacks):
    endpoint = make_endpoint(enabled=False)
    with django_capture_on_commit_callbacks() as woken:
        endpoints.change(endpoint, by=SYSTEM, enabled=True)
    assert Job.CALL_DUE in [getattr(task, "job", None) for task in woken]


class TestAuditLog:
    """Where it goes is for admins: managers, who manage webhooks, never get it, nor machines."""

    @pytest.fixture
    def ada(self, admin_user):
        return roles.actor_of(admin_user)

    @pytest.fixture
    def maria(self, manager_user):
        return roles.actor_of(manager_user)

    def test_an_admin_may_send_it_somewhere(self, ada):
        assert make_endpoint(events=["audit.*"], by=ada).carries_audit

    def test_managers_and_keys_may_not(self, maria):
        endpoint = make_endpoint()
        for by in (maria, API):
            with pytest.raises(Invalid) as refused:
                make_endpoint(events=["audit.*"], by=by)
            assert list(refused.value.fields) == ["events"]
            with pytest.raises(Invalid):
                endpoints.change(endpoint, by=by, events=["audit.*"])

    def test_nor_turn_it_to_another_address_learn_its_secret_or_end_it(self, ada, maria):
        endpoint = make_endpoint(events=["audit.*"], by=ada)
        for by in (maria, API):
            for verb in (
                lambda by: endpoints.change(endpoint, by=by, url="https://93.184.216.34/elsewhere"),
                lambda by: endpoints.change(endpoint, by=by, events=["csat.requested"]),
                lambda by: endpoints.change(endpoint, by=by, enabled=False),
                lambda by: endpoints.rotate(endpoint, by=by),
                lambda by: endpoints.remove(endpoint, by=by),
            ):
                with pytest.raises(endpoints.AdminsOnly):
                    verb(by)
        endpoint = endpoint.again()
        assert (endpoint.events, endpoint.enabled, endpoint.deleted_at) == (["audit.*"], True, None)

    def test_once_it_carries_it_no_more_what_was_not_delivered_of_it_never_goes_out(self, ada):
        endpoint = make_endpoint(events=["audit.*", "csat.requested"], by=ada)
        for state in WebhookAttempt.State.values:
            endpoint.calls.create(type="audit.login.failed", body="{}", state=state)
            endpoint.calls.create(type="csat.requested", body="{}", state=state)
        endpoints.change(endpoint, by=ada, url="https://93.184.216.34/other")
        assert endpoint.calls.count() == 6
        endpoints.change(endpoint, by=ada, events=["csat.requested"])
        left = endpoint.calls.filter(type="audit.login.failed")
        assert list(left.values_list("state", flat=True)) == ["delivered"]
        assert endpoint.calls.filter(type="csat.requested").count() == 3
