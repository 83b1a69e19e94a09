"""Execute workflow runs. Each step is saved before and after it runs, so that any worker can continue."""

import time
from datetime import datetime, timedelta

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from csat.jobs import Job, enqueue
from csat.lib.outcomes import Outcome, Retry, Unknown
from csat.lib.refusal import Refused
from csat.lib.text import greetable
from csat.lib.types import JsonObject
from csat.people.audit_actions import AuditAction
from csat.people.audit_log import audit
from csat.people.erasure import refuse_erased
from csat.surveys import kept_links
from csat.surveys.delivery import link_handouts
from csat.timeline.kinds import ActorKind, Kind
from csat.timeline.payloads import RunEnded
from csat.timeline.recording import Actor, record
from csat.workflows import actions, blocks, facts, outages, privacy
from csat.workflows.actions.base import Action, Context, Wait
from csat.workflows.models import UNFINISHED, Run, Step

RETRIES = (timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=30))
MAX_CRASHES = 10  # a step during which so many workers died is not tried again
log = structlog.get_logger(__name__)


class LeaseLost(Exception):
    """Our lease ran out and another worker has continued the run."""


def run_due(*, seconds: float = 40) -> int:
    """Continue every run that is due; returns how many we worked on. Safe to run many times at once."""
    deadline, resumed = time.monotonic() + seconds, 0
    while time.monotonic() < deadline:
        outages.hold()
        pks = list(_due_runs().order_by("wake_at", "id").values_list("pk", flat=True)[:20])
        if not pks:
            break
        resumed += sum(resume(pk) for pk in pks)
    return resumed


def due() -> bool:
    return _due_runs().exists()


def resume(pk: int) -> bool:
    """Claim a run and execute its steps up to its end or its next wait; False when another worker has it."""
    if not _claim(pk):
        return False
    run = Run.objects.select_related("version", "workflow").get(pk=pk)
    try:
        while run.state == Run.State.RUNNING:
            _run_next_step(run)
    except LeaseLost:
        log.warning("workflow run taken over", run=str(run.uuid))
    return True


def retry(run: Run, *, by: Actor) -> None:
    """Continue a failed run from the step that failed. Raises Refused when it has not failed, its contact was
    erased, or what its steps brought is no longer kept.

    The step keeps its token, by which an effect it already had outside is found or recognised.
    """
    now = timezone.now()
    with transaction.atomic():
        if not run.change(
            where={"state": Run.State.FAILED}, state=Run.State.DUE, wake_at=now, error="", finished_at=None
        ):
            raise Refused(_("Only a failed run can be retried."))
        if run.session:
            refuse_erased(run.session.contact)
        if Run.objects.filter(pk=run.pk, bodies=Run.Bodies.DROPPED).exists():
            raise Refused(_("What its steps brought is no longer kept: it cannot be retried."))
        failed_steps = run.steps.filter(state=Step.State.FAILED)
        failed_steps.update(state=Step.State.RUNNING, finished_at=None, updated_at=now)
        after = {"name": run.workflow.name, "run": str(run.uuid)}
        audit(by, AuditAction.WORKFLOW_RUN_RETRIED, after=after, target=run.workflow)
        enqueue(Job.RUN_DUE)


def stop_due(until: datetime, **_more: object) -> int:
    """Stop runs that were due by then in a restored database: their steps may have been done since the
    backup. Those that wait for a later time go on; so do those that somebody starts by hand.
    """
    now = timezone.now()
    unfinished = Run.objects.filter(state__in=UNFINISHED)
    in_doubt = unfinished.filter(Q(wake_at__lte=until) | Q(started_at=None, event__at__lte=until))
    return in_doubt.update(
        state=Run.State.STOPPED,
        error=_("Due before the restore from a backup: perhaps it has run, so it does not run again."),
        finished_at=now,
        wake_at=None,
        lease_until=None,
        updated_at=now,
    )


