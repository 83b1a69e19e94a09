"""The settings, and the rows of a survey: Survey, Delivery, Link, Answer, Score, FollowUp, StaffMessage."""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any, TypedDict

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator, URLValidator
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.text import format_lazy
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from csat.channels import registry
from csat.channels.base import Brand, ProviderEvent
from csat.lib import images, retention
from csat.lib.composed import Composed
from csat.lib.opening_hours import OpeningHours
from csat.lib.rows import Row
from csat.lib.text_by_language import TextByLanguage
from csat.people.models import OPENING_LINE_MAX_LENGTH, Agent, Contact, brand_logo_url
from csat.scale import HIGHEST, LOW_MAX, LOWEST
from csat.sessions.models import Session, channel_choices
from csat.surveys.choices import (
    DELIVERY_REACHED_FROM,
    SURVEY_REACHED_FROM,
    About,
    DeliveryState,
    Origin,
    QuarantineReason,
    Source,
    SurveyState,
)
from csat.surveys.validators import holidays, hours_by_weekday, retention_days, shipped_languages

MESSAGE_MAX_LENGTH = (
    OPENING_LINE_MAX_LENGTH  # of a custom message, and of a request's own words instead of it
)
MOST_HOURS = 720  # of a promise, and until a follow-up is due
KEPT_EVENTS = 20  # of a provider, in a delivery's `raw`


def source_choices() -> list[tuple[str, str]]:
    """The sources of answers: the known ones, and those that a channel brings along."""
    return registry.source_choices([(str(value), str(label)) for value, label in Source.choices])


class Pausable(Row):
    """Something that a person holds back for a while."""

    paused_at = models.DateTimeField(null=True, blank=True, editable=False)
    paused_by = models.CharField(max_length=200, blank=True, db_default="", default="", editable=False)
    paused_reason = models.CharField(max_length=500, blank=True, db_default="", default="", editable=False)

    class Meta:
        abstract = True


