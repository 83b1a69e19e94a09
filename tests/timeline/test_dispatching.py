import pytest

from csat import signals
from csat.timeline import dispatching
from csat.timeline.kinds import Kind
from csat.timeline.models import Event
from csat.timeline.recording import SYSTEM, record

pytestmark = pytest.mark.django_db


@pytest.fixture
def heard():
    events = []

    def hear(event, **_):
        events.append(event)

    signals.dispatching.connect(hear)
    yield events
    signals.dispatching.disconnect(hear)


def test_a_fact_is_handed_over_once(heard):
    record(Kind.SESSION_CREATED, by=SYSTEM, session_id=1)
    assert dispatching.fan_out() == 1
    assert dispatching.fan_out() == 0
    assert len(heard) == 1


def test_a_held_fact_waits(heard, django_capture_on_commit_callbacks):
    from datetime import timedelta

    from django.utils import timezone

    record(Kind.CSAT_SUBMITTED, by=SYSTEM, session_id=1, hold_until=timezone.now() + timedelta(minutes=2))
    assert dispatching.fan_out() == 0
    assert heard == []


def test_an_audit_line_is_nobody_elses_business(heard):
    record(Kind.AUDIT, by=SYSTEM, what="settings")
    assert dispatching.fan_out() == 0
    assert Event.objects.count() == 1
