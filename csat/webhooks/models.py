"""Endpoint and Call: who is told, and each thing they are told."""

from datetime import datetime

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from csat.lib.rows import Row
from csat.timeline.models import Event


class EndpointQuerySet(models.QuerySet["Endpoint"]):
    def alive(self) -> "EndpointQuerySet":
        return self.filter(deleted_at=None)

    def ready(self, now: datetime) -> "EndpointQuerySet":
        """Enabled, past its back-off, and no worker is calling it."""
        return self.alive().filter(Q(lease_until=None) | Q(lease_until__lt=now), enabled=True, next_try__lte=now)


class Endpoint(Row):
    """An address of another system. A failure moves `next_try`, and all its calls wait."""

    url = models.URLField(max_length=2000)
    description = models.CharField(max_length=200, blank=True)
    events = models.JSONField(default=list)
    enabled = models.BooleanField(default=True)
    secret = models.CharField(max_length=100)
    old_secret = models.CharField(max_length=100, blank=True)
    old_secret_until = models.DateTimeField(null=True, blank=True)
    next_try = models.DateTimeField(default=timezone.now)
    lease_until = models.DateTimeField(null=True, blank=True)
    failures = models.PositiveIntegerField(default=0)  # in a row
    failing_since = models.DateTimeField(null=True, blank=True)
    last_success_at = models.DateTimeField(null=True, blank=True)
    disabled_at = models.DateTimeField(null=True, blank=True)
    disabled_reason = models.CharField(max_length=300, blank=True)
    deleted_at = models.DateTimeField(null=True, blank=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True)

    objects = EndpointQuerySet.as_manager()

    class Meta:
        ordering = ["id"]
        indexes = [models.Index(fields=["next_try"], condition=Q(enabled=True, deleted_at=None), name="endpoint_ready")]

    def __str__(self) -> str:
        return self.url

    @property
    def secrets(self) -> list[str]:
        """Every secret a call is signed with now: two while a rotation runs."""
        if self.old_secret and self.old_secret_until and self.old_secret_until > timezone.now():
            return [self.secret, self.old_secret]
        return [self.secret]

    @property
    def health(self) -> str:
        """`off`, `failing`, `new` or `healthy`."""
        if not self.enabled:
            return "off"
        if self.failures:
            return "failing"
        return "healthy" if self.last_success_at else "new"


class Call(Row):
    """One event told to one endpoint: the body is frozen when the event is handed over."""

    class State(models.TextChoices):
        PENDING = "pending", _("Waiting")
        DELIVERED = "delivered", _("Delivered")
        FAILED = "failed", _("Failed")

    endpoint = models.ForeignKey(Endpoint, on_delete=models.CASCADE, related_name="calls")
    event = models.ForeignKey(Event, on_delete=models.CASCADE, null=True, blank=True, related_name="+")  # None: a test
    contact_id = models.BigIntegerField(null=True, blank=True, db_index=True)  # so that an erasure finds the body
    type = models.CharField(max_length=60)
    body = models.TextField()
    state = models.CharField(max_length=10, choices=State, default=State.PENDING)
    attempt = models.PositiveIntegerField(default=0)
    next_try = models.DateTimeField(default=timezone.now)
    attempts = models.JSONField(default=list, blank=True)  # [{"at", "status", "ms", "answer", "error"}], the latest last
    status = models.PositiveSmallIntegerField(null=True, blank=True)  # of the latest answer
    delivered_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]
        constraints = [models.UniqueConstraint(fields=["endpoint", "event"], name="each_event_once")]
        indexes = [
            models.Index(fields=["endpoint", "next_try", "id"], condition=Q(state="pending"), name="call_pending"),
            models.Index(fields=["endpoint", "-id"], name="call_log"),
        ]

    def __str__(self) -> str:
        return f"{self.type} to {self.endpoint_id}"

    @property
    def message_id(self) -> str:
        """`webhook-id`: the same on every attempt."""
        return f"msg_{self.uuid.hex}"
