"""Where what steps were given and brought stands: in their rows while the run may go on, in StepBody
a week after it has ended for good.
"""

from collections.abc import Iterable
from datetime import timedelta

from django.db import transaction
from django.db.models import QuerySet, prefetch_related_objects
from django.utils import timezone

from csat.workflows.models import Run, Step, StepBody

SLICE = 100  # runs
# an interrupted step looks in the steps of other runs for what it sent already (csat.workflows.actions)
STAY = timedelta(days=7)
ENDED = (Run.State.SUCCEEDED, Run.State.STOPPED)  # a failed one may be retried


def due() -> bool:
    """Whether any body is to be moved."""
    return _ended().exists()


def move() -> int:
    """Move the bodies of one slice of ended runs out of their steps; how many runs. Safe to run many times at
    once.
    """
    with transaction.atomic():
        rows = _ended().select_for_update(skip_locked=True, no_key=True).order_by("finished_at")
        runs = list(rows.values_list("pk", flat=True)[:SLICE])
        steps = Step.objects.filter(run__in=runs)
        StepBody.objects.bulk_create(
            StepBody(run_id=run, step_id=pk, input=given, output=brought)
            for run, pk, given, brought in steps.order_by("pk").values_list("run", "pk", "input", "output")
        )
        steps.update(input={}, output={})
        Run.objects.filter(pk__in=runs).update(bodies=Run.Bodies.MOVED)
    return len(runs)


def read_into(runs: Iterable[Run]) -> None:
    """Give the steps of these runs (`run.steps` is prefetched here unless it was), which are not saved
    afterwards, what was moved, by two queries at most.
    """
    moved = {run.pk: run for run in runs if run.bodies == Run.Bodies.MOVED}
    if not moved:
        return
    prefetch_related_objects(list(moved.values()), "steps")
    kept = {body.step_id: body for body in StepBody.objects.filter(run_id__in=moved)}
    for step in (step for run in moved.values() for step in run.steps.all()):
        if body := kept.get(step.pk):
            step.input, step.output = body.input, body.output


def delete_with(session_ids: list[int], **_: object) -> None:
    """This room's part of removing conversations altogether."""
    runs = Run.objects.filter(session__in=session_ids).order_by()
    StepBody.objects.filter(run_id__in=runs.values("pk")).delete()


def drop(runs: Iterable[int]) -> None:
    """What the steps of these runs were given and brought goes; call it in a transaction."""
    pks = list(runs)
    # the runs first: whoever moves one at this moment ends first
    Run.objects.filter(pk__in=pks).update(bodies=Run.Bodies.DROPPED)
    Step.objects.filter(run__in=pks).update(input={}, output={}, updated_at=timezone.now())
    StepBody.objects.filter(run_id__in=pks).delete()


def _ended() -> QuerySet[Run]:
    before = timezone.now() - STAY
    return Run.objects.filter(state__in=ENDED, bodies=Run.Bodies.IN_STEPS, finished_at__lt=before).order_by()