def _due_runs() -> QuerySet[Run]:
    # a running run has the end of its lease as wake_at, so one index also finds those whose worker died
    return Run.objects.filter(state__in=UNFINISHED, wake_at__lte=timezone.now())


def _claim(pk: int) -> bool:
    now = timezone.now()
    lease_until = now + _lease_length()
    claimed = (
        _due_runs()
        .filter(pk=pk)
        .update(state=Run.State.RUNNING, lease_until=lease_until, wake_at=lease_until, updated_at=now)
    )
    Run.objects.filter(pk=pk, started_at=None).update(started_at=now)
    return bool(claimed)


def _renew_lease(run: Run) -> None:
    lease_until = timezone.now() + _lease_length()
    _change_if_ours(run, lease_until=lease_until, wake_at=lease_until)


def _change_if_ours(run: Run, **values: object) -> None:
    """Change the run while we hold its lease. Raises LeaseLost."""
    if not run.change(where={"state": Run.State.RUNNING, "lease_until": run.lease_until}, **values):
        raise LeaseLost


def _lease_length() -> timedelta:
    return timedelta(seconds=settings.RUN_LEASE_SECONDS)


def _run_next_step(run: Run) -> None:
    steps = {step.block_id: step for step in run.steps.all()}
    done = {block_id: step for block_id, step in steps.items() if step.state == Step.State.SUCCEEDED}
    stopped = any(step.output.get("stopped") for step in done.values())
    block = None if stopped else blocks.next_block(run.version.blocks, done)
    if block is None:
        _finish(run, Run.State.SUCCEEDED)
        return
    step = steps.get(block["id"]) or Step(
        run=run, block_id=block["id"], type=block["type"], input=block.get("params") or {}
    )
    if step.pk and step.output.get("until"):
        step.change(state=Step.State.SUCCEEDED, finished_at=timezone.now())  # a wait that is over
        return
    _renew_lease(run)
    _execute(run, step, done)


def _execute(run: Run, step: Step, done: dict[str, Step]) -> None:
    started_at = timezone.now()
    try:
        _try(run, step, done)
    except LeaseLost:
        privacy.forget_late(step)
        raise
    if actions.get(step.type).outside:
        privacy.forget_withdrawn(step, since=started_at)


def _try(run: Run, step: Step, done: dict[str, Step]) -> None:
    action = actions.get(step.type)
    try:
        if step.attempt >= MAX_CRASHES and not step.error:
            raise Refused(_("Workers stopped during this step %(count)s times.") % {"count": step.attempt})
        if action.outside:
            _save_before_run(step)
            context = _context(run, step, done)
            output = action.run(context, step.input)
            with transaction.atomic():
                _save_output(run, step, output)
                action.record_effect(context, output)
        else:
            with transaction.atomic():
                _save_before_run(step)
                _save_output(run, step, action.run(_context(run, step, done), step.input))
    except LeaseLost:
        raise
    except (Retry, Unknown) as outcome:
        _retry_later(run, step, outcome, action)
    except (Refused, Outcome) as error:
        _fail(run, step, _words(error))
    except Exception as error:  # a step must never take its worker with it; the run says what happened
        log.exception("workflow step failed", run=str(run.uuid), step=step.block_id)
        _fail(run, step, f"{type(error).__name__}: {_words(error)}")


def _words(error: Exception) -> str:
    """A provider may repeat what it was sent."""
    words: str = kept_links.hide(str(error))
    return words


def _save_before_run(step: Step) -> None:
    """A step found later as running and without an error was interrupted: its worker died."""
    if step.pk:
        step.change(interrupted=step.interrupted or not step.error, attempt=step.attempt + 1, error="")
    else:
        step.save()


