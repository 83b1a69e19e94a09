"""Event: one thing that happened; the row is also the outbox of fan-out. Heartbeat: a worker is alive."""

import uuid

from django.db import models
from django.utils import timezone

from csat.timeline.kinds import ActorKind, Kind


class Event(models.Model):
    """Plain ids instead of foreign keys: the timeline knows nothing of the tables above it."""

    uuid = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(max_length=40, choices=Kind)
    at = models.DateTimeField(default=timezone.now)
    session_id = models.BigIntegerField(null=True, blank=True)
    contact_id = models.BigIntegerField(null=True, blank=True)
    actor_kind = models.CharField(max_length=12, choices=ActorKind)
    actor_id = models.CharField(max_length=64, blank=True)
    actor_name = models.CharField(max_length=200, blank=True)
    depth = models.PositiveSmallIntegerField(default=0)
    data = models.JSONField(default=dict, blank=True)
    dispatch_after = models.DateTimeField(null=True, blank=True)  # None: never published
    dispatched_at = models.DateTimeField(null=True, blank=True)
    # of the web request that it goes back to, however many steps ago
    request_id = models.CharField(max_length=128, blank=True, default="", db_default="")

    class Meta:
        indexes = [
            models.Index(fields=["session_id", "at", "id"], name="event_session"),
            models.Index(fields=["contact_id", "id"], name="event_contact"),
            models.Index(
                fields=["dispatch_after"], condition=models.Q(dispatched_at=None), name="event_undispatched"
            ),
            models.Index(fields=["kind", "at"], name="event_kind_at"),
            models.Index(
                fields=["actor_id", "-at", "-id"],
                condition=models.Q(kind=Kind.AUDIT),
                name="event_audit_actor",
            ),
        ]
        ordering = ["at", "id"]

    def __str__(self) -> str:
        return f"{self.kind} {self.at:%Y-%m-%d %H:%M}"


class WorkerProcess(models.Model):
    """One running cluster of workers, by its machine and process; written by a task of its own."""

    cluster = models.CharField(max_length=40)
    host = models.CharField(max_length=255)
    pid = models.PositiveIntegerField()
    version = models.CharField(max_length=60, blank=True)
    beat_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["cluster", "host", "pid"], name="one_worker_process")]

    def __str__(self) -> str:
        return f"{self.cluster} on {self.host} ({self.pid})"


class Heartbeat(models.Model):
    """When a cluster of this name last did its periodic work."""

    name = models.CharField(max_length=40, primary_key=True)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.name} {self.at:%H:%M:%S}"
