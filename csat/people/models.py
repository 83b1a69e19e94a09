"""Contact, Suppression, Agent, Team, ApiKey, and the one Organization."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from csat.lib.rows import Row


class Organization(Row):
    """The one organisation of this installation: its `uuid` is fixed at the first migrate."""

    timezone = models.CharField(max_length=64, default="UTC")
    language = models.CharField(max_length=12, default="en", choices=settings.LANGUAGES)

    class Meta:
        verbose_name = verbose_name_plural = _("organisation")
        constraints = [models.CheckConstraint(condition=Q(pk=1), name="one_organization")]

    def __str__(self) -> str:
        return str(self.uuid)

    @classmethod
    def current(cls) -> "Organization":
        return cls.objects.get_or_create(pk=1)[0]


class ContactQuerySet(models.QuerySet["Contact"]):
    def alive(self) -> "ContactQuerySet":
        """Those who were not erased: an erased contact is gone for everybody outside."""
        return self.filter(erased_at=None)

    def reachable(self) -> "ContactQuerySet":
        """Those who did not ask us to stop."""
        return self.alive().filter(opted_out_at=None)


class Contact(Row):
    """The customer. Email is kept case folded, phone as E.164."""

    name = models.CharField(max_length=200, blank=True)
    email = models.CharField(max_length=320, blank=True)
    phone = models.CharField(max_length=20, blank=True)
    external_id = models.CharField(max_length=200, null=True, blank=True, unique=True)
    language = models.CharField(max_length=12, blank=True)
    timezone = models.CharField(max_length=64, blank=True)
    custom_data = models.JSONField(default=dict, blank=True)
    opted_out_at = models.DateTimeField(null=True, blank=True)
    opt_out_reason = models.CharField(max_length=40, blank=True)
    erased_at = models.DateTimeField(null=True, blank=True)

    objects = ContactQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["email"], condition=~Q(email=""), name="contact_email")]
        indexes = [
            models.Index(fields=["phone"], condition=~Q(phone=""), name="contact_phone"),
            models.Index(fields=["updated_at", "id"], name="contact_sync"),
            models.Index(fields=["created_at", "id"], name="contact_created"),
            models.Index(fields=["name"], name="contact_name"),
        ]

    def __str__(self) -> str:
        return self.name or self.email or self.phone or str(_("Anonymous"))

    def lock(self) -> None:
        """Take the row as it is now and keep others from changing it until the transaction ends."""
        self.refresh_from_db(from_queryset=Contact.objects.select_for_update(no_key=True))


class Suppression(Row):
    """An address nobody writes to. After an erasure only the keyed hash stays."""

    class Medium(models.TextChoices):
        EMAIL = "email", _("Email")
        PHONE = "phone", _("Phone number")  # SMS, Phone and WhatsApp together

    medium = models.CharField(max_length=10, choices=Medium)
    digest = models.CharField(max_length=64)  # keyed hash of the address
    address = models.CharField(max_length=320, blank=True)
    reason = models.CharField(max_length=40)  # stop_word, bounced, complained, unsubscribed, provider
    lifted_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["medium", "digest"], name="one_suppression")]

    def __str__(self) -> str:
        return f"{self.medium} {self.address or self.digest[:8]} ({self.reason})"


class Team(Row):
    name = models.CharField(max_length=120, unique=True)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Agent(Row):
    """Whoever serves: a person or an AI. A person who logs in is matched by email."""

    class Kind(models.TextChoices):
        HUMAN = "human", _("Human")
        AI = "ai", _("AI")

    name = models.CharField(max_length=200)
    email = models.CharField(max_length=320, blank=True)
    kind = models.CharField(max_length=8, choices=Kind, default=Kind.HUMAN)
    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="agent")
    team = models.ForeignKey(Team, on_delete=models.SET_NULL, null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["email"], condition=~Q(email=""), name="agent_email"),
            models.UniqueConstraint(fields=["kind", "name"], condition=Q(email=""), name="agent_name_without_email"),
        ]
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name or self.email


class ApiKey(Row):
    """A machine's key: `prefix` to recognise it, `digest` (SHA-256) to check it; the key itself is shown once."""

    name = models.CharField(max_length=120)
    prefix = models.CharField(max_length=24)
    digest = models.CharField(max_length=64, unique=True)
    scopes = models.JSONField(default=list)  # ["csat:read", ...]
    last_used_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True)

    class Meta:
        verbose_name = _("API key")
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"


class IdempotencyRecord(models.Model):
    """The first answer to a POST under an idempotency key; `status` is None while it is being worked out."""

    key = models.ForeignKey(ApiKey, on_delete=models.CASCADE)
    name = models.CharField(max_length=255)
    fingerprint = models.CharField(max_length=64)  # of method, path and parameters
    status = models.PositiveSmallIntegerField(null=True)
    body = models.TextField(blank=True)
    started_at = models.DateTimeField(default=timezone.now, db_index=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["key", "name"], name="one_idempotency_key")]

    def __str__(self) -> str:
        return self.name

    def restart(self, fingerprint: str) -> bool:
        """Take this record for a new run, unless somebody else just did."""
        now = timezone.now()
        mine = type(self).objects.filter(pk=self.pk, started_at=self.started_at)
        if not mine.update(started_at=now, fingerprint=fingerprint, status=None, body=""):
            return False
        self.started_at, self.fingerprint, self.status, self.body = now, fingerprint, None, ""
        return True
