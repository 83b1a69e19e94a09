"""Who decides when customers of connected conversations are asked: this product, or the help desk."""

from enum import StrEnum

from django.db import transaction

from csat.surveys.models import CsatSettings
from csat.surveys.rules import settings
from csat.timeline.recording import Actor
from csat.workflows import editing, examples
from csat.workflows.models import Version, Workflow

SHIPPED = "third-party"  # the example *resolved elsewhere → Send CSAT Request*
Ticketing = CsatSettings.Ticketing


class Decider(StrEnum):
    HERE = "here"  # auto-send, by Settings → CSAT
    THERE = "there"  # the shipped workflow, whenever their system resolves
    NOBODY = "nobody"  # another ticketing system, and the shipped workflow is not active


def decider() -> Decider:
    if CsatSettings.current().ticketing_system == Ticketing.OPEN:
        return Decider.HERE
    return Decider.THERE if any(workflow.active_id for workflow in _shipped()) else Decider.NOBODY


@transaction.atomic
def decide_here(*, by: Actor) -> None:
    """Set *Open*, and switch the shipped workflow off: one customer is not asked for two reasons."""
    settings.change(by=by, ticketing_system=Ticketing.OPEN)
    for workflow in _shipped():
        if workflow.active_id:
            editing.disable(workflow, by=by)


@transaction.atomic
def decide_there(kind: str, *, by: Actor) -> Workflow:
    """Name the help desk as the ticketing system, and activate the shipped workflow, added where it is
    missing. Raises Refused where it cannot be activated.
    """
    system = kind if kind in Ticketing.values and kind != Ticketing.OPEN else Ticketing.OTHER
    settings.change(by=by, ticketing_system=system)
    existing = sorted(_shipped(), key=lambda workflow: workflow.active_id is None)
    workflow = existing[0] if existing else _add(by)
    if workflow.active_id is None:
        editing.activate(workflow, by=by)
    return workflow


def _add(by: Actor) -> Workflow:
    example = _example()
    return editing.create(
        name=str(example.name),
        by=by,
        trigger_type=example.trigger_type,
        trigger_constraints=example.trigger_constraints,
        blocks=list(example.blocks),
    )


def _shipped() -> list[Workflow]:
    """The workflows that do what the shipped one does."""
    workflows = Workflow.objects.alive().select_related("active").prefetch_related("versions")
    return [workflow for workflow in workflows if _same(workflow.active or workflow.latest)]


def _same(version: Version) -> bool:
    example = _example()
    blocks = [(block["type"], block.get("params") or {}) for block in version.blocks]
    return (
        version.trigger_type == example.trigger_type
        and version.trigger_constraints == example.trigger_constraints
        and blocks == [(block["type"], block["params"]) for block in example.blocks]
    )


def _example() -> examples.Example:
    example = examples.get(SHIPPED)
    assert example
    return example
