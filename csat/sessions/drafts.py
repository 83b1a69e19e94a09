"""A conversation from outside, checked, before it is stored."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Self

from django.utils import timezone
from django.utils.translation import gettext as _

from csat.channels.kinds import Channel
from csat.lib import languages
from csat.lib.json_limits import clean_object
from csat.lib.refusal import Problems
from csat.lib.types import JsonObject
from csat.people import brands
from csat.people.models import Agent, Brand, Contact, Team
from csat.sessions import cleaning
from csat.sessions.models import Session
from csat.sessions.resolving import is_past
from csat.sessions.tagging import tag_names

SKEW = timedelta(minutes=5)  # how far ahead somebody else's clock may be
EARLIEST = 1970
IDS = {"external_id": 200, "slack_channel": 40, "thread_ts": 40, "email_message_id": 500}
LINES = {"subject": 500, "sentiment": 20}


@dataclass
class Draft:
    """The cleaned input of `start`. `status` and the fields below it come from imports only."""

    contact: Contact | None
    channel: str = Channel.API
    external_id: str = ""
    slack_channel: str = ""
    thread_ts: str = ""
    email_message_id: str = ""
    subject: str = ""
    sentiment: str = ""
    language: str = ""
    assignee: Agent | None = None
    team: Team | None = None
    brand: Brand | None = None
    brand_settled: bool = False  # otherwise it is the team's
    tags: list[str] = field(default_factory=list)
    custom_data: JsonObject = field(default_factory=dict)
    bridged_to_web: bool = False
    connected: bool = False  # it lives in a help desk
    practice: bool = False
    created_at: datetime | None = None
    left_out: list[str] = field(default_factory=list)  # names of the contact's details
    status: str = Session.Status.OPEN
    resolved_at: datetime | None = None
    ai_closure_type: str | None = None
    skip_csat: bool = False

    @classmethod
    def from_input(cls, contact: Contact | None, **fields: object) -> Self:
        """Cleaned; raises Invalid naming every field that is wrong."""
        problems = Problems()
        values: JsonObject = {}
        for name, value in fields.items():
            if value is not None:
                with problems.of(name):
                    values[name] = _cleaned(name, value)
        problems.check()
        return cls(contact=contact, **values)

    @property
    def began(self) -> datetime:
        return self.created_at or self.resolved_at or timezone.now()

    @property
    def ended(self) -> datetime:
        """When it was resolved or closed: as given, else for history its beginning, else now."""
        if self.resolved_at:
            return max(self.resolved_at, self.began)
        return self.began if is_past(self.began) else timezone.now()

    @property
    def past(self) -> bool:
        """History: no survey, nothing is published."""
        return is_past(self.began if self.status == Session.Status.OPEN else self.ended)

    def row(self) -> Session:
        """The new session, its end included."""
        assert self.contact is not None
        row = Session(
            contact=self.contact,
            external_id=self.external_id or None,
            created_at=self.began,
            last_activity_at=self.began,
            **{name: getattr(self, name) for name in COPIED},
        )
        row.team = row.team or (row.assignee.team if row.assignee else None)
        row.brand = self.brand if self.brand_settled else brands.of_team(row.team)
        if self.status != Session.Status.OPEN:
            row.closed_at = row.last_activity_at = self.ended
        if self.status == Session.Status.RESOLVED:
            row.resolved_at, row.resolver, row.brand_settled = self.ended, self.assignee, True
        return row


COPIED = (
    "channel", "slack_channel", "thread_ts", "email_message_id", "subject", "sentiment", "language",
    "assignee", "team", "brand_settled", "custom_data", "bridged_to_web", "connected", "practice",
    "status", "ai_closure_type", "skip_csat",
)  # fmt: skip


def _cleaned(name: str, value: object) -> object:
    if name == "external_id" and isinstance(value, int) and not isinstance(value, bool):
        value = str(value)  # helpdesks number their tickets
    if name in IDS:
        return cleaning.identifier(value, IDS[name], name)
    if name in LINES:
        return cleaning.line(value, LINES[name], name)
    return CLEAN[name](value) if name in CLEAN else value


def _one_of(names: list[str], field: str) -> Callable[[object], str]:
    def clean(value: object) -> str:
        if value not in names:
            raise cleaning.invalid(field, _("Choose from: %(names)s.") % {"names": ", ".join(names)})
        return str(value)

    return clean


def _time(value: object) -> datetime:
    if not isinstance(value, datetime) or timezone.is_naive(value) or value.year < EARLIEST:
        raise cleaning.invalid("time", _("Give a time with its zone, as ISO 8601."))
    if value > timezone.now() + SKEW:
        raise cleaning.invalid("time", _("This is in the future."))
    return min(value, timezone.now())


def _tags(value: object) -> list[str]:
    if isinstance(value, str | dict) or not isinstance(value, Iterable):
        raise cleaning.invalid("tags", _("Give a list of texts."))
    return tag_names(cleaning.line(name, 80, "tags") for name in value)


def _language(value: object) -> str:
    """An unknown one becomes empty, so the installation's is used."""
    if not isinstance(value, str):
        raise cleaning.invalid("language", _("Give a text."))
    return languages.name_of(value)


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise cleaning.invalid("flag", _("Use true or false."))
    return value


CLEAN: dict[str, Callable[[object], object]] = {
    "channel": _one_of(Channel.values, "type"),
    "status": _one_of(Session.Status.values, "status"),
    "ai_closure_type": _one_of(Session.Closure.values, "ai_closure_type"),
    "created_at": _time,
    "resolved_at": _time,
    "tags": _tags,
    "custom_data": clean_object,
    "language": _language,
    "bridged_to_web": _flag,
    "connected": _flag,
    "practice": _flag,
    "skip_csat": _flag,
}
