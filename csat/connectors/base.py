"""The interface of a help desk: one class a system, pure but for the client it is given."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from django.utils.translation import gettext as _

from csat.connectors.api import Api
from csat.connectors.changes import Change
from csat.connectors.payloads import parse_json
from csat.lib.refusal import Invalid
from csat.lib.types import JsonObject, Label
from csat.scale import is_satisfied

STILL_NOT_SOLVED = "Still not solved: the customer asks to look at it again"


class Config(Protocol):
    """What a system may know of its connection."""

    @property
    def base_url(self) -> str: ...  # without a closing slash; "" where none is needed

    @property
    def account(self) -> str: ...  # their id of the account, workspace or app

    @property
    def inbound_secrets(self) -> Sequence[str]: ...  # those that verify now: two during a rotation

    @property
    def token(self) -> str: ...  # of their API; "": none

    @property
    def token_user(self) -> str: ...  # the login where Basic needs one, or the OAuth client's id

    @property
    def own_user(self) -> str: ...  # their id or email of the user whose token it is; "": not known

    @property
    def fields(self) -> Mapping[str, str]: ...  # what else the set-up asks for, by the names in `System.asks`

    @property
    def mapping(self) -> JsonObject: ...  # of the generic connector and its presets


@dataclass(frozen=True)
class Rating:
    """A score on its way back to the help desk."""

    external_id: str  # of their conversation
    score: int
    label: str  # Good
    comment: str  # "" where there is none or it must not be told
    at: datetime
    url: str  # of our conversation
    note_id: str = ""  # of the note we wrote before
    changed_side: bool = False  # between 1-3 and 4-5 since that note
    note: bool = True  # which of the three this connection writes
    fields: bool = True
    tag: bool = False
    reopened: bool = False  # the customer says it is not solved: said in a note of its own
    withdrawn: bool = False  # erased: our note is blanked and our fields cleared
    uncertain: bool = False  # an earlier try may have written the note: it is looked for by `url` first

    @property
    def line(self) -> str:
        """The note, plain text, the score in its first line for previews of lists."""
        said = f' - "{self.comment}"' if self.comment else ""
        again = f"\n{STILL_NOT_SOLVED}" if self.reopened else ""
        return f"CSAT {self.score}/5 {self.label}{said}{again}\n{self.url}"

    @property
    def values(self) -> dict[str, object]:
        """What goes into fields of theirs, by the names we ask them to make; None clears."""
        if self.withdrawn:
            return dict.fromkeys(("csat_score", "csat_label", "csat_comment", "csat_at", "csat_url"))
        return {
            "csat_score": self.score,
            "csat_label": self.label,
            "csat_comment": self.comment,
            "csat_at": self.at.isoformat(),
            "csat_url": self.url,
        }

    @property
    def tags(self) -> tuple[str, str]:
        """The tag to set and the one to remove."""
        good = "csat_good", "csat_bad"
        return good if is_satisfied(self.score) else (good[1], good[0])

    def retagged(self, names: Iterable[str]) -> list[str]:
        """Their whole list of tags with ours, for systems that replace it; of our two never both."""
        ours, other = self.tags
        kept = [name for name in names if name and name not in (ours, other)]
        return kept if self.withdrawn else [*kept, ours]


@dataclass(frozen=True)
class Step:
    """One of the five steps of a set-up. `copy`: a value of ours to paste there, by its name."""

    text: Label
    copy: str = ""  # "url", "header", "template" or ""


class System(ABC):
    """All there is to say about a help desk; one file in systems/ each."""

    kind: str  # its slug
    label: str
    resolved: tuple[str, ...] = ()  # their statuses that mean resolved, as `Change.status` says them
    unresolved: tuple[str, ...] = ()  # those that mean closed without an answer: spam, merged, deleted
    asks: Mapping[str, Label] = {}  # what the set-up asks for besides address, account, secret and token
    inbound_secret: Label = ""  # what they call the secret that signs; "": they sign nothing
    api_token: Label = ""  # what they call the token of their API; "": none is used
    token_user: Label = ""  # what they call the login beside it
    account: Label = ""  # what they call the account's id
    needs_address: bool = True  # the connection has a base address
    address_optional: bool = False  # only calls of its API need it
    default_address: str = ""  # for those in the cloud
    private_network: Label = ""  # what to set there so that it calls a private address of ours
    headers_kept: tuple[str, ...] = ()  # of the request, that `read` needs: lower case
    has_clock: bool = True  # every body tells when; without, the same body again counts after a minute
    can_send: bool = False  # a public reply can carry the survey's link
    writes: tuple[str, ...] = ("note", "fields", "tag")  # what can be written back
    steps: Sequence[Step] = ()
    template: str = ""  # the body to paste into their rule

    @abstractmethod
    def verify(self, config: Config, headers: Mapping[str, str], raw: bytes, url: str) -> None:
        """Raise BadSignature unless one of the secrets signed it. Header names are lower case; `url` is the
        public address it was sent to. Without a secret set, the address alone is the proof.
        """

    def handshake(self, config: Config, headers: Mapping[str, str], raw: bytes) -> str | None:
        """What to answer when they only ask whether we are there; None for everything else."""
        return None

    def parse(self, headers: Mapping[str, str], raw: bytes) -> Any:
        """The body as JSON values. Raises CannotRead."""
        return parse_json(raw)

    def redact(self, body: Any) -> Any:
        """The body without tokens and signed addresses, before it is stored."""
        return body

    def event_name(self, headers: Mapping[str, str], body: Any) -> str:
        """What they call this event; "" when they do not say."""
        return ""

    def duplicate_key(self, headers: Mapping[str, str], body: Any, raw: bytes) -> str:
        """Two requests with the same key are one event; "": the event's name and the body decide."""
        return ""

    def identify(self, config: Config, headers: Mapping[str, str], body: Any, raw: bytes) -> tuple[str, str]:
        """`event_name` and `duplicate_key`, where the connection itself says what they are."""
        return self.event_name(headers, body), self.duplicate_key(headers, body, raw)

    @abstractmethod
    def read(self, config: Config, headers: Mapping[str, str], body: Any, fetch: Api | None) -> list[Change]:
        """What it tells, an element a conversation or event. Nothing in it may raise for a missing, null or
        odd value but CannotRead; what is not understood is a Change with `not_used`, or []. `fetch` is None
        without a token; calls of it may raise outcomes.
        """

    def look_up(self, config: Config, api: Api, external_id: str) -> Change | None:
        """The conversation as it is now; None when it is gone. For systems with a token."""
        raise NotImplementedError

    def poll(self, config: Config, api: Api, since: datetime, cursor: str) -> tuple[list[Change], str]:
        """What changed since then, a page at a time; the cursor of the next page, "" after the last."""
        raise NotImplementedError

    def latest(self, config: Config, api: Api) -> list[Change]:
        """The last five conversations, for *Test*."""
        raise NotImplementedError

    def write_back(self, config: Config, api: Api, rating: Rating) -> str:
        """Write what `rating` says; the id of our note ("" without one). Never erases what others wrote, and
        may be called again after a cut connection. Raises outcomes.
        """
        raise NotImplementedError

    def send(self, config: Config, api: Api, external_id: str, text: str) -> str:
        """A public reply to the customer; its id there. Raises outcomes."""
        raise NotImplementedError

    def reopen(self, config: Config, api: Api, external_id: str) -> None:
        """Open the conversation there again; one that is open stays so. Raises outcomes."""
        raise NotImplementedError

    def check_mapping(self, mapping: Any, base_url: str) -> None:
        """Raise Invalid, naming each row that is wrong; only systems that are read by a mapping take one."""
        raise Invalid(_("%(system)s is read as it is: it takes no mapping.") % {"system": self.label})

    def auth(self, config: Config) -> Mapping[str, str]:
        """The headers that sign a call in."""
        return {}

    def sign_in(self, config: Config, api: Api) -> Mapping[str, str]:
        """The headers of a sign-in that ends by itself (OAuth2 client credentials), sent besides those of
        `auth`. `api` is not signed in yet; asked once a client, before its first call. Raises outcomes.
        """
        return {}

    def own_user(self, config: Config, api: Api) -> str:
        """The user whose token it is, as `Config.own_user` has it. Raises outcomes."""
        raise NotImplementedError

    def set_up(self, config: Config, api: Api, url: str) -> str:
        """Make the webhook there, by their API; the secret that came back. Raises outcomes."""
        raise NotImplementedError

    def can(self, verb: str) -> bool:
        """Whether the system has this optional verb: look_up, poll, latest, write_back, send, reopen,
        own_user, set_up.
        """
        return getattr(type(self), verb) is not getattr(System, verb)
