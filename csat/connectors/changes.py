"""What a help desk tells, in our words: frozen values, the same for every system."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class ChangeType(StrEnum):
    """What the event was about. Whatever it is, a status in it counts."""

    CREATED = "created"
    MESSAGE = "message"
    ASSIGNED = "assigned"
    STATUS = "status"
    MERGED = "merged"  # into another conversation: closed unresolved, nobody is asked
    DELETED = "deleted"  # or marked as spam: the same


class FoundBy(StrEnum):
    WEBHOOK = "webhook"
    POLL = "poll"
    IMPORT = "import"


class ClosedBy(StrEnum):
    """Who ended a conversation; an unknown one is empty."""

    HUMAN = "human"
    AI = "ai"  # a bot that solved it, or says so
    AUTOMATIC = "automatic"  # a time-out, a rule, a scheduler: assumed to be resolved
    HANDED_OFF = "handed_off"  # the bot passed it on to people


@dataclass(frozen=True)
class Customer:
    """Empty strings where they do not say. Values are theirs, uncleaned: `phone` may be in national form."""

    email: str = ""
    phone: str = ""
    name: str = ""
    external_id: str = ""  # their id of the person
    language: str = ""


@dataclass(frozen=True)
class Person:
    """An agent or a bot of theirs, or whoever acted."""

    id: str = ""
    name: str = ""
    email: str = ""
    kind: str = "human"  # human, ai, system or customer


@dataclass(frozen=True)
class SaidThere:
    """One message of theirs. A private note is none of these."""

    id: str
    sender: str  # contact, agent or ai
    text: str
    at: datetime
    author: Person | None = None


@dataclass(frozen=True)
class Change:
    """One conversation as an event, a look-up or a sweep told of it.

    None and "" mean: not told. `status` is their own word and the state at `at`, by their clock.
    """

    external_id: str
    at: datetime
    type: ChangeType = ChangeType.STATUS
    found_by: FoundBy = FoundBy.WEBHOOK
    status: str = ""
    channel: str = ""  # one of our slugs
    source_channel: str = ""  # their word for it
    inbox: str = ""  # their id of the inbox, group or brand
    inbox_name: str = ""
    subject: str = ""
    customer: Customer | None = None
    assignee: Person | None = None
    team: str = ""
    tags: tuple[str, ...] | None = None
    language: str = ""
    messages: tuple[SaidThere, ...] = ()
    actor: Person | None = None
    closed_by: ClosedBy | None = None
    created_at: datetime | None = None
    ended_at: datetime | None = None  # since when it is over, at the earliest, where `at` may be a later edit
    url: str = ""  # where a member of staff opens it there
    their_survey: bool = False  # they ask the customer themselves
    ours: bool = False  # our own write came back: nothing is applied
    not_used: str = ""  # why nothing of this event is used, in a few words
