"""The interface of a channel: frozen values in, frozen values out."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import uuid4

from csat.channels.status import SANDBOX, Status
from csat.lib.types import Label


@dataclass(frozen=True)
class Addresses:
    """How a contact of a session can be reached; empty strings where unknown."""

    name: str = ""
    email: str = ""
    phone: str = ""  # E.164
    slack_channel: str = ""
    thread_ts: str = ""
    language: str = "en"
    custom_data: Mapping[str, Any] = field(default_factory=dict)  # the contact's, the session's on top
    helpdesk: str = ""  # of the conversation in the help desk where it lives: no card of ours is shown there


EXAMPLE = Addresses(
    "Ana Souza", "ana@example.com", "+15005550006", "C0123456789"
)  # the customer of previews and test messages


@dataclass(frozen=True)
class Brand:
    """Whose survey it is. `color` is #rrggbb; `logo_url` absolute or empty."""

    name: str = "Support"
    color: str = "#2f5fd0"
    logo_url: str = ""
    reply_to: str = ""
    sender: str = ""  # an address, or "Name <address>"; empty: the installation's
    # by language, or for all of them under "default"; it is no part of what a template says
    opening_line: Mapping[str, str] = field(default_factory=dict, compare=False)
    slug: str = ""  # empty: the default brand


@dataclass(frozen=True)
class MessageContext:
    """Everything a channel may say in one request. URLs are absolute."""

    reference: str  # the delivery's UUID: stable over attempts, so Message-ID and look-ups hold
    survey_id: str  # UUID
    to: str
    addresses: Addresses
    rate_url: str
    unsubscribe_url: str
    intro: str = ""  # custom message, already filled in; empty: the channel's default line
    contact_name: str = ""
    agent_name: str = ""
    ticket_number: int = 0
    language: str = "en"  # one of settings.LANGUAGES
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


class CannotTell:
    """`find` cannot tell (SMTP): the same message may be repeated under the same id."""


CANNOT_TELL = CannotTell()


class EventType(StrEnum):
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
class ProviderEvent:
    """One thing a provider told us.

    `reference` (the delivery's UUID) or else `provider_id` names the delivery; (`medium`, `address`) is the
    person.
    """

    type: EventType
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


@dataclass(frozen=True)
class AddressField:
    """The field of *Send me a test*: the type of its HTML input and its label. An `email` one starts with the
    colleague's own.
    """

    type: str
    label: Label


class Channel(ABC):
    """All there is to say about a channel; one file in this folder each. docs/contributors.md tells how to
    add one.
    """

    kind: str  # its slug in kinds.Channel
    medium: str  # of its addresses: one of kinds.Medium, or its own slug
    needs: str = (
        ""  # "email", "phone", "slack" or a word of its own: the address the contact must have; "": none
    )
    sends: Label  # what goes out, for the settings screen
    icon: str = '<path d="M4 5.5h16v10.5H11l-4 3.5V16H4z"/>'  # what stands inside a 24 x 24 <svg>, stroked
    source: str = ""  # of the answers that come back through it: one of surveys' Source, or its own slug
    fallbacks: tuple[str, ...] = ()  # where a survey goes next when this channel finally fails
    suppressible: bool = (
        False  # STOP, a bounce or a complaint closes an address; numbers are closed for all that need "phone"
    )
    silent: bool = False  # nothing goes out: it wakes nobody, is not reminded of and has nothing to test
    pace: float = 0.0  # seconds between two messages to one address, as the provider asks; 0: as they come
    speaks_as: str = (
        ""  # the channel that carries plain words to its customers; "": they only stand in the conversation
    )
    test_field: AddressField | None = None  # where *Send me a test* goes
    account_variables = ""  # of the environment, that name our account at its provider, in words

    @property
    def fallbacks_when_connected(self) -> tuple[str, ...]:
        """`fallbacks` of a conversation that lives in a help desk."""
        return self.fallbacks

    @abstractmethod
    def status(self) -> Status:
        """How its provider stands, judged from the settings alone; nobody is called."""

    def sandboxed(self) -> bool:
        """Whether its messages are kept in the outbox, because no provider is set up."""
        return self.status().state == SANDBOX

    @abstractmethod
    def address(self, addresses: Addresses) -> str | None:
        """The value to write to. None: cannot be reached; empty: the channel needs no address."""

    @abstractmethod
    def compose(self, context: MessageContext) -> Message: ...

    @abstractmethod
    def send(self, message: Message) -> Receipt:
        """One provider call. Raises Retry, Never or Unknown of lib.outcomes."""

    @abstractmethod
    def find(self, message: Message, since: datetime) -> Receipt | CannotTell | None:
        """Was this message taken since then? None: certainly not; it may be sent again.

        Raises Retry when the provider cannot be asked now, Never when it took the message and then failed it.
        """

    def check_account(self) -> str:
        """Ask the provider whether it accepts our account, sending nothing and without the database: who we
        are there, in its words. Empty where it cannot be asked. Raises Never when it does not accept us,
        Retry or Unknown when it does not answer.
        """
        return ""

    def verify(self, headers: Mapping[str, str], body: bytes, url: str) -> bool:
        """Is this callback the provider's own? `url`: the full public address it was sent to,
        with its query."""
        return False

    def read(self, headers: Mapping[str, str], body: bytes, url: str = "") -> list[ProviderEvent]:
        """Their words as ours; what is not understood gives []."""
        return []

    def example(self, to: str, language: str) -> tuple[str, Addresses]:
        """The address and the customer of a preview or of a test message to `to`."""
        addresses = replace(EXAMPLE, language=language)
        return to or self.address(addresses) or "", addresses

    def plain_address(self, addresses: Addresses) -> str:
        """Where plain words to this customer go; empty when they cannot be reached."""
        return self.address(addresses) or ""

    def plain(
        self,
        to: str,
        text: str,
        *,
        subject: str = "",
        token: str = "",
        thread: str = "",
        brand: Brand | None = None,
    ) -> Message:
        """Plain words as a message; `token` names it over repeats, and a look-up searches for the words
        themselves. To a customer they come from a `brand`.
        """
        return Message(
            kind=self.kind, to=to, text=text, subject=subject, reference=token or str(uuid4()), link=text
        )

    def refuses_words(self, last_inbound_at: datetime | None) -> str:
        """Why plain words cannot be written now, as a sentence; empty when they can."""
        return ""
