"""Connections to help desks, every event that came in, and every score on its way back."""

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, TypedDict

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from csat.connectors import registry
from csat.connectors.base import System
from csat.lib import encryption, tokens
from csat.lib.rows import Row
from csat.lib.types import JsonObject
from csat.sessions.models import Session

ROTATION = timedelta(hours=24)  # how long a replaced signing secret still verifies
ID_LENGTH = 160  # of a conversation or message of theirs
STALE = timedelta(hours=1)  # an event that waits for so long is worth a look
NO_BODY = ""  # of an event whose body stands in InboundBody, or is no longer kept
ERASED_BODY = "null"  # of one about an erased contact
CLOSED_WITH_BODY = Q(next_try__isnull=True) & ~Q(body=NO_BODY) & ~Q(body=ERASED_BODY)


class Secrets(TypedDict, total=False):
    """What `Connection.secrets` encrypts."""

    address: str  # the last part of our address
    inbound: str  # their signing secret
    old_inbound: str
    old_inbound_until: str  # ISO 8601
    token: str  # of their API
    token_user: str


class ConnectionQuerySet(models.QuerySet["Connection"]):
    def alive(self) -> "ConnectionQuerySet":
        """Without those of help desks that this version has no connector for: a later one added them."""
        return self.filter(deleted_at=None, kind__in=[system.kind for system in registry.all()])

    def active(self) -> "ConnectionQuerySet":
        return self.alive().filter(paused_at=None)


class Connection(Row):
    """One help desk. Paused, it still takes in events and applies none."""

    kind = models.CharField(max_length=20, choices=registry.choices)
    name = models.CharField(max_length=200)
    base_url = models.CharField(max_length=500, blank=True)
    account = models.CharField(max_length=200, blank=True)
    own_user = models.CharField(max_length=320, blank=True)  # theirs, whose token we have
    digest = models.CharField(max_length=64, unique=True)  # of the last part of our address
    secrets = models.TextField(blank=True)  # encrypted: Secrets as JSON
    fields = models.JSONField(default=dict, blank=True)
    rules = models.JSONField(default=dict, blank=True)  # csat.connectors.rules says what stands here
    connected_at = models.DateTimeField(default=timezone.now)  # what was resolved before is never asked about
    paused_at = models.DateTimeField(null=True, blank=True)
    paused_reason = models.CharField(max_length=300, blank=True)
    deleted_at = models.DateTimeField(null=True, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)  # a worker applies its events
    next_sweep = models.DateTimeField(default=timezone.now)
    sweep_lease_until = models.DateTimeField(null=True, blank=True)
    swept_until = models.DateTimeField(null=True, blank=True)  # their clock
    sweep_cursor = models.CharField(max_length=500, blank=True)  # where the next one goes on
    sweep_began = models.DateTimeField(null=True, blank=True)  # with the first page of what goes on
    sweep_error = models.CharField(max_length=500, blank=True)
    last_event_at = models.DateTimeField(null=True, blank=True)
    last_write_back_at = models.DateTimeField(null=True, blank=True)
    rejected = models.PositiveIntegerField(default=0)  # requests with a bad signature
    rejected_at = models.DateTimeField(null=True, blank=True)
    rejected_reason = models.CharField(max_length=300, blank=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )

    objects = ConnectionQuerySet.as_manager()

    class Meta:
        ordering = ["id"]
        indexes = [
            models.Index(
                fields=["next_sweep"], condition=Q(deleted_at=None, paused_at=None), name="connection_sweep"
            )
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def system(self) -> System:
        return registry.get(self.kind)

    @property
    def tool(self) -> str:
        """What sentences call the help desk: its own name where the system's label names no product."""
        system = registry.find(self.kind)  # None: a later version had a connector for it
        return self.name if system is None or self.kind == "generic" else system.label

    @property
    def opened(self) -> Secrets:
        """Its secrets. Raises encryption.UnknownKey while the key that made them is not set."""
        text = encryption.decrypt(self.secrets, settings.SECRETS_KEYS)
        opened: Secrets = json.loads(text) if text else {}
        return opened

    def sealed(self, **changed: str) -> str:
        """The secrets with these changed, encrypted for `secrets`; "" removes one."""
        values = {name: value for name, value in {**self.opened, **changed}.items() if value}
        return encryption.encrypt(json.dumps(values), settings.SECRETS_KEYS)

    @property
    def inbound_url(self) -> str:
        """Where they send their events. Raises encryption.UnknownKey."""
        return f"{settings.SITE_URL}/connect/{self.kind}/{self.opened.get('address', '')}"

    @property
    def readable_inbound_url(self) -> str | None:
        """None while the key to its secrets is missing."""
        try:
            return self.inbound_url
        except encryption.UnknownKey:
            return None

    @property
    def config(self) -> "ConnectionConfig":
        """What its system may know of it. Raises encryption.UnknownKey."""
        return ConnectionConfig(self)


class ConnectionConfig:
    """A connection as its system sees it; see csat.connectors.base.Config."""

    def __init__(self, connection: Connection) -> None:
        opened = connection.opened
        self.base_url = connection.base_url or connection.system.default_address
        self.account = connection.account
        self.own_user = connection.own_user
        self.token = opened.get("token", "")
        self.token_user = opened.get("token_user", "")
        self.fields: Mapping[str, str] = connection.fields
        self.mapping: JsonObject = connection.rules.get("mapping") or {}
        self._opened = opened

    @property
    def inbound_secrets(self) -> list[str]:
        """Those that verify now: for a day after a rotation, the former one too."""
        secret, until = self._opened.get("inbound", ""), self._opened.get("old_inbound_until", "")
        secrets = [secret] if secret else []
        if until and datetime.fromisoformat(until) > timezone.now():
            secrets.append(self._opened.get("old_inbound", ""))
        return secrets


class InboundEvent(Row):
    """One request of theirs, redacted. `created_at` is when it arrived.

    Until it was applied it carries its body; csat.connectors.bodies moves that out of the row afterwards.
    """

    class Outcome(models.TextChoices):
        WAITING = "waiting", _("waiting")
        APPLIED = "applied", _("applied")
        IGNORED = "ignored", _("ignored")
        FAILED = "failed", _("failed")
        DUPLICATE = "duplicate", _("duplicate")

    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, related_name="events")
    key = models.CharField(max_length=64)  # a hash: the same event again is not stored
    event = models.CharField(max_length=100, blank=True)  # their name of it
    headers = models.JSONField(default=dict, blank=True)  # those that reading it needs
    body = models.TextField(blank=True)  # JSON without tokens; as it came where it is none
    outcome = models.CharField(max_length=10, choices=Outcome, default=Outcome.WAITING)
    text = models.CharField(max_length=500, blank=True)  # what became of it, in one sentence
    session = models.ForeignKey(Session, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    contact_id = models.BigIntegerField(null=True, blank=True, db_index=True)  # so that an erasure finds it
    attempt = models.PositiveIntegerField(default=0)
    next_try = models.DateTimeField(null=True, blank=True, default=timezone.now)  # None: nothing to do
    applied_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]
        constraints = [models.UniqueConstraint(fields=["connection", "key"], name="one_event_a_key")]
        indexes = [
            models.Index(
                fields=["connection", "next_try", "id"],
                condition=Q(next_try__isnull=False),
                name="inbound_event_due",
            ),
            models.Index(fields=["connection", "-id"], name="inbound_event_log"),
            models.Index(fields=["created_at"], name="inbound_event_old"),
            models.Index(fields=["created_at"], condition=CLOSED_WITH_BODY, name="inbound_event_with_body"),
        ]

    def __str__(self) -> str:
        return f"{self.event} from {self.connection_id}"

    @property
    def parsed(self) -> Any:
        """The body as JSON values."""
        return json.loads(self.body)


