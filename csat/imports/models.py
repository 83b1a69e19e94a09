"""Import: one file of past conversations and ratings. ImportedRow: what became of one of its rows."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from csat.lib.rows import Row
from csat.sessions.models import Session


class Import(Row):
    """A file on its way: its columns, how far it is, and what became of its rows."""

    class Kind(models.TextChoices):
        CHATWOOT = "chatwoot", "Chatwoot"
        ZENDESK = "zendesk", "Zendesk"
        INTERCOM = "intercom", "Intercom"
        FRESHDESK = "freshdesk", "Freshdesk"
        DELIGHTED = "delighted", "Delighted"
        NICEREPLY = "nicereply", "Nicereply"
        SIMPLESAT = "simplesat", "Simplesat"
        GENERIC = "generic", _("Any other file")

    class State(models.TextChoices):
        DRAFT = "draft", _("Uploaded")
        CHECKING = "checking", _("Checking")
        READY = "ready", _("Ready to import")
        RUNNING = "running", _("Importing")
        DONE = "done", _("Imported")
        CANCELLED = "cancelled", _("Cancelled")
        UNDOING = "undoing", _("Undoing")
        UNDONE = "undone", _("Undone")
        FAILED = "failed", _("Failed")

    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    kind = models.CharField(max_length=20, choices=Kind)
    state = models.CharField(max_length=10, choices=State, default=State.DRAFT)
    file_name = models.CharField(max_length=200, blank=True)
    file = models.FileField(upload_to="imports/", blank=True)  # deleted when the import has ended
    rejects = models.FileField(upload_to="imports/", blank=True)  # refused rows with their reason
    # {"columns": {field: index of the column}, "scale": ..., "day_first": ..., "connection": its id or ""}
    mapping = models.JSONField(default=dict, blank=True)
    total = models.PositiveIntegerField(default=0)
    progress = models.PositiveIntegerField(default=0)  # rows of the file that are dealt with
    new = models.PositiveIntegerField(default=0)
    updated = models.PositiveIntegerField(default=0)
    unchanged = models.PositiveIntegerField(default=0)
    refused = models.PositiveIntegerField(default=0)
    kept = models.PositiveIntegerField(default=0)  # rows that an undo left, because they changed since
    agents_added = models.JSONField(default=list, blank=True)  # primary keys, for the undo
    error = models.CharField(max_length=300, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(
                fields=["created_at"],
                condition=Q(state__in=["checking", "running", "undoing"]),
                name="import_due",
            )
        ]

    def __str__(self) -> str:
        return f"{self.file_name} ({self.state})"

    @property
    def counts(self) -> dict[str, int]:
        return {name: getattr(self, name) for name in ("new", "updated", "unchanged", "refused")}

    @property
    def is_working(self) -> bool:
        return self.state in (self.State.CHECKING, self.State.RUNNING, self.State.UNDOING)

    @property
    def may_be_undone(self) -> bool:
        """Anything of it is stored, or may be."""
        ended = (self.State.DONE, self.State.CANCELLED, self.State.FAILED)
        return self.state in ended and self.started_at is not None


class ImportedRow(models.Model):
    """One row of a file that changed something, or was refused; rows that said nothing new have none."""

    class Outcome(models.TextChoices):
        NEW = "new", _("New")
        UPDATED = "updated", _("Updated")
        REFUSED = "refused", _("Refused")
        KEPT = "kept", _("Changed since")

    source = models.ForeignKey(Import, on_delete=models.CASCADE, related_name="rows")
    number = models.PositiveIntegerField()  # of the row in the file; the header is 1
    outcome = models.CharField(max_length=10, choices=Outcome)
    reason = models.CharField(max_length=300, blank=True)  # why it was refused, in our words
    session = models.ForeignKey(Session, on_delete=models.CASCADE, null=True, blank=True, related_name="+")
    answer_id = models.BigIntegerField(null=True, blank=True)
    event_id = models.BigIntegerField(null=True, blank=True)  # the last that was recorded of this row
    new_contact_id = models.BigIntegerField(null=True, blank=True)
    survey_before = models.CharField(max_length=12, blank=True)  # the survey's state, when it had no score
    # the session's `updated_at` before and after: what differs from it later was touched since
    session_before = models.DateTimeField(null=True, blank=True)
    session_after = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["source", "number"], name="one_imported_row")]
        ordering = ["number"]

    def __str__(self) -> str:
        return f"row {self.number}: {self.outcome}"
