"""What is kept of a contact in the runs of workflows: that they ran, and when, stays."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from django.db.models import Model
from django.utils import timezone

from csat.channels import privacy as channel_privacy
from csat.lib import word_removal
from csat.lib.rows import fields_of
from csat.lib.types import JsonObject
from csat.people.models import Contact
from csat.surveys.models import Score
from csat.workflows import bodies
from csat.workflows.models import UNFINISHED, Run, Step, StepBody

BLANK: dict[type[Model], JsonObject] = {
    Run: {"error": ""},
    Step: {"input": {}, "output": {}, "error": ""},
}
PERSONAL: Mapping[type[Model], Collection[str]] = {**BLANK, StepBody: ["input", "output"]}
ERASED = "The contact was erased."
STEP = ("type", "state", "created_at", "output", "error")


def erase(contact: Contact, **_: Any) -> None:
    """Stop what runs: a worker that is at it finds that the run is no longer its own, and writes nothing."""
    now = timezone.now()
    running = Run.objects.filter(session__contact=contact, state__in=UNFINISHED)
    running.update(
        state=Run.State.STOPPED,
        error=ERASED,
        wake_at=None,
        lease_until=None,
        finished_at=now,
        updated_at=now,
    )


def blank(session_ids: list[int], **_: Any) -> None:
    """This room's part of forgetting the words of conversations; messages to colleagues go, too.

    Runs that are still under way keep their steps until their end.
    """
    now = timezone.now()
    runs = Run.objects.filter(session__in=session_ids).exclude(state__in=UNFINISHED)
    steps = Step.objects.filter(run__in=list(runs.values_list("pk", flat=True)))
    channel_privacy.erase_messages(str(uuid) for uuid in steps.values_list("uuid", flat=True))
    runs.exclude(error__in=["", ERASED]).update(**BLANK[Run], updated_at=now)
    bodies.drop(runs.values_list("pk", flat=True))
    steps.update(**BLANK[Step], updated_at=now)


def remove_words(session_id: int, words: Collection[str], **_: Any) -> None:
    """Take what the customer said with a rating out of the runs on this conversation, also those under way,
    and out of what they sent to the outbox.
    """
    for step in Step.objects.filter(run__session=session_id).order_by("pk"):
        kept: JsonObject = {"input": step.input, "output": step.output, "error": step.error}
        left = word_removal.without(kept, words, quoted=True)
        if left != kept:
            step.change(**left)
            channel_privacy.erase_messages([str(step.uuid)])
    for body in StepBody.objects.filter(run_id__in=Run.objects.filter(session=session_id).values("pk")):
        kept = {"input": body.input, "output": body.output}
        left = word_removal.without(kept, words, quoted=True)
        if left != kept:
            StepBody.objects.filter(pk=body.pk).update(**left)
            of_step = Step.objects.filter(pk=body.step_id).values_list("uuid", flat=True)
            channel_privacy.erase_messages(str(uuid) for uuid in of_step)
    for run in Run.objects.filter(session=session_id).exclude(error=""):
        if (error := word_removal.without(run.error, words, quoted=True)) != run.error:
            run.change(error=error)


def forget_late(step: Step) -> None:
    """Of what a step did while its contact was erased nothing stays."""
    if Run.objects.filter(pk=step.run_id).exclude(session__contact__erased_at=None).exists():
        channel_privacy.erase_messages([str(step.uuid)])
        if step.pk:
            Step.objects.filter(pk=step.pk).update(**BLANK[Step], updated_at=timezone.now())


def forget_withdrawn(step: Step, *, since: datetime) -> None:
    """Where the customer took a comment back while this step called somebody, no text of the call stays."""
    taken_back = Score.objects.filter(session__workflow_runs=step.run_id, words_withdrawn_at__gte=since)
    if step.pk and taken_back.exists():
        channel_privacy.erase_messages([str(step.uuid)])
        output = {name: value for name, value in step.output.items() if not isinstance(value, str)}
        step.change(output=output, error="")


def export(contact: Contact, **_: Any) -> JsonObject:
    rows = Run.objects.filter(session__contact=contact).order_by("pk").select_related("workflow")
    runs = list(rows.prefetch_related("steps"))
    bodies.read_into(runs)
    references = Step.objects.filter(run__session__contact=contact).values_list("uuid", flat=True)
    return {
        "workflows": [
            {
                "workflow": run.workflow.name,
                "conversation": run.session_id,
                "state": run.state,
                "error": run.error,
                "steps": [fields_of(step, STEP) for step in run.steps.all()],
            }
            for run in runs
        ],
        "notices": channel_privacy.export_messages(str(uuid) for uuid in references),
    }
