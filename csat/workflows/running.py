"""Carrying out runs: one step after another, each written down before and after; any worker can go on."""

import time
from datetime import timedelta
from typing import Any

import structlog
from django.conf import settings
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

RETRIES = (timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=30))
DEADLY = 10  # a step within which so many workers died is not tried by another
IN_HAND = (Run.State.DUE, Run.State.WAITING, Run.State.RUNNING)
log = structlog.get_logger(__name__)


class TakenOver(Exception):
    """Our lease ran out and another worker goes on with the run."""


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
    try:
        while run.state == Run.State.RUNNING:
            _next_step(run)
    except TakenOver:
        log.warning("workflow run taken over", run=str(run.uuid))
    return True


def retry(run: Run, *, by: Actor) -> None:
    """Go on from the step that failed, under the token it had: what it may have done outside is looked up or recognised by it.

    Raises Refused when none did.
    """
    with transaction.atomic():
        if not run.change(where={"state": Run.State.FAILED}, state=Run.State.DUE, wake_at=timezone.now(), error="", finished_at=None):
            raise Refused(_("Only a failed run can be taken up again."))
        run.steps.filter(state=Step.State.FAILED).update(state=Step.State.RUNNING, finished_at=None, updated_at=timezone.now())
        enqueue(Job.RUN_DUE)


def _claim(pk: int) -> bool:
    now = timezone.now()
    end = now + _lease()
    claimed = _due().filter(pk=pk).update(state=Run.State.RUNNING, lease_until=end, wake_at=end, updated_at=now)
    Run.objects.filter(pk=pk, started_at=None).update(started_at=now)
    return bool(claimed)


def _lease() -> timedelta:
    return timedelta(seconds=settings.RUN_LEASE_SECONDS)


def _leave(run: Run, **values: Any) -> None:
    """Change our run; raises TakenOver when it is not ours any more."""
    if not run.change(where={"state": Run.State.RUNNING, "lease_until": run.lease_until}, **values):
        raise TakenOver


def _hold(run: Run) -> None:
    end = timezone.now() + _lease()
    _leave(run, lease_until=end, wake_at=end)


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
    _hold(run)
    _carry_out(run, step, done)


def _carry_out(run: Run, step: Step, done: dict[str, Step]) -> None:
    action = actions.get(step.type)
    try:
        if step.attempt >= DEADLY and not step.error:
            raise Refused(_("Workers died within this step %(count)s times.") % {"count": step.attempt})
        if action.outside:
            _remember(step)
            context = _context(run, step, done)
            output = action.run(context, step.input)
            with transaction.atomic():
                _note(run, step, output)
                action.tell(context, output)
        else:
            with transaction.atomic():
                _remember(step)
                _note(run, step, action.run(_context(run, step, done), step.input))
    except TakenOver:
        raise
    except (Retry, Unknown) as problem:
        _later(run, step, problem)
    except (Refused, Outcome) as problem:
        _fail(run, step, str(problem))
    except Exception as problem:  # a step must never take its worker with it; the run says what happened
        log.exception("workflow step failed", run=str(run.uuid), step=step.block_id)
        _fail(run, step, f"{type(problem).__name__}: {problem}")


def _remember(step: Step) -> None:
    """The step's row before its effect: found again as running and without an error, its worker died within it."""
    if step.pk:
        step.change(interrupted=step.interrupted or not step.error, attempt=step.attempt + 1, error="")
    else:
        step.save()


def _context(run: Run, step: Step, done: dict[str, Step]) -> Context:
    session = Session.objects.select_related("contact", "team", "assignee", "resolver").get(pk=run.session_id or 0)
    known = facts.gather(session) | {"steps": {name: one.output for name, one in done.items()}}
    by = Actor(ActorKind.WORKFLOW, id=str(run.workflow.uuid), name=run.workflow.name, depth=run.depth)
    return Context(session=session, by=by, facts=known, step=step, values=_values(session, known, step.input, by))


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
        _leave(run, state=Run.State.WAITING, wake_at=now + output.length, lease_until=None)
        return
    step.change(state=Step.State.SUCCEEDED, output=output, error="", finished_at=now)


def _later(run: Run, step: Step, problem: Retry | Unknown) -> None:
    """Try the step again after a while; what may have happened is marked, so that it is looked up or repeated under its token."""
    if step.attempt > len(RETRIES):
        _fail(run, step, str(problem))
        return
    pause = timedelta(seconds=getattr(problem, "after", None) or 0) or RETRIES[step.attempt - 1]
    step.change(error=str(problem)[:500], interrupted=step.interrupted or isinstance(problem, Unknown))
    _leave(run, state=Run.State.WAITING, wake_at=timezone.now() + pause, lease_until=None)


def _fail(run: Run, step: Step, words: str) -> None:
    now = timezone.now()
    with transaction.atomic():
        _hold(run)
        if step.pk is None or not Step.objects.filter(pk=step.pk).exists():
            step.pk = None  # its transaction was undone with its effect
            step.save()
        step.change(state=Step.State.FAILED, attempt=step.attempt, error=words[:500], finished_at=now)
        _finish(run, Run.State.FAILED, error=words[:500])


@transaction.atomic
def _finish(run: Run, state: Run.State, *, error: str = "") -> None:
    _leave(run, state=state, error=error, finished_at=timezone.now(), lease_until=None, wake_at=None)
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
