"""Paths into other people's JSON: `a.b`, `[0]`, `[*]`, `['odd key']`. No filters and no code."""

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import chain, islice
from typing import Any, TypeAlias

from django.utils.translation import gettext as _

from csat.lib.refusal import Invalid

LONGEST = 20  # parts of a path: as deep as it may lead
MOST = 100  # values that `[*]` may bring

Path: TypeAlias = tuple[str | int | None, ...]  # None: every item

FIRST = re.compile(
    r"(?P<key>[^.\[\]'\"\s][^.\[\]'\"]*)|\[(?P<index>[0-9]{1,4})\]|\[(?P<all>\*)\]|\['(?P<odd>[^']+)'\]"
)
NEXT = re.compile(rf"\.{FIRST.pattern}")


@lru_cache(maxsize=1024)
def parse(path: str) -> Path:
    """Raises Invalid, naming the place that is not understood."""
    parts: list[str | int | None] = []
    place = 0
    while place < len(path) or not parts:
        match = (NEXT if parts else FIRST).match(path, place)
        if not match:
            raise Invalid(_("This is not a path from here on: %s") % (path[place:] or "…"))
        parts.append(_part(match))
        place = match.end()
    if len(parts) > LONGEST:
        raise Invalid(_("A path leads at most %s levels deep.") % LONGEST)
    return tuple(parts)


def _part(match: re.Match[str]) -> str | int | None:
    if match["all"]:
        return None
    if match["index"]:
        return int(match["index"])
    return match["odd"] or match["key"].rstrip()


def find(value: Any, path: Path) -> list[Any]:
    """What stands there: nothing, one value, or with `[*]` up to 100."""
    found: Iterable[Any] = [value]
    for part in path:
        found = list(islice(chain.from_iterable(_step(item, part) for item in found), MOST))
    return list(found)


def _step(value: Any, part: str | int | None) -> Iterator[Any]:
    if isinstance(value, dict) and isinstance(part, str) and part in value:
        yield value[part]
    elif isinstance(value, list) and part is None:
        yield from value
    elif isinstance(value, list) and isinstance(part, int) and part < len(value):
        yield value[part]
