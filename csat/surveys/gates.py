"""Gate: one question that decides whether a customer is asked, with its answer in words."""

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import TextChoices
from django.utils.formats import date_format
from django.utils.translation import gettext, gettext_noop
from django.utils.translation import gettext_lazy as _

from csat.channels.kinds import Channel
from csat.lib.types import JsonObject
from csat.surveys.choices import Origin
from csat.surveys.models import CsatSettings, Survey


class GateName(TextChoices):
    """Every gate, labelled by why it closes a survey. The names are stored with surveys: never renamed."""

    AUTO_SEND = "auto_send", _("auto-send off")
    AUTO_SEND_SINCE = "auto_send_since", _("resolved before auto-send")
    FRESH = "fresh", _("resolved too long ago")
    TICKETING_SYSTEM = "ticketing_system", _("ticketing system")
    SUPPORTED = "supported", _("Instagram or Messenger")
    CHANNEL = "channel", _("channel off")
    SAMPLE = "sample", _("not in the sample")
    SKIP_CSAT = "skip_csat", _("resolved without survey")
    CUSTOMER_MESSAGE = "customer_message", _("customer wrote nothing")
    AI_ASSUMPTION = "ai_assumption", _("closed by the AI on an assumption")
    WROTE_SINCE = "wrote_since", _("answered already")
    QUIET_TOO_LONG = "quiet_too_long", _("silent for too long")
    IS_STAFF = "is_staff", _("one of us")
    MERGED_OR_SPAM = "merged_or_spam", _("merged or spam")
    THEIR_SURVEY_ON = "their_survey_on", _("the help desk asks itself")
    DELAY = "delay", _("delay")
    OPT_OUT = "opt_out", _("opted out")
    ADDRESS = "address", _("no address")
    ROBOT_ADDRESS = "robot_address", _("nobody reads that address")
    SUPPRESSION = "suppression", _("address suppressed")
    CONTACT_CAP = "contact_cap", _("cap")
    QUIET_HOURS = "quiet_hours", _("quiet hours")
    SENDING_HOURS = "sending_hours", _("outside sending hours")
    STILL_RESOLVED = "still_resolved", _("no longer resolved")
    TOO_OLD = "too_old", _("could not be sent in time")


# In words: when it let the survey pass, and when it did not. %(value)s is what decided.
WORDS: dict[str, tuple[str, str]] = {
    GateName.AUTO_SEND: (gettext_noop("Auto-send is on"), gettext_noop("Auto-send is off")),
    GateName.AUTO_SEND_SINCE: (
        gettext_noop("Resolved after auto-send was switched on"),
        gettext_noop("Resolved before auto-send was switched on"),
    ),
    GateName.FRESH: (
        gettext_noop("Resolved within the last 24 hours"),
        gettext_noop("Resolved more than 24 hours ago"),
    ),
    GateName.TICKETING_SYSTEM: (
        gettext_noop("The ticketing system is %(value)s"),
        gettext_noop("Auto-send does not work with the ticketing system %(value)s: use a workflow"),
    ),
    GateName.SUPPORTED: (
        gettext_noop("%(value)s can be surveyed"),
        gettext_noop("%(value)s is never surveyed"),
    ),
    GateName.CHANNEL: (
        gettext_noop("Surveys on %(value)s are on"),
        gettext_noop("Surveys on %(value)s are off"),
    ),
    GateName.SAMPLE: (
        gettext_noop("In the sample of %(value)s %%"),
        gettext_noop("Not in the sample of %(value)s %%"),
    ),
    GateName.SKIP_CSAT: (gettext_noop("Resolved with a survey"), gettext_noop("Resolved without a survey")),
    GateName.CUSTOMER_MESSAGE: (
        gettext_noop("Messages from the customer: %(value)s"),
        gettext_noop("The customer wrote nothing"),
    ),
    GateName.AI_ASSUMPTION: (
        gettext_noop("Not closed by the AI on an assumption"),
        gettext_noop("Closed by the AI on an assumption"),
    ),
    GateName.WROTE_SINCE: (
        gettext_noop("The customer wrote again after the last answer"),
        gettext_noop("Already answered, and the customer has not written since"),
    ),
    GateName.QUIET_TOO_LONG: (
        gettext_noop("A message in the last %(value)s days before it was resolved"),
        gettext_noop("No message in the last %(value)s days before it was resolved"),
    ),
    GateName.IS_STAFF: (
        gettext_noop("Not the email address of a user or an agent"),
        gettext_noop("One of us: the email address of a user or an agent"),
    ),
    GateName.MERGED_OR_SPAM: (
        gettext_noop("Not merged and not spam in the help desk"),
        gettext_noop("Merged, spam, or closed in the help desk before anybody wrote"),
    ),
    GateName.THEIR_SURVEY_ON: (
        gettext_noop("The help desk does not ask the customer itself"),
        gettext_noop("The help desk asks the customer itself: switch its survey off"),
    ),
    GateName.DELAY: (gettext_noop("Delay: %(value)s s"), gettext_noop("Delay: %(value)s s")),
    GateName.OPT_OUT: (
        gettext_noop("The customer has not opted out"),
        gettext_noop("The customer has opted out"),
    ),
    GateName.ADDRESS: (gettext_noop("Can be reached on %(value)s"), gettext_noop("No address for %(value)s")),
    GateName.ROBOT_ADDRESS: (
        gettext_noop("The address is a person's"),
        gettext_noop("Nobody reads the address: it is a robot's, such as no-reply@"),
    ),
    GateName.SUPPRESSION: (
        gettext_noop("The address is not suppressed"),
        gettext_noop("The address is suppressed"),
    ),
    GateName.CONTACT_CAP: (
        gettext_noop("Not surveyed in the last %(value)s days"),
        gettext_noop("Already surveyed in the last %(value)s days"),
    ),
    GateName.QUIET_HOURS: (
        gettext_noop("Outside quiet hours"),
        gettext_noop("Quiet hours: waits until %(value)s"),
    ),
    GateName.SENDING_HOURS: (
        gettext_noop("Within sending hours"),
        gettext_noop("Outside sending hours: waits until %(value)s"),
    ),
    GateName.STILL_RESOLVED: (gettext_noop("Still resolved"), gettext_noop("No longer resolved")),
    GateName.TOO_OLD: (
        gettext_noop("Could be sent within %(value)s hours"),
        gettext_noop("Could not be sent within %(value)s hours"),
    ),
}
# In words when it passed because there is nothing to judge.
NEUTRAL: dict[tuple[str, int], str] = {
    (GateName.CONTACT_CAP, 0): gettext_noop("No limit per contact"),
    (GateName.SAMPLE, 100): gettext_noop("No sampling: everybody is asked"),
    (GateName.DELAY, 0): gettext_noop("No delay"),
    (GateName.SENDING_HOURS, 0): gettext_noop("Surveys are sent at any hour"),
    (GateName.QUIET_TOO_LONG, 0): gettext_noop("Customers are asked however long nobody wrote"),
    (GateName.CUSTOMER_MESSAGE, 0): gettext_noop("Customers who wrote nothing are asked too"),
}

