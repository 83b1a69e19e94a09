import pytest

from csat.people import addresses, suppressing
from csat.people.models import Suppression
from csat.timeline.models import Event
from tests.factories import API, CUSTOMER, make_contact

pytestmark = pytest.mark.django_db


def kinds(contact):
    return list(Event.objects.filter(contact_id=contact.pk).values_list("kind", flat=True))


@pytest.mark.parametrize("medium", ["sms", "whatsapp", "phone", "phone_voice"])
def test_stop_on_one_phone_medium_counts_for_all(medium):
    suppressing.suppress(medium, "+49 30 123456", reason="stop_word")
    assert all(suppressing.is_suppressed(other, "+4930123456") for other in ("sms", "whatsapp", "phone"))
    assert suppressing.is_suppressed("whatsapp", "whatsapp:+4930123456")
    assert not suppressing.is_suppressed("email", "a@customer.example")


def test_start_lifts_it():
    suppressing.suppress("sms", "+4930123456", reason="stop_word")
    assert suppressing.lift("whatsapp", "+4930123456")
    assert not suppressing.is_suppressed("sms", "+4930123456")
    assert not suppressing.lift("sms", "+4930123456")


def test_stop_start_stop_is_stop():
    for _ in range(2):
        suppressing.suppress("sms", "+4930123456", reason="stop_word")
        suppressing.lift("sms", "+4930123456")
    suppressing.suppress("sms", "+4930123456", reason="provider")
    assert suppressing.is_suppressed("sms", "+4930123456")
    assert Suppression.objects.get().reason == "provider"


def test_the_first_reason_stands():
    suppressing.suppress("email", "a@customer.example", reason="complained")
    suppressing.suppress("email", "A@Customer.example", reason="bounced")
    assert Suppression.objects.get().reason == "complained"


def test_a_stop_from_an_odd_address_does_not_fail():
    suppressing.suppress("sms", "72345", reason="stop_word")
    assert suppressing.is_suppressed("sms", "72345")


@pytest.mark.parametrize(("medium", "address"), [("slack", "C0123"), ("card", ""), ("none", ""), ("email", "")])
def test_nothing_else_is_ever_suppressed(medium, address):
    assert not suppressing.is_suppressed(medium, address)


def test_a_suppression_outlives_a_change_of_keys(settings):
    settings.LINK_KEYS = ["old"]
    suppressing.suppress("email", "a@customer.example", reason="bounced")
    settings.LINK_KEYS = ["new", "old"]
    assert suppressing.is_suppressed("email", "a@customer.example")
    suppressing.suppress("email", "a@customer.example", reason="bounced")
    assert Suppression.objects.count() == 1


def test_the_digest_is_not_the_plain_hash_of_the_address():
    import hashlib

    row = suppressing.suppress("email", "a@customer.example", reason="bounced")
    assert row.digest != hashlib.sha256(b"a@customer.example").hexdigest()


def test_a_contact_opts_out_once_and_it_is_told():
    nadia = make_contact()
    assert suppressing.opt_out(nadia, by=CUSTOMER, reason="unsubscribed")
    assert not suppressing.opt_out(nadia, by=CUSTOMER, reason="unsubscribed")
    assert nadia.again().opted_out_at
    assert kinds(nadia) == ["contact.opted_out"]


def test_a_contact_opts_in_again():
    nadia = make_contact()
    suppressing.opt_out(nadia, by=CUSTOMER, reason="unsubscribed")
    assert suppressing.opt_in(nadia, by=API)
    assert not suppressing.opt_in(nadia, by=API)
    assert (nadia.again().opted_out_at, nadia.again().opt_out_reason) == (None, "")
    assert kinds(nadia) == ["contact.opted_out", "contact.opted_in"]


def test_opting_in_does_not_undo_a_stop_word():
    nadia = make_contact()
    suppressing.opt_out(nadia, by=CUSTOMER)
    suppressing.suppress("sms", nadia.phone, reason="stop_word")
    suppressing.opt_in(nadia, by=API)
    assert [row.reason for row in suppressing.of(nadia)] == ["stop_word"]


@pytest.mark.parametrize("told", ["ana@xn--exmple-cua.de", "ANA@XN--EXMPLE-CUA.DE", "ana@EXÄMPLE.de"])
def test_a_domain_in_punycode_is_the_same_address(told: str) -> None:
    suppressing.suppress("email", told, reason="bounced")
    assert suppressing.is_suppressed("email", "ana@exämple.de")


def test_punycode_that_means_nothing_is_kept_as_it_is() -> None:
    assert addresses.email("ana@xn--99999999999.example") == "ana@xn--99999999999.example"
