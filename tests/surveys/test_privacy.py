"""Erasing a contact: nothing of theirs stays in surveys, and the figures do."""

import json

import pytest
from django.core import serializers

from csat.channels import registry
from csat.channels.base import EventType, ProviderEvent
from csat.channels.outbox import SandboxMessage
from csat.people import contacts, erasure, suppression
from csat.people.models import Suppression
from csat.sessions.models import Session
from csat.sessions.privacy import forget
from csat.surveys import privacy
from csat.surveys.answers import answering, follow_ups
from csat.surveys.delivery import receipts, scheduling, sending
from csat.surveys.models import Answer, Delivery, FollowUp, Link, Score, Survey
from csat.timeline.models import Event
from tests.factories import (
    API,
    claim,
    make_contact,
    make_resolved_session,
    make_sent_survey,
    make_session,
    switch_on,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def erased(agent_user):
    survey = make_sent_survey(
        "email", contact=make_contact(name="Zoltan Quirk", email="zoltan@quirk.example", phone="+4930555123")
    )
    answering.answer(
        survey, score=1, source="page", comment="Zoltan is cross", provenance={"agent": "Quirkzilla"}
    )
    follow_ups.save_note(survey.session, agent_user, "Called Zoltan Quirk")
    scheduling.request(survey.session, origin="manual", by=API, message="Dear Zoltan")
    erasure.erase(survey.contact, by=API)
    return survey


def test_not_a_word_of_them_stays(erased):
    rows = [
        row
        for model in (Survey, Delivery, Link, Answer, Score, FollowUp, Event, SandboxMessage)
        for row in model.objects.all()
    ]
    kept = json.dumps(serializers.serialize("python", rows), default=str).lower()
    assert [word for word in ("zoltan", "quirk", "555123", "cross") if word in kept] == []


def test_the_score_stays(erased):
    assert Score.objects.get().score == 1


def test_what_was_waiting_does_not_go_out(erased):
    assert sending.send_due() == 0
    assert erased.deliveries.order_by("id").last().state == "cancelled"


def test_a_survey_that_waited_is_withdrawn():
    switch_on("email", delay_seconds=300)
    session = make_resolved_session()
    erasure.erase(session.contact, by=API)
    assert session.survey.again().state == "cancelled"


def test_one_that_is_just_being_sent_is_not_sent_a_second_time(provider, later):
    mail = provider("email")
    session = make_session()
    scheduling.request(session, origin="manual", by=API)
    claim(Delivery.objects.get())
    erasure.erase(session.contact, by=API)
    later(minutes=5)
    assert (mail.calls, Delivery.objects.get().state) == ([], "cancelled")


def test_one_that_is_taken_after_the_erasure_leaves_no_trace(monkeypatch):
    """Erased while the mail server is taking it."""
    session = make_session(contact=make_contact(name="Zoltan"))
    scheduling.request(session, origin="manual", by=API)
    channel = registry.get("email")
    real = type(channel).send

    def erase_first(message):
        erasure.erase(session.contact.again(), by=API)
        return real(channel, message)

    monkeypatch.setattr(channel, "send", erase_first)
    sending.send_due()
    delivery = Delivery.objects.get()
    assert (delivery.state, delivery.address, delivery.provider_id) == ("cancelled", "", "")
    assert not SandboxMessage.objects.exists()


def test_a_bounce_after_the_erasure_keeps_the_hash_alone():
    delivery = make_sent_survey("email").deliveries.get()
    address = delivery.address
    erasure.erase(delivery.survey.contact, by=API)
    said = {
        "reference": str(delivery.uuid),
        "medium": "email",
        "address": address,
        "text": f"550 <{address}>",
    }
    receipts.apply(ProviderEvent(EventType.BOUNCED, **said))
    assert suppression.is_suppressed("email", address)
    assert (Suppression.objects.get().address, delivery.again().error) == ("", "")


def test_an_earlier_address_is_known_by_what_was_sent_there():
    survey = make_sent_survey("email")
    old = survey.deliveries.get().address
    suppression.suppress("email", old, reason="bounced")
    contacts.change(survey.contact, email="new@customer.example", by=API)
    erasure.erase(survey.contact, by=API)
    assert Suppression.objects.get().address == ""


def test_words_of_old_conversations_go_and_links_and_scores_stay():
    survey = make_sent_survey("email")
    answering.answer(survey, score=1, source="page", comment="Zoltan is cross")
    forget(Session.objects.all())
    assert (Score.objects.get().score, Score.objects.get().comment) == (1, "")
    assert survey.again().state == "answered"
    assert not Link.objects.exclude(revoked_at=None).exists()


def test_their_data_holds_surveys_answers_and_messages():
    survey = make_sent_survey("email")
    answering.answer(survey, score=1, source="page", comment="Cross")
    data = privacy.export(survey.contact)
    assert data["surveys"][0]["answers"][0]["comment"] == "Cross"
    assert data["messages"][0]["to"] == survey.deliveries.get().address
