"""Contact, Suppression, Agent, Team, ApiKey, and the one Organization."""

import zoneinfo
from datetime import UTC, datetime, tzinfo

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from csat.channels import registry
from csat.lib.rows import Row
from csat.people import phone_zones


class Organization(Row):
    """The one organisation of this installation: its `uuid` is fixed at the first migrate."""

    timezone = models.CharField(max_length=64, default="UTC")
    language = models.CharField(max_length=12, default="en", choices=settings.LANGUAGES)
    # the zone whose days the reports' rollup holds; "": every day is counted anew
    rollup_timezone = models.CharField(max_length=64, blank=True, default="", db_default="")

    class Meta:
        verbose_name = verbose_name_plural = _("organisation")
        constraints = [models.CheckConstraint(condition=Q(pk=1), name="one_organization")]

    def __str__(self) -> str:
        return str(self.uuid)

    @classmethod
    def current(cls) -> "Organization":
        return cls.objects.get_or_create(pk=1)[0]


class SuppressionReason(models.TextChoices):
    """Why a contact or an address gets no surveys."""

    STOP_WORD = "stop_word", _("replied STOP")
    BOUNCED = "bounced", _("email bounced")
    COMPLAINED = "complained", _("marked as spam")
    UNSUBSCRIBED = "unsubscribed", _("unsubscribed")
    PROVIDER = "provider", _("rejected by the provider")
    STAFF = "staff", _("stopped by staff")


class ContactQuerySet(models.QuerySet["Contact"]):
    def alive(self) -> "ContactQuerySet":
        """Those who were not erased."""
        return self.filter(erased_at=None)


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
    opt_out_reason = models.CharField(max_length=40, choices=SuppressionReason, blank=True)
    erased_at = models.DateTimeField(null=True, blank=True)

    objects = ContactQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["email"], condition=~Q(email=""), name="contact_email")
        ]
        indexes = [
            models.Index(fields=["phone"], condition=~Q(phone=""), name="contact_phone"),
            models.Index(fields=["updated_at", "id"], name="contact_sync"),
            models.Index(fields=["created_at", "id"], name="contact_created"),
            models.Index(fields=["name"], name="contact_name"),
        ]

    def __str__(self) -> str:
        return self.name or self.email or self.phone or str(_("Anonymous"))

    @property
    def zone(self) -> tzinfo:
        """The contact's time zone, else the organisation's; UTC when neither is a known zone."""
        return _zone(self.timezone) or _zone(Organization.current().timezone) or UTC

    def zone_by_phone(self, now: datetime) -> tzinfo:
        """As `zone`; without one of the contact's own, the one of their number's country."""
        return _zone(self.timezone) or phone_zones.find(self.phone, at=now) or self.zone

    def lock(self) -> None:
        """Lock the row until the transaction ends, and read it anew."""
        self.refresh_from_db(from_queryset=Contact.objects.select_for_update(no_key=True))


def _zone(name: str) -> tzinfo | None:
    try:
        return zoneinfo.ZoneInfo(name) if name else None
    except (zoneinfo.ZoneInfoNotFoundError, ValueError):
        return None


def suppression_choices() -> list[tuple[str, str]]:
    return registry.suppression_choices(
        [(str(value), str(label)) for value, label in Suppression.Medium.choices]
    )


class Suppression(Row):
    """An address that gets no surveys. After an erasure only its keyed hash stays."""

    class Medium(models.TextChoices):
        EMAIL = "email", _("Email")
        PHONE = "phone", _("Phone number")  # SMS, Phone and WhatsApp together

    medium = models.CharField(max_length=10, choices=suppression_choices)
    digest = models.CharField(max_length=64)  # keyed hash of the address
    # of the key, as in a Link; "": from before it was recorded
    key_id = models.CharField(max_length=8, blank=True, default="", db_default="")
    address = models.CharField(max_length=320, blank=True)
    reason = models.CharField(max_length=40, choices=SuppressionReason)
    lifted_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["medium", "digest"], name="one_suppression")]
        indexes = [models.Index(fields=["address"], name="suppression_address")]

    def __str__(self) -> str:
        return f"{self.medium} {self.address or self.digest[:8]} ({self.get_reason_display()})"


class Team(Row):
    name = models.CharField(max_length=120, unique=True)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Agent(Row):
    """Whoever answers customers: a person or an AI. A person who logs in is matched by email."""

    class Kind(models.TextChoices):
        HUMAN = "human", _("Human")
        AI = "ai", _("AI")

    name = models.CharField(max_length=200)
    email = models.CharField(max_length=320, blank=True)
    kind = models.CharField(max_length=8, choices=Kind, default=Kind.HUMAN)
    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="agent"
    )
    team = models.ForeignKey(Team, on_delete=models.SET_NULL, null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["email"], condition=~Q(email=""), name="agent_email"),
            models.UniqueConstraint(
                fields=["kind", "name"], condition=Q(email=""), name="agent_name_without_email"
            ),
        ]
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name or self.email


class ApiKey(Row):
    """`prefix` to recognise the key, `digest` (SHA-256) to check it; the key itself is not stored."""

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
    """The first answer to a POST under an idempotency key; `status` is None while the request runs."""

    key = models.ForeignKey(ApiKey, on_delete=models.CASCADE)
    name = models.CharField(max_length=255)
    fingerprint = models.CharField(max_length=64)  # of method, path and parameters
    status = models.PositiveSmallIntegerField(null=True)
    body = models.TextField(blank=True)
    # whom the answer is about, so that an erasure finds it: their primary keys, each between blanks
    contacts = models.TextField(blank=True, default="", db_default="")
    started_at = models.DateTimeField(default=timezone.now, db_index=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["key", "name"], name="one_idempotency_key")]

    def __str__(self) -> str:
        return self.name

    def restart(self, fingerprint: str) -> bool:
        """Reuse this record for a new request; False when another request just did."""
        now = timezone.now()
        unchanged = type(self).objects.filter(pk=self.pk, started_at=self.started_at)
        if not unchanged.update(started_at=now, fingerprint=fingerprint, status=None, body="", contacts=""):
            return False
        self.started_at, self.fingerprint, self.status, self.body = now, fingerprint, None, ""
        return True
