"""Contact, Suppression, Agent, Team, Brand, Profile, Invitation, ApiKey, and the one Organization."""

import zoneinfo
from datetime import UTC, datetime, tzinfo

from django.conf import settings
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q
from django.db.models.fields.files import FieldFile
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from csat.channels import base, registry
from csat.lib import customer_links
from csat.lib.composed import Composed
from csat.lib.rows import Row
from csat.lib.text_by_language import TextByLanguage
from csat.people import phone_zones

OPENING_LINE_MAX_LENGTH = 1000  # characters


class Organization(Row):
    """The one organisation of this installation: its `uuid` is fixed at the first migrate."""

    timezone = models.CharField(max_length=64, default="UTC")
    language = models.CharField(max_length=12, default="en", choices=settings.LANGUAGES)
    # the zone whose days the reports' rollup holds; "": every day is counted anew
    rollup_timezone = models.CharField(max_length=64, blank=True, default="", db_default="")
    # the checklist of the first days: when somebody put it away
    checklist_dismissed_at = models.DateTimeField(null=True, blank=True)
    # roles (of people/roles.py) whose people need a second factor
    second_factor_roles = models.JSONField(default=list, db_default=[], blank=True)
    # the rollup is not counted before: each count is followed by a rest in proportion to what it took
    rollup_rests_until = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = _("organisation")
        constraints = [models.CheckConstraint(condition=Q(pk=1), name="one_organization")]

    def __str__(self) -> str:
        return str(self.uuid)

    @classmethod
    def current(cls) -> "Organization":
        return _CURRENT.first(1) or cls.objects.get_or_create(pk=1)[0]

    @property
    def zone(self) -> tzinfo:
        """UTC when the name is of no known zone."""
        return _zone(self.timezone) or UTC


_CURRENT = Composed(lambda pk: Organization.objects.filter(pk=pk), example=1)


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
        return _zone(self.timezone) or Organization.current().zone

    def zone_at(self, at: datetime, *, default: tzinfo) -> tzinfo:
        """The contact's own time zone, else the one of their number's country, if there is one clock at that
        time; else the default.
        """
        return _zone(self.timezone) or phone_zones.find(self.phone, at=at) or default

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


class Brand(Row):
    """Under which name, colours and sender a customer is asked. The default brand is no row: its fields are
    the `brand_*` of the CSAT settings.
    """

    slug = models.SlugField(max_length=60, unique=True)
    name = models.CharField(max_length=80)
    color = models.CharField(
        max_length=7, default="#2f5fd0", validators=[RegexValidator(r"^#[0-9a-fA-F]{6}$")]
    )
    logo = models.FileField(upload_to="brand/", blank=True)
    sender = models.CharField(max_length=320, blank=True)  # From address of its mails; "": DEFAULT_FROM_EMAIL
    reply_to = models.EmailField(blank=True)
    # as CsatSettings.custom_message; a language without one has the channel's standard line
    opening_line = models.JSONField(
        default=dict, blank=True, validators=[TextByLanguage(OPENING_LINE_MAX_LENGTH)]
    )
    archived_at = models.DateTimeField(null=True, blank=True)  # no new conversations get it

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    @property
    def value(self) -> base.Brand:
        """As channels and pages speak it."""
        return base.Brand(
            self.name,
            self.color,
            brand_logo_url(self.logo),
            self.reply_to,
            sender=self.sender,
            opening_line=self.opening_line,
            slug=self.slug,
        )


def brand_logo_url(logo: FieldFile) -> str:
    """Empty without one."""
    return customer_links.url(logo.url) if logo else ""


class Team(Row):
    name = models.CharField(max_length=120, unique=True)
    # of conversations of this team that name no brand themselves
    brand = models.ForeignKey(Brand, on_delete=models.SET_NULL, null=True, blank=True, db_index=False)
    # where the settings allow it at all
    reopen_by_customer = models.BooleanField(
        _("Customers may have a low score looked at again"), default=True, db_default=True
    )
    follow_up_owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        db_index=False,
        related_name="+",
        verbose_name=_("Follow-ups go to"),
        help_text=_("Of conversations that nobody is assigned to. Empty: whoever takes them."),
    )

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