class CsatSettings(Pausable):
    """The settings, in one row, read once per request or task and never cached across them. Paused: nothing
    is sent at all.
    """

    class Ticketing(models.TextChoices):
        OPEN = "open", _("Open")
        ZENDESK = "zendesk", "Zendesk"
        INTERCOM = "intercom", "Intercom"
        HUBSPOT = "hubspot", "HubSpot"
        SALESFORCE = "salesforce", "Salesforce"
        DYNAMICS = "dynamics365", "Dynamics 365"
        CREATIO = "creatio", "Creatio"
        FLEX = "twilio_flex", "Twilio Flex"
        OTHER = "other", _("Other")

    class Delay(models.IntegerChoices):
        NOW = 0, _("Now")
        FIVE_MINUTES = 300, _("5m")
        QUARTER = 900, _("15m")
        HOUR = 3600, _("1h")

    # Every editable field is a setting. Its label, help and limits are written here and nowhere else: the
    # settings screen, the API with its description and the admin read them. A name ends in its unit, if any.
    auto_send = models.BooleanField(
        _("Auto-send CSAT after session closes"),
        default=False,
        help_text=_(
            "Off by default. Only conversations resolved after you save are surveyed, never earlier ones."
        ),
    )
    # Only resolutions from here on count.
    auto_send_since = models.DateTimeField(null=True, blank=True, editable=False)
    delay_seconds = models.PositiveIntegerField(
        _("Delay"),
        choices=Delay,
        default=Delay.NOW,
        help_text=_("How long after the conversation is resolved the survey is sent."),
    )
    ticketing_system = models.CharField(
        _("Ticketing system"),
        max_length=20,
        choices=Ticketing,
        default=Ticketing.OPEN,
        help_text=_(
            "Auto-send works only with Open. For another system, build a workflow that starts"
            " when a conversation is resolved and ends with “Send CSAT Request”."
        ),
    )
    # {"default": "...", "<language>": "..."}
    custom_message = models.JSONField(
        _("Custom message"),
        default=dict,
        blank=True,
        validators=[TextByLanguage(MESSAGE_MAX_LENGTH)],
        help_text=_(
            "Replaces the default line on every channel. Plain text; {contact_name} {agent_name} "
            "{ticket_number} are filled in. Empty: the default line in the customer's language."
        ),
    )
    contact_cap_days = models.PositiveIntegerField(
        _("At most one survey per contact every"),
        default=0,
        validators=[MaxValueValidator(3650)],
        help_text=_("0: no limit."),
    )
    sample_percent = models.PositiveIntegerField(
        _("Ask only a sample of"),
        default=100,
        validators=[MaxValueValidator(100)],
        help_text=_("100: everybody."),
    )
    quiet_start = models.TimeField(
        _("Quiet from"),
        null=True,
        blank=True,
        help_text=_("In the customer's time zone. Surveys due in quiet hours are sent afterwards."),
    )
    quiet_end = models.TimeField(
        _("Quiet until"), null=True, blank=True, help_text=_("Empty: no quiet hours.")
    )
    # {"mon": [["09:00", "18:00"]], ...}; None: always; an absent day: closed
    sending_hours = models.JSONField(
        _("Sending hours"),
        null=True,
        blank=True,
        validators=[hours_by_weekday],
        help_text=_("In the customer's time zone. Surveys due at another time wait until they open."),
    )
    # ["2026-12-25", ...]
    holidays = models.JSONField(
        _("Holidays"),
        default=list,
        db_default=[],
        blank=True,
        validators=[holidays],
        help_text=_("Days on which no survey is sent."),
    )
    delay_in_office_hours = models.BooleanField(
        _("Count the delay in sending hours"),
        default=False,
        db_default=False,
        help_text=_("An hour's delay at closing time ends an hour after opening."),
    )
    skip_no_customer_message = models.BooleanField(
        _("Skip conversations in which the customer wrote nothing"),
        default=False,
        help_text=_("A missed call or an empty chat, for example."),
    )
    skip_ai_assumed = models.BooleanField(
        _("Skip conversations the AI closed on an assumption"),
        default=False,
        help_text=_("The customer did not confirm that it is solved."),
    )
    skip_staff = models.BooleanField(
        _("Skip colleagues"),
        default=True,
        db_default=True,
        help_text=_("Customers with the email address of a user or an agent are not asked automatically."),
    )
    quiet_after_days = models.PositiveIntegerField(
        _("Do not ask after a silence of"),
        default=30,
        db_default=30,
        validators=[MaxValueValidator(3650)],
        help_text=_(
            "Conversations without a message for so long before they are resolved are not surveyed: the"
            " customer would not know what it is about. 0: always ask."
        ),
    )
    link_days = models.PositiveIntegerField(
        _("A rating link works for"),
        default=30,
        validators=[MinValueValidator(1), MaxValueValidator(3650)],
        help_text=_("Afterwards the link says that it has expired."),
    )
    reminder_days = models.PositiveIntegerField(
        _("Remind once, after"),
        default=0,
        validators=[MaxValueValidator(365)],
        help_text=_("Only to those who were asked and have not answered. 0: no reminder."),
    )
    ask_within_hours = models.PositiveIntegerField(
        _("Ask at the latest, after"),
        default=72,
        db_default=72,
        validators=[MinValueValidator(1), MaxValueValidator(8760)],
        help_text=_(
            "A survey that could not be sent for so long, because a provider was away or sending was paused,"
            " is skipped. Only surveys that are sent automatically."
        ),
    )
    guaranteed_delivery = models.BooleanField(
        _("Guaranteed delivery"),
        default=True,
        help_text=_(
            "When a channel finally fails, the next one the customer can be reached on takes over. "
            "Never twice to the same address, never against an opt-out."
        ),
    )
    fallback_after_hours = models.PositiveIntegerField(
        _("While a provider is away, the next channel takes over after"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(8760)],
        help_text=_("Empty: surveys wait for their own channel, and nobody pays for another one."),
    )
    ask_about = models.BooleanField(
        _("Ask “What was it about?” after 1, 2 or 3"),
        default=False,
        help_text=_("One tap, optional: the help I got · the product · a rule or price · not solved yet."),
    )
    comments_hidden_from_agents = models.BooleanField(
        _("Hide comments from agents"), default=False, help_text=_("Managers still read them.")
    )
    agents_see_own_only = models.BooleanField(
        _("Agents see only their own scores"), default=False, help_text=_("Managers still see everybody's.")
    )
    agents_may_copy_links = models.BooleanField(
        _("Agents may copy rating links"),
        default=True,
        db_default=True,
        help_text=_("For conversations whose rating they may see, until the customer has rated."),
    )
    reopen_by_customer = models.BooleanField(
        _("After 1 or 2 the customer may have it looked at again"),
        default=False,
        db_default=False,
        help_text=_(
            "The thank-you page offers it once: one tap reopens the conversation. A team can be left out in"
            " the admin, under Teams."
        ),
    )
    reopen_within_hours = models.PositiveIntegerField(
        _("We promise to look at it within"),
        default=24,
        db_default=24,
        validators=[MinValueValidator(1), MaxValueValidator(MOST_HOURS)],
        help_text=_("Sending hours count as office hours, in the organisation's time zone."),
    )
    terrible_follow_up_hours = models.PositiveIntegerField(
        _("Follow up a score of 1 within"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(MOST_HOURS)],
        help_text=_("Sending hours count as office hours. Afterwards it is overdue. Empty: no time is set."),
    )
    poor_follow_up_hours = models.PositiveIntegerField(
        _("Follow up a score of 2 within"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(MOST_HOURS)],
        help_text=_("Sending hours count as office hours. Afterwards it is overdue. Empty: no time is set."),
    )
    review_link = models.CharField(
        _("Link on the thank-you page"),
        null=True,
        blank=True,
        max_length=500,
        validators=[URLValidator(schemes=["https"], message=_("The address must start with https://."))],
        help_text=_(
            "A review page, for example. It is shown after every rating or not at all: showing it only after"
            " good ones is review gating, which review sites forbid. Empty: none."
        ),
    )
    brand_name = models.CharField(
        _("Name"),
        max_length=80,
        default="Support",
        help_text=_("As customers know you: on the rating page, as the sender of emails and in messages."),
    )
    brand_color = models.CharField(
        _("Colour"),
        max_length=7,
        default="#2f5fd0",
        validators=[RegexValidator(r"^#[0-9a-fA-F]{6}$")],
        help_text=_("For buttons and links; darkened or lightened where it would be hard to read."),
    )
    brand_logo = models.FileField(
        _("Logo"),
        upload_to="brand/",
        blank=True,
        help_text=format_lazy(_("PNG, JPEG, WebP or GIF, at most {n} KB."), n=images.LARGEST // 1024),
    )
    reply_to = models.EmailField(
        _("Replies go to"),
        blank=True,
        help_text=_(
            "Address for replies to survey emails. Empty: the sender's address. If your ESP "
            "forwards replies to this application, a number in a reply counts as a rating: "
            "say so in the opening line."
        ),
    )
    # Days by csat.lib.retention.Kind; a kind that is not named stays for ever. An installation that was there
    # before goes on with what always went after seven days, and has the rest off.
    retention = models.JSONField(
        _("Days after which old things go"),
        default=dict,
        db_default={"inbound_bodies": 7, "exports": 7},
        blank=True,
        validators=[retention_days],
        help_text=_("In days by kind; without a number, for ever. What is older goes at night."),
    )
    # Empty: every language that is shipped.
    languages = models.JSONField(
        _("Languages"),
        default=list,
        blank=True,
        validators=[shipped_languages],
        help_text=_(
            "Customers are asked in their own language if it is ticked, otherwise in the "
            "default language. None ticked: all."
        ),
    )

    # Of the backup this database was restored from, until somebody releases what it holds back.
    restored_from = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        verbose_name = verbose_name_plural = _("CSAT settings")
        constraints = [models.CheckConstraint(condition=Q(pk=1), name="one_settings")]

    def __str__(self) -> str:
        return str(_("CSAT settings"))

    def clean(self) -> None:
        if (self.quiet_start is None) != (self.quiet_end is None):
            raise ValidationError({"quiet_start": gettext("Quiet hours need a start and an end.")})
        if self.quiet_start is not None and self.quiet_start == self.quiet_end:
            raise ValidationError({"quiet_start": gettext("Start and end must differ.")})
        if self.sending_hours is not None:
            self._check_hours(OpeningHours.of(self.sending_hours))

    def _check_hours(self, hours: OpeningHours) -> None:
        if hours.never:
            raise ValidationError({"sending_hours": gettext("Leave at least one day open.")})
        # quiet hours alone always leave some
        if self.quiet_start and self.quiet_end and hours.without(self.quiet_start, self.quiet_end).never:
            left = gettext("With the quiet hours, no minute of the week is left.")
            raise ValidationError({"sending_hours": left})

    @classmethod
    def current(cls) -> "CsatSettings":
        if current := _CURRENT.first(1):
            return current
        new: dict[str, Any] = {"retention": retention.of_a_new_installation}
        return cls.objects.get_or_create(pk=1, defaults=new)[0]

    @property
    def brand(self) -> Brand:
        """The default one."""
        return Brand(
            self.brand_name,
            self.brand_color,
            brand_logo_url(self.brand_logo),
            self.reply_to,
            opening_line=self.custom_message,
        )

    @property
    def follow_up_hours(self) -> dict[int, int | None]:
        """By score: within how many office hours it is to be followed up; None: no time is set."""
        return {1: self.terrible_follow_up_hours, 2: self.poor_follow_up_hours}

    def brand_of(self, session: Session) -> Brand:
        """The one its customer is asked under: in every message, on every page, in every reply."""
        return session.brand.value if session.brand else self.brand


_CURRENT = Composed(lambda pk: CsatSettings.objects.filter(pk=pk), example=1)


class ChannelSettings(Pausable):
    """Whether a channel is on, and whether it was stopped or paused. No row: off."""

    kind = models.CharField(max_length=20, choices=channel_choices, unique=True)
    enabled = models.BooleanField(default=False)
    # The provider refused our account: nothing goes out until someone looks.
    stopped_at = models.DateTimeField(null=True, blank=True)
    stopped_reason = models.CharField(max_length=500, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = _("channel settings")

    def __str__(self) -> str:
        return self.kind


class Survey(Row):
    """The one survey of a session: whether the customer is asked, may answer, has answered."""

    session = models.OneToOneField(Session, on_delete=models.CASCADE, related_name="survey")
    contact = models.ForeignKey(Contact, on_delete=models.PROTECT, related_name="surveys")
    state = models.CharField(max_length=12, choices=SurveyState, default=SurveyState.SCHEDULED)
    channel = models.CharField(max_length=20, choices=channel_choices)
    language = models.CharField(max_length=12, default="en")
    origin = models.CharField(max_length=10, choices=Origin, default=Origin.AUTO)
    request_number = models.PositiveIntegerField(default=1)  # counts the times it was asked
    # The request csat.requested was last recorded for.
    announced_request = models.PositiveIntegerField(default=0)
    forced = models.BooleanField(default=False)
    message = models.TextField(blank=True)  # the request's own words instead of the custom message
    gates = models.JSONField(default=list, blank=True)  # [{"name", "passed", "value", "text"}]
    skipped_by = models.CharField(max_length=40, blank=True)  # the gate that failed
    scheduled_for = models.DateTimeField(null=True, blank=True)
    requested_at = models.DateTimeField(null=True, blank=True)  # first csat.requested; the cohort's date
    # The cohort: its first request, else the first score nobody asked for. None: in no figure.
    counted_at = models.DateTimeField(null=True, blank=True)
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
                fields=["counted_at", "expires_at"],
                condition=Q(state="sent", delivered_at__isnull=False),
                name="survey_still_open",
            ),
            models.Index(fields=["updated_at", "id"], name="survey_sync"),
            models.Index(fields=["created_at", "id"], name="survey_created"),
        ]

    def __str__(self) -> str:
        return f"survey of {self.session_id}"

    @classmethod
    def of(cls, session: Session) -> "Survey | None":
        return _OF_SESSION.first(session.pk)

    @property
    def is_past_expiry(self) -> bool:
        """Whether its links have ended, even while the sweeper has not expired it yet."""
        return self.expires_at is not None and self.expires_at <= timezone.now()

    def counts_at(self, at: datetime) -> datetime | None:
        """The time at which every figure counts it, when it was asked or rated then; never: practice."""
        return None if self.session.practice else at

    def move(self, target: SurveyState, **values: Any) -> bool:
        """Change the state if it may become `target`, judged in the database; whether it was changed."""
        return self.change(where={"state__in": SURVEY_REACHED_FROM[target]}, state=target, **values)

    def lock(self, *, changed: bool = False) -> None:
        """As `lock_all`, this one survey."""
        self.lock_all([self], changed=changed)

    @staticmethod
    def lock_all(surveys: "Collection[Survey]", *, changed: bool = False) -> None:
        """Lock the sessions' rows, then the surveys', until the transaction ends, and read the surveys anew.

        Whoever locks several rows takes them in this order, deliveries last; otherwise two would wait for
        each other. `changed` marks the sessions as changed.
        """
        sessions = Session.objects.filter(pk__in=[survey.session_id for survey in surveys])
        if len(surveys) > 1 or not changed:  # an UPDATE locks one row by itself, but many in no order
            list(sessions.select_for_update(no_key=True).order_by("pk").values_list("pk", flat=True))
        if changed:
            sessions.update(updated_at=timezone.now())
        rows = Survey.objects.select_for_update(no_key=True).filter(pk__in=[survey.pk for survey in surveys])
        stored = {survey.pk: survey for survey in rows.order_by("session_id")}
        for survey in surveys:
            for field in Survey._meta.concrete_fields:
                survey.__dict__[field.attname] = stored[survey.pk].__dict__[field.attname]

    def mark_session_changed(self) -> None:
        """Renew the session's `updated_at`, by which others synchronise. Locks its row."""
        Session.objects.filter(pk=self.session_id).update(updated_at=timezone.now())

    def mark_changed(self) -> None:
        """Renew `updated_at` of session and survey: what is shown of the survey's deliveries has changed."""
        self.mark_session_changed()
        self.change()


