"""A conversation as it was told to us, checked, before it is a row."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Self

from django.utils import timezone
from django.utils.translation import gettext as _

from csat.channels.kinds import Channel
from csat.lib import languages
from csat.lib.refusal import Problems
from csat.lib.text import clean_json
from csat.people.models import Agent, Contact, Team
from csat.sessions import words
from csat.sessions.models import Session
from csat.sessions.resolving import is_past
from csat.sessions.tagging import tag_names

SKEW = timedelta(minutes=5)  # how far ahead somebody else's clock may be
EARLIEST = 1970
LINES = {"external_id": 200, "slack_channel": 40, "thread_ts": 40, "email_message_id": 500, "subject": 500, "sentiment": 20}


@dataclass
class Draft:
    """What `start` was given, clean. `status` and what follows it come from imports only."""

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
    tags: list[str] = field(default_factory=list)
    custom_data: dict[str, Any] = field(default_factory=dict)
    bridged_to_web: bool = False
    created_at: datetime | None = None
    status: str = Session.Status.OPEN
    resolved_at: datetime | None = None
    ai_closure_type: str | None = None
    skip_csat: bool = False

    @classmethod
    def of(cls, contact: Contact | None, **told: Any) -> Self:
        """Cleaned; raises Invalid naming every field that is wrong."""
        problems, kept = Problems(), {}
        for name, value in told.items():
            if value is not None:
                with problems.of(name):
                    kept[name] = _cleaned(name, value)
        problems.check()
        return cls(contact=contact, **kept)

    @property
    def began(self) -> datetime:
        return self.created_at or self.resolved_at or timezone.now()

    @property
    def ended(self) -> datetime:
        """When it was resolved or closed: as told, else for history its beginning, else now."""
        if self.resolved_at:
            return max(self.resolved_at, self.began)
        return self.began if is_past(self.began) else timezone.now()

    @property
    def past(self) -> bool:
        """History: nobody is asked, nobody outside is told."""
        return is_past(self.began if self.status == Session.Status.OPEN else self.ended)

    def row(self) -> Session:
        """The session as it is first stored, its end included."""
        assert self.contact is not None
        row = Session(
            contact=self.contact,
            external_id=self.external_id or None,
            created_at=self.began,
            last_activity_at=self.began,
            **{name: getattr(self, name) for name in SAME},
        )
        row.team = row.team or (row.assignee.team if row.assignee else None)
        if self.status != Session.Status.OPEN:
            row.closed_at = row.last_activity_at = self.ended
        if self.status == Session.Status.RESOLVED:
            row.resolved_at, row.resolver = self.ended, self.assignee
        return row


SAME = (
    "channel", "slack_channel", "thread_ts", "email_message_id", "subject", "sentiment", "language", "assignee", "team", "custom_data",
    "bridged_to_web", "status", "ai_closure_type", "skip_csat",
)  # fmt: skip


def _cleaned(name: str, value: Any) -> Any:
    if name == "external_id" and isinstance(value, int) and not isinstance(value, bool):
        value = str(value)  # helpdesks number their tickets
    if name in LINES:
        return words.line(value, LINES[name], name)
    return CLEAN[name](value) if name in CLEAN else value


def _channel(value: Any) -> str:
    return _one_of(Channel.values, value, "type")


def _status(value: Any) -> str:
    return _one_of(Session.Status.values, value, "status")


def _closure(value: Any) -> str:
    return _one_of(Session.Closure.values, value, "ai_closure_type")


def _one_of(names: list[str], value: Any, field: str) -> str:
    if value not in names:
        raise words.wrong(field, _("Choose from: %(names)s.") % {"names": ", ".join(names)})
    return str(value)


def _time(value: Any) -> datetime:
    if not isinstance(value, datetime) or timezone.is_naive(value) or value.year < EARLIEST:
        raise words.wrong("time", _("Give a time with its zone, as ISO 8601."))
    if value > timezone.now() + SKEW:
        raise words.wrong("time", _("This is in the future."))
    return min(value, timezone.now())


def _tags(value: Any) -> list[str]:
    if isinstance(value, str | dict) or not isinstance(value, Iterable):
        raise words.wrong("tags", _("Give a list of texts."))
    return tag_names(words.line(name, 80, "tags") for name in value)


def _custom_data(value: Any) -> Any:
    if not isinstance(value, dict):
        raise words.wrong("custom_data", _("Give an object of names and values."))
    return clean_json(value)


def _language(value: Any) -> str:
    """An unknown one falls back to the installation's, however long its name is."""
    if not isinstance(value, str):
        raise words.wrong("language", _("Give a text."))
    return languages.named(value)


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise words.wrong("flag", _("Say true or false."))
    return value


CLEAN: dict[str, Any] = {
    "channel": _channel,
    "status": _status,
    "ai_closure_type": _closure,
    "created_at": _time,
    "resolved_at": _time,
    "tags": _tags,
    "custom_data": _custom_data,
    "language": _language,
    "bridged_to_web": _flag,
    "skip_csat": _flag,
}
