"""Session, its tags, handoffs and the agents who took part."""

from collections.abc import Iterable
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from csat.channels.base import Addresses
from csat.channels.kinds import Channel
from csat.lib.composed import Composed
from csat.lib.rows import Row
from csat.people.models import Agent, Brand, Contact, Team


def channel_choices() -> list[tuple[str, str]]:
    return [(str(value), str(label)) for value, label in Channel.choices]


def on_channel(channel: str) -> Q:
    """Sessions by `surveyed_as`: a social session bridged into the widget is Web Chat."""
    if channel == Channel.WEB:
        return Q(channel=channel) | Q(bridged_to_web=True)
    return Q(channel=channel, bridged_to_web=False)


# closed, and something was said since its words were taken, if they were
WITH_WORDS = ~Q(status="open") & (Q(words_expired_at__isnull=True) | Q(words_expired_at__lt=F("updated_at")))


class SessionQuerySet(models.QuerySet["Session"]):
    """Filters of lists. What sessions know of surveys is asked in surveys."""

    def for_lists(self) -> Self:
        return self.select_related("contact", "assignee", "resolver", "team").prefetch_related("tags")

    def search(self, text: str) -> Self:
        """By ticket number (`#12` or `12`), external id, subject, or the contact's name, email or phone."""
        text = text.strip()
        if not text:
            return self
        found = (
            Q(subject__folded_contains=text)
            | Q(external_id=text)
            | Q(contact__name__folded_contains=text)
            | Q(contact__email__folded_contains=text)
        )
        number = text.removeprefix("#")
        if number.isdecimal() and len(number) < 19:
            found |= Q(pk=int(number))
        digits = "".join(char for char in text if char.isdecimal())
        if len(digits) >= 5 and not any(char.isalpha() for char in text):
            found |= Q(contact__phone__contains=digits)
        return self.filter(found)

    def of_channel(self, channel: str) -> Self:
        return self.filter(on_channel(channel))

    def served_by(self, agent: Agent) -> Self:
        """The agent is assigned, has the credit, or took part."""
        took_part = Participation.objects.filter(agent=agent).values("session")
        return self.filter(Q(assignee=agent) | Q(resolver=agent) | Q(pk__in=took_part))

    def tagged(self, name: str) -> Self:
        return self.filter(pk__in=Tag.objects.filter(name=name).values("session"))

    def handed_off(self, yes: bool = True) -> Self:
        return self.filter(handed_off_at__isnull=not yes)

    def handed_off_for(self, reason: str) -> Self:
        return self.filter(pk__in=HandoffReason.objects.filter(reason=reason).values("session"))


