import pytest

from csat.lib import tokens
from csat.people import addresses, contacts, erasure, suppression
from csat.people.models import Contact, Suppression
from csat.timeline.models import Event
from tests.factories import API, CUSTOMER, make_contact

pytestmark = pytest.mark.django_db


def kinds(contact):
    return list(Event.objects.filter(contact_id=contact.pk).values_list("kind", flat=True))


@pytest.mark.parametrize("medium", ["sms", "whatsapp", "phone", "phone_voice"])
def test_stop_on_one_phone_medium_counts_for_all(medium):
    suppression.suppress(medium, "+49 30 123456", reason="stop_word")
    assert all(suppression.is_suppressed(other, "+4930123456") for other in ("sms", "whatsapp", "phone"))
    assert suppression.is_suppressed("whatsapp", "whatsapp:+4930123456")
    assert not suppression.is_suppressed("email", "a@customer.example")


def test_start_lifts_it():
    suppression.suppress("sms", "+4930123456", reason="stop_word")
    assert suppression.lift("whatsapp", "+4930123456")
    assert not suppression.is_suppressed("sms", "+4930123456")
    assert not suppression.lift("sms", "+4930123456")


def test_stop_start_stop_is_stop():
    for _ in range(2):
        suppression.suppress("sms", "+4930123456", reason="stop_word")
        suppression.lift("sms", "+4930123456")
    suppression.suppress("sms", "+4930123456", reason="provider")
    assert suppression.is_suppressed("sms", "+4930123456")
    assert Suppression.objects.get().reason == "provider"


def test_the_first_reason_stands():
    suppression.suppress("email", "a@customer.example", reason="complained")
    suppression.suppress("email", "A@Customer.example", reason="bounced")
    assert Suppression.objects.get().reason == "complained"


def test_a_stop_from_an_odd_address_does_not_fail():
    suppression.suppress("sms", "72345", reason="stop_word")
    assert suppression.is_suppressed("sms", "72345")


@pytest.mark.parametrize(
    ("medium", "address"), [("slack", "C0123"), ("card", ""), ("none", ""), ("email", "")]
)
def test_nothing_else_is_ever_suppressed(medium, address):
    assert not suppression.is_suppressed(medium, address)


def test_a_suppression_outlives_a_change_of_keys(settings):
    settings.LINK_KEYS = ["old"]
    suppression.suppress("email", "a@customer.example", reason="bounced")
    settings.LINK_KEYS = ["new", "old"]
    assert suppression.is_suppressed("email", "a@customer.example")
    suppression.suppress("email", "a@customer.example", reason="bounced")
    assert Suppression.objects.count() == 1


def test_many_addresses_are_looked_up_by_one_query(django_assert_num_queries):
    suppression.suppress("sms", "+4930123456", reason="stop_word")
    suppression.suppress("email", "a@customer.example", reason="bounced")
    suppression.suppress("email", "b@customer.example", reason="bounced")
    suppression.lift("email", "b@customer.example")
    closed = {("sms", "+4930123456"), ("whatsapp", "+4930123456"), ("email", "A@customer.example")}
    open_ = {("email", "b@customer.example"), ("email", "+4930123456"), ("email", "")}
    with django_assert_num_queries(1):
        assert suppression.suppressed_among(closed | open_) == closed


def test_the_digest_is_not_the_plain_hash_of_the_address():
    import hashlib

    row = suppression.suppress("email", "a@customer.example", reason="bounced")
    assert row.digest != hashlib.sha256(b"a@customer.example").hexdigest()


def test_a_contact_opts_out_once_and_it_is_told():
    nadia = make_contact()
    assert suppression.opt_out(nadia, by=CUSTOMER, reason="unsubscribed")
    assert not suppression.opt_out(nadia, by=CUSTOMER, reason="unsubscribed")
    assert nadia.again().opted_out_at
    assert kinds(nadia) == ["contact.opted_out"]


def test_a_contact_opts_in_again():
    nadia = make_contact()
    suppression.opt_out(nadia, by=CUSTOMER, reason="unsubscribed")
    assert suppression.opt_in(nadia, by=API)
    assert not suppression.opt_in(nadia, by=API)
    assert (nadia.again().opted_out_at, nadia.again().opt_out_reason) == (None, "")
    assert kinds(nadia) == ["contact.opted_out", "contact.opted_in"]


def test_opting_in_does_not_undo_a_stop_word():
    nadia = make_contact()
    suppression.opt_out(nadia, by=CUSTOMER)
    suppression.suppress("sms", nadia.phone, reason="stop_word")
    suppression.opt_in(nadia, by=API)
    assert [row.reason for row in suppression.suppressions_of(nadia)] == ["stop_word"]


@pytest.mark.parametrize("told", ["ana@xn--exmple-cua.de", "ANA@XN--EXMPLE-CUA.DE", "ana@EXÄMPLE.de"])
def test_a_domain_in_punycode_is_the_same_address(told: str) -> None:
    suppression.suppress("email", told, reason="bounced")
    assert suppression.is_suppressed("email", "ana@exämple.de")


def test_punycode_that_means_nothing_is_kept_as_it_is() -> None:
    assert addresses.email("ana@xn--99999999999.example") == "ana@xn--99999999999.example"


