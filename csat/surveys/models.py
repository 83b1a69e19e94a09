"""Survey, Delivery, Link, Answer, Score, FollowUp and the settings they are judged by."""

from typing import Any

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from csat.channels.base import Brand
from csat.channels.kinds import Medium
from csat.lib.rows import Row
from csat.people.models import Agent, Contact
from csat.sessions.models import Session, channel_choices
from csat.surveys import states
from csat.surveys.about import About as About  # read from here by the doors
from csat.surveys.states import DeliveryState, SurveyState


class Origin(models.TextChoices):
    AUTO = "auto", _("automatically")
    WORKFLOW = "workflow", _("by a workflow")
    API = "api", _("by API")
    MANUAL = "manual", _("by hand")
    REMINDER = "reminder", _("as a reminder")
    LINK = "link", _("by a generated link")


class Source(models.TextChoices):
    PAGE = "page", _("rating page")
    CARD = "card", _("Web Chat card")
    EMAIL = "email", _("email reply")
    SMS = "sms", _("SMS reply")
    WHATSAPP = "whatsapp", _("WhatsApp reply")
    SLACK = "slack", _("Slack")
    API = "api", _("API")
    STAFF = "staff", _("staff")


class CsatSettings(Row):
    """The one row of rules. Read once per request or task, never cached across them."""

    class Ticketing(models.TextChoices):
        OPEN = "open", _("Open")
        ZENDESK = "zendesk", "Zendesk"
        INTERCOM = "intercom", "Intercom"
        HUBSPOT = "hubspot", "HubSpot"
        SALESFORCE = "salesforce", "Salesforce"
        DYNAMICS = "dynamics365", "Dynamics 365"
        CREATIO = "creatio", "Creatio"
        FLEX = "twilio_flex", "Twilio Flex"
        OTHER = "other", _("other")

    class Delay(models.IntegerChoices):
        NOW = 0, _("Now")
        FIVE_MINUTES = 300, _("5m")
        QUARTER = 900, _("15m")
        HOUR = 3600, _("1h")

    auto_send = models.BooleanField(default=False)
    auto_send_since = models.DateTimeField(null=True, blank=True)  # only resolutions from here on count
    delay_seconds = models.PositiveIntegerField(choices=Delay, default=Delay.NOW)
    ticketing_system = models.CharField(max_length=20, choices=Ticketing, default=Ticketing.OPEN)
    custom_message = models.JSONField(default=dict, blank=True)  # {"default": "...", "<language>": "..."}
    contact_cap_days = models.PositiveIntegerField(default=0, validators=[MaxValueValidator(3650)])  # 0: no cap
    sample_percent = models.PositiveIntegerField(default=100, validators=[MaxValueValidator(100)])
    quiet_start = models.TimeField(null=True, blank=True)
    quiet_end = models.TimeField(null=True, blank=True)
    skip_no_customer_message = models.BooleanField(default=False)
    skip_ai_assumed = models.BooleanField(default=False)
    link_days = models.PositiveIntegerField(default=30, validators=[MinValueValidator(1), MaxValueValidator(3650)])
    reminder_days = models.PositiveIntegerField(default=0, validators=[MaxValueValidator(365)])  # 0: no reminder
    guaranteed_delivery = models.BooleanField(default=True)
    ask_about = models.BooleanField(default=False)
    comments_hidden_from_agents = models.BooleanField(default=False)
    agents_see_own_only = models.BooleanField(default=False)
    brand_name = models.CharField(max_length=80, default="Support")
    brand_color = models.CharField(max_length=7, default="#2f5fd0", validators=[RegexValidator(r"^#[0-9a-fA-F]{6}$")])
    brand_logo = models.FileField(upload_to="brand/", blank=True)
    reply_to = models.EmailField(blank=True)
    languages = models.JSONField(default=list, blank=True)  # [] = all that are shipped

    class Meta:
        verbose_name = verbose_name_plural = _("CSAT settings")
        constraints = [models.CheckConstraint(condition=Q(pk=1), name="one_settings")]

    def __str__(self) -> str:
        return str(_("CSAT settings"))

    @classmethod
    def current(cls) -> "CsatSettings":
        return cls.objects.get_or_create(pk=1)[0]

    @property
    def brand(self) -> Brand:
        logo = f"{settings.SITE_URL}{self.brand_logo.url}" if self.brand_logo else ""
        return Brand(self.brand_name, self.brand_color, logo, self.reply_to)


