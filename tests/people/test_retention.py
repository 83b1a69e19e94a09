"""Old entries of the audit log lose the address somebody logged in from, and nothing else."""

import pytest
from django.utils import timezone

from csat.people import retention
from csat.people.audit_actions import AuditAction
from csat.people.audit_log import audit
from csat.timeline.models import Event
from csat.timeline.recording import SYSTEM
from tests.old_rows import plant

pytestmark = pytest.mark.django_db


def test_the_entry_stays_without_its_address():
    plant("access_log", "203.0.113.7", days=9)
    now = timezone.now()
    assert (retention.count_addresses(now), retention.drop_addresses(now)) == (1, 1)
    assert Event.objects.get().data == {"what": "login.failed", "before": {}, "after": {}}


def test_who_changed_something_is_known_with_the_address_for_ever():
    event = audit(SYSTEM, AuditAction.SETTINGS_CHANGED)
    Event.objects.filter(pk=event.pk).update(data=event.data | {"client_address": "203.0.113.7"})
    assert retention.drop_addresses(timezone.now()) == 0


def test_the_recent_actions_of_the_admin_site_go_as_rows():
    plant("admin_log", "Nadia", days=9)
    assert (retention.drop_log(timezone.now()), retention.count_log(timezone.now())) == (1, 0)
