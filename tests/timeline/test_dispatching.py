import pytest

from csat import signals
from csat.timeline import dispatching
from csat.timeline.kinds import Kind
from csat.timeline.models import Event
from csat.timeline.recording import SYSTEM, record

pytestmark = pytest.mark.django_db


@pytest.fixture
def heard():
    heard = []

    def hear(events, **_):
        heard.extend(events)

    signals.dispatching.connect(hear)
    yield heard
    signals.dispatching.disconnect(hear)


def test_a_fact_is_handed_over_once(heard):
    record(Kind.SESSION_CREATED, by=SYSTEM, session_id=1)
    assert dispatching.fan_out() == 1
    assert dispatching.fan_out() == 0
    assert len(heard) == 1


def test_a_held_fact_waits(heard, django_capture_on_commit_callbacks):
    from datetime import timedelta

    from django.utils import timezone

    record(Kind.CSAT_SUBMITTED, by=SYSTEM, session_id=1, publish_after=timezone.now() + timedelta(minutes=2))
    assert dispatching.fan_out() == 0
    assert heard == []


def test_a_note_is_nobody_elses_business(heard):
    record(Kind.SESSION_NOTE, by=SYSTEM, text="Careful")
    assert dispatching.fan_out() == 0
    assert Event.objects.count() == 1


def test_a_fact_that_cannot_be_told_holds_up_no_other(heard):
    def explode(events, **_):
        if any(event.session_id == 2 for event in events):
            raise RuntimeError("cannot be told")

    signals.dispatching.connect(explode)
    try:
        for number in (1, 2, 3):
            record(Kind.SESSION_CREATED, by=SYSTEM, session_id=number)
        assert dispatching.fan_out() == 2
    finally:
        signals.dispatching.disconnect(explode)
    assert [event.session_id for event in Event.objects.exclude(dispatched_at=None)] == [1, 3]
