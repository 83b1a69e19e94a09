"""Addresses: the form each is stored in, and which of them are one subscriber's.

An address is kept as the helpdesk gave it. Whoever compares two asks here, because one telephone and one
mailbox have several spellings.
"""

import re
import unicodedata
from collections.abc import Callable

import phonenumbers
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext as _

from csat.channels import registry
from csat.lib import mailbox
from csat.lib.refusal import Invalid
from csat.lib.text import identifier, one_line, visible

EMAIL, PHONE = "email", "phone"
# What is in front, digits that WhatsApp and Twilio write or leave out, as the plan was when the account was
# made, and what is behind them.
TWO_SPELLINGS = [
    (r"\+52", "1", r"[2-9]\d{9}"),  # Mexico, mobile until 2019
    (r"\+54", "9", r"[1-8]\d{9}"),  # Argentina, mobile
    (r"\+55\d\d", "9", r"[6-9]\d{7}"),  # Brazil, mobile since 2016; what begins with 2 to 5 is a landline
    (r"\+229", "01", r"\d{8}"),  # Benin since 2024
]


def email(text: str) -> str:
    """The address in lower case; empty for no text. Raises Invalid.

    Letters are folded after the check: the Kelvin sign is no k, and not even a K before it is composed.
    """
    address = identifier(visible(text))
    if not address:
        return ""
    name, _at, domain = address.rpartition("@")
    name, domain = mailbox.unquoted(name), mailbox.to_unicode(domain)
    try:
        if not name.isascii():  # a mail server may refuse it (RFC 6531)
            raise Invalid(_("This is not an email address."))
        validate_email(mailbox.mailed(f"{name}@{domain}"))
    except ValidationError:
        raise Invalid(_("This is not an email address.")) from None
    return f"{name.lower()}@{domain}"


def phone(text: str) -> str:
    """The number as E.164; empty for no text. Raises Invalid, also without + and country code."""
    number = unicodedata.normalize("NFKC", one_line(text))
    if not number:
        return ""
    if not number.startswith("+"):
        raise Invalid(_("Give the phone number in international form, with + and the country code."))
    try:
        parsed = phonenumbers.parse(number)
    except phonenumbers.NumberParseException:
        raise Invalid(_("This is not a phone number.")) from None
    stored = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
    if not any(phonenumbers.is_possible_number(phonenumbers.parse(one)) for one in _numbers(stored)):
        raise Invalid(_("This is not a phone number."))
    return stored


STORED: dict[str, Callable[[str], str]] = {EMAIL: email, PHONE: phone}
PLAIN = {  # stored as they are, without a closer look
    EMAIL: re.compile(r"[a-z0-9+_.-]+@(?!.*xn--)[a-z0-9.-]+"),
    PHONE: re.compile(r"\+[1-9][0-9]{7,14}"),
}


def kind_of(medium: str) -> str:
    """What an address of this medium or channel is: SMS, WhatsApp and Phone share numbers."""
    channel = registry.of_medium(medium) or registry.find(medium)
    return (channel and channel.needs) or medium


def stored(medium: str, text: str) -> str:
    """The address as it is stored; one that is not valid nearly as it is, because STOP must never fail."""
    kind, address = kind_of(medium), text.removeprefix("whatsapp:").strip()
    if kind not in STORED or PLAIN[kind].fullmatch(address):
        return address
    try:
        return STORED[kind](address)
    except Invalid:
        return mailbox.fold(address)


def key(medium: str, text: str) -> str:
    """The same for every spelling of an address, and for no other address."""
    address = stored(medium, text)
    return min(_numbers(address), key=len) if kind_of(medium) == PHONE else address


def spellings(medium: str, text: str) -> set[str]:
    """Every form in which this address may be stored, also by earlier versions; its own among them."""
    address = stored(medium, text)
    match kind_of(medium):
        case "phone":
            return _numbers(address)
        case "email":
            return _mail_spellings(address)
        case _:
            return {address}


def same(medium: str, one: str, other: str) -> bool:
    """Whether both are one subscriber's."""
    return bool(one and other) and key(medium, one) == key(medium, other)


def mailbox_of(medium: str, text: str) -> str:
    """Whom a STOP is about: of an email without tag and, at Gmail, dots; else the address as it is stored."""
    address = stored(medium, text)
    return mailbox.without_tag(address) if kind_of(medium) == EMAIL and "@" in address else address


def _numbers(number: str) -> set[str]:
    for front, digits, rest in TWO_SPELLINGS:
        if match := re.fullmatch(f"({front})(?:{digits})?({rest})", number):
            return {match[1] + match[2], match[1] + digits + match[2]}
    return {number}


def _mail_spellings(address: str) -> set[str]:
    """Earlier versions kept decomposed letters, quotes, and domains that only IDNA 2008 reads."""
    name, at, domain = address.rpartition("@")
    if not at:
        return {address, address.lower()}
    names = {name, f'"{name}"'} if mailbox.mailed(address).startswith('"') else {name}
    if not name.isascii():
        names.add(name.lower())
    domains = {domain, unicodedata.normalize("NFD", domain), mailbox.to_ascii(domain)}
    return {f"{name}@{domain}" for name in names for domain in domains}
