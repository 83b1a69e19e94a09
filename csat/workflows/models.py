"""Workflows, their versions, and the runs and steps of each version."""

from collections.abc import Collection

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from csat.lib.rows import Row
from csat.lib.types import JsonObject
from csat.sessions.models import Session
from csat.timeline.models import Event


class Trigger(models.TextChoices):
    SCORE = "csat-score-submit", _("A customer rates")
    RESOLVED = "ticket-resolved", _("A conversation is closed")
    CREATED = "ticket-created", _("A conversation starts")
    HANDOFF = "ticket-handoff", _("A conversation is handed to a person")
    TAGGED = "ticket-tag-added", _("A tag is added")
    REQUESTED = "csat-requested", _("A survey is requested")
    REOPENED = "csat-reopened", _("A customer has it looked at again")
    OVERDUE = "follow-up-overdue", _("A follow-up is overdue")
    MANUAL = "manual-trigger", _("Someone starts it by hand")


class WorkflowQuerySet(models.QuerySet["Workflow"]):
    def alive(self) -> "WorkflowQuerySet":
        return self.filter(deleted_at=None)

    def listening_to(self, triggers: Collection[str]) -> "WorkflowQuerySet":
        return self.alive().filter(active__trigger_type__in=triggers).select_related("active")


class Workflow(Row):
    """A workflow: new runs use its active version, edits change its draft."""

    name = models.CharField(max_length=120)
    # None: switched off
    active = models.ForeignKey("Version", on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    deleted_at = models.DateTimeField(null=True, blank=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True)

    objects = WorkflowQuerySet.as_manager()

    class Meta:
        ordering = ["name", "id"]

    def __str__(self) -> str:
        return self.name

    @property
    def latest(self) -> "Version":
        """The draft while there is one, else the newest version."""
        return self.versions.all()[0]  # newest first: no query where they were prefetched


class Version(Row):
    """One version of a workflow; it never changes once it has been active."""

    workflow = models.ForeignKey(Workflow, on_delete=models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    trigger_type = models.CharField(max_length=30, choices=Trigger, default=Trigger.SCORE)
    trigger_constraints = models.JSONField(default=dict, blank=True)  # JSON Logic; {} is always true
    blocks = models.JSONField(default=list, blank=True)
    activated_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["workflow", "number"], name="one_version_number")]
        ordering = ["-number"]

    def __str__(self) -> str:
        return f"{self.workflow_id} v{self.number}"


class Run(Row):
    """One run of a version on a session. All its state is in rows, so any worker can continue it."""

    class State(models.TextChoices):
        DUE = "due", _("Queued")
        RUNNING = "running", _("Running")
        WAITING = "waiting", _("Waiting")
        SUCCEEDED = "succeeded", _("Succeeded")
        FAILED = "failed", _("Failed")
        STOPPED = "stopped", _("Stopped")

    class Bodies(models.TextChoices):
        """Where what its steps were given and brought stands."""

        IN_STEPS = "", _("in its steps")
        MOVED = "moved", _("in StepBody")
        DROPPED = "dropped", _("no longer kept")

    workflow = models.ForeignKey(Workflow, on_delete=models.CASCADE, related_name="runs")
    version = models.ForeignKey(Version, on_delete=models.PROTECT, related_name="runs")
    session = models.ForeignKey(
        Session,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="workflow_runs",
        verbose_name=_("conversation"),
    )
    event = models.ForeignKey(Event, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    trigger_type = models.CharField(max_length=30)
    started_by = models.CharField(max_length=200, blank=True)  # who pressed the button, for a manual run
    depth = models.PositiveSmallIntegerField(default=0)  # of what its steps do
    state = models.CharField(max_length=10, choices=State, default=State.DUE)
    wake_at = models.DateTimeField(null=True, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    error = models.CharField(max_length=500, blank=True)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    bodies = models.CharField(
        max_length=7, choices=Bodies, blank=True, default=Bodies.IN_STEPS, db_default=Bodies.IN_STEPS.value
    )

    class Meta:
        ordering = ["-id"]
        constraints = [models.UniqueConstraint(fields=["workflow", "event"], name="one_run_per_event")]
        indexes = [
            models.Index(
                fields=["wake_at"], condition=Q(state__in=["due", "waiting", "running"]), name="run_due"
            ),
            models.Index(fields=["workflow", "-id"], name="run_log"),
            models.Index(
                fields=["finished_at"],
                condition=Q(finished_at__isnull=False) & ~Q(bodies="dropped"),
                name="run_with_bodies",
            ),
            models.Index(
                fields=["finished_at"],
                condition=Q(bodies="", state__in=["succeeded", "stopped"]),
                name="run_to_move",
            ),
        ]

    def __str__(self) -> str:
        return f"run of {self.workflow_id}"


UNFINISHED = (Run.State.DUE, Run.State.WAITING, Run.State.RUNNING)


class Step(Row):
    """One block of a run, as it was executed."""

    class State(models.TextChoices):
        RUNNING = "running", _("Running")
        SUCCEEDED = "succeeded", _("Done")
        FAILED = "failed", _("Failed")

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="steps")
    block_id = models.CharField(max_length=60)
    type = models.CharField(max_length=30)
    state = models.CharField(max_length=10, choices=State, default=State.RUNNING)
    attempt = models.PositiveIntegerField(default=1)
    interrupted = models.BooleanField(default=False)  # a worker died during it: repeated under the same id
    input = models.JSONField(default=dict, blank=True)
    output = models.JSONField(default=dict, blank=True)
    error = models.CharField(max_length=500, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["run", "block_id"], name="one_step_per_block")]

    def __str__(self) -> str:
        return f"{self.type} {self.state}"


class StepBody(models.Model):
    """What a step of an ended run was given and brought. Nothing refers to it, so that it may go alone."""

    run_id = models.BigIntegerField(db_index=True)  # Run.pk
    step_id = models.BigIntegerField()  # Step.pk
    input = models.JSONField(default=dict)
    output = models.JSONField(default=dict)

    def __str__(self) -> str:
        return f"body of {self.step_id}"


Block = JsonObject  # id, type, params; a branch also has then and else
