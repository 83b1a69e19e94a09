"""Words given for a session: cleaned, or refused with the field they were given for."""

from typing import Any

from django.utils.translation import gettext as _

from csat.lib import text as texts
from csat.lib.refusal import Invalid

LONGEST_BODY = 100_000


def body(text: Any, field: str) -> str:
    """A text of many lines, not empty."""
    cleaned = texts.clean(_string(text, field))
    if not cleaned:
        raise wrong(field, _("Write something."))
    return _at_most(LONGEST_BODY, cleaned, field)


def line(text: Any, longest: int, field: str) -> str:
    """One line, empty for None."""
    return _at_most(longest, texts.one_line(_string("" if text is None else text, field)), field)


def merged(old: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
    """RFC 7396 on the first level: a null takes its name away."""
    return {name: value for name, value in {**old, **new}.items() if not (value is None and name in new)}


def wrong(field: str, text: str) -> Invalid:
    return Invalid(text, fields={field: [text]})


def _string(text: Any, field: str) -> str:
    if not isinstance(text, str):
        raise wrong(field, _("Give a text."))
    return text


def _at_most(longest: int, text: str, field: str) -> str:
    if len(text) > longest:
        raise wrong(field, _("Give at most %(count)d characters.") % {"count": longest})
    return text
