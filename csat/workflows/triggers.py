"""Start workflows: by events, or by hand."""

from collections import defaultdict

import structlog
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from csat.jobs import Job, enqueue
from csat.lib.refusal import Refused
from csat.lib.types import JsonObject
from csat.people.audit_actions import AuditAction
from csat.people.audit_log import audit
from csat.sessions.models import Session
from csat.timeline.kinds import TRIGGER, Kind
from csat.timeline.models import Event
from csat.timeline.recording import Actor
from csat.workflows import conditions, facts
from csat.workflows.models import Run, Trigger, Version, Workflow

# a workflow's effects are one deeper than what triggered it; at this depth nothing is triggered any more
MAX_DEPTH = 3
log = structlog.get_logger(__name__)


def start_for(events: list[Event], **_: object) -> list[Run]:
    """Start the workflows these events trigger, in the transaction that marks the events dispatched."""
    triggered = [
        (event, TRIGGER[Kind(event.kind)])
        for event in events
        if Kind(event.kind) in TRIGGER and event.session_id
    ]
    versions: dict[str, list[Version]] = defaultdict(list)
    for workflow in Workflow.objects.listening_to({trigger for _event, trigger in triggered}):
        if version := workflow.active:
            version.workflow = workflow
            versions[version.trigger_type].append(version)
    runs = []
    for event, trigger in triggered:
        if versions[trigger]:
            session = facts.load_session(event.session_id)
            known = facts.collect(session) | {"event": event.data}
            runs += [
                _start(version, event, session) for version in versions[trigger] if _matches(version, known)
            ]
    if runs:
        enqueue(Job.RUN_DUE)
    return runs


@transaction.atomic
def start_manually(workflow: Workflow, session: Session, *, by: Actor) -> Run:
    """Run it on a session now, whatever its trigger and constraints. Raises Refused when switched off."""
    if workflow.active is None:
        raise Refused(_("This workflow is switched off: activate it first."))
    if session.practice:
        raise Refused(_("This is a practice conversation: no workflow runs on it."))
    run = Run.objects.create(
        workflow=workflow,
        version=workflow.active,
        session=session,
        trigger_type=Trigger.MANUAL,
        depth=by.depth + 1,
        started_by=by.name,
        wake_at=timezone.now(),
    )
    started = {"name": workflow.name, "run": str(run.uuid), "ticket_number": session.pk}
    audit(by, AuditAction.WORKFLOW_RUN_STARTED, after=started, target=workflow)
    enqueue(Job.RUN_DUE)
    return run


def _matches(version: Version, known: JsonObject) -> bool:
    try:
        return conditions.holds(version.trigger_constraints, known)
    except Exception:  # facts of a shape the author did not think of: the condition does not hold
        log.warning("workflow condition failed", workflow=str(version.workflow.uuid), exc_info=True)
        return False


def _start(version: Version, event: Event, session: Session) -> Run:
    state: JsonObject = {"wake_at": timezone.now()}
    if event.depth >= MAX_DEPTH:
        error = _("Stopped by the loop guard: workflows had triggered each other %(depth)s times.")
        state = {
            "state": Run.State.STOPPED,
            "error": error % {"depth": MAX_DEPTH},
            "finished_at": timezone.now(),
        }
    return Run.objects.create(
        workflow=version.workflow,
        version=version,
        session=session,
        event=event,
        trigger_type=version.trigger_type,
        depth=event.depth + 1,
        **state,
    )
