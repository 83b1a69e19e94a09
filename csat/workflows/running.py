"""Carrying out runs: one step after another, each written down before and after; any worker can go on."""

import time
from datetime import timedelta
from typing import Any

import structlog
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from csat.jobs import Job, enqueue
from csat.lib.outcomes import Outcome, Retry, Unknown
from csat.lib.refusal import Refused
from csat.sessions.models import Session
from csat.surveys import links, scheduling
from csat.timeline.kinds import ActorKind, Kind
from csat.timeline.recording import Actor, record
from csat.workflows import actions, blocks, facts
from csat.workflows.actions import Context, Wait
from csat.workflows.models import Block, Run, Step

LEASE = timedelta(seconds=60)  # longer than the slowest step may take
RETRIES = (timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=30))
IN_HAND = (Run.State.DUE, Run.State.WAITING, Run.State.RUNNING)
log = structlog.get_logger(__name__)


def run_due(*, seconds: float = 40) -> int:
    """Go on with every run whose time has come; how many were touched. Safe to run many times at once."""
    until, touched = time.monotonic() + seconds, 0
    while time.monotonic() < until:
        due_now = list(_due().order_by("wake_at", "id").values_list("pk", flat=True)[:20])
        if not due_now:
            break
        touched += sum(go_on(pk) for pk in due_now)
    return touched


def due() -> bool:
    return _due().exists()


def _due() -> QuerySet[Run]:
    # a running run carries its lease's end as wake_at, so one index finds those whose worker died
    return Run.objects.filter(state__in=IN_HAND, wake_at__lte=timezone.now())


def go_on(pk: int) -> bool:
    """Claim a run and carry out its steps up to its end or its next wait; False when another worker has it."""
    if not _claim(pk):
        return False
    run = Run.objects.select_related("version", "workflow").get(pk=pk)
    while run.state == Run.State.RUNNING:
        _next_step(run)
    return True


def retry(run: Run, *, by: Actor) -> None:
    """Go on from the step that failed. Raises Refused when none did."""
    with transaction.atomic():
        if not run.change(where={"state": Run.State.FAILED}, state=Run.State.DUE, wake_at=timezone.now(), error="", finished_at=None):
            raise Refused(_("Only a failed run can be taken up again."))
        run.steps.filter(state=Step.State.FAILED).delete()
        enqueue(Job.RUN_DUE)


def _claim(pk: int) -> bool:
    now = timezone.now()
    end = now + LEASE
    claimed = _due().filter(pk=pk).update(state=Run.State.RUNNING, lease_until=end, wake_at=end, updated_at=now)
    Run.objects.filter(pk=pk, started_at=None).update(started_at=now)
    return bool(claimed)


def _next_step(run: Run) -> None:
    steps = {step.block_id: step for step in run.steps.all()}
    done = {name: step for name, step in steps.items() if step.state == Step.State.SUCCEEDED}
    stopped = any(step.output.get("stopped") for step in done.values())
    block = None if stopped else blocks.following(run.version.blocks, done)
    if block is None:
        _finish(run, Run.State.SUCCEEDED)
        return
    step = steps.get(block["id"]) or Step(run=run, block_id=block["id"], type=block["type"], input=block.get("params") or {})
    if step.pk and step.output.get("until"):
        step.change(state=Step.State.SUCCEEDED, finished_at=timezone.now())  # a wait that is over
        return
    _carry_out(run, step, done)


def _carry_out(run: Run, step: Step, done: dict[str, Step]) -> None:
    action = actions.get(step.type)
    try:
        if action.outside:
            _remember(run, step)
            output = _act(run, step, done)
            _note(run, step, output)
        else:
            with transaction.atomic():
                _remember(run, step)
                _note(run, step, _act(run, step, done))
    except (Retry, Unknown) as problem:
        _later(run, step, problem)
    except (Refused, Outcome) as problem:
        _fail(run, step, str(problem))
    except Exception as problem:  # a step must never take its worker with it; the run says what happened
        log.exception("workflow step failed", run=str(run.uuid), step=step.block_id)
        _fail(run, step, f"{type(problem).__name__}: {problem}")