_OF_SESSION = Composed(lambda pk: Survey.objects.filter(session=pk), example=-1)


class KeptEvent(TypedDict):
    """One of the `updates` in a delivery's `raw`. The keys never change, because rows stay."""

    id: str
    what: str
    code: str
    at: str


class Delivery(Row):
    """One message, or card, that carries a survey to the customer on one channel."""

    class Reason(models.TextChoices):
        FIRST = "first", _("first")
        RESEND = "resend", _("resend")
        REMINDER = "reminder", _("reminder")
        FALLBACK = "fallback", _("guaranteed delivery")

    survey = models.ForeignKey(Survey, on_delete=models.CASCADE, related_name="deliveries")
    request_number = models.PositiveIntegerField(default=1)
    channel = models.CharField(max_length=20, choices=channel_choices)
    medium = models.CharField(max_length=10, choices=registry.medium_choices)
    address = models.CharField(max_length=320, blank=True)
    # smtp, anymail, twilio, slack, sandbox, card, none.
    transport = models.CharField(max_length=20, blank=True)
    reason = models.CharField(max_length=10, choices=Reason, default=Reason.FIRST)
    origin = models.CharField(max_length=10, choices=Origin, default=Origin.AUTO)
    asked_by = models.JSONField(default=dict, blank=True)  # the actor, kept for the event
    state = models.CharField(max_length=10, choices=DeliveryState, default=DeliveryState.DUE)
    attempt = models.PositiveIntegerField(default=0)
    next_try = models.DateTimeField()
    # When it could have gone out first; a further try, an outage or a pause leave it as it is.
    due_since = models.DateTimeField(default=timezone.now, db_default=Now())
    # When it was due first, if it then had to wait for the hours in which surveys are sent.
    held_from = models.DateTimeField(null=True, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    # The gates let it pass: counts for the contact cap from here on.
    cleared_at = models.DateTimeField(null=True, blank=True)
    # A send with unknown outcome: look up before the next.
    uncertain_since = models.DateTimeField(null=True, blank=True)
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
            models.Index(
                fields=["medium", "due_since", "id"], condition=Q(state="due"), name="delivery_waiting"
            ),
            models.Index(fields=["lease_until"], condition=Q(state="sending"), name="delivery_leased"),
            models.Index(fields=["provider_id"], condition=~Q(provider_id=""), name="delivery_provider"),
            models.Index(
                fields=["next_try"],
                condition=Q(medium="card", shown_at=None, state="sent"),
                name="delivery_unshown",
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["survey", "request_number", "medium", "address"],
                condition=~Q(reason="reminder") & ~Q(state="cancelled"),
                name="never_twice_to_an_address",
            )
        ]

    def __str__(self) -> str:
        return f"{self.channel} {self.state}"

    @property
    def claimed_at(self) -> datetime | None:
        """When the worker that holds it has claimed it; None when nobody holds it."""
        lease = timedelta(seconds=settings.SEND_LEASE_SECONDS)
        return self.lease_until - lease if self.lease_until else None

    def move(self, target: DeliveryState, **values: Any) -> bool:
        """Change the state if it may become `target`, judged in the database; whether it was changed."""
        return self.change(where={"state__in": DELIVERY_REACHED_FROM[target]}, state=target, **values)

    def keep_event(self, event: ProviderEvent) -> bool:
        """Add the event to the `updates` in `raw`; False when it is there already. Lock the survey first."""
        updates: list[KeptEvent] = self.raw.get("updates", [])
        if event.event_id and any(update["id"] == event.event_id for update in updates):
            return False
        at = (event.at or timezone.now()).isoformat()
        update = KeptEvent(id=event.event_id, what=str(event.type), code=event.code, at=at)
        return self.change(raw=self.raw | {"updates": [*updates, update][-KEPT_EVENTS:]})


