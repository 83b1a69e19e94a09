"""Erasing and taking out what help desks sent of a person."""

import json

import pytest
from django.utils import timezone

from csat.connectors import applying, receiving
from csat.connectors.models import ConnectedMessage, InboundEvent
from csat.people import erasure
from csat.sessions.models import Session
from csat.timeline.recording import SYSTEM
from tests.factories import make_contact

pytestmark = pytest.mark.django_db


def arrive(connection, **values):
    body = {"id": "42", "at": timezone.now().isoformat(), "status": "open"} | values
    receiving.receive("fake_desk", connection.opened["address"], {}, json.dumps(body).encode(), "")
    return InboundEvent.objects.order_by("id").last()


def test_every_event_about_an_erased_contact_is_blanked(connection):
    hi = [{"id": 1, "sender": "contact", "text": "My word", "at": "2026-11-28T10:00Z"}]
    event = arrive(connection, email="nadia@customer.example", messages=hi)
    other = arrive(connection, id="43", email="someone@else.example")
    applying.apply_due(connection.pk, seconds=0.2)
    erasure.erase(Session.objects.get(external_id__endswith=":42").contact, by=SYSTEM)
    event.refresh_from_db()
    other.refresh_from_db()
    assert (event.body, event.text, event.headers) == ("null", "", {})
    assert "someone@else.example" in other.body
    assert not ConnectedMessage.objects.filter(external_id="1").exists()


def test_so_is_one_that_nobody_has_applied_yet(connection):
    contact = make_contact(email="nadia@customer.example")
    event = arrive(connection, email="Nadia@Customer.example")
    erasure.erase(contact, by=SYSTEM)
    event.refresh_from_db()
    assert (event.body, event.next_try) == ("null", None)
    applying.apply_due(connection.pk, seconds=0.2)
    assert not Session.objects.exists()


def test_who_asks_for_their_data_gets_what_came_from_help_desks(connection):
    arrive(connection, email="nadia@customer.example", subject="Parcel")
    applying.apply_due(connection.pk, seconds=0.2)
    (told,) = erasure.data_of(Session.objects.get().contact)["from help desks"]
    assert "Parcel" in told["body"]
