"""Addresses as they are kept: one spelling for one mailbox, one for one phone."""

import pytest

from csat.lib.refusal import Invalid
from csat.people import addresses


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        (" Nadia@Customer.Example ", "nadia@customer.example"),
        ("ana@xn--exmple-cua.de", "ana@exämple.de"),
        ("ana@exämple.de", "ana@exämple.de"),
        ("", ""),
    ],
)
def test_an_email_address_has_one_spelling(given: str, kept: str) -> None:
    assert addresses.email(given) == kept


@pytest.mark.parametrize("given", ["nadia", "nadia@", "@customer.example", "a b@customer.example"])
def test_what_is_no_email_address_is_invalid(given: str) -> None:
    with pytest.raises(Invalid):
        addresses.email(given)


@pytest.mark.parametrize("given", ["+49 (30) 1234-5678", "+493012345678"])
def test_a_phone_number_is_kept_as_e164(given: str) -> None:
    assert addresses.phone(given) == "+493012345678"


@pytest.mark.parametrize("given", ["030 12345678", "+49", "+49 3", "+999 123456789", "+call me"])
def test_a_number_without_its_country_or_that_cannot_exist_is_invalid(given: str) -> None:
    with pytest.raises(Invalid):
        addresses.phone(given)


def test_no_number_is_no_number() -> None:
    assert addresses.phone("  ") == ""


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("+5215598765432", "+525598765432"),
        ("+5491143211234", "+541143211234"),
        ("+5541988887777", "+554188887777"),
        ("+2290197123456", "+22997123456"),
    ],
)
def test_one_telephone_is_one_however_it_is_spelled(one: str, other: str) -> None:
    """chatwoot#14048, #12655, #14264; Benin: mobi/telephone_number#138"""
    for medium in ("sms", "whatsapp", "phone", "phone_voice"):
        assert addresses.same(medium, one, other)
        assert addresses.same(medium, f"whatsapp:{one}", other)
        assert addresses.spellings(medium, one) == addresses.spellings(medium, other) == {one, other}
    assert addresses.phone(one) == one
    assert addresses.phone(other) == other


@pytest.mark.parametrize(
    ("mobile", "landline"),
    [("+5511943211234", "+551143211234"), ("+5215598765432", "+5215598765433"), ("+5541", "+55419")],
)
def test_two_telephones_are_two(mobile: str, landline: str) -> None:
    assert not addresses.same("sms", mobile, landline)


@pytest.mark.parametrize(
    "given",
    ["\u202a+49 30 12345678\u202c", "＋４９３０１２３４５６７８", "+49 (0)30 12345678", "+٤٩٣٠١٢٣٤٥٦٧٨"],
)
def test_a_number_may_be_copied_from_an_address_book(given: str) -> None:
    assert addresses.phone(given) == "+493012345678"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("x@münchen.example", "x@mu\u0308nchen.example"),
        ("x@münchen.example", "X@xn--mnchen-3ya.example"),
        ("info@straße.de", "info@xn--strae-oqa.de"),
        ("try..this@docomo.ne.jp", '"try..this"@docomo.ne.jp'),
        ("a@customer.example", " A@Customer.Example\u200b"),
    ],
)
def test_one_mailbox_is_one_however_it_is_spelled(one: str, other: str) -> None:
    assert addresses.email(one) == addresses.email(other)
    assert addresses.same("email", one, other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("info@straße.de", "info@strasse.de"),
        ("bob+shop@example.com", "bob@example.com"),
        ("mike@example.com", "mi\u212ae@example.com"),
        ("", ""),
        ("C0123", "c0123"),
    ],
)
def test_two_mailboxes_are_two(one: str, other: str) -> None:
    """mi\u212ae: a letter that folds to k was another account's, Django's CVE-2019-19844."""
    assert not addresses.same("email" if "@" in one else "slack", one, other)


@pytest.mark.parametrize("given", ["try..this..0511@docomo.ne.jp", "taro.@ezweb.ne.jp", ".a@docomo.ne.jp"])
def test_addresses_that_carriers_gave_out_are_addresses(given: str) -> None:
    """kumomta#77, EC-CUBE#1325"""
    assert addresses.email(given) == given


@pytest.mark.parametrize("given", ["jörg@example.com", "mi\u212ae@example.com", "用户@例子.广告"])
def test_letters_that_mail_servers_may_refuse_are_invalid(given: str) -> None:
    with pytest.raises(Invalid):
        addresses.email(given)
    assert addresses.stored("email", given) == given


def test_what_an_earlier_version_stored_is_among_the_spellings() -> None:
    assert "x@mu\u0308nchen.example" in addresses.spellings("email", "x@münchen.example")
    assert '"a..b"@docomo.ne.jp' in addresses.spellings("email", "a..b@docomo.ne.jp")
    assert addresses.spellings("slack", "C0123") == {"C0123"}


def test_a_stop_is_about_the_mailbox() -> None:
    assert addresses.mailbox_of("email", "Bob+Shop@example.com") == "bob@example.com"
    assert addresses.mailbox_of("sms", "+4930123456") == "+4930123456"
    assert addresses.mailbox_of("sms", "72345") == "72345"