ENDING_LINKS = Q(purpose__in=["rate", "widget", "copy"], revoked_at__isnull=True)


class Link(Row):
    """What a token opens. The token is not stored: it is derived from the row and a key."""

    class Purpose(models.TextChoices):
        RATE = "rate", _("rate")
        WIDGET = "widget", _("Web Chat card")
        UNSUBSCRIBE = "unsubscribe", _("opt out")
        COPY = "copy", _("copied by staff")  # a row for each time

    purpose = models.CharField(max_length=12, choices=Purpose)
    survey = models.ForeignKey(Survey, on_delete=models.CASCADE, null=True, blank=True, related_name="links")
    session = models.ForeignKey(
        Session, on_delete=models.CASCADE, null=True, blank=True, related_name="links"
    )
    contact = models.ForeignKey(
        Contact, on_delete=models.CASCADE, null=True, blank=True, related_name="links"
    )
    version = models.PositiveIntegerField(default=1)
    key_id = models.CharField(max_length=16)
    sha256 = models.CharField(max_length=64, unique=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    handed_out_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        db_index=False,
        related_name="+",
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(purpose__in=["rate", "copy"], survey__isnull=False)
                | Q(purpose="widget", session__isnull=False)
                | Q(purpose="unsubscribe", contact__isnull=False),
                name="link_has_subject",
            )
        ]
        indexes = [models.Index(fields=["created_at"], condition=ENDING_LINKS, name="link_ending")]

    def __str__(self) -> str:
        return f"{self.purpose} link"

    @property
    def is_past_expiry(self) -> bool:
        return self.expires_at is not None and self.expires_at <= timezone.now()