class ChannelSettings(Row):
    """A channel's own toggle; absent means off."""

    kind = models.CharField(max_length=20, choices=channel_choices, unique=True)
    enabled = models.BooleanField(default=False)
    stopped_at = models.DateTimeField(null=True, blank=True)  # our account was refused: nothing goes out until someone looks
    stopped_reason = models.CharField(max_length=500, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = _("channel settings")

    def __str__(self) -> str:
        return self.kind


class Survey(Row):
    """The one CSAT of a session: what the customer may do."""

    session = models.OneToOneField(Session, on_delete=models.CASCADE, related_name="survey")
    contact = models.ForeignKey(Contact, on_delete=models.PROTECT, related_name="surveys")
    state = models.CharField(max_length=12, choices=SurveyState, default=SurveyState.SCHEDULED)
    channel = models.CharField(max_length=20, choices=channel_choices)
    language = models.CharField(max_length=12, default="en")
    origin = models.CharField(max_length=10, choices=Origin, default=Origin.AUTO)
    request = models.PositiveIntegerField(default=1)  # counts the times it was asked
    told = models.PositiveIntegerField(default=0)  # the request csat.requested was last recorded for
    forced = models.BooleanField(default=False)
    message = models.TextField(blank=True)  # the request's own words instead of the custom message
    gates = models.JSONField(default=list, blank=True)  # [{"name", "passed", "value", "text"}]
    skipped_by = models.CharField(max_length=40, blank=True)  # the gate that failed
    scheduled_for = models.DateTimeField(null=True, blank=True)
    requested_at = models.DateTimeField(null=True, blank=True)  # first csat.requested; the cohort's date
    counted_at = models.DateTimeField(null=True, blank=True)  # the cohort: its first request, else the first score nobody asked for
    delivered_at = models.DateTimeField(null=True, blank=True)  # first acceptance that was not later failed
    delivered_via = models.CharField(max_length=20, blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    remind_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["expires_at"], condition=Q(state="sent"), name="survey_expiring"),
            models.Index(fields=["remind_at"], condition=Q(state="sent"), name="survey_reminding"),
            models.Index(fields=["contact", "-requested_at"], name="survey_contact"),
            models.Index(fields=["requested_at"], name="survey_requested"),
            models.Index(fields=["counted_at"], name="survey_counted"),
            models.Index(
                fields=["counted_at", "expires_at"], condition=Q(state="sent", delivered_at__isnull=False), name="survey_still_open"
            ),
            models.Index(fields=["updated_at", "id"], name="survey_sync"),
            models.Index(fields=["created_at", "id"], name="survey_created"),
        ]

    def __str__(self) -> str:
        return f"survey of {self.session_id}"

    def move(self, target: SurveyState, **values: Any) -> bool:
        """One UPDATE filtered by the states `target` may come from; whether it touched the row."""
        return self.change(where={"state__in": states.SURVEY[target]}, state=target, **values)


class Delivery(Row):
    """One attempt to put the survey before the customer: what the sender is doing."""

    class Reason(models.TextChoices):
        FIRST = "first", _("first")
        RESEND = "resend", _("resend")
        REMINDER = "reminder", _("reminder")
        FALLBACK = "fallback", _("guaranteed delivery")

    survey = models.ForeignKey(Survey, on_delete=models.CASCADE, related_name="deliveries")
    request = models.PositiveIntegerField(default=1)
    channel = models.CharField(max_length=20, choices=channel_choices)
    medium = models.CharField(max_length=10, choices=Medium)
    address = models.CharField(max_length=320, blank=True)
    transport = models.CharField(max_length=20, blank=True)  # smtp, anymail, twilio, slack, sandbox, card, none
    reason = models.CharField(max_length=10, choices=Reason, default=Reason.FIRST)
    origin = models.CharField(max_length=10, choices=Origin, default=Origin.AUTO)
    asked_by = models.JSONField(default=dict, blank=True)  # the actor, kept for the event
    state = models.CharField(max_length=10, choices=DeliveryState, default=DeliveryState.DUE)
    attempt = models.PositiveIntegerField(default=0)
    next_try = models.DateTimeField()
    lease_until = models.DateTimeField(null=True, blank=True)
    cleared_at = models.DateTimeField(null=True, blank=True)  # the gates let it pass: counts for the contact cap from here on
    uncertain_since = models.DateTimeField(null=True, blank=True)  # a send with unknown outcome: look up before the next
    provider_id = models.CharField(max_length=320, blank=True)
    error = models.CharField(max_length=500, blank=True)
    error_code = models.CharField(max_length=40, blank=True)
    raw = models.JSONField(default=dict, blank=True)
    sent_at = models.DateTimeField(null=True, blank=True)
    delivered_at = models.DateTimeField(null=True, blank=True)
    opened_at = models.DateTimeField(null=True, blank=True)
    shown_at = models.DateTimeField(null=True, blank=True)
    failed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name_plural = _("deliveries")
        indexes = [
            models.Index(fields=["next_try"], condition=Q(state="due"), name="delivery_due"),
            models.Index(fields=["lease_until"], condition=Q(state="sending"), name="delivery_leased"),
            models.Index(fields=["provider_id"], condition=~Q(provider_id=""), name="delivery_provider"),
            models.Index(fields=["next_try"], condition=Q(medium="card", shown_at=None, state="sent"), name="delivery_unshown"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["survey", "request", "medium", "address"],
                condition=~Q(reason="reminder") & ~Q(state="cancelled"),
                name="never_twice_to_an_address",
            )
        ]

    def __str__(self) -> str:
        return f"{self.channel} {self.state}"

    def move(self, target: DeliveryState, **values: Any) -> bool:
        """One UPDATE filtered by the states `target` may come from; whether it touched the row."""
        return self.change(where={"state__in": states.DELIVERY[target]}, state=target, **values)


