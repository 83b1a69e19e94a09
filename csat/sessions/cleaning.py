"""Input for a session: cleaned, or refused with the name of its field."""

from django.utils.translation import gettext as _

from csat.lib import text as texts
from csat.lib.refusal import Invalid

MAX_BODY = 100_000


def body(text: object, field: str) -> str:
    """A text of one or more lines, not empty."""
    cleaned = texts.clean(_string(text, field))
    if not cleaned:
        raise invalid(field, _("Write something."))
    return _within(MAX_BODY, cleaned, field)


def line(text: object, limit: int, field: str) -> str:
    """One line, empty for None."""
    return _within(limit, texts.one_line(_string("" if text is None else text, field)), field)


def identifier(text: object, limit: int, field: str) -> str:
    """An id of another system's, as it was given; empty for None."""
    return _within(limit, texts.identifier(_string("" if text is None else text, field)), field)


def invalid(field: str, text: str) -> Invalid:
    return Invalid(text, fields={field: [text]})


def _string(text: object, field: str) -> str:
    if not isinstance(text, str):
        raise invalid(field, _("Give a text."))
    return text


def _within(limit: int, text: str, field: str) -> str:
    if len(text) > limit:
        raise invalid(field, _("Give at most %(count)d characters.") % {"count": limit})
    return text
