"""A condition as people edit it: rows of field, operator and value in all-or-any groups; and back to JSON Logic."""

from dataclasses import dataclass, field
from typing import Any, Literal

from django.utils.translation import gettext_lazy as _

from csat.workflows import facts

Joint = Literal["and", "or"]
OPERATORS = {
    "is": _("is"),
    "is_not": _("is not"),
    "lower": _("is lower than"),
    "at_most": _("is at most"),
    "higher": _("is higher than"),
    "at_least": _("is at least"),
    "contains": _("contains"),
    "lacks": _("does not contain"),
    "given": _("is given"),
    "missing": _("is missing"),
}
COMPARING = {"is": "==", "is_not": "!=", "lower": "<", "at_most": "<=", "higher": ">", "at_least": ">="}
NAMED = {symbol: name for name, symbol in COMPARING.items()}
FITTING = {  # which operators suit a kind of fact
    "number": ("is", "is_not", "lower", "at_most", "higher", "at_least", "given", "missing"),
    "text": ("is", "is_not", "contains", "lacks", "given", "missing"),
    "choice": ("is", "is_not", "given", "missing"),
    "list": ("contains", "lacks", "given", "missing"),
    "yes_no": ("is", "is_not"),
}
VALUELESS = ("given", "missing")


@dataclass
class Row:
    """One line: `field` is a path of facts.FIELDS or of a step's output."""

    field: str = "csat.score"
    operator: str = "lower"
    value: Any = 3


@dataclass
class Group:
    joint: Joint = "and"
    rows: list["Row | Group"] = field(default_factory=list)


def read(logic: Any) -> Group | None:
    """The rows of a condition; None when it says what rows cannot."""
    if logic in ({}, None, []):
        return Group()
    if isinstance(logic, dict) and len(logic) == 1 and set(logic) <= {"and", "or"}:
        return _group(logic)
    row = _row(logic)
    return Group("and", [row]) if row else None


def write(group: Group) -> dict[str, Any]:
    """The JSON Logic of rows: a single row stands alone, nothing is an empty condition."""
    parts = [part for part in (write(one) if isinstance(one, Group) else _logic(one) for one in group.rows) if part]
    if not parts:
        return {}
    return parts[0] if len(parts) == 1 else {group.joint: parts}


def known(path: str) -> facts.Field:
    """The field of a path; a step's output is a field of its own."""
    found = next((one for one in facts.FIELDS if one.path == path), None)
    return found or facts.Field(path, path, "number" if path.endswith(".score") else "yes_no" if path.endswith(".answered") else "text")


def operators(path: str) -> list[tuple[str, Any]]:
    return [(name, OPERATORS[name]) for name in FITTING[known(path).kind]]


def typed(path: str, text: str) -> Any:
    """What a person typed, as the kind of the field has it."""
    kind = known(path).kind
    if kind == "yes_no":
        return text in ("true", "yes", "1", "on")
    if kind == "number":
        try:
            number = float(text)
        except ValueError:
            return None
        return int(number) if number.is_integer() else number
    return text


def _group(logic: dict[str, Any], *, top: bool = True) -> Group | None:
    [(joint, parts)] = logic.items()
    if not isinstance(parts, list):
        return None
    rows: list[Row | Group] = []
    for part in parts:
        inner = _group(part, top=False) if top and isinstance(part, dict) and set(part) <= {"and", "or"} and part else _row(part)
        if inner is None:
            return None
        rows.append(inner)
    return Group("or" if joint == "or" else "and", rows)


def _row(logic: Any) -> Row | None:
    if not isinstance(logic, dict) or len(logic) != 1:
        return None
    [(symbol, operands)] = logic.items()
    operands = operands if isinstance(operands, list) else [operands]
    if symbol in NAMED and len(operands) == 2 and _path(operands[0]) and not isinstance(operands[1], dict | list):
        return Row(_path(operands[0]), NAMED[symbol], operands[1])
    if symbol == "in" and len(operands) == 2 and _path(operands[1]) and not isinstance(operands[0], dict | list):
        return Row(_path(operands[1]), "contains", operands[0])
    if symbol == "!!" and len(operands) == 1 and _path(operands[0]):
        return Row(_path(operands[0]), "given", None)
    if symbol == "!" and len(operands) == 1:
        return _opposite(operands[0])
    return None


def _opposite(inner: Any) -> Row | None:
    if _path(inner):
        return Row(_path(inner), "missing", None)
    row = _row(inner)
    return Row(row.field, "lacks", row.value) if row and row.operator == "contains" else None


def _path(operand: Any) -> str:
    if isinstance(operand, dict) and set(operand) == {"var"}:
        path = operand["var"]
        path = path[0] if isinstance(path, list) and path else path
        return path if isinstance(path, str) else ""
    return ""


def _logic(row: Row) -> dict[str, Any]:
    var = {"var": row.field}
    if row.operator == "given":
        return {"!!": [var]}
    if row.operator == "missing":
        return {"!": [var]}
    if row.operator in ("contains", "lacks"):
        inner = {"in": [row.value, var]}
        return inner if row.operator == "contains" else {"!": [inner]}
    return {COMPARING[row.operator]: [var, row.value]}