def _remember(run: Run, step: Step) -> None:
    """The step's row before its effect: found again as running, its worker died within it."""
    end = timezone.now() + LEASE
    run.change(where={"state": Run.State.RUNNING}, lease_until=end, wake_at=end)
    if step.pk:
        step.change(interrupted=step.interrupted or not step.error, attempt=step.attempt + 1, error="")
    else:
        step.save()


def _act(run: Run, step: Step, done: dict[str, Step]) -> dict[str, Any] | Wait:
    session = Session.objects.select_related("contact", "team", "assignee", "resolver").get(pk=run.session_id or 0)
    known = facts.gather(session) | {"steps": {name: one.output for name, one in done.items()}}
    by = Actor(ActorKind.WORKFLOW, id=str(run.workflow.uuid), name=run.workflow.name, depth=run.depth)
    context = Context(session=session, by=by, facts=known, step=step, values=_values(session, known, step.input, by))
    return actions.get(step.type).run(context, step.input)


def _values(session: Session, known: dict[str, Any], params: Block, by: Actor) -> dict[str, str]:
    """The placeholders' values; a link is only made for a text that uses it."""
    score = known["csat"]
    values = {
        "score": str(score["score"] or ""),
        "comment": score["comment"] or "",
        "contact_name": session.contact.name,
        "agent_name": (known["session"]["agent"] or {}).get("name", ""),
        "ticket_number": str(session.ticket_number),
    }
    if any("{csat_link}" in str(value) for value in params.values()):
        values["csat_link"] = links.rate_url(scheduling.open_link(session, by=by))
    return values


def _note(run: Run, step: Step, output: dict[str, Any] | Wait) -> None:
    now = timezone.now()
    if isinstance(output, Wait):
        step.change(output={"until": (now + output.length).isoformat()})
        run.change(where={"state": Run.State.RUNNING}, state=Run.State.WAITING, wake_at=now + output.length, lease_until=None)
        return
    step.change(state=Step.State.SUCCEEDED, output=output, error="", finished_at=now)


def _later(run: Run, step: Step, problem: Retry | Unknown) -> None:
    """Try the step again after a while; what may have happened is marked, so that it is looked up or repeated under its token."""
    if step.attempt > len(RETRIES):
        _fail(run, step, str(problem))
        return
    pause = timedelta(seconds=getattr(problem, "after", None) or 0) or RETRIES[step.attempt - 1]
    step.change(error=str(problem)[:500], interrupted=step.interrupted or isinstance(problem, Unknown))
    run.change(where={"state": Run.State.RUNNING}, state=Run.State.WAITING, wake_at=timezone.now() + pause, lease_until=None)


def _fail(run: Run, step: Step, words: str) -> None:
    now = timezone.now()
    with transaction.atomic():
        if step.pk is None or not Step.objects.filter(pk=step.pk).exists():
            step.pk = None  # its transaction was undone with its effect
            step.save()
        step.change(state=Step.State.FAILED, error=words[:500], finished_at=now)
        _finish(run, Run.State.FAILED, error=words[:500])


@transaction.atomic
def _finish(run: Run, state: Run.State, *, error: str = "") -> None:
    now = timezone.now()
    if not run.change(where={"state": Run.State.RUNNING}, state=state, error=error, finished_at=now, lease_until=None, wake_at=None):
        run.state = run.again().state
        return
    record(
        Kind.RUN_SUCCEEDED if state == Run.State.SUCCEEDED else Kind.RUN_FAILED,
        by=Actor(ActorKind.WORKFLOW, id=str(run.workflow.uuid), name=run.workflow.name, depth=run.depth),
        session_id=run.session_id,
        contact_id=run.session.contact_id if run.session else None,
        run_id=str(run.uuid),
        workflow_id=str(run.workflow.uuid),
        workflow_name=run.workflow.name,
        status=state.value,
        error=error,
    )
