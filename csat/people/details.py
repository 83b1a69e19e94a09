"""What somebody told us about a contact, checked and brought to the form it is kept in."""

from dataclasses import dataclass, field
from typing import Any, Self

from django.utils.translation import gettext as _

from csat.lib import languages
from csat.lib.clock import zones
from csat.lib.refusal import Invalid, Problems
from csat.lib.text import clean_json, one_line
from csat.people import addresses


@dataclass(frozen=True)
class Details:
    """Empty means: not told."""

    name: str = ""
    email: str = ""
    phone: str = ""
    external_id: str = ""
    language: str = ""
    timezone: str = ""
    custom_data: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, **told: Any) -> Self:
        """Cleaned; raises Invalid naming every field that is wrong (the phone's as `phone_number`)."""
        told = {name: value for name, value in told.items() if value is not None}
        problems, kept = Problems(), {}
        for name, value in told.items():
            with problems.of("phone_number" if name == "phone" else name):
                kept[name] = CLEAN[name](value)
        problems.check()
        return cls(**kept)


def _line(longest: int) -> Any:
    def clean(value: Any) -> str:
        text = one_line(_text(value))
        if len(text) > longest:
            raise Invalid(_("Give at most %(count)d characters.") % {"count": longest})
        return text

    return clean


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise Invalid(_("Give a text."))
    return value


def _email(value: Any) -> str:
    return str(_line(320)(addresses.email(_text(value))))


def _phone(value: Any) -> str:
    return addresses.phone(_text(value))


def _language(value: Any) -> str:
    return languages.named(_text(value))  # an unknown one falls back to the installation's


def _timezone(value: Any) -> str:
    name = _text(value).strip()
    if name and name not in zones():
        raise Invalid(_("There is no time zone of that name."))
    return name


def _custom_data(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise Invalid(_("Give an object of names and values."))
    cleaned: dict[str, Any] = clean_json(value)
    return cleaned


CLEAN: dict[str, Any] = {
    "name": _line(200),
    "external_id": lambda value: _line(200)(str(value) if type(value) is int else value),  # helpdesks number their customers
    "email": _email,
    "phone": _phone,
    "language": _language,
    "timezone": _timezone,
    "custom_data": _custom_data,
}
