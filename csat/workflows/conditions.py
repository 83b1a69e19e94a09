"""JSON Logic over the facts, through a kept library; a comparison with nothing is false."""

from typing import Any

from django.utils.translation import gettext as _
from json_logic import jsonLogic
from json_logic.builtins import BUILTINS, NUMERIC, to_number

Logic = Any
MAX_DEPTH = 20


def _comparing(name: str) -> Any:
    """`< <= > >=` that are false when an operand is missing or not comparable (the library reads null as 0)."""
    original = BUILTINS[name]

    def compare(data: Any = None, *operands: Any) -> bool:
        given = operands[:3]
        if len(given) < 2 or any(operand is None or isinstance(operand, list | dict) for operand in given):
            return False
        if any(isinstance(operand, NUMERIC) for operand in given) and any(to_number(o) != to_number(o) for o in given):
            return False  # not a number
        return bool(original(data, *given))

    return compare


def _equals(data: Any = None, a: Any = None, b: Any = None, *_ignored: Any) -> bool:
    try:
        return bool(BUILTINS["=="](data, a, b))
    except TypeError:
        return False


def _contains(data: Any = None, part: Any = None, whole: Any = None, *_ignored: Any) -> bool:
    """`in`: text in text (ignoring case) or member of a list; nothing is in nothing."""
    if part is None or whole is None:
        return False
    if isinstance(whole, list):
        return part in whole
    return str(part).casefold() in str(whole).casefold()


OPERATIONS: dict[str, Any] = {
    **{name: operation for name, operation in BUILTINS.items() if name != "log"},
    **{name: _comparing(name) for name in ("<", "<=", ">", ">=")},
    "==": _equals,
    "!=": lambda data=None, a=None, b=None, *_: not _equals(data, a, b),
    "in": _contains,
}
KNOWN = {*OPERATIONS, "if", "?:", "and", "or", "map", "filter", "reduce", "all", "some", "none"}


def holds(logic: Logic, facts: dict[str, Any]) -> bool:
    """Whether the condition is true of the facts; an empty condition is."""
    if logic in ({}, None, []):
        return True
    return bool(jsonLogic(logic, facts, OPERATIONS))


def problems(logic: Logic) -> list[str]:
    """What is wrong with a condition, in words; empty when it can be used."""
    if logic in ({}, None):
        return []
    if not isinstance(logic, dict):
        return [_("A condition is a JSON Logic object.")]
    found = [_("There is no operator “%(name)s”.") % {"name": name} for name in sorted(_operators(logic) - KNOWN)]
    if _depth(logic) > MAX_DEPTH:
        found.append(_("The condition is nested too deeply."))
    if not found:
        try:
            holds(logic, {})
        except Exception as error:  # whatever the library raises on a malformed tree, it is the author's to mend
            found.append(_("The condition cannot be read: %(error)s") % {"error": error})
    return found


def _operators(logic: Logic) -> set[str]:
    if isinstance(logic, list):
        return set().union(*map(_operators, logic))
    if isinstance(logic, dict):
        if len(logic) != 1:
            return {"+".join(logic) or "{}"}
        [(name, operands)] = logic.items()
        return {name} | _operators(operands)
    return set()


def _depth(logic: Logic) -> int:
    inner = logic if isinstance(logic, list) else list(logic.values()) if isinstance(logic, dict) else []
    return 1 + max(map(_depth, inner), default=0)
