"""What the builder's forms hold: steps to be shown, and what was typed into them."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from django.http import QueryDict

from csat.people.models import Team
from csat.workflows import actions, blocks, facts, rows, telling, wording
from csat.workflows.actions import Param
from csat.workflows.actions.conversation import agent_choices
from csat.workflows.models import Block, Version
from csat.workflows.rows import Group, Row

UNITS = (60, 3600, 86400, 1)


@dataclass
class Condition:
    """A condition to be edited: rows, or JSON when rows cannot say it."""

    target: str  # a branch's id; empty: the trigger's constraints
    logic: Any
    group: Group | None
    fields: list[facts.Field]
    words: str
    typed: str = ""  # JSON that could not be read: kept until it can
    numbers: Iterator[int] = field(default_factory=count)

    @property
    def json(self) -> str:
        return self.typed or json.dumps(self.logic, ensure_ascii=False, indent=2)

    @property
    def lines(self) -> list[dict[str, Any]]:
        """The rows flat, each with the number of its group (0 is the top) and what fits its field."""
        lines: list[dict[str, Any]] = []
        groups = 0
        self.numbers = count()
        for one in self.group.rows if self.group else []:
            if isinstance(one, Group):
                groups += 1
                lines.append(
                    {"group": groups, "joint": one.joint, "rows": [self._line(row, groups) for row in one.rows if isinstance(row, Row)]}
                )
            else:
                lines.append(self._line(one, 0))
        return lines

    def _line(self, row: Row, group: int) -> dict[str, Any]:
        known = rows.known(row.field)
        offered = self.fields if any(one.path == row.field for one in self.fields) else [*self.fields, known]
        return {
            "row": row,
            "group": group,
            "field": known,
            "fields": offered,
            "operators": rows.operators(row.field),
            "valued": row.operator not in rows.VALUELESS,
            "number": next(self.numbers),
        }


@dataclass
class Shown:
    """One step on the page."""

    block: Block
    words: str
    label: Any
    help: Any
    params: list[dict[str, Any]]
    issues: list[str]
    condition: Condition | None = None
    then: list["Shown"] = field(default_factory=list)
    otherwise: list["Shown"] = field(default_factory=list)


@dataclass(frozen=True)
class Typed:
    """JSON that was refused, and the condition it was typed into."""

    target: str
    text: str


def condition(version: Version, *, target: str, logic: Any, typed: Typed | None = None) -> Condition:
    outputs = [
        facts.Field(f"steps.{block['id']}.{name}", f"{block['id']} → {name}", kind)
        for block in blocks.every(version.blocks)
        if block["type"] == "get_csat_score"
        for name, kind in (("score", "number"), ("answered", "yes_no"), ("comment", "text"))
    ]
    fields = [*facts.FIELDS, *(outputs if target else [])]
    if typed and typed.target == target:
        return Condition(target, logic, None, fields, wording.condition(logic), typed=typed.text)
    return Condition(target, logic, rows.read(logic), fields, wording.condition(logic))


def shown(version: Version, found: list[blocks.Issue], typed: Typed | None = None) -> list[Shown]:
    """The tree as the page shows it, each step with what is wrong with it."""
    choices = {"agent": agent_choices(), "team": [(team.name, team.name) for team in Team.objects.all()]}
    return [_shown(version, block, found, choices, typed) for block in version.blocks]


def _shown(version: Version, block: Block, found: list[blocks.Issue], choices: dict[str, Any], typed: Typed | None) -> Shown:
    action, params = actions.get(block["type"]), block.get("params") or {}
    one = Shown(
        block=block,
        words=telling.step(block),
        label=action.label,
        help=action.help,
        params=[_param(param, params, choices) for param in action.params],
        issues=[issue.message for issue in found if issue.step_id == block["id"]],
    )
    if block["type"] == "branch":
        one.condition = condition(version, target=block["id"], logic=params.get("condition") or {}, typed=typed)
        one.then = [_shown(version, inner, found, choices, typed) for inner in block.get("then") or []]
        one.otherwise = [_shown(version, inner, found, choices, typed) for inner in block.get("else") or []]
    return one


def _param(param: Param, params: dict[str, Any], choices: dict[str, Any]) -> dict[str, Any]:
    value = params.get(param.name)
    known = {"param": param, "value": "" if value is None else value, "suggestions": choices.get(param.kind, [])}
    if param.name == "seconds":
        unit = next((size for size in UNITS if isinstance(value, int) and value and value % size == 0 and size <= value), 60)
        known |= {"unit": unit, "value": value // unit if isinstance(value, int) else "", "units": UNITS}
    return known


def params_of(block: Block, data: QueryDict) -> dict[str, Any]:
    """What was typed into a step's form."""
    typed: dict[str, Any] = {param.name: data.get(param.name, "").strip() for param in actions.get(block["type"]).params}
    if "seconds" in typed:
        number, unit = typed["seconds"], data.get("unit", "1")
        typed["seconds"] = int(number) * int(unit) if number.isdecimal() and unit.isdecimal() else None
    return typed


def typed_condition(data: QueryDict) -> Group:
    """The rows as typed: parallel lists of group, field, operator and value, in the order of the page."""
    top = Group(_joint(data.get("joint-0")))
    inner: dict[str, Group] = {}
    for group, path, operator, value in zip(*(data.getlist(name) for name in ("group", "field", "operator", "value")), strict=False):
        home = top
        if group != "0":
            if group not in inner:
                inner[group] = Group(_joint(data.get(f"joint-{group}")))
                top.rows.append(inner[group])
            home = inner[group]
        home.rows.append(_row(path, operator, value))
    return top


def changed(group: Group, op: str) -> Group:
    """`add`, `add-group`, `add:<group>` or `remove:<line>` done to the rows."""
    name, _colon, where = op.partition(":")
    homes = [group, *(one for one in group.rows if isinstance(one, Group))]
    if name == "add" and where.isdecimal() and int(where) < len(homes):
        homes[int(where)].rows.append(Row())
    elif name == "add-group":
        group.rows.append(Group("or", [Row()]))
    elif name == "remove" and where.isdecimal():
        lines = _in_order(group)
        if int(where) < len(lines):
            home, row = lines[int(where)]
            home.rows = [one for one in home.rows if one is not row]
    group.rows = [one for one in group.rows if not isinstance(one, Group) or one.rows]
    return group


def _in_order(group: Group) -> list[tuple[Group, Row]]:
    found: list[tuple[Group, Row]] = []
    for one in group.rows:
        found += [(one, row) for row in one.rows if isinstance(row, Row)] if isinstance(one, Group) else [(group, one)]
    return found


def _row(path: str, operator: str, value: str) -> Row:
    fitting = [name for name, _label in rows.operators(path)]
    operator = operator if operator in fitting else fitting[0]
    typed = rows.typed(path, value)
    return Row(path, operator, _default(path) if typed is None else typed)


def _default(path: str) -> Any:
    return 3 if rows.known(path).kind == "number" else ""


def _joint(text: str | None) -> rows.Joint:
    return "or" if text == "or" else "and"
