"""The tree of blocks: walk through it, find the next one, check it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from csat.workflows import actions, conditions, facts
from csat.workflows.models import Block, Step, Trigger

MAX_BLOCKS = 100
MAX_NESTING = 8


@dataclass(frozen=True)
class Issue:
    """One mistake, and the step it is in (None: the workflow itself)."""

    step_id: str | None
    message: str


def walk(blocks: list[Block]) -> Iterator[Block]:
    """Every block of the tree, each before the blocks inside it."""
    for block in blocks:
        yield block
        if block.get("type") == "branch":
            yield from walk(block.get("then") or [])
            yield from walk(block.get("else") or [])


def next_block(blocks: list[Block], done: dict[str, Step]) -> Block | None:
    """The next block to execute after the steps that are done; None at the end."""
    for block in blocks:
        step = done.get(block["id"])
        if step is None:
            return block
        if block["type"] == "branch":
            inner = next_block(block.get(step.output["taken"]) or [], done)
            if inner:
                return inner
    return None


def issues(*, trigger_type: object, trigger_constraints: object, blocks: Any) -> list[Issue]:
    """All mistakes that keep a workflow from being activated; the arguments may be any JSON."""
    mistakes: list[Issue] = []
    if trigger_type not in Trigger.values:
        mistakes.append(Issue(None, _("There is no trigger “%(name)s”.") % {"name": trigger_type}))
    mistakes += [Issue(None, problem) for problem in conditions.problems(trigger_constraints)]
    names = facts.names(trigger_type)
    unknown = conditions.unknown_facts(trigger_constraints, names | facts.event_names(trigger_type))
    mistakes += [Issue(None, problem) for problem in unknown]
    malformed = _shape_issues(blocks)
    if malformed:
        return [*mistakes, *malformed]
    if not blocks:
        mistakes.append(Issue(None, _("Add at least one step.")))
    names = names | _outputs(blocks)
    for block in walk(blocks):
        params = block.get("params") or {}
        problems = actions.get(block["type"]).problems(params)
        if block["type"] == "branch":
            problems += conditions.unknown_facts(params.get("condition"), names)
        mistakes += [Issue(block["id"], problem) for problem in problems]
    return mistakes


def _outputs(blocks: list[Block]) -> set[str]:
    """What conditions may read of the steps before them."""
    return {
        f"steps.{block['id']}.{name}" for block in walk(blocks) for name in actions.get(block["type"]).outputs
    }


def _shape_issues(blocks: object) -> list[Issue]:
    """What keeps it from being a tree of known blocks with unique ids."""
    mistakes: list[Issue] = []
    ids: set[str] = set()

    def check(branch: object, level: int) -> None:
        if not isinstance(branch, list):
            mistakes.append(Issue(None, _("Steps are a list.")))
        elif level > MAX_NESTING:
            mistakes.append(Issue(None, _("Branches are nested too deeply.")))
        else:
            for block in branch:
                check_block(block, level)

    def check_block(block: object, level: int) -> None:
        block_id = block.get("id") if isinstance(block, dict) else None
        if not isinstance(block, dict) or not isinstance(block_id, str) or not 0 < len(block_id) <= 60:
            mistakes.append(Issue(None, _("Every step needs an id of at most 60 characters.")))
            return
        if block_id in ids:
            mistakes.append(Issue(block_id, _("Two steps have the same id.")))
        ids.add(block_id)
        kind = block.get("type")
        if kind not in actions.TYPES:
            mistakes.append(Issue(block_id, _("There is no step type “%(name)s”.") % {"name": kind}))
        elif not isinstance(block.get("params") or {}, dict):
            mistakes.append(Issue(block_id, _("A step's params are an object.")))
        if kind == "branch":
            check(block.get("then") or [], level + 1)
            check(block.get("else") or [], level + 1)

    check(blocks, 1)
    if len(ids) > MAX_BLOCKS:
        mistakes.append(Issue(None, _("A workflow has at most %(count)s steps.") % {"count": MAX_BLOCKS}))
    return mistakes