class Answer(Row):
    """One rating as it came in, never deleted. Quarantined ones count nowhere."""

    class State(models.TextChoices):
        ACCEPTED = "accepted", _("Accepted")
        QUARANTINED = "quarantined", _("Quarantined")

    survey = models.ForeignKey(Survey, on_delete=models.CASCADE, related_name="answers")
    revision = models.PositiveIntegerField()
    score = models.PositiveSmallIntegerField()
    comment = models.TextField(blank=True, max_length=5000)
    about = models.CharField(max_length=10, choices=About, null=True, blank=True)
    source = models.CharField(max_length=10, choices=source_choices)
    state = models.CharField(max_length=12, choices=State, default=State.ACCEPTED)
    reason = models.CharField(max_length=40, choices=QuarantineReason, blank=True)  # why it is quarantined
    # View id, gesture, who pressed, user agent family.
    provenance = models.JSONField(default=dict, blank=True)
    event_id = models.BigIntegerField(null=True, blank=True)  # the csat.submitted event that tells it
    repeated = False  # not stored: whether the caller said again what it says

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["survey", "revision"], name="one_revision"),
            models.CheckConstraint(
                condition=Q(score__gte=LOWEST, score__lte=HIGHEST), name="answer_score_1_to_5"
            ),
        ]
        indexes = [
            models.Index(
                fields=["survey"], condition=Q(state="accepted", score__lte=LOW_MAX), name="answer_low"
            ),
            models.Index(
                fields=["-created_at", "-id"], condition=Q(state="quarantined"), name="answer_quarantined"
            ),
        ]
        ordering = ["revision"]

    def __str__(self) -> str:
        return f"{self.score} (revision {self.revision})"


