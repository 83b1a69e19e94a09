"""The builder's forms: the steps as shown, and what was typed into them."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from django.http import QueryDict

from csat.lib.types import JsonObject
from csat.people.models import Team
from csat.workflows import actions, blocks, condition_rows, facts, phrases, summary
from csat.workflows.actions.base import Param
from csat.workflows.actions.conversation import agent_choices
from csat.workflows.condition_rows import Group, Row
from csat.workflows.models import Block, Version

UNITS = (60, 3600, 86400, 1)


@dataclass
class Condition:
    """A condition as rows, or as JSON when rows cannot express it."""

    target: str  # a branch's id; empty: the trigger's constraints
    logic: Any
    group: Group | None
    fields: list[facts.Field]
    words: str
    typed: str = ""  # JSON that could not be parsed
    numbers: Iterator[int] = field(default_factory=count)

    @property
    def json(self) -> str:
        return self.typed or json.dumps(self.logic, ensure_ascii=False, indent=2)

    @property
    def lines(self) -> list[JsonObject]:
        """The rows, each with the number of its group (0 is the top) and the choices that fit its field."""
        lines: list[JsonObject] = []
        groups = 0
        self.numbers = count()
        for row in self.group.rows if self.group else []:
            if isinstance(row, Group):
                groups += 1
                rows = [self._line(inner, groups) for inner in row.rows if isinstance(inner, Row)]
                lines.append({"group": groups, "joint": row.joint, "rows": rows})
            else:
                lines.append(self._line(row, 0))
        return lines

    def _line(self, row: Row, group: int) -> JsonObject:
        row_field = condition_rows.find_field(row.field)
        is_offered = any(offered.path == row.field for offered in self.fields)
        return {
            "row": row,
            "group": group,
            "field": row_field,
            "fields": self.fields if is_offered else [*self.fields, row_field],
            "operators": condition_rows.operators(row.field),
            "valued": row.operator not in condition_rows.VALUELESS,
            "number": next(self.numbers),
        }


@dataclass
class Step:
    """One step on the page."""

    block: Block
    words: str
    label: object
    help: object
    params: list[JsonObject]
    issues: list[str]
    condition: Condition | None = None
    then: list["Step"] = field(default_factory=list)
    otherwise: list["Step"] = field(default_factory=list)


@dataclass(frozen=True)
class TypedJson:
    """JSON that was refused, and the condition it was typed into."""

    target: str
    text: str


def condition_of(version: Version, *, target: str, logic: Any, typed: TypedJson | None = None) -> Condition:
    outputs = [
        facts.Field(f"steps.{block['id']}.{name}", f"{block['id']} → {name}", kind)
        for block in blocks.walk(version.blocks)
        if block["type"] == "get_csat_score"
        for name, kind in (("score", "number"), ("answered", "yes_no"), ("comment", "text"))
    ]
    fields = [*facts.FIELDS, *(outputs if target else [])]
    if typed and typed.target == target:
        return Condition(target, logic, None, fields, phrases.condition(logic), typed=typed.text)
    return Condition(target, logic, condition_rows.from_json_logic(logic), fields, phrases.condition(logic))


def steps_of(version: Version, issues: list[blocks.Issue], typed: TypedJson | None = None) -> list[Step]:
    """The steps as a tree, each with its issues."""
    choices = {"agent": agent_choices(), "team": [(team.name, team.name) for team in Team.objects.all()]}

    def step_of(block: Block) -> Step:
        action, params = actions.get(block["type"]), block.get("params") or {}
        step = Step(
            block=block,
            words=summary.step(block),
            label=action.label,
            help=action.help,
            params=[_param(param, params, choices) for param in action.params],
            issues=[issue.message for issue in issues if issue.step_id == block["id"]],
        )
        if block["type"] == "branch":
            logic = params.get("condition") or {}
            step.condition = condition_of(version, target=block["id"], logic=logic, typed=typed)
            step.then = [step_of(inner) for inner in block.get("then") or []]
            step.otherwise = [step_of(inner) for inner in block.get("else") or []]
        return step

    return [step_of(block) for block in version.blocks]


def _param(param: Param, params: JsonObject, choices: dict[str, list[tuple[str, str]]]) -> JsonObject:
    value = params.get(param.name)
    shown = {
        "param": param,
        "value": "" if value is None else value,
        "suggestions": choices.get(param.kind, []),
    }
    if param.name == "seconds":
        seconds = value if isinstance(value, int) else 0
        unit = next((size for size in UNITS if seconds and seconds % size == 0 and size <= seconds), 60)
        shown |= {"unit": unit, "value": seconds // unit if isinstance(value, int) else "", "units": UNITS}
    return shown


def params_of(block: Block, data: QueryDict) -> JsonObject:
    """What was typed into a step's form."""
    names = [param.name for param in actions.get(block["type"]).params]
    params: JsonObject = {name: data.get(name, "").strip() for name in names}
    if "seconds" in params:
        number, unit = params["seconds"], data.get("unit", "1")
        is_number = all(text.isdecimal() and len(text) < 18 for text in (number, unit))
        params["seconds"] = int(number) * int(unit) if is_number else None
    return params


def typed_condition(data: QueryDict) -> Group:
    """The rows as typed: parallel lists of group, field, operator and value, in the order of the page."""
    top = Group(_joint(data.get("joint-0")))
    groups: dict[str, Group] = {}
    for group, path, operator, value in zip(
        *(data.getlist(name) for name in ("group", "field", "operator", "value")), strict=False
    ):
        if group != "0" and group not in groups:
            groups[group] = Group(_joint(data.get(f"joint-{group}")))
            top.rows.append(groups[group])
        (top if group == "0" else groups[group]).rows.append(_row(path, operator, value))
    return top


def changed(group: Group, op: str) -> Group:
    """The rows after `add`, `add-group`, `add:<group>` or `remove:<line>`."""
    name, _colon, where = op.partition(":")
    groups = [group, *(row for row in group.rows if isinstance(row, Group))]
    if name == "add" and where.isdecimal() and int(where) < len(groups):
        groups[int(where)].rows.append(Row())
    elif name == "add-group":
        group.rows.append(Group("or", [Row()]))
    elif name == "remove" and where.isdecimal():
        lines = _in_order(group)
        if int(where) < len(lines):
            parent, removed = lines[int(where)]
            parent.rows = [row for row in parent.rows if row is not removed]
    group.rows = [row for row in group.rows if not isinstance(row, Group) or row.rows]
    return group


def _in_order(group: Group) -> list[tuple[Group, Row]]:
    """Each row with its group."""
    lines: list[tuple[Group, Row]] = []
    for row in group.rows:
        if isinstance(row, Group):
            lines += [(row, inner) for inner in row.rows if isinstance(inner, Row)]
        else:
            lines.append((group, row))
    return lines


def _row(path: str, operator: str, value: str) -> Row:
    fitting = [name for name, _label in condition_rows.operators(path)]
    operator = operator if operator in fitting else fitting[0]
    typed = condition_rows.parse_value(path, value)
    if typed is None:
        typed = 3 if condition_rows.find_field(path).kind == "number" else ""
    return Row(path, operator, typed)


def _joint(text: str | None) -> condition_rows.Joint:
    return "or" if text == "or" else "and"
