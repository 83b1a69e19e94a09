"""Conditions as the builder edits them: rows of field, operator and value, in groups of all or any."""

from dataclasses import dataclass, field, replace
from typing import Literal, TypeGuard

from django.utils.translation import gettext_lazy as _

from csat.lib.types import JsonObject, Label
from csat.workflows import facts

Joint = Literal["and", "or"]
OPERATOR_LABELS = {
    "is": _("is"),
    "is_not": _("is not"),
    "lower": _("is lower than"),
    "at_most": _("is at most"),
    "higher": _("is higher than"),
    "at_least": _("is at least"),
    "contains": _("contains"),
    "lacks": _("does not contain"),
    "given": _("is set"),
    "missing": _("is not set"),
}
SYMBOL_OF = {"is": "==", "is_not": "!=", "lower": "<", "at_most": "<=", "higher": ">", "at_least": ">="}
OPERATOR_OF = {symbol: name for name, symbol in SYMBOL_OF.items()}
# which operators the builder offers for a kind of fact
OPERATORS_OF_KIND = {
    "number": ("is", "is_not", "lower", "at_most", "higher", "at_least", "given", "missing"),
    "text": ("is", "is_not", "contains", "lacks", "given", "missing"),
    "choice": ("is", "is_not", "given", "missing"),
    "list": ("contains", "lacks", "given", "missing"),
    "yes_no": ("is", "is_not"),
}
VALUELESS = ("given", "missing")  # operators that need no value


@dataclass
class Row:
    """One comparison; `field` is a path of facts.FIELDS or of a step's output."""

    field: str = "csat.score"
    operator: str = "lower"
    value: object = 3


@dataclass
class Group:
    joint: Joint = "and"
    rows: list["Row | Group"] = field(default_factory=list)


def from_json_logic(logic: object) -> Group | None:
    """The rows of a condition; None when rows cannot express it."""
    if logic in ({}, None, []):
        return Group()
    if _is_group(logic):
        return _parse_group(logic)
    row = _parse_row(logic)
    return Group("and", [row]) if row else None


def to_json_logic(group: Group) -> JsonObject:
    """The JSON Logic of rows: a single row without its group, {} for none."""
    parts = [to_json_logic(row) if isinstance(row, Group) else _row_to_logic(row) for row in group.rows]
    parts = [part for part in parts if part]
    if not parts:
        return {}
    return parts[0] if len(parts) == 1 else {group.joint: parts}


def find_field(path: str) -> facts.Field:
    """The field of this path; a path that facts.FIELDS lacks is a step's output."""
    meant = facts.ALIASES.get(path, path)
    field = next((replace(field, path=path) for field in facts.FIELDS if field.path == meant), None)
    kind = "number" if path.endswith(".score") else "yes_no" if path.endswith(".answered") else "text"
    return field or facts.Field(path, path, kind)


def operators(path: str) -> list[tuple[str, Label]]:
    """The operators to choose from for this field, with their labels."""
    return [(name, OPERATOR_LABELS[name]) for name in OPERATORS_OF_KIND[find_field(path).kind]]


def parse_value(path: str, text: str) -> bool | int | float | str | None:
    """What a person typed, converted to the kind of the field; None for a number that is none."""
    kind = find_field(path).kind
    if kind == "yes_no":
        return text in ("true", "yes", "1", "on")
    if kind == "number":
        try:
            number = float(text)
        except ValueError:
            return None
        return int(number) if number.is_integer() else number
    return text


def _is_group(logic: object) -> TypeGuard[JsonObject]:
    return isinstance(logic, dict) and len(logic) == 1 and set(logic) <= {"and", "or"}


def _parse_group(logic: JsonObject, *, top: bool = True) -> Group | None:
    [(joint, parts)] = logic.items()
    if not isinstance(parts, list):
        return None
    rows = [_parse_group(part, top=False) if top and _is_group(part) else _parse_row(part) for part in parts]
    if None in rows:
        return None
    return Group("or" if joint == "or" else "and", [row for row in rows if row])


def _parse_row(logic: object) -> Row | None:
    if not isinstance(logic, dict) or len(logic) != 1:
        return None
    [(symbol, operands)] = logic.items()
    operands = operands if isinstance(operands, list) else [operands]
    match symbol, operands:
        case "in", [value, var] if _path(var) and _is_plain(value):
            return Row(_path(var), "contains", value)
        case "!!", [var] if _path(var):
            return Row(_path(var), "given", None)
        case "!", [inner]:
            return _parse_negation(inner)
        case _, [var, value] if symbol in OPERATOR_OF and _path(var) and _is_plain(value):
            return Row(_path(var), OPERATOR_OF[symbol], value)
    return None


def _parse_negation(inner: object) -> Row | None:
    if _path(inner):
        return Row(_path(inner), "missing", None)
    row = _parse_row(inner)
    return Row(row.field, "lacks", row.value) if row and row.operator == "contains" else None


def _path(operand: object) -> str:
    """The path of a `var`; an empty string for anything else."""
    if isinstance(operand, dict) and set(operand) == {"var"}:
        path = operand["var"]
        path = path[0] if isinstance(path, list) and path else path
        return path if isinstance(path, str) else ""
    return ""


def _is_plain(value: object) -> bool:
    return not isinstance(value, dict | list)


def _row_to_logic(row: Row) -> JsonObject:
    var = {"var": row.field}
    match row.operator:
        case "given":
            return {"!!": [var]}
        case "missing":
            return {"!": [var]}
        case "contains":
            return {"in": [row.value, var]}
        case "lacks":
            return {"!": [{"in": [row.value, var]}]}
    return {SYMBOL_OF[row.operator]: [var, row.value]}
