"""What a connection was told to do: which inboxes count, what means resolved, what is written back."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from django.db import models
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from csat.channels.kinds import Channel
from csat.connectors.base import System
from csat.connectors.changes import Change, ChangeType
from csat.lib.refusal import Invalid, Problems
from csat.lib.types import JsonObject
from csat.people import brands
from csat.sessions.models import Session

WRITES = ("note", "fields", "tag")
NAMES = (
    "resolved", "channels", "inboxes", "brand", "brands", "language", "agents", "write_back", "send",
    "mapping",
)  # fmt: skip


class LanguageFrom(models.TextChoices):
    """Which language of theirs counts; without one, it is the installation's."""

    CONVERSATION = "conversation", _lazy("the conversation's, else the customer's")
    CUSTOMER = "customer", _lazy("the customer's")
    NONE = "none", _lazy("none: the default language")


class AgentsBy(models.TextChoices):
    """How their agents become ours."""

    EMAIL_OR_NAME = "email_or_name", _lazy("email address, else name")
    EMAIL = "email", _lazy("email address only: nobody is credited without one")


LIMIT = 200  # of entries in a list


@dataclass(frozen=True)
class Rules:
    """As `Connection.rules` keeps them, the system's own defaults filled in."""

    resolved: frozenset[str]  # their statuses, in lower case
    unresolved: frozenset[str]
    channels: Mapping[str, str] = field(default_factory=dict)  # their inbox's id: our slug
    inboxes: frozenset[str] = frozenset()  # those that count; empty: all
    brand: str = ""  # slug of the brand of its conversations; empty: the team's
    brands: Mapping[str, str] = field(default_factory=dict)  # their inbox's id: another slug
    note: bool = True
    fields: bool = True
    tag: bool = False
    send: bool = False
    language: str = LanguageFrom.CONVERSATION
    agents: str = AgentsBy.EMAIL_OR_NAME

    @classmethod
    def of(cls, system: System, stored: JsonObject) -> Self:
        writes = stored.get("write_back") or {}
        return cls(
            resolved=_lower(stored.get("resolved") or system.resolved),
            unresolved=_lower(system.unresolved),
            channels=stored.get("channels") or {},
            inboxes=frozenset(stored.get("inboxes") or ()),
            brand=stored.get("brand") or "",
            brands=stored.get("brands") or {},
            **{name: bool(writes.get(name, default)) for name, default in default_writes(system).items()},
            send=bool(stored.get("send")) and system.can_send,
            language=stored.get("language") or LanguageFrom.CONVERSATION,
            agents=stored.get("agents") or AgentsBy.EMAIL_OR_NAME,
        )

    def status_of(self, change: Change) -> str | None:
        """Our status for what it says of the conversation; None when it says nothing of it."""
        if change.type in (ChangeType.MERGED, ChangeType.DELETED):
            return Session.Status.UNRESOLVED
        if not change.status:
            return None
        theirs = change.status.lower()
        if theirs in Session.Status.values:  # the generic connector maps to our own words
            return theirs
        if theirs in self.resolved:
            return Session.Status.RESOLVED
        return Session.Status.UNRESOLVED if theirs in self.unresolved else Session.Status.OPEN

    def channel_of(self, change: Change) -> str:
        """The slug for its inbox where one was chosen, else the system's; `api` when nobody knows."""
        chosen = self.channels.get(change.inbox) or change.channel
        return chosen if chosen in Channel.values else Channel.API.value

    def brand_of(self, change: Change) -> JsonObject:
        """What names the brand of a new conversation; nothing where no rule does or its brand is archived."""
        try:
            return brands.named(self.brands.get(change.inbox) or self.brand)
        except Invalid:
            return {}

    def language_of(self, change: Change) -> str:
        customers = change.customer.language if change.customer else ""
        if self.language == LanguageFrom.NONE:
            return ""
        return customers if self.language == LanguageFrom.CUSTOMER else change.language or customers

    def counts(self, change: Change) -> bool:
        """Whether conversations of its inbox count; one that tells no inbox does."""
        return not (self.inboxes and change.inbox) or change.inbox in self.inboxes


def default_writes(system: System) -> dict[str, bool]:
    """What a new connection writes back."""
    return {name: name in system.writes and name != "tag" for name in WRITES}


