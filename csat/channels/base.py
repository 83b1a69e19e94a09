"""The interface of a channel: frozen values in, frozen values out."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol

from csat.channels.kinds import Medium


@dataclass(frozen=True)
class Reach:
    """How a contact of a session can be reached; empty strings where unknown."""

    name: str = ""
    email: str = ""
    phone: str = ""  # E.164
    slack_channel: str = ""
    thread_ts: str = ""
    language: str = "en"


@dataclass(frozen=True)
class Brand:
    """Whose survey it is. `color` is #rrggbb; `logo_url` absolute or empty."""

    name: str = "Support"
    color: str = "#2f5fd0"
    logo_url: str = ""
    reply_to: str = ""


@dataclass(frozen=True)
class Ask:
    """Everything a channel may say in one request. URLs are absolute."""

    reference: str  # the delivery's UUID: stable over attempts, so Message-ID and look-ups hold
    survey_id: str  # UUID
    to: str
    reach: Reach
    rate_url: str
    unsubscribe_url: str
    intro: str = ""  # custom message, already filled in; empty: the channel's default line
    contact_name: str = ""
    agent_name: str = ""
    ticket_number: int = 0
    language: str = "en"
    brand: Brand = field(default_factory=Brand)
    subject: str = ""  # the conversation's
    email_message_id: str = ""  # the conversation's, to thread with
    last_inbound_at: datetime | None = None  # when the contact last wrote on this channel
    reminder: bool = False


@dataclass(frozen=True)
class Message:
    """One message ready to be sent, in the provider's terms."""

    kind: str  # channel slug
    to: str
    text: str
    reference: str
    survey_id: str = ""
    language: str = "en"
    subject: str = ""
    html: str = ""
    sender: str = ""  # From address or number; empty: the transport's own
    headers: Mapping[str, str] = field(default_factory=dict)
    blocks: tuple[Mapping[str, Any], ...] = ()
    thread_ts: str = ""
    content_sid: str = ""
    content_variables: Mapping[str, str] = field(default_factory=dict)
    link: str = ""  # what a look-up searches for; the whole text where there is no link of its own
    others: tuple[str, ...] = ()  # provider ids that a look-up must not take for this message


@dataclass(frozen=True)
class Receipt:
    """The provider took it."""

    provider_id: str = ""
    transport: str = ""
    raw: Mapping[str, Any] = field(default_factory=dict)


class NotKnown:
    """`find` cannot tell (SMTP): the same message may be repeated under the same id."""


UNKNOWN = NotKnown()


class What(StrEnum):
    """What an update from a provider tells, in our words."""

    SENT = "sent"
    DELIVERED = "delivered"
    OPENED = "opened"
    FAILED = "failed"
    BOUNCED = "bounced"
    COMPLAINED = "complained"
    OPTED_OUT = "opted_out"
    OPTED_IN = "opted_in"
    HELP = "help"
    REPLIED = "replied"
    PRESSED = "pressed"  # a face under the message; `score`, `user`
    COMMENTED = "commented"  # the modal after a press; `text`, `user`
    ASKED_TO_COMMENT = "asked_to_comment"  # the button that opens it; `score`, `user`


@dataclass(frozen=True)
class Update:
    """One thing a provider told us.

    `reference` (the delivery's UUID) or else `provider_id` names the delivery; (`medium`, `address`) is the person.
    """

    what: What
    provider_id: str = ""
    reference: str = ""
    survey_id: str = ""
    medium: str = ""
    address: str = ""
    text: str = ""
    code: str = ""
    suppress: bool = False
    tries: int = 0  # a failure that may pass: attempts until it is final
    score: int | None = None
    user: str = ""  # the provider's id of who pressed
    user_name: str = ""
    reply_url: str = ""  # where the provider takes an answer to this press
    at: datetime | None = None
    event_id: str = ""  # for de-duplication
    thread: tuple[str, ...] = ()  # Message-IDs of the mails this one answers, the latest first
    tokens: tuple[str, ...] = ()  # of rating links in what it quotes
    automatic: bool = False  # no person wrote it
    raw: Mapping[str, Any] = field(default_factory=dict)


class Channel(Protocol):
    """One file in this folder each; see docs/contributors.md to add one."""

    kind: str
    medium: Medium
    needs: str  # "email", "phone", "slack", "" : what the contact must have

    def address(self, reach: Reach) -> str | None:
        """The value to write to. None: cannot be reached; empty: the channel needs no address."""
        ...

    def compose(self, ask: Ask) -> Message: ...
    def send(self, message: Message) -> Receipt:
        """One provider call. Raises Retry, Never or Unknown of lib.outcomes."""
        ...

    def find(self, message: Message, since: datetime) -> Receipt | NotKnown | None:
        """Was this message taken since then? None: certainly not; it may be sent again.

        Raises Retry when the provider cannot be asked now, Never when it took the message and then failed it.
        """
        ...

    def verify(self, headers: Mapping[str, str], body: bytes, url: str) -> bool:
        """Is this callback the provider's own? `url`: the full public address it was sent to, with its query."""
        ...

    def read(self, headers: Mapping[str, str], body: bytes, url: str = "") -> list[Update]:
        """Their words as ours; what is not understood gives []."""
        ...
