"""What the sentences of a workflow are made of: conditions, waits, quotations; and the words its steps send."""

import json
import re
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from csat.workflows import facts

PLACEHOLDERS = ("csat_link", "score", "comment", "contact_name", "agent_name", "ticket_number")
FILLED = re.compile("{(" + "|".join(PLACEHOLDERS) + ")}")


def filled(text: str, values: dict[str, str]) -> str:
    """`{name}` replaced from the fixed list, once; everything else stays as written, what is filled in too."""
    return FILLED.sub(lambda found: values.get(found[1], ""), text)


def filled_body(text: str, values: dict[str, str]) -> str:
    """The same in the body of a request: in JSON, what is filled in ends no string, whatever quotation marks a customer writes."""
    quoted = {name: json.dumps(value, ensure_ascii=False)[1:-1] for name, value in values.items()}
    return filled(text, quoted if _is_json(filled(text, dict.fromkeys(PLACEHOLDERS, "0"))) else values)


def _is_json(text: str) -> bool:
    try:
        return isinstance(json.loads(text), dict | list | str)
    except ValueError:
        return False


def short(text: str, length: int = 60) -> str:
    return text if len(text) <= length else text[: length - 1] + "…"


def length(seconds: int) -> str:
    """A wait in the largest whole unit."""
    for size, one, many in ((86400, "%(n)d day", "%(n)d days"), (3600, "%(n)d hour", "%(n)d hours"), (60, "%(n)d minute", "%(n)d minutes")):
        if seconds and seconds % size == 0:
            return ngettext(one, many, seconds // size) % {"n": seconds // size}
    return ngettext("%(n)d second", "%(n)d seconds", seconds) % {"n": seconds}


def condition(logic: Any) -> str:
    """A JSON Logic tree as a sentence; what has no words is shown as it is."""
    if logic in (None, {}, []):
        return _("always")
    if not isinstance(logic, dict) or len(logic) != 1:
        return _value(logic)
    [(operator, operands)] = logic.items()
    operands = operands if isinstance(operands, list) else [operands]
    if operator in ("and", "or"):
        joint = _(" and ") if operator == "and" else _(" or ")
        inner = [condition(part) for part in operands]
        return joint.join(
            f"({part})" if isinstance(o, dict) and {*o} & {"and", "or"} else part for part, o in zip(inner, operands, strict=True)
        )
    if operator in ("!", "!!") and len(operands) == 1:
        return (_("not %(what)s") if operator == "!" else _("%(what)s is given")) % {"what": condition(operands[0])}
    if operator == "var":
        return _field(operands)
    return _comparison(operator, operands)


def _comparison(operator: str, operands: list[Any]) -> str:
    words = {
        "==": _("%(a)s is %(b)s"),
        "===": _("%(a)s is %(b)s"),
        "!=": _("%(a)s is not %(b)s"),
        "!==": _("%(a)s is not %(b)s"),
        "<": _("%(a)s is lower than %(b)s"),
        "<=": _("%(a)s is at most %(b)s"),
        ">": _("%(a)s is higher than %(b)s"),
        ">=": _("%(a)s is at least %(b)s"),
        "in": _("%(b)s contains %(a)s"),
    }
    if operator in words and len(operands) == 2:
        return words[operator] % {"a": condition(operands[0]), "b": condition(operands[1])}
    return f"{operator}({', '.join(condition(operand) for operand in operands)})"


def _field(operands: list[Any]) -> str:
    path = str(operands[0]) if operands else ""
    known = {field.path: str(field.label) for field in facts.FIELDS}
    if path.startswith("steps."):
        return _("step %(step)s") % {"step": path.removeprefix("steps.")}
    return known.get(path, path)


def _value(value: Any) -> str:
    if value is None:
        return _("nothing")
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, list):
        return ", ".join(_value(item) for item in value)
    return f"“{value}”" if isinstance(value, str) else str(value)
