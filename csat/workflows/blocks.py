"""The tree of blocks: walking it, and what is wrong with it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from csat.workflows import actions, conditions
from csat.workflows.models import Block, Step, Trigger

MAX_BLOCKS = 100
MAX_NESTING = 8


@dataclass(frozen=True)
class Issue:
    """One thing to mend, at the step it belongs to (None: the workflow itself)."""

    step_id: str | None
    message: str


def every(blocks: list[Block]) -> Iterator[Block]:
    """Every block of the tree, each before what hangs below it."""
    for block in blocks:
        yield block
        if block.get("type") == "branch":
            yield from every(block.get("then") or [])
            yield from every(block.get("else") or [])


def following(blocks: list[Block], done: dict[str, Step]) -> Block | None:
    """The next block to carry out, given the steps that are done; None at the end."""
    for block in blocks:
        step = done.get(block["id"])
        if step is None:
            return block
        if block["type"] == "branch":
            inner = following(block.get(step.output["taken"]) or [], done)
            if inner:
                return inner
    return None


def issues(*, trigger_type: Any, trigger_constraints: Any, blocks: Any) -> list[Issue]:
    """Everything that keeps a workflow from being activated."""
    found: list[Issue] = []
    if trigger_type not in Trigger.values:
        found.append(Issue(None, _("There is no trigger “%(name)s”.") % {"name": trigger_type}))
    found += [Issue(None, problem) for problem in conditions.problems(trigger_constraints)]
    shape = _shape(blocks)
    if shape:
        return [*found, *shape]
    if not blocks:
        found.append(Issue(None, _("Add at least one step.")))
    for block in every(blocks):
        found += [Issue(block["id"], problem) for problem in actions.get(block["type"]).problems(block.get("params") or {})]
    return found


def _shape(blocks: Any) -> list[Issue]:
    """Whether it is a tree of known blocks at all."""
    found: list[Issue] = []
    seen: set[str] = set()

    def look(inner: Any, level: int) -> None:
        if not isinstance(inner, list):
            found.append(Issue(None, _("Steps are a list.")))
            return
        if level > MAX_NESTING:
            found.append(Issue(None, _("Branches are nested too deeply.")))
            return
        for block in inner:
            name = block.get("id") if isinstance(block, dict) else None
            if not isinstance(name, str) or not name or len(name) > 60:
                found.append(Issue(None, _("Every step needs an id of at most 60 characters.")))
                continue
            if name in seen:
                found.append(Issue(name, _("Two steps have the same id.")))
            seen.add(name)
            if block.get("type") not in actions.TYPES:
                found.append(Issue(name, _("There is no step type “%(name)s”.") % {"name": block.get("type")}))
            elif not isinstance(block.get("params") or {}, dict):
                found.append(Issue(name, _("A step's params are an object.")))
            if block.get("type") == "branch":
                look(block.get("then") or [], level + 1)
                look(block.get("else") or [], level + 1)

    look(blocks, 1)
    if len(seen) > MAX_BLOCKS:
        found.append(Issue(None, _("A workflow has at most %(count)s steps.") % {"count": MAX_BLOCKS}))
    return found
