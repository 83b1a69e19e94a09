"""Rollup, DirtyDay, Export, SavedView, Target and ChartNote."""

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from csat.lib.rows import Row
from csat.people.models import Team


class Rollup(models.Model):
    """The counts of one day (installation's zone) for up to two dimensions; an empty dimension is "all of
    it".

    A perspective sees something else in some surveys: another agent, or an answer in quarantine. Its cells
    hold by how much the counts of perspective "" change, so the two of them are added up.
    """

    perspective = models.CharField(max_length=16, blank=True)
    day = models.DateField()
    dim1 = models.CharField(max_length=16, blank=True)
    key1 = models.CharField(max_length=80, blank=True)
    dim2 = models.CharField(max_length=16, blank=True)
    key2 = models.CharField(max_length=80, blank=True)
    requested = models.IntegerField(default=0)
    delivered = models.IntegerField(default=0)
    answered = models.IntegerField(default=0)  # of the delivered: the response rate's numerator
    waiting = models.IntegerField(default=0)  # of the delivered: can still answer
    s1 = models.IntegerField(default=0)
    s2 = models.IntegerField(default=0)
    s3 = models.IntegerField(default=0)
    s4 = models.IntegerField(default=0)
    s5 = models.IntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["dim1", "dim2", "perspective", "day", "key1", "key2"], name="one_cell"
            )
        ]
        indexes = [models.Index(fields=["day"], name="rollup_day")]

    def __str__(self) -> str:
        return f"{self.day} {self.dim1}={self.key1} {self.dim2}={self.key2} {self.perspective}".rstrip()


class DirtyDay(models.Model):
    """This day's cells are out of date. Appended in the transaction of the change, deleted once they were
    counted anew.
    """

    day = models.DateField(db_index=True)

    class Meta:
        db_table = "csat_mark"

    def __str__(self) -> str:
        return str(self.day)


class Export(Row):
    """One export in the background: its filter, how far it is, and the file."""

    class State(models.TextChoices):
        DUE = "due", _("Waiting")
        RUNNING = "running", _("Running")
        DONE = "done", _("Ready")
        FAILED = "failed", _("Failed")
        CANCELLED = "cancelled", _("Cancelled")

    class Format(models.TextChoices):
        CSV = "csv", _("CSV, comma")
        SEMICOLONS = "scsv", _("CSV, semicolon")
        TABS = "tsv", _("CSV, tab")
        XLSX = "xlsx", "XLSX"

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True)
    state = models.CharField(max_length=10, choices=State, default=State.DUE)
    format = models.CharField(max_length=4, choices=Format, default=Format.CSV)
    filters = models.JSONField(default=dict)  # as in the URL
    # ids of the teams whose conversations are in it; None: all
    scope = models.JSONField(null=True, blank=True)
    columns = models.JSONField(default=list, blank=True)  # [] = all
    rows_total = models.PositiveIntegerField(default=0)
    rows_done = models.PositiveIntegerField(default=0)
    file = models.FileField(upload_to="exports/", blank=True)
    error = models.CharField(max_length=300, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["created_at"], condition=Q(state__in=["due", "running"]), name="export_due")
        ]

    def __str__(self) -> str:
        return f"export {self.state}"

    @property
    def extension(self) -> str:
        return "csv" if self.format in DELIMITERS else self.format


DELIMITERS: dict[str, str] = {Export.Format.CSV: ",", Export.Format.SEMICOLONS: ";", Export.Format.TABS: "\t"}


class SavedView(Row):
    """A report with its filters, kept under a name."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE)
    name = models.CharField(max_length=80)
    query = models.CharField(max_length=2000, blank=True)  # of the URL

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["user", "name"], name="one_view_name")]

    def __str__(self) -> str:
        return self.name


class Target(Row):
    """The CSAT to reach: of the organisation, of one team, or of one channel."""

    team = models.ForeignKey(Team, on_delete=models.CASCADE, null=True, blank=True, db_index=False)
    channel = models.CharField(max_length=20, blank=True)
    percent = models.PositiveSmallIntegerField(validators=[MinValueValidator(1), MaxValueValidator(100)])

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["team"], condition=Q(channel=""), name="one_target_a_team"),
            models.UniqueConstraint(fields=["channel"], condition=Q(team=None), name="one_target_a_channel"),
            models.CheckConstraint(condition=Q(team=None) | Q(channel=""), name="target_of_one_thing"),
        ]

    def __str__(self) -> str:
        return f"{self.team or self.channel or 'all'}: {self.percent} %"


class ChartNote(Row):
    """What staff say of a day, on the charts that show it."""

    day = models.DateField(db_index=True)
    text = models.CharField(max_length=200)
    # of which team alone; None: of all
    team = models.ForeignKey(Team, on_delete=models.CASCADE, null=True, blank=True, db_index=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )

    class Meta:
        ordering = ["day", "id"]

    def __str__(self) -> str:
        return f"{self.day}: {self.text}"
