"""Gate: one question that decides whether a customer is asked, with its answer in words."""

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext, gettext_noop

from csat.channels.kinds import Channel
from csat.surveys.models import CsatSettings

# name → (in words when it let the survey pass, and when it did not); %(value)s is what decided
WORDS: dict[str, tuple[str, str]] = {
    "auto_send": (gettext_noop("Auto-send is on"), gettext_noop("Auto-send is off")),
    "auto_send_since": (
        gettext_noop("Resolved after auto-send was switched on"),
        gettext_noop("Resolved before auto-send was switched on"),
    ),
    "fresh": (gettext_noop("Resolved within the last 24 hours"), gettext_noop("Resolved more than 24 hours ago")),
    "ticketing_system": (
        gettext_noop("The ticketing system is %(value)s"),
        gettext_noop("Auto-send does not work with %(value)s as ticketing system: use a workflow"),
    ),
    "supported": (gettext_noop("%(value)s can be surveyed"), gettext_noop("%(value)s is never surveyed")),
    "channel": (gettext_noop("Surveys on %(value)s are on"), gettext_noop("Surveys on %(value)s are off")),
    "sample": (gettext_noop("In the sample of %(value)s %%"), gettext_noop("Not in the sample of %(value)s %%")),
    "skip_csat": (gettext_noop("Not excluded by hand"), gettext_noop("Resolved without a survey")),
    "customer_message": (gettext_noop("Messages from the customer: %(value)s"), gettext_noop("The customer wrote nothing")),
    "ai_assumption": (gettext_noop("Not closed on an assumption by the AI"), gettext_noop("The AI only assumed it was resolved")),
    "wrote_since": (
        gettext_noop("The customer wrote again after the last answer"),
        gettext_noop("Already answered, and the customer has not written since"),
    ),
    "delay": (gettext_noop("Delay: %(value)s s"), gettext_noop("Delay: %(value)s s")),
    "opt_out": (gettext_noop("The customer has not opted out"), gettext_noop("The customer asked not to be surveyed")),
    "address": (gettext_noop("Can be reached on %(value)s"), gettext_noop("No address for %(value)s")),
    "suppression": (gettext_noop("The address may be written to"), gettext_noop("The address must not be written to")),
    "contact_cap": (
        gettext_noop("Not asked in the last %(value)s days"),
        gettext_noop("Already asked in the last %(value)s days"),
    ),
    "quiet_hours": (gettext_noop("Not in quiet hours"), gettext_noop("Quiet hours: waits until %(value)s")),
    "still_resolved": (gettext_noop("Still resolved"), gettext_noop("No longer resolved")),
}
NEUTRAL: dict[tuple[str, Any], str] = {
    ("contact_cap", 0): gettext_noop("No limit per contact"),
    ("sample", 100): gettext_noop("Everybody is in the sample"),
    ("delay", 0): gettext_noop("No delay"),
    ("customer_message", 0): gettext_noop("Customers who wrote nothing are asked too"),
}


@dataclass(frozen=True)
class Gate:
    """`value` is JSON: what decided it."""

    name: str
    passed: bool
    value: Any = None

    @property
    def text(self) -> str:
        """In words, in the reader's language."""
        return in_words(self.name, self.passed, self.value)

    def as_dict(self) -> dict[str, Any]:
        return {"name": self.name, "passed": self.passed, "value": self.value, "text": self.text}


def in_words(name: str, passed: bool, value: Any) -> str:
    if passed and isinstance(value, int) and (name, value) in NEUTRAL and not isinstance(value, bool):
        return gettext(NEUTRAL[name, value])
    good, bad = WORDS.get(name, (name, name))
    return gettext(good if passed else bad) % {"value": _shown(name, value)}


def failed(gates: list[Gate]) -> Gate | None:
    """The first gate that said no."""
    return next((gate for gate in gates if not gate.passed), None)


def merged(earlier: list[dict[str, Any]], judged: list[Gate]) -> list[dict[str, Any]]:
    """The kept list with newer judgements in the place of older ones of the same name."""
    newer = {gate.name: gate.as_dict() for gate in judged}
    kept = [newer.pop(gate["name"], gate) for gate in earlier]
    return kept + list(newer.values())


def _shown(name: str, value: Any) -> str:
    if name in ("supported", "channel", "address") and value in Channel.values:
        return str(Channel(value).label)
    if name == "ticketing_system" and value in CsatSettings.Ticketing.values:
        return str(CsatSettings.Ticketing(value).label)
    return str(value)
