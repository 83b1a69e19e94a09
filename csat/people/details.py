"""A contact's details from outside, checked and in the form they are stored in."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Self

from django.utils.translation import gettext as _

from csat.lib import languages
from csat.lib.clock import zone_name
from csat.lib.json_limits import clean_object
from csat.lib.refusal import Invalid, Problems
from csat.lib.text import identifier, one_line
from csat.lib.types import JsonObject
from csat.people import addresses


@dataclass(frozen=True)
class Details:
    """Empty means: not given."""

    name: str = ""
    email: str = ""
    phone: str = ""
    external_id: str = ""
    language: str = ""
    timezone: str = ""
    custom_data: JsonObject = field(default_factory=dict)

    @classmethod
    def from_input(cls, **fields: object) -> Self:
        """Cleaned; raises Invalid naming every field that is wrong (the phone's as `phone_number`)."""
        details, problems = cls._cleaned(fields)
        problems.check()
        return details

    @classmethod
    def usable(cls, **fields: object) -> tuple[Self, list[str]]:
        """What can be used of them, and the names of the rest, for callers that must lose no more.

        Raises Invalid for the external id: without it, the contact would be another one.
        """
        details, problems = cls._cleaned(fields)
        if "external_id" in problems.fields:
            problems.check()
        return details, sorted(problems.fields)

    @classmethod
    def _cleaned(cls, fields: JsonObject) -> tuple[Self, Problems]:
        problems = Problems()
        values: JsonObject = {}
        for name, value in fields.items():
            if value is not None:
                with problems.of("phone_number" if name == "phone" else name):
                    values[name] = CLEAN[name](value)
        return cls(**values), problems


def _line(value: object, limit: int) -> str:
    return _within(limit, one_line(_text(value)))


def _identifier(value: object, limit: int) -> str:
    value = str(value) if type(value) is int else value  # often numbers
    return _within(limit, identifier(_text(value)))


def _within(limit: int, text: str) -> str:
    if len(text) > limit:
        raise Invalid(_("Give at most %(count)d characters.") % {"count": limit})
    return text


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise Invalid(_("Give a text."))
    return value


def _timezone(value: object) -> str:
    name = _text(value).strip()
    known = zone_name(name)
    if name and not known:
        raise Invalid(_("There is no such time zone. Use a name such as Europe/Berlin."))
    return known


CLEAN: dict[str, Callable[[object], object]] = {
    "name": lambda value: _line(value, 200),
    "external_id": lambda value: _identifier(value, 200),
    "email": lambda value: _line(addresses.email(_text(value)), 320),
    "phone": lambda value: addresses.phone(_text(value)),
    "language": lambda value: languages.name_of(_text(value)),  # empty for an unknown one
    "timezone": _timezone,
    "custom_data": clean_object,
}
