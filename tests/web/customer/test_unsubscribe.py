"""*Stop asking me*: looking changes nothing, one press is enough, and it can be taken back."""

import pytest
from django.test import Client

from csat.people import suppression
from csat.people.models import Contact, SuppressionReason
from csat.surveys import links
from csat.timeline.kinds import Kind
from csat.timeline.models import Event
from csat.timeline.recording import SYSTEM
from tests.factories import API, make_contact
from tests.tokens import unsubscribe_token

pytestmark = pytest.mark.django_db


@pytest.fixture
def contact():
    return make_contact(language="de")


@pytest.fixture
def address(contact):
    return f"/u/{unsubscribe_token(contact)}"


def opted_out():
    return Contact.objects.filter(opted_out_at__isnull=False).exists()


def test_looking_changes_nothing(customer, address):
    assert "Nicht mehr um Bewertungen bitten?" in customer.get(address).content.decode()
    customer.head(address)
    assert not opted_out()


def test_one_press_is_enough_and_is_told_on_the_timeline(customer, address, contact):
    response = customer.post(address)
    assert (response.status_code, response["Location"]) == (303, address)
    assert "Wir fragen Sie nicht mehr" in customer.get(address).content.decode()
    told = Event.objects.get(kind=Kind.CONTACT_OPTED_OUT)
    assert (told.contact_id, told.actor_kind) == (contact.pk, "contact")


def test_a_mail_program_needs_no_page_no_cookie_and_no_redirect(address):
    response = Client(enforce_csrf_checks=True).post(
        address, "List-Unsubscribe=One-Click", content_type="application/x-www-form-urlencoded"
    )
    assert response.status_code == 200
    assert not response.cookies
    assert opted_out()


def test_one_click_may_come_as_a_multipart_form_after_a_look(address, contact):
    """RFC 8058, 3.2 allows it; mail programs and scanners look first, by HEAD and GET: that stops nothing."""
    browser = Client(enforce_csrf_checks=True)
    browser.head(address)
    browser.get(address)
    assert contact.again().opted_out_at is None
    response = browser.post(address, {"List-Unsubscribe": "One-Click"})  # multipart/form-data
    assert response.status_code == 200
    assert contact.again().opted_out_at


def test_it_can_be_taken_back(customer, address):
    customer.post(address)
    customer.post(address, {"again": "1"})
    assert not opted_out()


def test_what_staff_stopped_the_customer_cannot_take_back(customer, address, contact):
    suppression.opt_out(contact, by=API, reason=SuppressionReason.STAFF)
    assert 'name="again"' not in customer.get(address).content.decode()
    customer.post(address, {"again": "1"})
    assert opted_out()
    assert not Event.objects.filter(kind=Kind.CONTACT_OPTED_IN).exists()


def test_what_the_customer_stopped_before_staff_did_too_is_staffs(customer, address, contact):
    customer.post(address)
    suppression.opt_out(contact.again(), by=API, reason=SuppressionReason.STAFF)
    customer.post(address, {"again": "1"})
    assert opted_out()
    assert suppression.opt_in(contact.again(), by=API)


def test_pressing_twice_is_told_once(customer, address):
    customer.post(address)
    customer.post(address)
    assert Event.objects.filter(kind=Kind.CONTACT_OPTED_OUT).count() == 1


def test_another_language_stays(customer, address):
    response = customer.post(f"{address}?lang=fr")
    assert "Nous ne vous solliciterons plus" in customer.get(response["Location"]).content.decode()


def test_unknown_and_revoked_are_told_alike(customer, address, contact):
    links.revoke(contact.links.get(), by=SYSTEM)
    assert customer.get(address).content == customer.get("/u/nonsense").content
    assert customer.post(address).status_code == 404
    assert not opted_out()


def test_the_31st_press_in_a_minute_waits(customer, address):
    assert [customer.post(address).status_code for _ in range(31)][-1] == 429