def _context(run: Run, step: Step, done: dict[str, Step]) -> Context:
    session = facts.load_session(run.session_id)
    known = facts.collect(session)
    values = _placeholder_values(known)
    by = _actor(run)
    # a link is only made for a text that uses it
    if any("{csat_link}" in str(param) for param in step.input.values()):
        values["csat_link"] = link_handouts.hand_out(session, by=by)[0]
    outputs = {block_id: step.output for block_id, step in done.items()}
    return Context(session=session, by=by, facts=known | {"steps": outputs}, step=step, values=values)


def _placeholder_values(known: JsonObject) -> dict[str, str]:
    csat, session = known["csat"], known["session"]
    return {
        "score": str(csat["score"] or ""),
        "comment": csat["comment"] or "",
        "contact_name": greetable(known["contact"]["name"] or ""),
        "agent_name": session["agent"].get("name", ""),
        "ticket_number": str(session["ticket_number"]),
    }


def _save_output(run: Run, step: Step, output: JsonObject | Wait) -> None:
    """Inside a transaction: what a step brings when the run is no longer ours is not kept."""
    now = timezone.now()
    if isinstance(output, Wait):
        wake_at = now + output.length
        _change_if_ours(run, state=Run.State.WAITING, wake_at=wake_at, lease_until=None)
        step.change(output={"until": wake_at.isoformat()})
    else:
        _change_if_ours(run)
        step.change(state=Step.State.SUCCEEDED, output=output, error="", finished_at=now)


@transaction.atomic
def _retry_later(run: Run, step: Step, outcome: Retry | Unknown, action: Action) -> None:
    """Wait and try the step again. After Unknown it counts as interrupted: its effect is looked up first."""
    _change_if_ours(run)
    step.interrupted = step.interrupted or isinstance(outcome, Unknown)
    way = action.way(run.session, step.input) if outcome.outage and run.session else None
    if way and outages.is_away(way):
        if outages.wait(step, way, error=_words(outcome)):
            _change_if_ours(run, state=Run.State.WAITING, wake_at=outages.next_try(), lease_until=None)
        else:
            _fail(
                run, step, _("The provider did not answer for 5 days: %(error)s") % {"error": _words(outcome)}
            )
        return
    if step.attempt > len(RETRIES):
        _fail(run, step, _words(outcome))
        return
    asked = outcome.after if isinstance(outcome, Retry) else None
    pause = timedelta(seconds=asked or 0) or RETRIES[step.attempt - 1]
    step.change(error=_words(outcome)[:500], interrupted=step.interrupted, output={})
    _change_if_ours(run, state=Run.State.WAITING, wake_at=timezone.now() + pause, lease_until=None)


def _fail(run: Run, step: Step, error: str) -> None:
    now = timezone.now()
    with transaction.atomic():
        _renew_lease(run)
        if step.pk is None or not Step.objects.filter(pk=step.pk).exists():
            step.pk = None  # its transaction was rolled back with its effect
            step.save()
        kept: JsonObject = {"attempt": step.attempt, "interrupted": step.interrupted}
        step.change(state=Step.State.FAILED, output={}, error=error[:500], finished_at=now, **kept)
        _finish(run, Run.State.FAILED, error=error[:500])


@transaction.atomic
def _finish(run: Run, state: Run.State, *, error: str = "") -> None:
    _change_if_ours(run, state=state, error=error, finished_at=timezone.now(), lease_until=None, wake_at=None)
    record(
        Kind.RUN_SUCCEEDED if state == Run.State.SUCCEEDED else Kind.RUN_FAILED,
        by=_actor(run),
        session_id=run.session_id,
        contact_id=run.session.contact_id if run.session else None,
        **RunEnded(
            run_id=str(run.uuid),
            workflow_id=str(run.workflow.uuid),
            workflow_name=run.workflow.name,
            status=state.value,
            error=error,
        ),
    )


def _actor(run: Run) -> Actor:
    return Actor(ActorKind.WORKFLOW, id=str(run.workflow.uuid), name=run.workflow.name, depth=run.depth)
