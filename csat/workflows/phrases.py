"""Parts of the sentences that describe a workflow, and placeholders in the texts its steps send."""

import json
import re

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from csat.workflows import facts

PLACEHOLDERS = ("csat_link", "score", "comment", "contact_name", "agent_name", "ticket_number")
PLACEHOLDER = re.compile("{(" + "|".join(PLACEHOLDERS) + ")}")


def fill(text: str, values: dict[str, str]) -> str:
    """Replace the known placeholders, once: placeholders in a value that is filled in stay as they are."""
    return PLACEHOLDER.sub(lambda match: values.get(match[1], ""), text)


def fill_body(text: str, values: dict[str, str]) -> str:
    """Fill the body of a request; in JSON the values are escaped, so that quotation marks end no string."""
    escaped = {name: json.dumps(value, ensure_ascii=False)[1:-1] for name, value in values.items()}
    return fill(text, escaped if _is_json(fill(text, dict.fromkeys(PLACEHOLDERS, "0"))) else values)


def _is_json(text: str) -> bool:
    try:
        return isinstance(json.loads(text), dict | list | str)
    except ValueError:
        return False


def shorten(text: str, length: int = 60) -> str:
    return text if len(text) <= length else text[: length - 1] + "…"


def duration(seconds: int) -> str:
    """A number of seconds in the largest unit that divides it."""
    for size, one, many in (
        (86400, "%(n)d day", "%(n)d days"),
        (3600, "%(n)d hour", "%(n)d hours"),
        (60, "%(n)d minute", "%(n)d minutes"),
    ):
        if seconds and seconds % size == 0:
            return ngettext(one, many, seconds // size) % {"n": seconds // size}
    return ngettext("%(n)d second", "%(n)d seconds", seconds) % {"n": seconds}


def condition(logic: object) -> str:
    """A JSON Logic condition as a sentence; operators without words stay symbols."""
    if logic in (None, {}, []):
        return _("always")
    if not isinstance(logic, dict) or len(logic) != 1:
        return _value(logic)
    [(operator, operands)] = logic.items()
    operands = operands if isinstance(operands, list) else [operands]
    if operator in ("and", "or"):
        joint = _(" and ") if operator == "and" else _(" or ")
        return joint.join(
            f"({condition(part)})" if isinstance(part, dict) and {*part} & {"and", "or"} else condition(part)
            for part in operands
        )
    if operator in ("!", "!!") and len(operands) == 1:
        sentence = _("not %(what)s") if operator == "!" else _("%(what)s is set")
        return sentence % {"what": condition(operands[0])}
    if operator == "var":
        return _field(operands)
    return _comparison(operator, operands)


def _comparison(operator: str, operands: list[object]) -> str:
    sentences = {
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
    if operator in sentences and len(operands) == 2:
        return sentences[operator] % {"a": condition(operands[0]), "b": condition(operands[1])}
    return f"{operator}({', '.join(condition(operand) for operand in operands)})"


def _field(operands: list[object]) -> str:
    path = str(operands[0]) if operands else ""
    if path.startswith("steps."):
        return _("step %(step)s") % {"step": path.removeprefix("steps.")}
    labels = {field.path: str(field.label) for field in facts.FIELDS}
    return labels.get(facts.ALIASES.get(path, path), path)


def _value(value: object) -> str:
    if value is None:
        return _("nothing")
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, list):
        return ", ".join(_value(item) for item in value)
    return f"“{value}”" if isinstance(value, str) else str(value)
