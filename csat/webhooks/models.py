"""Endpoints that receive webhooks, and every webhook sent to them."""

from datetime import datetime
from typing import NotRequired, TypedDict
from urllib.parse import urlsplit

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from csat.lib import encryption
from csat.lib.rows import Row
from csat.timeline.models import Event
from csat.webhooks.event_types import AUDIT

SECRET_PREFIX = "whsec_"  # noqa: S105 (how Standard Webhooks begins them)
NO_BODY = "{}"  # of a row whose body stands in WebhookBody, was erased or is no longer kept
ENDED_WITH_BODY = ~Q(state="pending") & ~Q(body=NO_BODY)


def seal_secret(secret: str) -> str:
    """As it is stored."""
    return encryption.encrypt(secret, settings.SECRETS_KEYS)


def open_secret(stored: str) -> str:
    """Raises encryption.UnknownKey."""
    is_plain = stored.startswith(SECRET_PREFIX)
    return stored if is_plain else encryption.decrypt(stored, settings.SECRETS_KEYS)


class EndpointQuerySet(models.QuerySet["Endpoint"]):
    def alive(self) -> "EndpointQuerySet":
        return self.filter(deleted_at=None)

    def ready(self, now: datetime) -> "EndpointQuerySet":
        """Enabled, not backing off, and claimed by no worker."""
        return self.alive().filter(
            Q(lease_until=None) | Q(lease_until__lt=now), enabled=True, next_try__lte=now
        )


class Endpoint(Row):
    """An address of another system. While it answers nobody, one webhook tries it at `next_try`."""

    url = models.URLField(max_length=2000)
    description = models.CharField(max_length=200, blank=True)
    events = models.JSONField(default=list)
    enabled = models.BooleanField(default=True)
    # encrypted by lib/encryption; plain, as "whsec_...", in rows of earlier versions
    secret = models.TextField()
    old_secret = models.TextField(blank=True)
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
        indexes = [
            models.Index(
                fields=["next_try"], condition=Q(enabled=True, deleted_at=None), name="endpoint_ready"
            )
        ]

    def __str__(self) -> str:
        return self.url

    @property
    def signing_secret(self) -> str:
        """The newest one, readable. Raises encryption.UnknownKey while its key is not set."""
        return open_secret(self.secret)

    @property
    def signing_secrets(self) -> list[str]:
        """Every secret that signs an attempt now: two for a day after a rotation. Raises as above."""
        if self.old_secret and self.old_secret_until and self.old_secret_until > timezone.now():
            return [self.signing_secret, open_secret(self.old_secret)]
        return [self.signing_secret]

    @property
    def carries_audit(self) -> bool:
        """Whether it gets the audit log: then it is for admins alone."""
        return AUDIT in self.events

    @property
    def health(self) -> str:
        """`off`, `failing`, `new` or `healthy`."""
        if not self.enabled:
            return "off"
        if self.failures:
            return "failing"
        return "healthy" if self.last_success_at else "new"

    @property
    def waits(self) -> bool:
        """Whether it answers nobody, so that its webhooks wait."""
        return self.failing_since is not None and self.next_try > self.failing_since

    @property
    def for_log(self) -> dict[str, str]:
        """Which one it is, without what the path of its URL may give away."""
        return {"endpoint": str(self.uuid), "host": urlsplit(self.url).hostname or ""}

    def answered_after(self, time: datetime | None) -> bool:
        """Whether it took any webhook since then."""
        return bool(time and self.last_success_at and self.last_success_at > time)


class AttemptLog(TypedDict):
    """One request, as `WebhookAttempt.attempts` keeps it."""

    at: str
    status: int | None  # None: no answer
    answer: str
    error: str
    retry_after: float | None  # seconds
    ms: NotRequired[int]


class WebhookAttemptQuerySet(models.QuerySet["WebhookAttempt"]):
    def without_audit(self) -> "WebhookAttemptQuerySet":
        """For whoever may not read the audit log."""
        return self.exclude(type__startswith="audit.")

    def unsent_audit(self) -> "WebhookAttemptQuerySet":
        """Entries of the audit log that wait, or failed."""
        return self.filter(type__startswith="audit.").exclude(state=WebhookAttempt.State.DELIVERED)


class WebhookAttempt(Row):
    """One event on its way to one endpoint, through all its retries, which send the same body.

    It carries its body while it is under way; csat.webhooks.bodies moves that out of a row that has ended.
    """

    class State(models.TextChoices):
        PENDING = "pending", _("Waiting")
        DELIVERED = "delivered", _("Delivered")
        FAILED = "failed", _("Failed")

    endpoint = models.ForeignKey(Endpoint, on_delete=models.CASCADE, related_name="calls")
    # None: a test
    event = models.ForeignKey(Event, on_delete=models.CASCADE, null=True, blank=True, related_name="+")
    # so that an erasure finds the body
    contact_id = models.BigIntegerField(null=True, blank=True, db_index=True)
    type = models.CharField(max_length=60)
    body = models.TextField()
    state = models.CharField(max_length=10, choices=State, default=State.PENDING)
    attempt = models.PositiveIntegerField(default=0)  # how many counted: see attempts.py
    next_try = models.DateTimeField(default=timezone.now)
    attempts = models.JSONField(default=list, blank=True)  # the last 20 as AttemptLog, the latest last
    status = models.PositiveSmallIntegerField(null=True, blank=True)  # of the latest answer
    delivered_at = models.DateTimeField(null=True, blank=True)
    posted = ""  # not stored: the body with the live rating link that it stands for

    objects = WebhookAttemptQuerySet.as_manager()

    class Meta:
        db_table = "csat_call"
        ordering = ["-id"]
        constraints = [models.UniqueConstraint(fields=["endpoint", "event"], name="each_event_once")]
        indexes = [
            models.Index(
                fields=["endpoint", "next_try", "id"], condition=Q(state="pending"), name="call_pending"
            ),
            models.Index(fields=["endpoint", "-id"], name="call_log"),
            models.Index(fields=["created_at"], condition=ENDED_WITH_BODY, name="call_with_body"),
        ]

    def __str__(self) -> str:
        return f"{self.type} to {self.endpoint_id}"

    @property
    def message_id(self) -> str:
        """The header `webhook-id`: the same on every retry."""
        return f"msg_{self.uuid.hex}"

    @property
    def content(self) -> str:
        """What is signed and posted."""
        return self.posted or self.body

    @property
    def has_body(self) -> bool:
        """Whether it can be shown and sent again; after `bodies.read_into`."""
        return self.body != NO_BODY

    @property
    def last_try(self) -> datetime | None:
        return datetime.fromisoformat(self.attempts[-1]["at"]) if self.attempts else None


class WebhookBody(models.Model):
    """What an ended attempt posted, and what was answered. Nothing refers to it, so that it may go alone."""

    call_id = models.BigIntegerField(db_index=True)  # WebhookAttempt.pk
    created_at = models.DateTimeField(db_index=True)  # as the attempt's
    body = models.TextField()
    attempts = models.JSONField(default=list)  # AttemptLog

    class Meta:
        db_table = "csat_callbody"

    def __str__(self) -> str:
        return f"body of {self.call_id}"
