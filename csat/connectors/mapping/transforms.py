"""What a row of a mapping may do with a value: the words of its `transform`."""

import html
import re
from collections.abc import Callable
from datetime import UTC, datetime

import phonenumbers
from django.utils.translation import gettext as _

from csat.connectors.payloads import EARLIEST, LATEST, moment
from csat.lib.refusal import Invalid

Value = str | datetime
SPOKEN = re.compile(r"(\w+)(?:\(\s*(\w*)\s*\))?")
UNSEEN = ("style", "script", "head")
BREAK = re.compile(r"(?i)<(?:br|/p|/div|/li|/tr|/h[1-6]|/blockquote)\s*/?>")
TAG = re.compile(r"<[/!a-zA-Z][^<>]*>")
QUOTES = "[]'\" "


def parse(spoken: str) -> tuple[str, str]:
    """`e164(DE)` as its name and what stands in brackets. Raises Invalid."""
    match = SPOKEN.fullmatch(spoken.strip())
    name, argument = (match[1], (match[2] or "").upper()) if match else ("", "")
    if name not in TRANSFORMS:
        raise Invalid(_("There is no transform %(name)s. There are: %(all)s.") % _named(spoken))
    if name == "e164" and argument not in phonenumbers.SUPPORTED_REGIONS:
        raise Invalid(_("Name the country of numbers without one, as in e164(DE)."))
    if name != "e164" and argument:
        raise Invalid(_("Only e164 takes something in brackets."))
    return name, argument


def _named(spoken: str) -> dict[str, str]:
    return {"name": spoken[:40], "all": ", ".join(TRANSFORMS)}


def apply(name: str, argument: str, values: list[str]) -> list[Value]:
    """The values, none of them empty, changed; those that are left out could not be read."""
    return [value for value in TRANSFORMS[name](values, argument) if value]


def _lower(values: list[str], _argument: str) -> list[Value]:
    return [value.lower() for value in values]


def _strip_html(values: list[str], _argument: str) -> list[Value]:
    return [_plain(value) for value in values]


def _plain(value: str) -> str:
    """By patterns that read each letter once: Python's parser takes seconds for a few kB of `<a <a`."""
    for name in UNSEEN:
        value = _without(name, value)
    text = html.unescape(TAG.sub("", BREAK.sub("\n", value)))
    lines = [line.strip() for line in text.replace("\xa0", " ").splitlines()]
    return "\n".join(line for line in lines if line)


def _without(name: str, value: str) -> str:
    """Without these elements and what stands in them; one that is never closed stays."""
    kept, place, folded = [], 0, value.lower()
    while (start := folded.find(f"<{name}", place)) >= 0 and (end := folded.find(f"</{name}", start)) >= 0:
        kept.append(value[place:start])
        place = end
    return "".join(kept) + value[place:]


def _join_space(values: list[str], _argument: str) -> list[Value]:
    return [" ".join(values)]


def _split_comma(values: list[str], _argument: str) -> list[Value]:
    """`billing, vip`, and a list that a template turned into text: `['billing', 'vip']`."""
    return [part.strip(QUOTES) for value in values for part in value.split(",")]


def _e164(values: list[str], country: str) -> list[Value]:
    return [_international(value, country) for value in values]


def _international(value: str, country: str) -> str:
    """What is no number stays as it is: whoever uses it says so."""
    try:
        number = phonenumbers.parse(value, country)
    except phonenumbers.NumberParseException:
        return value
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def _iso8601(values: list[str], _argument: str) -> list[Value]:
    return [at for value in values if (at := moment(value))]


def _epoch_s(values: list[str], _argument: str) -> list[Value]:
    return [at for value in values if (at := _since_1970(value, 1))]


def _epoch_ms(values: list[str], _argument: str) -> list[Value]:
    return [at for value in values if (at := _since_1970(value, 1000))]


def _since_1970(value: str, unit: int) -> datetime | None:
    try:
        seconds = float(value) / unit
    except ValueError:
        return None
    return datetime.fromtimestamp(seconds, UTC) if EARLIEST < seconds < LATEST else None


def _language(values: list[str], _argument: str) -> list[Value]:
    """The first of `de-AT,de;q=0.9`, with a hyphen."""
    return [value.split(",")[0].split(";")[0].strip().replace("_", "-") for value in values]


TRANSFORMS: dict[str, Callable[[list[str], str], list[Value]]] = {
    "lower": _lower,
    "strip_html": _strip_html,
    "join_space": _join_space,
    "split_comma": _split_comma,
    "e164": _e164,
    "iso8601": _iso8601,
    "epoch_s": _epoch_s,
    "epoch_ms": _epoch_ms,
    "language": _language,
}
TO_TIME = {"iso8601", "epoch_s", "epoch_ms"}
TO_LIST = {"split_comma"}