class Score(Row):
    """The rating of a session: a copy of its latest accepted answer, for fast reading."""

    session = models.OneToOneField(Session, on_delete=models.CASCADE, related_name="score")
    survey = models.OneToOneField(Survey, on_delete=models.CASCADE, related_name="score")
    answer = models.OneToOneField(Answer, on_delete=models.PROTECT, related_name="standing")
    contact = models.ForeignKey(Contact, on_delete=models.PROTECT, related_name="scores")
    agent = models.ForeignKey(Agent, on_delete=models.SET_NULL, null=True, blank=True, related_name="scores")
    score = models.PositiveSmallIntegerField()
    comment = models.TextField(blank=True)
    about = models.CharField(max_length=10, choices=About, null=True, blank=True)
    channel = models.CharField(max_length=20, choices=channel_choices)
    source = models.CharField(max_length=10, choices=source_choices)
    submitted_at = models.DateTimeField()  # of the latest accepted answer
    imported = models.BooleanField(default=False, db_default=False)  # from a file of past ratings
    seen_at = models.DateTimeField(null=True, blank=True)  # when somebody of the team first saw it
    reopened_at = models.DateTimeField(null=True, blank=True)  # when the customer had it looked at again
    words_withdrawn_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(score__gte=LOWEST, score__lte=HIGHEST), name="score_1_to_5")
        ]
        indexes = [
            models.Index(fields=["created_at", "id"], name="score_created"),
            models.Index(fields=["updated_at", "id"], name="score_sync"),
            models.Index(fields=["contact", "-submitted_at"], name="score_contact"),
            models.Index(fields=["agent", "-submitted_at"], name="score_agent"),
            models.Index(fields=["score", "-submitted_at"], name="score_score"),
            models.Index(fields=["submitted_at"], name="score_submitted"),
            models.Index(fields=["-submitted_at", "-id"], condition=Q(score__lte=LOW_MAX), name="score_low"),
        ]

    def __str__(self) -> str:
        return str(self.score)