class Session(Row):
    """One conversation on one channel; the primary key is its ticket number."""

    class Status(models.TextChoices):
        OPEN = "open", _("Open")
        RESOLVED = "closed_resolved", _("Resolved")
        UNRESOLVED = "closed_unresolved", _("Closed unresolved")

    class Closure(models.TextChoices):
        ASSUMED = "assumed_resolved", _("assumed resolved")
        RESOLVED = "resolved", _("resolved")
        HANDED_OFF = "handed_off", _("handed off")

    class Barred(models.TextChoices):
        """Why this conversation is not surveyed, as its help desk says."""

        MERGED_OR_SPAM = "merged_or_spam", _("merged or spam")
        THEIR_SURVEY = "their_survey_on", _("the help desk asks itself")

    external_id = models.CharField(max_length=200, null=True, blank=True, unique=True)
    contact = models.ForeignKey(Contact, on_delete=models.PROTECT, related_name="sessions")
    channel = models.CharField(max_length=20, choices=channel_choices)
    bridged_to_web = models.BooleanField(default=False)
    slack_channel = models.CharField(max_length=40, blank=True)
    thread_ts = models.CharField(max_length=40, blank=True)
    email_message_id = models.CharField(max_length=500, blank=True)
    subject = models.CharField(max_length=500, blank=True)
    status = models.CharField(max_length=20, choices=Status, default=Status.OPEN)
    ai_closure_type = models.CharField(max_length=20, choices=Closure, null=True, blank=True)
    sentiment = models.CharField(max_length=20, blank=True)  # positive, neutral, negative: arrives by API
    language = models.CharField(max_length=12, blank=True)
    team = models.ForeignKey(Team, on_delete=models.SET_NULL, null=True, blank=True)
    assignee = models.ForeignKey(
        Agent, on_delete=models.SET_NULL, null=True, blank=True, related_name="assigned"
    )
    # the agent who is credited with the rating; kept when it is reopened
    resolver = models.ForeignKey(
        Agent, on_delete=models.SET_NULL, null=True, blank=True, related_name="resolved"
    )
    last_human = models.ForeignKey(Agent, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    most_replies = models.ForeignKey(
        Agent, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    skip_csat = models.BooleanField(default=False)
    # it lives in a help desk: our card cannot be shown there
    connected = models.BooleanField(default=False, db_default=False)
    barred = models.CharField(max_length=20, choices=Barred, blank=True, default="", db_default="")
    # somebody tries the product: in no figure, export, webhook or workflow
    practice = models.BooleanField(default=False, db_default=False)
    # None: the default brand. No index: reports filter by date first, and brands are never deleted.
    brand = models.ForeignKey(Brand, on_delete=models.PROTECT, null=True, blank=True, db_index=False)
    # the API or a rule named it, or it was resolved or asked; otherwise it goes with the team
    brand_settled = models.BooleanField(default=False, db_default=False)
    custom_data = models.JSONField(default=dict, blank=True)
    customer_messages = models.PositiveIntegerField(default=0)
    last_customer_message_at = models.DateTimeField(null=True, blank=True)
    last_activity_at = models.DateTimeField()
    resolved_at = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    handed_off_at = models.DateTimeField(null=True, blank=True)
    words_expired_at = models.DateTimeField(null=True, blank=True)  # when retention took its words

    objects = SessionQuerySet.as_manager()

    class Meta:
        verbose_name = _("conversation")
        indexes = [
            models.Index(fields=["-last_activity_at", "-id"], name="session_activity"),
            models.Index(fields=["status", "-last_activity_at", "-id"], name="session_inbox"),
            models.Index(fields=["channel", "-last_activity_at", "-id"], name="session_channel"),
            models.Index(fields=["assignee", "-last_activity_at", "-id"], name="session_assignee"),
            models.Index(fields=["resolved_at"], name="session_resolved_at"),
            models.Index(fields=["updated_at", "id"], name="session_sync"),
            models.Index(fields=["created_at", "id"], name="session_created"),
            models.Index(fields=["updated_at"], condition=WITH_WORDS, name="session_with_words"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=~Q(status="closed_resolved") | Q(resolved_at__isnull=False),
                name="resolved_has_time",
            ),
        ]

    def __str__(self) -> str:
        return f"#{self.pk}"

    @property
    def ticket_number(self) -> int:
        return self.pk

    @property
    def inbox_url(self) -> str:
        """Where staff read it, for mails and help desks."""
        return f"{settings.SITE_URL}/inbox/{self.uuid}/"

    @property
    def surveyed_as(self) -> str:
        """The channel to survey it on: a social session bridged into the widget is Web Chat."""
        return Channel.WEB.value if self.bridged_to_web else self.channel

    @property
    def addresses(self) -> Addresses:
        contact = self.contact
        return Addresses(
            name=contact.name,
            email=contact.email,
            phone=contact.phone,
            slack_channel=self.slack_channel,
            thread_ts=self.thread_ts,
            language=self.language or contact.language,
            custom_data={**contact.custom_data, **self.custom_data},
            helpdesk=self.external_id or "" if self.connected else "",
        )

    def lock(self) -> None:
        """Lock the row until the transaction ends, and read it anew."""
        if not lock_all([self]):
            raise Session.DoesNotExist


def lock_all(sessions: Iterable[Session]) -> int:
    """`lock` for many, in the order of their ids, so that no two callers wait for each other; how many there
    still are.
    """
    attributes = {session.pk: vars(session) for session in sessions}
    rows = _LOCKED.rows(list(attributes))
    for row in rows:
        attributes[row.pk].pop("_prefetched_objects_cache", None)
        attributes[row.pk].update(vars(row))
    return len(rows)


_LOCKED = Composed(
    lambda pks: Session.objects.select_for_update(no_key=True).filter(pk__among=pks).order_by("pk"),
    example=[-1],
)


class Tag(models.Model):
    session = models.ForeignKey(Session, on_delete=models.CASCADE, related_name="tags")
    name = models.CharField(max_length=80)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["session", "name"], name="one_tag")]
        indexes = [models.Index(fields=["name", "session"], name="tag_name")]
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Handoff(Row):
    session = models.ForeignKey(Session, on_delete=models.CASCADE, related_name="handoffs")
    summary = models.TextField(blank=True)
    sentiment = models.CharField(max_length=20, blank=True)

    class Meta:
        indexes = [models.Index(fields=["created_at", "id"], name="handoff_created")]

    def __str__(self) -> str:
        return f"handoff of {self.session}"


class HandoffReason(models.Model):
    class Reason(models.TextChoices):
        BASED_ON_INSTRUCTIONS = "based_on_instructions", _("Based on instructions")
        INSTRUCTIONS_NOT_CLEAR = "instructions_not_clear", _("Instructions not clear")
        INSUFFICIENT_KNOWLEDGE = "insufficient_knowledge", _("Insufficient knowledge")
        INSUFFICIENT_TOOLS = "insufficient_tools", _("Insufficient tools")
        PROHIBITED_TOPIC = "prohibited_topic", _("Prohibited topic")
        USER_REQUESTED = "user_requested_human_assistance", _("Asked for a person")

    handoff = models.ForeignKey(Handoff, on_delete=models.CASCADE, related_name="reasons")
    session = models.ForeignKey(Session, on_delete=models.CASCADE, related_name="handoff_reasons")
    reason = models.CharField(max_length=40, choices=Reason)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["handoff", "reason"], name="one_reason")]
        indexes = [models.Index(fields=["reason", "session"], name="handoff_reason")]

    def __str__(self) -> str:
        return self.get_reason_display()


class Participation(models.Model):
    """An agent's part in a session: how many messages, when last."""

    session = models.ForeignKey(Session, on_delete=models.CASCADE, related_name="participations")
    agent = models.ForeignKey(Agent, on_delete=models.CASCADE, related_name="participations")
    messages = models.PositiveIntegerField(default=0)
    last_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["session", "agent"], name="one_participation")]

    def __str__(self) -> str:
        return f"{self.agent} in {self.session}"
