from datetime import timedelta

import pytest
from django.utils import timezone

from csat import signals
from csat.sessions import intake
from csat.sessions.models import Session
from csat.timeline.models import Event
from tests.factories import API

pytestmark = pytest.mark.django_db


def ago(**time: int) -> str:
    return (timezone.now() - timedelta(**time)).isoformat()


def item(number: int = 1, **told):
    return {
        "external_id": f"HD-{number}",
        "contact": {"email": f"c{number}@customer.example", "name": "Nadia"},
        "channel": {"type": "email", "subject": "Parcel"},
        "assignee": {"name": "Layla"},
        "team": "Parcels",
        "tags": ["parcel"],
    } | told


@pytest.fixture
def resolved():
    heard = []

    def hear(session, ask, **_):
        heard.append((session.external_id, ask))

    signals.session_resolved.connect(hear)
    yield heard
    signals.session_resolved.disconnect(hear)


def test_each_item_is_answered_in_its_place():
    results = intake.start_many([item(1), item(2, channel={"type": "pigeon"}), item(3)], by=API)
    assert [result.get("external_id") for result in results] == ["HD-1", None, "HD-3"]
    assert "type" in results[1]["error"] or "Choose from" in results[1]["error"]
    assert Session.objects.count() == 2


def test_the_same_items_again_make_nothing_new():
    first = intake.start_many([item(1), item(2)], by=API)
    assert intake.start_many([item(1), item(2)], by=API) == first
    assert Session.objects.count() == 2


def test_what_was_resolved_just_now_may_be_asked(resolved):
    intake.start_many([item(1, status="closed_resolved", resolved_at=ago(minutes=5))], by=API)
    assert resolved == [("HD-1", True)]


def test_history_asks_nobody_and_tells_nobody(resolved):
    intake.start_many([item(1, status="closed_resolved", created_at=ago(days=9), resolved_at=ago(days=8))], by=API)
    assert resolved == []
    assert set(Event.objects.values_list("kind", "dispatch_after")) == {("session.created", None), ("session.resolved", None)}
    assert Session.objects.get().resolver.name == "Layla"


def test_a_known_session_is_resolved_by_its_status(resolved):
    intake.start_many([item(1)], by=API)
    intake.start_many([item(1, status="closed_resolved")], by=API)
    assert Session.objects.get().status == "closed_resolved"
    assert resolved == [("HD-1", True)]