def complete(system: System, stored: JsonObject) -> JsonObject:
    """Every rule as it holds, the system's own defaults filled in, in the form that `clean` takes."""
    return {
        "resolved": stored.get("resolved") or list(system.resolved),
        "inboxes": stored.get("inboxes") or [],
        "channels": stored.get("channels") or {},
        "brand": stored.get("brand") or "",
        "brands": stored.get("brands") or {},
        "language": stored.get("language") or LanguageFrom.CONVERSATION.value,
        "agents": stored.get("agents") or AgentsBy.EMAIL_OR_NAME.value,
        "write_back": default_writes(system) | (stored.get("write_back") or {}),
        "send": bool(stored.get("send")) and system.can_send,
        "mapping": stored.get("mapping") or {},
    }


def clean(system: System, given: Any, stored: JsonObject | None = None, *, base_url: str = "") -> JsonObject:
    """`given` over what is stored, checked. Raises Invalid naming each field, and row, that is wrong."""
    if not isinstance(given, dict):
        raise Invalid(_("Give an object."), fields={"rules": [_("Give an object.")]})
    problems = Problems()
    unknown = [name for name in given if name not in NAMES]
    if unknown:
        problems.add("rules", _("There is no rule %(names)s.") % {"names": ", ".join(map(str, unknown))})
    rules = dict(stored or {})
    for name in [name for name in NAMES if name in given]:
        with problems.of(f"rules.{name}"):
            value = CLEAN[name](given[name])
            rules[name] = {**rules.get(name, {}), **value} if name == "write_back" else value
    if "mapping" in given and "rules.mapping" not in problems.fields:
        _check_mapping(system, rules["mapping"], base_url, problems)
    if rules.get("send") and not system.can_send:
        problems.add("rules.send", _("%(system)s cannot send messages for us.") % {"system": system.label})
    problems.check()
    return rules


def _check_mapping(system: System, mapping: Any, base_url: str, problems: Problems) -> None:
    try:
        if mapping:
            system.check_mapping(mapping, base_url)
    except Invalid as refused:
        for name, texts in (refused.fields or {"": [refused.message]}).items():
            problems.add(f"rules.mapping.{name}".rstrip("."), " ".join(texts))


def _texts(given: Any) -> list[str]:
    if not isinstance(given, list) or len(given) > LIMIT:
        raise Invalid(_("Give a list of texts."))
    return [str(one).strip() for one in given if str(one).strip()]


def _channels(given: Any) -> dict[str, str]:
    if not isinstance(given, dict) or len(given) > LIMIT:
        raise Invalid(_("Give an object of their inboxes and our channels."))
    if unknown := [slug for slug in given.values() if slug not in Channel.values]:
        text = _("There is no channel %(slug)s. Choose from: %(names)s.")
        raise Invalid(text % {"slug": unknown[0], "names": ", ".join(Channel.values)})
    return {str(inbox).strip(): slug for inbox, slug in given.items()}


def _brand(given: Any) -> str:
    if given and not (isinstance(given, str) and brands.exists(given)):
        raise Invalid(_("There is no brand %(slug)s.") % {"slug": given})
    return str(given or "")


def _brands(given: Any) -> dict[str, str]:
    if not isinstance(given, dict) or len(given) > LIMIT:
        raise Invalid(_("Give an object of their inboxes and our brands."))
    return {str(inbox).strip(): _brand(slug) for inbox, slug in given.items() if slug}


def _writes(given: Any) -> dict[str, bool]:
    if not isinstance(given, dict) or not set(given) <= set(WRITES):
        raise Invalid(_("Give true or false for: %(names)s.") % {"names": ", ".join(WRITES)})
    return {name: _flag(value) for name, value in given.items()}


def _flag(given: Any) -> bool:
    if not isinstance(given, bool):
        raise Invalid(_("Use true or false."))
    return given


def _one_of(names: list[str]) -> Callable[[Any], str]:
    def clean(given: Any) -> str:
        if given not in names:
            raise Invalid(_("Choose from: %(names)s.") % {"names": ", ".join(names)})
        return str(given)

    return clean


def _mapping(given: Any) -> Any:
    if not isinstance(given, dict | list):
        raise Invalid(_("Give the rows of the mapping."))
    return given


CLEAN: dict[str, Callable[[Any], Any]] = {
    "resolved": _texts,
    "inboxes": _texts,
    "channels": _channels,
    "brand": _brand,
    "brands": _brands,
    "write_back": _writes,
    "send": _flag,
    "language": _one_of(LanguageFrom.values),
    "agents": _one_of(AgentsBy.values),
    "mapping": _mapping,
}


def _lower(statuses: Any) -> frozenset[str]:
    return frozenset(str(status).lower() for status in statuses)
