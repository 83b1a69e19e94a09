"""Events without those of practice conversations."""

from typing import Any

import pytest

from csat.people.audit_actions import AuditAction
from csat.people.audit_log import audit
from csat.sessions import practice
from csat.timeline.models import Event
from csat.timeline.recording import SYSTEM
from tests.factories import make_session

pytestmark = pytest.mark.django_db


def test_only_customers_conversations_and_the_audit_log_are_left(django_assert_num_queries: Any) -> None:
    make_session()
    real = list(Event.objects.all())
    trial = make_session(practice=True)
    entry = audit(SYSTEM, AuditAction.CONVERSATION_CHANGED, session_id=trial.pk)
    with django_assert_num_queries(2):  # the events, and which are practice
        assert practice.without(Event.objects.all()) == [*real, entry]