class Link(Row):
    """Opens one thing for whoever holds the token. The token itself is made again from the row and its key."""

    class Purpose(models.TextChoices):
        RATE = "rate", _("rate")
        WIDGET = "widget", _("Web Chat card")
        UNSUBSCRIBE = "unsubscribe", _("stop asking")

    purpose = models.CharField(max_length=12, choices=Purpose)
    survey = models.ForeignKey(Survey, on_delete=models.CASCADE, null=True, blank=True, related_name="links")
    session = models.ForeignKey(Session, on_delete=models.CASCADE, null=True, blank=True, related_name="links")
    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, null=True, blank=True, related_name="links")
    version = models.PositiveIntegerField(default=1)
    key_id = models.CharField(max_length=16)
    sha256 = models.CharField(max_length=64, unique=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(purpose="rate", survey__isnull=False)
                | Q(purpose="widget", session__isnull=False)
                | Q(purpose="unsubscribe", contact__isnull=False),
                name="link_has_subject",
            )
        ]

    def __str__(self) -> str:
        return f"{self.purpose} link"


class Answer(Row):
    """One submission, kept for ever; quarantined ones stay out of every figure."""

    class State(models.TextChoices):
        ACCEPTED = "accepted", _("Accepted")
        QUARANTINED = "quarantined", _("Quarantined")

    survey = models.ForeignKey(Survey, on_delete=models.CASCADE, related_name="answers")
    revision = models.PositiveIntegerField()
    score = models.PositiveSmallIntegerField()
    comment = models.TextField(blank=True, max_length=5000)
    about = models.CharField(max_length=10, choices=About, null=True, blank=True)
    source = models.CharField(max_length=10, choices=Source)
    state = models.CharField(max_length=12, choices=State, default=State.ACCEPTED)
    reason = models.CharField(max_length=40, blank=True)  # why it is in quarantine
    provenance = models.JSONField(default=dict, blank=True)  # view id, gesture, who pressed, user agent family
    event_id = models.BigIntegerField(null=True, blank=True)  # the csat.submitted event that tells it

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["survey", "revision"], name="one_revision"),
            models.CheckConstraint(condition=Q(score__gte=1, score__lte=5), name="answer_score_1_to_5"),
        ]
        indexes = [
            models.Index(fields=["survey"], condition=Q(state="accepted", score__lte=2), name="answer_low"),
            models.Index(fields=["-created_at", "-id"], condition=Q(state="quarantined"), name="answer_quarantined"),
        ]
        ordering = ["revision"]

    def __str__(self) -> str:
        return f"{self.score} (revision {self.revision})"


class Score(Row):
    """The rating of a session: points at the latest accepted answer and repeats it for fast reading."""

    session = models.OneToOneField(Session, on_delete=models.CASCADE, related_name="score")
    survey = models.OneToOneField(Survey, on_delete=models.CASCADE, related_name="score")
    answer = models.OneToOneField(Answer, on_delete=models.PROTECT, related_name="standing")
    contact = models.ForeignKey(Contact, on_delete=models.PROTECT, related_name="scores")
    agent = models.ForeignKey(Agent, on_delete=models.SET_NULL, null=True, blank=True, related_name="scores")
    score = models.PositiveSmallIntegerField()
    comment = models.TextField(blank=True)
    about = models.CharField(max_length=10, choices=About, null=True, blank=True)
    channel = models.CharField(max_length=20, choices=channel_choices)
    source = models.CharField(max_length=10, choices=Source)
    submitted_at = models.DateTimeField()  # of the latest accepted answer

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(score__gte=1, score__lte=5), name="score_1_to_5")]
        indexes = [
            models.Index(fields=["created_at", "id"], name="score_created"),
            models.Index(fields=["updated_at", "id"], name="score_sync"),
            models.Index(fields=["contact", "-submitted_at"], name="score_contact"),
            models.Index(fields=["agent", "-submitted_at"], name="score_agent"),
            models.Index(fields=["score", "-submitted_at"], name="score_score"),
            models.Index(fields=["submitted_at"], name="score_submitted"),
            models.Index(fields=["-submitted_at", "-id"], condition=Q(score__lte=2), name="score_low"),
        ]

    def __str__(self) -> str:
        return str(self.score)


class FollowUp(Row):
    """A low score somebody should look after."""

    session = models.OneToOneField(Session, on_delete=models.CASCADE, related_name="follow_up")
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True)
    note = models.TextField(blank=True)
    done_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("follow-up")
        indexes = [models.Index(fields=["created_at"], condition=Q(done_at=None), name="follow_up_open")]

    def __str__(self) -> str:
        return f"follow-up of {self.session_id}"