def test_a_stop_holds_for_every_spelling_of_the_number() -> None:
    """chatwoot#14048"""
    suppression.suppress("whatsapp", "whatsapp:+5215598765432", reason="stop_word")
    assert suppression.is_suppressed("sms", "+525598765432")
    assert suppression.lift("sms", "+525598765432")
    assert not suppression.is_suppressed("whatsapp", "+5215598765432")
    assert Suppression.objects.count() == 1


@pytest.mark.parametrize("asked", ["bob+shop@example.com", "bob@example.com", "BOB+x@Example.com"])
@pytest.mark.parametrize("wrote", ["bob@example.com", "bob+shop@example.com"])
def test_a_stop_holds_for_the_whole_mailbox(asked: str, wrote: str) -> None:
    """thunderbird-conversations#1877, nylas-mail#1709: mail programs answer from the account."""
    suppression.suppress("email", wrote, reason="stop_word")
    assert suppression.is_suppressed("email", asked)
    assert [row.reason for row in suppression.suppressions_of(make_contact(email=asked))] == ["stop_word"]


def test_a_bounce_is_about_the_one_address() -> None:
    suppression.suppress("email", "bob@example.com", reason="bounced")
    assert not suppression.is_suppressed("email", "bob+shop@example.com")
    suppression.suppress("email", "bob+shop@example.com", reason="stop_word")
    assert suppression.is_suppressed("email", "bob+shop@example.com")
    assert Suppression.objects.get().reason == "stop_word"


def test_a_start_does_not_undo_what_staff_did() -> None:
    suppression.suppress("sms", "+4930123456", reason="staff")
    assert not suppression.lift("sms", "+4930123456")
    assert suppression.is_suppressed("sms", "+4930123456")


def test_whoever_is_suppressed_is_found_in_the_list() -> None:
    asked = {
        "mexican": make_contact(phone="+525598765432", email=""),
        "tagged": make_contact(email="bob+shop@example.com", phone=""),
        "bounced": make_contact(email="ann@example.com", phone=""),
        "free": make_contact(email="ann+shop@example.com", phone=""),
        "anonymous": make_contact(email="", phone=""),
    }
    suppression.suppress("whatsapp", "+5215598765432", reason="stop_word")
    suppression.suppress("email", "bob@example.com", reason="stop_word")
    suppression.suppress("email", "ann@example.com", reason="bounced")
    listed = set(Contact.objects.filter(suppression.has_suppressed_address()))
    assert listed == {asked["mexican"], asked["tagged"], asked["bounced"]}
    assert listed == {contact for contact in asked.values() if suppression.suppressions_of(contact)}
    others = set(Contact.objects.filter(~suppression.has_suppressed_address()))
    assert others == {asked["free"], asked["anonymous"]}


class TestKeys:
    """What is stored about a person's will does not hang on a secret that is meant to change."""

    def test_an_address_is_found_under_any_key(self, settings) -> None:
        suppression.suppress("email", "a@customer.example", reason="bounced")
        settings.SECRET_KEY, settings.LINK_KEYS = "another", ["another"]
        assert suppression.is_suppressed("email", "a@customer.example")
        suppression.suppress("email", "a@customer.example", reason="bounced")
        assert Suppression.objects.count() == 1
        assert suppression.unknown_keys() == {}
        assert suppression.lift("email", "a@customer.example")

    def test_an_erasure_hashes_under_the_present_key(self, settings) -> None:
        suppression.suppress("email", "a@customer.example", reason="stop_word")
        settings.LINK_KEYS = ["new"]
        erasure.erase(make_contact(email="a@customer.example"), by=API)
        row = Suppression.objects.get()
        assert (row.address, row.key_id) == ("", tokens.key_id("new"))
        settings.SECRET_KEY = "another"
        assert suppression.is_suppressed("email", "a+tag@customer.example")

    def test_a_key_that_erased_people_need_is_missed(self, settings) -> None:
        settings.SECRET_KEY = "former"
        suppression.suppress("sms", "+5215598765432", reason="stop_word")
        erasure.erase(make_contact(phone="+525598765432", email=""), by=API)
        settings.SECRET_KEY = "present"
        assert list(suppression.unknown_keys().values()) == [1]
        assert not suppression.is_suppressed("sms", "+525598765432")
        settings.LINK_KEYS = ["own", "former"]
        assert suppression.unknown_keys() == {}
        assert suppression.is_suppressed("sms", "+525598765432")

    def test_two_rows_of_one_person_become_one(self, settings) -> None:
        settings.LINK_KEYS = ["first"]
        erased = suppression.suppress("email", "a@customer.example", reason="bounced")
        erasure.erase(make_contact(email="a@customer.example"), by=API)
        settings.LINK_KEYS = ["second"]
        suppression.suppress("email", "a@customer.example", reason="stop_word")
        settings.LINK_KEYS = ["first", "second"]
        erasure.erase(contacts.find_or_create(email="a@customer.example")[0], by=API)
        assert [(row.pk, row.address) for row in Suppression.objects.all()] == [(erased.pk, "")]
        assert suppression.is_suppressed("email", "a@customer.example")
