"""Addresses as they are kept: email in lower case, its domain in letters and not in punycode, phone as E.164."""

import phonenumbers
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext as _

from csat.lib.refusal import Invalid
from csat.lib.text import one_line


def email(text: str) -> str:
    """The address in lower case; Invalid when it is none."""
    address = one_line(text).lower()
    if not address:
        return ""
    try:
        validate_email(address)
    except ValidationError:
        raise Invalid(_("This is not an email address.")) from None
    name, _at, domain = address.rpartition("@")
    return f"{name}@{_in_letters(domain)}"


def _in_letters(domain: str) -> str:
    """Mail servers tell `xn--exmple-cua.de` of what people write as `exämple.de`: one address, one name."""
    if "xn--" not in domain:
        return domain
    try:
        return domain.encode("ascii").decode("idna")
    except UnicodeError:
        return domain


def phone(text: str) -> str:
    """The number as E.164; Invalid without the leading + and country code, or when no such number can exist."""
    number = one_line(text)
    if not number:
        return ""
    if not number.startswith("+"):
        raise Invalid(_("Give the phone number in international form, with + and the country code."))
    try:
        parsed = phonenumbers.parse(number)
    except phonenumbers.NumberParseException:
        raise Invalid(_("This is not a phone number.")) from None
    if not phonenumbers.is_possible_number(parsed):
        raise Invalid(_("This is not a phone number."))
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
