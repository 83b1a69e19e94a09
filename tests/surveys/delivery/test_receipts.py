"""What providers tell later: doubled, late, in any order."""

from itertools import permutations

import pytest

from csat.channels.base import EventType, ProviderEvent
from csat.people import suppression
from csat.surveys.answers import answering
from csat.surveys.delivery import receipts, results, scheduling, sending
from csat.timeline.models import Event
from tests.factories import API, make_resolved_session, make_sent_survey, make_session, switch_on

pytestmark = pytest.mark.django_db


@pytest.fixture
def survey():
    return make_sent_survey("sms")


@pytest.fixture
def delivery(survey):
    return survey.deliveries.get()


def kinds(survey):
    events = Event.objects.filter(session_id=survey.session_id, kind__startswith="csat").order_by("id")
    return list(events.values_list("kind", flat=True))


def about(delivery, what, **more):
    return ProviderEvent(what, reference=str(delivery.uuid), **more)


def test_delivered_is_told_once(delivery):
    assert receipts.apply(about(delivery, EventType.DELIVERED))
    assert not receipts.apply(about(delivery, EventType.DELIVERED))
    assert delivery.again().delivered_at
    assert kinds(delivery.survey) == ["csat.requested", "csat.delivered"]


def test_a_delivery_is_known_by_the_providers_id(delivery):
    delivery.change(provider_id="SM42")
    assert receipts.apply(ProviderEvent(EventType.DELIVERED, provider_id="SM42"))
    assert not receipts.apply(ProviderEvent(EventType.DELIVERED, provider_id="SM43"))
    assert not receipts.apply(ProviderEvent(EventType.DELIVERED, reference="../../etc/passwd"))
    assert not receipts.apply(ProviderEvent(EventType.DELIVERED))


@pytest.mark.parametrize("order", list(permutations([EventType.SENT, EventType.DELIVERED, EventType.OPENED])))
def test_any_order_ends_the_same(order, delivery):
    for what in order:
        receipts.apply(about(delivery, what))
        receipts.apply(about(delivery, what))
    row = delivery.again()
    assert (row.state, bool(row.delivered_at), bool(row.opened_at)) == ("sent", True, True)
    assert kinds(delivery.survey).count("csat.delivered") == 1


def test_an_event_that_comes_twice_counts_once(delivery):
    receipts.apply(about(delivery, EventType.SENT, event_id="evt_1"))
    assert not receipts.apply(about(delivery, EventType.DELIVERED, event_id="evt_1"))
    assert [one["id"] for one in delivery.again().raw["updates"]] == ["evt_1"]


def test_a_failure_that_comes_after_delivered_is_out_of_order(delivery):
    receipts.apply(about(delivery, EventType.DELIVERED))
    assert not receipts.apply(about(delivery, EventType.FAILED, code="30005"))
    assert delivery.again().state == "sent"


def test_a_late_failure_takes_the_delivery_back_and_hands_over(survey, delivery):
    assert receipts.apply(about(delivery, EventType.FAILED, code="30005", text="unknown number"))
    assert survey.again().delivered_at is None
    assert sending.send_due() == 1
    assert survey.again().delivered_via == "email"
    assert kinds(survey) == ["csat.requested", "csat.delivery_failed"]  # the request was told already
    assert delivery.again().error == "unknown number"


def test_a_failure_told_twice_hands_over_once(survey, delivery):
    receipts.apply(about(delivery, EventType.FAILED))
    assert not receipts.apply(about(delivery, EventType.FAILED))
    assert survey.deliveries.count() == 2


def test_a_late_failure_of_an_answered_survey_hands_over_to_nobody(survey, delivery):
    answering.answer(survey, score=5, source="page")
    receipts.apply(about(delivery, EventType.FAILED))
    assert (survey.again().state, survey.deliveries.count()) == ("answered", 1)


def test_a_late_failure_of_an_earlier_request_does_not_disturb_the_later_one(survey, delivery):
    scheduling.request(survey.session, origin="manual", by=API)
    sending.send_due()
    receipts.apply(about(delivery, EventType.FAILED))
    assert (survey.again().state, survey.deliveries.count()) == ("sent", 2)
    assert survey.again().delivered_via == "sms"


def test_a_failure_faster_than_our_own_note_is_not_lost(provider, monkeypatch):
    switch_on("sms", guaranteed_delivery=False)
    delivery = make_resolved_session("sms").survey.deliveries.get()
    noted = results.mark_sent

    def late(taken, settings):
        for claimed, _receipt in taken:
            receipts.apply(about(claimed, EventType.FAILED, text="unknown number"))
        return noted(taken, settings)

    monkeypatch.setattr(results, "mark_sent", late)
    sending.send_due()
    row = delivery.again()
    assert (row.state, row.error, row.survey.state) == ("failed", "unknown number", "failed")


@pytest.mark.parametrize(
    ("what", "reason"), [(EventType.BOUNCED, "bounced"), (EventType.COMPLAINED, "complained")]
)
def test_a_bounce_and_a_complaint_suppress_the_address(what, reason):
    survey = make_sent_survey("email")
    address = survey.contact.email
    receipts.apply(about(survey.deliveries.get(), what, medium="email", address=address))
    assert [row.reason for row in suppression.suppressions_of(survey.contact)] == [reason]
    assert receipts.apply(ProviderEvent(what, medium="email", address=address)) is False


def test_a_complaint_is_no_failure():
    survey = make_sent_survey("email")
    receipts.apply(
        about(survey.deliveries.get(), EventType.COMPLAINED, medium="email", address=survey.contact.email)
    )
    assert survey.again().state == "sent"
    assert survey.again().delivered_at


def test_stop_suppresses_sms_phone_and_whatsapp_and_start_lifts_it():
    session = make_session("whatsapp")
    phone = session.contact.phone
    assert receipts.apply(ProviderEvent(EventType.OPTED_OUT, medium="sms", address=phone))
    assert all(suppression.is_suppressed(medium, phone) for medium in ("sms", "whatsapp", "phone"))
    assert receipts.apply(ProviderEvent(EventType.OPTED_IN, medium="whatsapp", address=phone))
    assert not suppression.is_suppressed("sms", phone)


def test_a_reply_is_no_receipt(delivery):
    assert not receipts.apply(about(delivery, EventType.REPLIED, text="5"))
    assert delivery.again().state == "sent"
