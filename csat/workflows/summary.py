"""A workflow, or one of its steps, as a sentence."""

from django.utils.translation import gettext as _

from csat.workflows import actions, phrases
from csat.workflows.models import Block, Trigger, Version


def workflow(*, trigger_type: str, trigger_constraints: object, blocks: list[Block]) -> str:
    """“When a customer rates, if Score is lower than 3: Notify ..., Reopen the session.”"""
    when = str(dict(Trigger.choices).get(trigger_type, trigger_type))
    only = ""
    if trigger_constraints not in ({}, None):
        only = _(", if %(condition)s") % {"condition": phrases.condition(trigger_constraints)}
    parts = {"when": when[:1].lower() + when[1:], "only": only, "steps": _steps(blocks) or "…"}
    return (_("When %(when)s%(only)s: %(steps)s.") % parts).replace("….", "…")


def version(version: Version) -> str:
    return workflow(
        trigger_type=version.trigger_type,
        trigger_constraints=version.trigger_constraints,
        blocks=version.blocks,
    )


def step(block: Block) -> str:
    """What one block does, in words."""
    return actions.get(block["type"]).sentence(block.get("params") or {})


def _steps(blocks: list[Block]) -> str:
    return ", ".join(_with_branches(block) for block in blocks)


def _with_branches(block: Block) -> str:
    if block["type"] != "branch":
        return step(block)
    then, otherwise = _steps(block.get("then") or []), _steps(block.get("else") or [])
    if not (then or otherwise):
        return step(block)
    parts = {"if": step(block), "then": then or _("nothing"), "else": otherwise}
    return (_("%(if)s (%(then)s; otherwise %(else)s)") if otherwise else _("%(if)s (%(then)s)")) % parts
