"""A channel stops when the provider refuses our own account, and goes on when somebody has looked."""

import pytest

from csat.channels.outbox import SandboxMessage
from csat.lib.outcomes import Never
from csat.surveys.delivery import holds, sending
from csat.surveys.models import ChannelSettings
from csat.timeline.models import Event
from tests.factories import API, make_resolved_session, switch_on

pytestmark = pytest.mark.django_db
REFUSED = Never("The token is not valid.", code="invalid_auth", account=True)


def stop(capture, channel="sms"):
    with capture(execute=True):
        return holds.stop(channel, REFUSED)


def test_it_stops_once_with_the_providers_words(django_capture_on_commit_callbacks):
    assert stop(django_capture_on_commit_callbacks)
    stopped_at = ChannelSettings.objects.get(kind="sms").stopped_at
    assert not stop(django_capture_on_commit_callbacks)
    row = ChannelSettings.objects.get(kind="sms")
    assert (row.stopped_at, row.stopped_reason) == (stopped_at, "The token is not valid.")


def test_every_admin_is_told_once(django_capture_on_commit_callbacks, admin_user, manager_user):
    stop(django_capture_on_commit_callbacks)
    stop(django_capture_on_commit_callbacks)
    mail = SandboxMessage.objects.get()
    assert mail.to == admin_user.email
    assert "The token is not valid." in mail.text


def test_mail_that_is_broken_itself_stops_all_the_same(
    django_capture_on_commit_callbacks, admin_user, provider
):
    provider("email").outcomes = [REFUSED]
    assert stop(django_capture_on_commit_callbacks, "email")


def test_what_waited_goes_out_when_it_is_resumed(django_capture_on_commit_callbacks):
    switch_on("sms")
    stop(django_capture_on_commit_callbacks)
    make_resolved_session("sms")
    assert sending.send_due() == 0
    assert holds.resume("sms", by=API)
    assert sending.send_due() == 1


def test_only_what_is_stopped_can_be_resumed(django_capture_on_commit_callbacks):
    assert not holds.resume("sms", by=API)
    stop(django_capture_on_commit_callbacks)
    assert [holds.resume("sms", by=API) for _ in range(2)] == [True, False]
    assert Event.objects.filter(kind="audit", data__what="sending.resumed").count() == 1
