"""A workflow in words: all of it in one sentence, or one of its steps."""

from typing import Any

from django.utils.translation import gettext as _

from csat.workflows import actions, wording
from csat.workflows.models import Block, Trigger, Version


def workflow(*, trigger_type: str, trigger_constraints: Any, blocks: list[Block]) -> str:
    """The whole of it in one sentence: “When a customer rates, if Score is lower than 3: Notify ..., Reopen the session.”"""
    when = _trigger(trigger_type)
    only = "" if trigger_constraints in ({}, None) else _(", if %(condition)s") % {"condition": wording.condition(trigger_constraints)}
    said = {"when": when[:1].lower() + when[1:], "only": only, "steps": _steps(blocks) or "…"}
    return (_("When %(when)s%(only)s: %(steps)s.") % said).replace("….", "…")


def version(version: Version) -> str:
    return workflow(trigger_type=version.trigger_type, trigger_constraints=version.trigger_constraints, blocks=version.blocks)


def step(block: Block) -> str:
    """What one block does, in words."""
    return actions.get(block["type"]).sentence(block.get("params") or {})


def _trigger(kind: str) -> str:
    return str(dict(Trigger.choices).get(kind, kind))


def _steps(blocks: list[Block]) -> str:
    return ", ".join(_with_branches(block) for block in blocks)


def _with_branches(block: Block) -> str:
    if block["type"] != "branch":
        return step(block)
    said = {"if": step(block), "then": _steps(block.get("then") or []), "else": _steps(block.get("else") or [])}
    if not (said["then"] or said["else"]):
        return said["if"]
    if said["else"]:
        return _("%(if)s (%(then)s; otherwise %(else)s)") % (said | {"then": said["then"] or _("nothing")})
    return _("%(if)s (%(then)s)") % said
