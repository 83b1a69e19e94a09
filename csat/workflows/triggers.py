"""Which facts start which workflows."""

from collections import defaultdict

import structlog
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from csat.jobs import Job, enqueue
from csat.lib.refusal import Refused
from csat.sessions.models import Session
from csat.timeline.kinds import TRIGGER, Kind
from csat.timeline.models import Event
from csat.timeline.recording import Actor
from csat.workflows import conditions, facts
from csat.workflows.models import Run, Trigger, Version, Workflow

MAX_DEPTH = 3  # a workflow's effects are one deeper than what triggered it; from here on nothing is triggered
log = structlog.get_logger(__name__)


def take(events: list[Event]) -> list[Run]:
    """Start the workflows that listen to these and whose constraints hold, within the transaction that hands them over."""
    triggered = [(event, TRIGGER[Kind(event.kind)]) for event in events if Kind(event.kind) in TRIGGER and event.session_id]
    listening: dict[str, list[Workflow]] = defaultdict(list)
    for workflow in Workflow.objects.listening_to({trigger for _event, trigger in triggered}):
        listening[workflow.active.trigger_type if workflow.active else ""].append(workflow)
    started = [run for event, trigger in triggered if listening[trigger] for run in _started(event, listening[trigger])]
    if started:
        enqueue(Job.RUN_DUE)
    return started


def _started(event: Event, listening: list[Workflow]) -> list[Run]:
    session = Session.objects.select_related("contact", "team", "assignee", "resolver").get(pk=event.session_id or 0)
    known = facts.gather(session) | {"event": event.data}
    return [_start(workflow, event=event, session=session) for workflow in listening if _matches(workflow, known)]


@transaction.atomic
def start_by_hand(workflow: Workflow, session: Session, *, by: Actor) -> Run:
    """Run it on a session now, whatever its trigger and constraints. Raises Refused while it is switched off."""
    if workflow.active is None:
        raise Refused(_("This workflow is switched off: activate it first."))
    run = _create(workflow, workflow.active, session=session, trigger_type=Trigger.MANUAL, depth=by.depth + 1, started_by=by.name)
    enqueue(Job.RUN_DUE)
    return run


def _matches(workflow: Workflow, known: dict[str, object]) -> bool:
    assert workflow.active is not None
    try:
        return conditions.holds(workflow.active.trigger_constraints, known)
    except Exception:  # facts of a shape the author did not think of: the condition does not hold
        log.warning("workflow condition failed", workflow=str(workflow.uuid), exc_info=True)
        return False


def _start(workflow: Workflow, *, event: Event, session: Session) -> Run:
    assert workflow.active is not None
    guarded = event.depth >= MAX_DEPTH
    return _create(
        workflow,
        workflow.active,
        session=session,
        event=event,
        trigger_type=workflow.active.trigger_type,
        depth=event.depth + 1,
        **_stopped() if guarded else {},
    )


def _stopped() -> dict[str, object]:
    words = _("Stopped by the loop guard: workflows had triggered each other %(depth)s times.") % {"depth": MAX_DEPTH}
    return {"state": Run.State.STOPPED, "error": words, "finished_at": timezone.now(), "wake_at": None}


def _create(workflow: Workflow, version: Version, **values: object) -> Run:
    return Run.objects.create(workflow=workflow, version=version, **({"wake_at": timezone.now()} | values))
