"""Evaluate and check JSON Logic conditions; a comparison with a missing value is false."""

from collections.abc import Callable, Collection, Iterator
from difflib import get_close_matches

from django.utils.translation import gettext as _
from json_logic import jsonLogic
from json_logic.builtins import BUILTINS, NUMERIC, to_number

from csat.lib.refusal import Invalid
from csat.lib.types import JsonObject

Logic = object  # any JSON: an author may have written anything
Operation = Callable[..., object]
# None of the operators repeats a part of the condition, so each node is evaluated once at most:
# what bounds the nodes bounds the steps.
MAX_DEPTH = 20
MAX_NODES = 500
MAX_TEXT = 1000
MAX_OPERANDS = {"+": 2, "-": 2, "*": 2, "/": 2, "%": 2}
OPEN_ENDED = ("session.custom_data", "contact.custom_data")  # whatever the integrator keeps there
LISTS = ("session.tags", "session.handoff_reasons", "csat.themes")


def _safe_comparison(name: str) -> Operation:
    """`< <= > >=`, false when an operand is missing or not comparable (the library takes null as 0)."""
    original = BUILTINS[name]

    def compare(data: object = None, *operands: object) -> bool:
        operands = operands[:3]
        if len(operands) < 2 or any(value is None or isinstance(value, list | dict) for value in operands):
            return False
        numeric = any(isinstance(value, NUMERIC) for value in operands)
        if numeric and any(to_number(value) != to_number(value) for value in operands):
            return False  # NaN: not a number
        return bool(original(data, *operands))

    return compare


def _equals(data: object = None, a: object = None, b: object = None, *_ignored: object) -> bool:
    try:
        return bool(BUILTINS["=="](data, a, b))
    except TypeError:
        return False


def _contains(data: object = None, part: object = None, whole: object = None, *_ignored: object) -> bool:
    """`in`: part of a text, ignoring case, or member of a list; false when one is missing."""
    if part is None or whole is None:
        return False
    if isinstance(whole, list):
        return part in whole
    return str(part).casefold() in str(whole).casefold()


OPERATIONS: dict[str, Operation] = {
    **{name: BUILTINS[name] for name in ("===", "!==", "!", "!!", "var", "missing", "min", "max")},
    **{name: BUILTINS[name] for name in MAX_OPERANDS},
    **{name: _safe_comparison(name) for name in ("<", "<=", ">", ">=")},
    "==": _equals,
    "!=": lambda data=None, a=None, b=None, *_: not _equals(data, a, b),
    "in": _contains,
}
ALLOWED = {*OPERATIONS, "and", "or", "if", "?:"}


def holds(logic: Logic, facts: JsonObject) -> bool:
    """Whether the facts meet the condition; an empty condition is always met.

    Raises Invalid for one that no longer passes the bounds, activated before there were any.
    """
    if logic in ({}, None, []):
        return True
    if mistakes := _out_of_bounds(logic):
        raise Invalid(" ".join(mistakes))
    return bool(jsonLogic(logic, facts, OPERATIONS))


def problems(logic: Logic) -> list[str]:
    """What is wrong with a condition, in sentences; empty when nothing is."""
    if logic in ({}, None):
        return []
    if not isinstance(logic, dict):
        return [_("A condition is a JSON Logic object.")]
    mistakes = _out_of_bounds(logic)
    if not mistakes:
        try:
            holds(logic, {})
        except Exception as error:  # the library may raise anything on a malformed tree
            mistakes.append(_("The condition cannot be read: %(error)s") % {"error": error})
    return mistakes


def unknown_facts(logic: Logic, known: Collection[str]) -> list[str]:
    """A sentence for each `var` that is no fact: a condition on it would never be met."""
    if _out_of_bounds(logic):
        return []
    paths = [path for name, operands in _operations(logic) for path in _paths(name, operands)]
    return [_no_fact(path, known) for path in dict.fromkeys(paths) if not _is_known(path, known)]


def _out_of_bounds(logic: Logic) -> list[str]:
    """What keeps it from being evaluated at all. Walks level by level, and no further than the bounds."""
    level, nodes, unknown, mistakes = [logic], 0, set(), []
    for _depth in range(MAX_DEPTH):
        nodes += len(level)
        if not level or nodes > MAX_NODES:
            break
        unknown |= {_operator(node) for node in level if isinstance(node, dict)} - ALLOWED
        mistakes += [mistake for node in level if (mistake := _own_mistake(node))]
        level = [inner for node in level for inner in _inside(node)]
    mistakes += [_("There is no operator “%(name)s”.") % {"name": name[:60]} for name in sorted(unknown)]
    if nodes > MAX_NODES:
        mistakes.append(_("The condition has more than %(count)d parts.") % {"count": MAX_NODES})
    elif level:
        mistakes.append(_("The condition is nested too deeply."))
    return mistakes


def _own_mistake(node: Logic) -> str:
    if isinstance(node, str) and len(node) > MAX_TEXT:
        return _("A text in the condition is longer than %(count)d characters.") % {"count": MAX_TEXT}
    if isinstance(node, dict) and len(node) == 1:
        [(name, operands)] = node.items()
        if isinstance(operands, list) and len(operands) > MAX_OPERANDS.get(name, MAX_NODES):
            return _("“%(name)s” takes two values.") % {"name": name}
    return ""


def _operator(node: JsonObject) -> str:
    return next(iter(node)) if len(node) == 1 else "+".join(node) or "{}"


def _inside(node: Logic) -> list[Logic]:
    """The operands of an operator count as one level, whether they stand in a list or not."""
    if isinstance(node, dict):
        return [inner for value in node.values() for inner in (value if isinstance(value, list) else [value])]
    return node if isinstance(node, list) else []


def _operations(logic: Logic) -> Iterator[tuple[str, list[Logic]]]:
    if isinstance(logic, dict):
        yield _operator(logic), _inside(logic)
    for inner in _inside(logic):
        yield from _operations(inner)


def _paths(name: str, operands: list[Logic]) -> list[str]:
    """The facts that one operator names; a name that is worked out itself cannot be known."""
    if name == "var":
        return [path if isinstance(path, str) else "var" for path in operands[:1] or [""]]
    if name == "missing":
        names = [
            inner for operand in operands for inner in (operand if isinstance(operand, list) else [operand])
        ]
        return [path for path in names if isinstance(path, str)]
    return []


def _is_known(path: str, known: Collection[str]) -> bool:
    if path in known or path.startswith(tuple(f"{name}." for name in OPEN_ENDED)):
        return True
    parent, _dot, last = path.rpartition(".")
    return (last == "length" and parent in known) or (last.isdecimal() and parent in LISTS)


def _no_fact(path: str, known: Collection[str]) -> str:
    sentence = _("There is no fact “%(name)s” here: the condition would never be met.") % {"name": path[:60]}
    ends_alike = [name for name in sorted(known) if name.rpartition(".")[2] == path.rpartition(".")[2]]
    likely = ends_alike or get_close_matches(path[:60], sorted(known), n=1, cutoff=0.7)
    return sentence + (_(" Did you mean “%(name)s”?") % {"name": likely[0]} if path and likely else "")