class FollowUp(Row):
    """A low score that somebody should follow up."""

    session = models.OneToOneField(Session, on_delete=models.CASCADE, related_name="follow_up")
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True)
    note = models.TextField(blank=True)
    # one sentence for the customer, on the page behind their rating link
    resolution = models.TextField(blank=True, default="", db_default="")
    done_at = models.DateTimeField(null=True, blank=True)
    due_at = models.DateTimeField(null=True, blank=True)  # None: no time is set
    overdue_at = models.DateTimeField(null=True, blank=True)  # when it was recorded that it is late

    class Meta:
        verbose_name = _("follow-up")
        indexes = [
            models.Index(fields=["created_at"], condition=Q(done_at=None), name="follow_up_open"),
            models.Index(
                fields=["due_at"],
                condition=Q(done_at=None, overdue_at=None, due_at__isnull=False),
                name="follow_up_due",
            ),
        ]

    def __str__(self) -> str:
        return f"follow-up of {self.session_id}"

    @classmethod
    def open_for(cls, session: Session, *, due_at: datetime | None) -> "FollowUp":
        """Open it, again if it was done, and due then; one that is open and due earlier stays so."""
        follow_up, created = cls.objects.get_or_create(session=session, defaults={"due_at": due_at})
        if not created and follow_up.done_at:
            follow_up.change(done_at=None, due_at=due_at, overdue_at=None)
        elif due_at and (follow_up.due_at is None or follow_up.due_at > due_at):
            follow_up.change(due_at=due_at, overdue_at=None)
        return follow_up

    @property
    def is_overdue(self) -> bool:
        return self.done_at is None and self.due_at is not None and self.due_at <= timezone.now()


