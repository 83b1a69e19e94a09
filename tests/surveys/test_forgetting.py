"""Erasing a contact: nothing of theirs stays in surveys, and the figures do."""

import json

import pytest
from django.core import serializers

from csat.channels.outbox import SandboxMessage
from csat.people import erasing
from csat.surveys import answering, following, scheduling, sending
from csat.surveys.models import Answer, Delivery, FollowUp, Link, Score, Survey
from csat.timeline.models import Event
from tests.factories import API, make_contact, make_resolved_session, make_sent_survey, make_session, switch_on

pytestmark = pytest.mark.django_db


@pytest.fixture
def erased(agent_user):
    survey = make_sent_survey("email", contact=make_contact(name="Zoltan Quirk", email="zoltan@quirk.example", phone="+4930555123"))
    answering.answer(survey, score=1, source="page", comment="Zoltan is cross", provenance={"agent": "Quirkzilla"})
    following.note(survey.session, agent_user, "Called Zoltan Quirk")
    scheduling.request(survey.session, origin="manual", by=API, message="Dear Zoltan")
    erasing.erase(survey.contact, by=API)
    return survey


def test_not_a_word_of_them_stays(erased):
    rows = [row for model in (Survey, Delivery, Link, Answer, Score, FollowUp, Event, SandboxMessage) for row in model.objects.all()]
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
    erasing.erase(session.contact, by=API)
    assert session.survey.again().state == "cancelled"


def test_one_that_is_just_being_sent_is_not_sent_a_second_time(provider, later):
    mail = provider("email")
    session = make_session()
    scheduling.request(session, origin="manual", by=API)
    sending.claim(Delivery.objects.get().pk)
    erasing.erase(session.contact, by=API)
    later(minutes=5)
    assert (mail.calls, Delivery.objects.get().state) == ([], "cancelled")
