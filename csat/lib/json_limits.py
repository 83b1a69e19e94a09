"""How deep and how large JSON from outside may be, before anything walks through it."""

import json

from django.utils.translation import gettext as _

from csat.lib.refusal import Invalid, Problems
from csat.lib.text import clean_json
from csat.lib.types import JsonObject

MAX_DEPTH = 20
MAX_BYTES = 64 * 1024


def clean_object(value: object) -> JsonObject:
    """An object of somebody else's content, as it may be stored. Raises Invalid."""
    if not isinstance(value, dict):
        raise Invalid(_("Give an object of names and values."))
    refuse_excess(value)
    cleaned: JsonObject = clean_json(value)
    return cleaned


def merge(old: JsonObject, new: JsonObject, field: str = "custom_data") -> JsonObject:
    """RFC 7396 on the first level: a null removes its name. Raises Invalid when the whole is too large."""
    merged = {name: value for name, value in {**old, **new}.items() if not (value is None and name in new)}
    if merged != old:
        problems = Problems()
        with problems.of(field):
            refuse_excess(merged)
        problems.check()
    return merged


def refuse_excess(value: object) -> None:
    """Raise Invalid for what is nested more than 20 levels deep, or larger than 64 kB."""
    refuse_depth(value)
    if len(json.dumps(value, default=str)) > MAX_BYTES:
        raise Invalid(_("This is larger than 64 kB."))


def refuse_depth(value: object, limit: int = MAX_DEPTH) -> None:
    """Raise Invalid for what is nested deeper; takes no depth of its own, whatever it is given."""
    level, depth = [value], 0
    while level := [inner for item in level for inner in _inside(item)]:
        depth += 1
        if depth > limit:
            raise Invalid(_("This is nested too deeply."))


def _inside(value: object) -> list[object]:
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else []