class InboundBody(models.Model):
    """The body of an event that was applied. Nothing refers to it, so that it may go alone."""

    event_id = models.BigIntegerField(db_index=True)  # InboundEvent.pk
    created_at = models.DateTimeField(db_index=True)  # as the event's
    headers = models.JSONField(default=dict)
    body = models.TextField()

    def __str__(self) -> str:
        return f"body of {self.event_id}"


class ConversationOrigin(Row):
    """Where a conversation came from, and what was last known of it there."""

    session = models.OneToOneField(Session, on_delete=models.CASCADE, related_name="conversation_origin")
    connection = models.ForeignKey(Connection, on_delete=models.PROTECT, related_name="origins")
    external_id = models.CharField(max_length=ID_LENGTH)  # of the conversation there
    url = models.CharField(max_length=500, blank=True)
    inbox = models.CharField(max_length=100, blank=True)
    status = models.CharField(max_length=60, blank=True)  # their word
    status_at = models.DateTimeField(null=True, blank=True)  # their clock
    note_id = models.CharField(max_length=100, blank=True)  # of the note that holds the score there
    note_score = models.PositiveSmallIntegerField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["connection", "external_id"], name="one_origin_a_conversation")
        ]

    def __str__(self) -> str:
        return f"{self.external_id} of {self.connection_id}"


class ConnectedMessage(models.Model):
    """A message that is on our timeline already, by their id."""

    origin = models.ForeignKey(ConversationOrigin, on_delete=models.CASCADE, related_name="messages")
    external_id = models.CharField(max_length=ID_LENGTH)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["origin", "external_id"], name="one_message_an_id")]

    def __str__(self) -> str:
        return self.external_id


class WriteBack(Row):
    """One revision of a score on its way back to the help desk."""

    class State(models.TextChoices):
        PENDING = "pending", _("Waiting")
        WRITTEN = "written", _("Written")
        FAILED = "failed", _("Refused")
        REPLACED = "replaced", _("Replaced by a newer one")

    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, related_name="write_backs")
    session = models.ForeignKey(Session, on_delete=models.CASCADE, related_name="write_backs")
    revision = models.PositiveIntegerField()  # of the answer; with `withdrawn`, of the one taken back
    withdrawn = models.BooleanField(default=False)
    state = models.CharField(max_length=10, choices=State, default=State.PENDING)
    attempt = models.PositiveIntegerField(default=0)
    uncertain = models.BooleanField(default=False)  # an earlier try may have written it
    next_try = models.DateTimeField(default=timezone.now)
    lease_until = models.DateTimeField(null=True, blank=True)
    written_at = models.DateTimeField(null=True, blank=True)
    error = models.CharField(max_length=500, blank=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["session", "revision", "withdrawn"], name="one_write_back")
        ]
        indexes = [
            models.Index(fields=["next_try"], condition=Q(state="pending"), name="write_back_due"),
            models.Index(fields=["connection", "-id"], name="write_back_log"),
        ]

    def __str__(self) -> str:
        return f"score of {self.session_id} to {self.connection_id}"


def token_digest(token: str) -> str:
    """What is stored and searched of the last part of our address."""
    return tokens.digest(token)