# Which gates bind, by how the survey was asked.
ALWAYS = {GateName.SUPPORTED, GateName.OPT_OUT, GateName.ADDRESS, GateName.SUPPRESSION}
ON_REQUEST = ALWAYS | {
    GateName.CHANNEL,
    GateName.CONTACT_CAP,
    GateName.IS_STAFF,
    GateName.ROBOT_ADDRESS,
    GateName.MERGED_OR_SPAM,
}
BINDING: dict[str, set[GateName]] = {
    Origin.AUTO: set(GateName),
    Origin.WORKFLOW: ON_REQUEST,
    Origin.API: ON_REQUEST,
    Origin.MANUAL: ALWAYS,
    Origin.LINK: ALWAYS,
    Origin.REMINDER: ALWAYS | {GateName.QUIET_HOURS, GateName.SENDING_HOURS, GateName.MERGED_OR_SPAM},
}


@dataclass(frozen=True)
class Gate:
    """One gate, judged. `value` is what decided it, and must be JSON."""

    name: str  # a GateName
    passed: bool
    value: Any = None

    @property
    def text(self) -> str:
        """In words, in the reader's language."""
        number = self.value if isinstance(self.value, int) and not isinstance(self.value, bool) else -1
        if self.passed and (self.name, number) in NEUTRAL:
            return gettext(NEUTRAL[self.name, number])
        when_passed, when_failed = WORDS.get(self.name, (self.name, self.name))
        return gettext(when_passed if self.passed else when_failed) % {"value": self._value_label()}

    def _value_label(self) -> str:
        by_channel = (GateName.SUPPORTED, GateName.CHANNEL, GateName.ADDRESS)
        if self.name in by_channel and self.value in Channel.values:
            return str(Channel(self.value).label)
        if self.name == GateName.TICKETING_SYSTEM and self.value in CsatSettings.Ticketing.values:
            return str(CsatSettings.Ticketing(self.value).label)
        if self.name in (GateName.QUIET_HOURS, GateName.SENDING_HOURS):
            with suppress(TypeError, ValueError):
                until = datetime.fromisoformat(self.value)
                return f"{date_format(until, 'D j M Y, H:i')} ({until.tzname()})"
        return str(self.value)

    def as_dict(self) -> JsonObject:
        return {"name": str(self.name), "passed": self.passed, "value": self.value, "text": self.text}


def binds(gate: GateName, origin: str, *, force: bool = False) -> bool:
    """Whether this gate can close a survey asked in this way; forced, only those that always bind."""
    return gate in (ALWAYS if force else BINDING[origin])


def first_failed(gates: list[Gate]) -> Gate | None:
    return next((gate for gate in gates if not gate.passed), None)


def merge(stored: list[JsonObject], judged: list[Gate]) -> list[JsonObject]:
    """The stored gates, each replaced by its newer judgement where there is one; new ones come last."""
    newer = {str(gate.name): gate.as_dict() for gate in judged}
    return [newer.pop(gate["name"], gate) for gate in stored] + list(newer.values())


def gates_of(survey: Survey) -> list[Gate]:
    """Every gate as it was judged; `gate.text` is in the reader's language."""
    return [Gate(gate["name"], gate["passed"], gate["value"]) for gate in survey.gates]


def deciding_gate(survey: Survey) -> Gate | None:
    """The gate that closed the survey; None when it was not skipped."""
    return next((gate for gate in gates_of(survey) if gate.name == survey.skipped_by), None)