class StaffMessageQuerySet(models.QuerySet["StaffMessage"]):
    def give_up(self, why: str) -> int:
        """What has not left does not leave any more, and whoever wrote it reads why; how many."""
        waiting = self.filter(state__in=[StaffMessage.State.DUE, StaffMessage.State.SENDING])
        return waiting.update(
            state=StaffMessage.State.FAILED, lease_until=None, error=why, updated_at=timezone.now()
        )


class StaffMessage(Row):
    """What a member of staff writes to the customer of a conversation, on its way."""

    class State(models.TextChoices):
        DUE = "due", _("Waiting")
        SENDING = "sending", _("Sending")
        SENT = "sent", _("Sent")
        FAILED = "failed", _("Failed")

    session = models.ForeignKey(Session, on_delete=models.CASCADE, related_name="staff_messages")
    text = models.TextField()
    written_by = models.JSONField(default=dict)  # the actor, kept for the event
    state = models.CharField(max_length=10, choices=State, default=State.DUE)
    attempt = models.PositiveIntegerField(default=0)
    next_try = models.DateTimeField()
    lease_until = models.DateTimeField(null=True, blank=True)
    # a send with unknown outcome: look up before the next
    uncertain_since = models.DateTimeField(null=True, blank=True)
    via = models.CharField(max_length=20, blank=True)  # the channel, "helpdesk" or "conversation"
    provider_id = models.CharField(max_length=320, blank=True)
    error = models.CharField(max_length=500, blank=True)
    sent_at = models.DateTimeField(null=True, blank=True)

    objects = StaffMessageQuerySet.as_manager()

    class Meta:
        verbose_name = _("message to a customer")
        verbose_name_plural = _("messages to customers")
        ordering = ["-id"]
        indexes = [
            models.Index(
                fields=["next_try"], condition=Q(state__in=["due", "sending"]), name="staff_message_due"
            ),
        ]

    def __str__(self) -> str:
        return f"message to the customer of {self.session_id}"
