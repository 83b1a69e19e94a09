"""The survey's facts: what each carries, and that its session counts as changed."""

from datetime import timedelta

import pytest
from django.utils import timezone

from csat.surveys import events
from csat.surveys.gates import Gate
from csat.timeline.kinds import Kind
from csat.timeline.models import Event
from tests.factories import API, make_sent_survey

pytestmark = pytest.mark.django_db


@pytest.fixture
def delivery():
    return make_sent_survey("email").deliveries.get()


def written(kind):
    return Event.objects.filter(kind=kind)


def test_a_request_is_built_and_not_yet_written(delivery):
    before = written(Kind.CSAT_REQUESTED).count()
    [event] = events.build_requested([delivery])
    assert written(Kind.CSAT_REQUESTED).count() == before
    assert event.data == {
        "survey_id": str(delivery.survey.uuid), "channel": "email", "origin": "auto",
        "delivered_via": "email",
        "delivery_id": str(delivery.uuid),
    }  # fmt: skip
    assert (event.session_id, event.contact_id) == (delivery.survey.session_id, delivery.survey.contact_id)


def test_only_a_request_by_api_has_a_place_for_its_link():
    delivery = make_sent_survey("api").deliveries.get()
    assert events.build_requested([delivery])[0].data["url"] == "{rating_url}"


def test_a_failure_names_what_went_wrong_and_who_takes_over(delivery):
    delivery.change(error="mailbox full", error_code="552")
    assert events.record_failed(delivery, then=None).data["fallback"] is None
    data = events.record_failed(delivery, then=delivery).data
    assert (data["error"], data["code"], data["fallback"]) == ("mailbox full", "552", "email")


def test_a_skipped_survey_names_the_gate(delivery):
    event = events.build_skipped(delivery.survey, by=API, gate=Gate("contact_cap", False, 30))
    assert (event.data["gate"], event.data["value"]) == ("contact_cap", 30)
    assert event.data["text"] == "Already surveyed in the last 30 days"
    assert not written(Kind.CSAT_SKIPPED).exists()


@pytest.mark.parametrize("kind", [Kind.CSAT_DELIVERED, Kind.CSAT_WITHDRAWN])
def test_what_is_recorded_makes_the_session_count_as_changed(delivery, kind, time_machine):
    session = delivery.survey.session
    time_machine.move_to(timezone.now() + timedelta(minutes=1))
    if kind == Kind.CSAT_DELIVERED:
        events.record_delivered(delivery)
    else:
        events.record_withdrawn(delivery.survey, by=API)
    assert session.again().updated_at > session.updated_at + timedelta(seconds=50)
    assert written(kind).get().data["survey_id"] == str(delivery.survey.uuid)
