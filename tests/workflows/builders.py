"""Build workflows, and run them until nothing is due."""

from csat.sessions.models import Session
from csat.surveys.answers import answering
from csat.surveys.delivery import scheduling
from csat.timeline import dispatching
from csat.timeline.recording import SYSTEM
from csat.workflows import editing, examples, running
from csat.workflows.models import Workflow

RESOLVED = "ticket-resolved"


def workflow(*blocks: dict, trigger: str = RESOLVED, when: dict | None = None) -> Workflow:
    """An active workflow."""
    active = editing.create(
        name="A workflow",
        by=SYSTEM,
        trigger_type=trigger,
        trigger_constraints=when or {},
        blocks=list(blocks),
    )
    editing.activate(active, by=SYSTEM)
    return active


def from_example(slug: str, **changes: dict) -> Workflow:
    example = examples.get(slug)
    assert example
    blocks = [block | {"params": block["params"] | changes.get(block["id"], {})} for block in example.blocks]
    return workflow(*blocks, trigger=example.trigger_type, when=example.trigger_constraints)


def block(kind: str, name: str = "", **params: object) -> dict:
    return {"id": name or kind, "type": kind, "params": params}


def run_until_idle() -> None:
    """Dispatch events and continue runs until nothing is due."""
    while dispatching.fan_out() + running.run_due():
        pass


def rate(session: Session, score: int, comment: str = "") -> None:
    answering.answer(scheduling.open_for_link(session), score=score, comment=comment, source="page")
