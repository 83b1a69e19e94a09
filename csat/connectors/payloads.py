"""Reading other people's JSON: whatever is missing, null or of another type is empty and raises nothing."""

import html
import json
import re
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl

from django.core.exceptions import SuspiciousOperation
from django.utils.dateparse import parse_datetime
from django.utils.html import strip_tags

from csat.connectors.errors import CannotRead
from csat.lib.types import JsonObject

EARLIEST, LATEST = 0, 32_503_680_000  # seconds: the years 1970 and 3000
YEARS = range(1970, 3000)  # 0001-01-01 means that there is no time
SIGNED = re.compile(
    r"""((?:[?&]|&amp;)(?:token|signature|sig|expires|x-amz-[\w-]+)=)[^&"'\s<>]+""", re.IGNORECASE
)


def parse_json(raw: bytes) -> Any:
    """Raises CannotRead, naming what is wrong and where."""
    try:
        return json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise CannotRead(f"The body is not JSON: {error}"[:200]) from error


PASTED_LIMIT = 256 * 1024
# a text of a template begins behind a name, and ends where a quotation mark stands before a name or a brace
PASTED = re.compile(r'"[\w.]+"\s*:\s*"')
PASTED_END = re.compile(r'"\s*(?:,\s*(?="[\w.]+"\s*:)|\})')


def parse_pasted(raw: bytes) -> Any:
    """JSON from a template into which a help desk pasted texts as they are: quotation marks, line ends and
    backslashes inside a text are mended. Raises CannotRead for what is no JSON even so.
    """
    try:
        return parse_json(raw)
    except CannotRead:
        if len(raw) > PASTED_LIMIT:
            raise
        try:
            return json.loads(_mended(raw.decode(errors="replace")), strict=False)
        except (ValueError, RecursionError):
            pass
        raise


def _mended(pasted: str) -> str:
    parts, place = [], 0
    while (name := PASTED.search(pasted, place)) and (end := PASTED_END.search(pasted, name.end())):
        parts += [pasted[place : name.end()], _escaped(pasted[name.end() : end.start()])]
        place = end.start()
    return "".join(parts) + pasted[place:]


def _escaped(text_inside: str) -> str:
    """What is escaped already stays."""
    whole = re.sub(r'\\(?!["\\/bfnrt]|u[0-9a-fA-F]{4})', r"\\\\", text_inside)
    return re.sub(r'(?<!\\)"', r'\\"', whole)


def parse_form(raw: bytes) -> JsonObject:
    """A form's fields; of a repeated one the last counts."""
    return dict(parse_qsl(raw.decode(errors="replace"), keep_blank_values=True))


def dig(value: Any, *path: str | int) -> Any:
    """What stands at this path; None where any part of it is missing."""
    for part in path:
        if isinstance(part, str) and isinstance(value, dict):
            value = value.get(part)
        elif isinstance(part, int) and isinstance(value, list) and -len(value) <= part < len(value):
            value = value[part]
        else:
            return None
    return value


def text(value: Any, *path: str | int) -> str:
    """A text, or a number as one; "" for everything else."""
    found = dig(value, *path)
    if isinstance(found, str):
        return found.strip()
    return str(found) if isinstance(found, int | float) and not isinstance(found, bool) else ""


def items(value: Any, *path: str | int) -> list[Any]:
    """A list; [] for everything else."""
    found = dig(value, *path)
    return found if isinstance(found, list) else []


def objects(value: Any, *path: str | int) -> list[JsonObject]:
    """The objects of a list."""
    return [item for item in items(value, *path) if isinstance(item, dict)]


def moment(value: Any, *path: str | int) -> datetime | None:
    """ISO 8601 (without a zone: UTC), or seconds or milliseconds since 1970; None for everything else."""
    found = dig(value, *path)
    if isinstance(found, str) and found.strip().replace(".", "", 1).isdecimal():
        found = float(found)
    if isinstance(found, str):
        try:
            at = parse_datetime(found.strip().replace(" UTC", "Z"))
        except ValueError:
            return None
        return (at if at.tzinfo else at.replace(tzinfo=UTC)) if at and at.year in YEARS else None
    if isinstance(found, bool) or not isinstance(found, int | float):
        return None
    if not 0 < found < LATEST * 1000:
        return None
    seconds = found / 1000 if found > 100_000_000_000 else found
    return datetime.fromtimestamp(seconds, UTC) if EARLIEST < seconds < LATEST else None


class Form(dict[str, str]):
    """A body for `Api.post` that goes out as a form (application/x-www-form-urlencoded) and not as JSON."""


def plain(found: str) -> str:
    """HTML as text, a line for each paragraph; text without tags stays what it is."""
    broken = re.sub(r"(?i)<br\s*/?>|</(?:p|div|li|tr|blockquote)>", "\n", found)
    try:
        broken = strip_tags(broken)
    except (AssertionError, SuspiciousOperation):  # Python's parser on "<![odd["; Django on too many tags
        pass
    lines = [line.strip() for line in html.unescape(broken).splitlines()]
    return "\n".join(line for line in lines if line)


def unsigned(found: Any) -> Any:
    """A text whose addresses have lost their secrets (`?token=`, `&signature=`); anything else as it is."""
    return SIGNED.sub(r"\1removed", found) if isinstance(found, str) else found


HIDDEN, DEEPEST = "[removed]", 100


def hidden(value: Any, names: frozenset[str], depth: int = 0) -> Any:
    """A copy with what stands under these keys replaced at any depth; an empty value stays as it is."""
    if depth > DEEPEST:
        return HIDDEN
    if isinstance(value, list):
        return [hidden(part, names, depth + 1) for part in value]
    if not isinstance(value, dict):
        return value
    return {
        key: HIDDEN if key in names and part else hidden(part, names, depth + 1)
        for key, part in value.items()
    }