class Profile(Row):
    """What a person who logs in chose for themselves, and their teams."""

    class LandingPage(models.TextChoices):
        INBOX = "inbox", _("Inbox")
        CONTACTS = "contacts", _("Contacts")
        REPORTS = "reports", _("Reports")
        MY_SCORES = "my-scores", _("My scores")

    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="profile")
    teams = models.ManyToManyField(Team, blank=True, related_name="members")
    own_teams_only = models.BooleanField(default=False, db_default=False)  # sees their conversations alone
    is_demo = models.BooleanField(default=False, db_default=False)  # a login that the demo made
    timezone = models.CharField(max_length=64, blank=True)  # "": the browser's
    language = models.CharField(max_length=12, blank=True)  # "": the browser's
    landing_page = models.CharField(max_length=20, choices=LandingPage, default=LandingPage.INBOX)
    notifications = models.JSONField(default=dict, blank=True)  # {"follow_ups": true, ...}
    phone = models.CharField(max_length=20, blank=True)  # E.164; a customer with it is one of us
    last_seen_at = models.DateTimeField(null=True, blank=True)
    new_email = models.CharField(max_length=320, blank=True, default="", db_default="")  # not yet proved

    def __str__(self) -> str:
        return f"profile of {self.user_id}"


class Invitation(Row):
    """A person who may make themselves a login, once, by a link of which only the hash is kept."""

    name = models.CharField(max_length=200, blank=True)
    email = models.CharField(max_length=320)
    role = models.CharField(max_length=20)  # of people/roles.py
    teams = models.ManyToManyField(Team, blank=True)
    own_teams_only = models.BooleanField(default=False, db_default=False)  # as the person's profile will say
    digest = models.CharField(max_length=64, unique=True)
    invited_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    accepted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["email"],
                condition=Q(accepted_at=None, revoked_at=None),
                name="one_open_invitation",
            )
        ]

    def __str__(self) -> str:
        return self.email

    @property
    def is_expired(self) -> bool:
        return self.expires_at <= timezone.now()


class PersonalDataRead(models.Model):
    """That a person read somebody's data within an hour, so that the audit log says it once."""

    user_id = models.BigIntegerField()
    subject = models.CharField(max_length=100)  # "contact:<uuid>", "webhook_body:<uuid>", ...
    hour = models.DateTimeField(db_index=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user_id", "subject", "hour"], name="one_read_an_hour")
        ]

    def __str__(self) -> str:
        return f"{self.subject} by {self.user_id}"


class ApiKeyQuerySet(models.QuerySet["ApiKey"]):
    def working(self) -> "ApiKeyQuerySet":
        """Neither revoked nor expired."""
        return self.filter(Q(expires_at=None) | Q(expires_at__gt=timezone.now()), revoked_at=None)


class ApiKey(Row):
    """`prefix` to recognise the key, `digest` (SHA-256) to check it; the key itself is not stored."""

    name = models.CharField(max_length=120)
    prefix = models.CharField(max_length=24)
    digest = models.CharField(max_length=64, unique=True)
    scopes = models.JSONField(default=list)  # ["csat:read", ...]
    last_used_at = models.DateTimeField(null=True, blank=True)
    last_used_from = models.CharField(max_length=45, blank=True, default="", db_default="")  # address
    revoked_at = models.DateTimeField(null=True, blank=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    expiry_told_at = models.DateTimeField(null=True, blank=True)  # when the admins were warned of it
    # ["203.0.113.0/24", ...] from where it may be used; empty: from everywhere
    networks = models.JSONField(default=list, db_default=[], blank=True)
    # the key it takes the place of, which still works for a while
    rotated_from = models.ForeignKey("self", on_delete=models.SET_NULL, null=True, blank=True, db_index=False)
    # the one that was rotated first of all before it; None: it took no other's place
    first = models.ForeignKey(
        "self", on_delete=models.SET_NULL, null=True, blank=True, db_index=False, related_name="+"
    )
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True)

    objects = ApiKeyQuerySet.as_manager()

    class Meta:
        verbose_name = _("API key")
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"

    @property
    def expired(self) -> bool:
        return self.expires_at is not None and self.expires_at <= timezone.now()

    @property
    def ended(self) -> bool:
        """Whether it opens nothing any more."""
        return self.revoked_at is not None or self.expired

    @property
    def line_id(self) -> int:
        """The same for a key and all that took its place: to their user they are one."""
        return self.first_id or self.pk


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
