"""Digest, DigestIssue and Share."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from csat.lib.rows import Row
from csat.reports.models import SavedView
from csat.webhooks.models import Endpoint


class Via(models.TextChoices):
    EMAIL = "email", _("Email")
    SLACK = "slack", "Slack"
    WEBHOOK = "webhook", _("Webhook")


class Rhythm(models.TextChoices):
    DAILY = "daily", _("Every day")
    WEEKLY = "weekly", _("Every week")
    MONTHLY = "monthly", _("Every month")


class Digest(Row):
    """A saved view that comes to one reader by itself.

    `user` is the reader, whose rights decide what is in it; by Slack and webhook the person who set it up.
    """

    view = models.ForeignKey(SavedView, on_delete=models.CASCADE, related_name="digests")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="digests")
    via = models.CharField(max_length=10, choices=Via, default=Via.EMAIL)
    # the channel of Slack, the id of the endpoint; "": the reader's own mail
    to = models.CharField(max_length=100, blank=True)
    endpoint = models.ForeignKey(
        Endpoint, on_delete=models.CASCADE, null=True, blank=True, related_name="digests"
    )
    rhythm = models.CharField(max_length=10, choices=Rhythm, default=Rhythm.WEEKLY)
    weekday = models.PositiveSmallIntegerField(default=0)  # of a weekly one: 0 is Monday
    hour = models.PositiveSmallIntegerField(default=8)  # on the reader's clock
    next_at = models.DateTimeField()
    stopped_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["view", "user", "via", "to"],
                condition=Q(stopped_at=None),
                name="one_digest_each",
            )
        ]
        indexes = [models.Index(fields=["next_at"], condition=Q(stopped_at=None), name="digest_due")]

    def __str__(self) -> str:
        return f"{self.view} {self.rhythm} by {self.via}"


class DigestIssue(Row):
    """One digest of one period: its row is what makes it go out once."""

    class State(models.TextChoices):
        DUE = "due", _("Waiting")
        SENT = "sent", _("Sent")
        SKIPPED = "skipped", _("Not sent")
        FAILED = "failed", _("Failed")

    digest = models.ForeignKey(Digest, on_delete=models.CASCADE, related_name="issues", db_index=False)
    first = models.DateField()  # of the days it tells of
    end = models.DateField()  # the day after the last
    state = models.CharField(max_length=10, choices=State, default=State.DUE)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_try = models.DateTimeField(default=timezone.now)  # while a worker has it, the end of its lease
    error = models.CharField(max_length=300, blank=True)
    sent_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]
        constraints = [models.UniqueConstraint(fields=["digest", "first"], name="one_issue_a_period")]
        indexes = [models.Index(fields=["next_try"], condition=Q(state="due"), name="digest_issue_due")]

    def __str__(self) -> str:
        return f"{self.first}: {self.state}"


class Share(Row):
    """A link that shows one saved view to whoever has it, with at most its maker's rights."""

    view = models.ForeignKey(SavedView, on_delete=models.CASCADE, related_name="shares")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="shares")
    with_names = models.BooleanField(default=False)  # of agents
    with_comments = models.BooleanField(default=False)
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)
    last_opened_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"share of {self.view}"
