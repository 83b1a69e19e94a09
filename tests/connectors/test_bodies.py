"""The body of an event leaves its row when it was applied, and is read and processed again from there."""

import pytest

from csat.connectors import applying, bodies, connections, receiving
from csat.connectors.models import InboundBody, InboundEvent
from csat.people import erasure
from csat.sessions.models import Session
from csat.timeline.recording import SYSTEM
from tests.connectors.test_privacy import arrive

pytestmark = pytest.mark.django_db


@pytest.fixture
def event(connection):
    """Applied, and moved."""
    arrived = arrive(connection, email="nadia@customer.example", subject="Parcel")
    assert bodies.move() == 0, "it waits"
    applying.apply_due(connection.pk, seconds=2)
    assert (bodies.due(), bodies.move(), bodies.move()) == (True, 1, 0)
    return arrived.again()


def test_it_is_read_where_it_stands_now(event):
    assert (event.body, event.headers) == ("", {})
    bodies.read_into([event])
    assert "Parcel" in event.body
    without = InboundEvent.objects.get()
    bodies.read_into([without], largest=3)
    assert without.body == ""


def test_processed_again_it_has_its_body_back(event, connection):
    receiving.retry_event(event, by=SYSTEM)
    assert not InboundBody.objects.exists()
    applying.apply_due(connection.pk, seconds=2)
    assert (event.again().next_try, "Parcel" in event.again().body) == (None, True)


def test_the_same_event_again_is_still_known(event, connection):
    body = InboundBody.objects.get().body.encode()
    receiving.receive("fake_desk", connection.opened["address"], {}, body, "")
    assert InboundEvent.objects.count() == 1


def test_an_erasure_finds_it_there(event):
    (told,) = erasure.data_of(Session.objects.get().contact)["from help desks"]
    assert "Parcel" in told["body"]
    erasure.erase(Session.objects.get().contact, by=SYSTEM)
    assert not InboundBody.objects.exists()
    assert event.again().body == "null"


def test_one_of_nobody_is_found_by_the_address_in_it(connection, event):
    InboundEvent.objects.update(contact_id=None)
    erasure.erase(Session.objects.get().contact, by=SYSTEM)
    assert not InboundBody.objects.exists()


def test_it_goes_with_its_connection(event, connection):
    connections.remove(connection, by=SYSTEM)
    assert not InboundBody.objects.exists()
