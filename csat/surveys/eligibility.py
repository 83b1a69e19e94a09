"""Who is asked: the gates judged when a session resolves, as plain values in and gates out."""

import hashlib
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from csat.channels.kinds import NEVER_SURVEYED
from csat.people.models import Organization
from csat.sessions.models import Session
from csat.surveys.gates import Gate
from csat.surveys.models import ChannelSettings, CsatSettings, Origin, Survey

FRESH = timedelta(hours=24)

# which of the gates bind, by what asked; unsupported, opt_out, address and suppression always do
ALWAYS = {"supported", "opt_out", "address", "suppression"}
REQUESTED = ALWAYS | {"channel", "contact_cap"}
BINDING: dict[str, set[str] | None] = {
    Origin.AUTO: None,  # all
    Origin.WORKFLOW: REQUESTED,
    Origin.API: REQUESTED,
    Origin.MANUAL: ALWAYS,
    Origin.LINK: ALWAYS,
    Origin.REMINDER: ALWAYS | {"quiet_hours"},
}


@dataclass(frozen=True)
class Rules:
    """The settings in force, or a candidate for them."""

    settings: CsatSettings
    enabled: frozenset[str] = field(default_factory=frozenset)  # channels switched on
    language: str = "en"  # the installation's

    @classmethod
    def current(cls) -> "Rules":
        enabled = ChannelSettings.objects.filter(enabled=True).values_list("kind", flat=True)
        return cls(CsatSettings.current(), frozenset(enabled), Organization.current().language)


@dataclass(frozen=True)
class Case:
    """What the gates look at. `key` decides the sample; `answered_at` is the last answer's time."""

    channel: str
    key: str
    now: datetime
    resolved_at: datetime
    ask: bool = True
    skip_csat: bool = False
    ai_closure_type: str | None = None
    customer_messages: int = 0
    last_customer_message_at: datetime | None = None
    answered_at: datetime | None = None


def case_of(session: Session, *, survey: Survey, now: datetime, ask: bool = True, answered_at: datetime | None = None) -> Case:
    return Case(
        channel=session.surveyed_as,
        key=str(survey.uuid),
        now=now,
        resolved_at=session.resolved_at or now,
        ask=ask,
        skip_csat=session.skip_csat,
        ai_closure_type=session.ai_closure_type,
        customer_messages=session.customer_messages,
        last_customer_message_at=session.last_customer_message_at,
        answered_at=answered_at,
    )


def at_resolution(case: Case, rules: Rules) -> list[Gate]:
    """Every gate that is judged the moment a session resolves."""
    gates = [judge(case, rules) for judge in RESOLUTION]
    return [*gates, _wrote_since(case)] if case.answered_at else gates


def on_request(origin: str, channel: str, rules: Rules, *, surveyed_as: str, force: bool) -> list[Gate]:
    """The gates of a request that need nothing but the rules. A social session stays unsupported on any channel."""
    gates = [_supported(surveyed_as), _channel(channel, rules)]
    return [gate for gate in gates if binds(gate.name, origin, force=force)]


def binds(gate: str, origin: str, *, force: bool = False) -> bool:
    names = ALWAYS if force else BINDING[origin]
    return names is None or gate in names


def in_sample(key: str, percent: int) -> bool:
    """The same answer for the same survey, however often it is asked."""
    return int(hashlib.sha256(key.encode()).hexdigest()[:8], 16) % 100 < percent


def _auto_send(case: Case, rules: Rules) -> Gate:
    return Gate("auto_send", rules.settings.auto_send, rules.settings.auto_send)


def _auto_send_since(case: Case, rules: Rules) -> Gate:
    since = rules.settings.auto_send_since
    return Gate("auto_send_since", since is None or case.resolved_at >= since, since.isoformat() if since else None)


def _fresh(case: Case, rules: Rules) -> Gate:
    return Gate("fresh", case.now - case.resolved_at <= FRESH, case.resolved_at.isoformat())


def _ticketing_system(case: Case, rules: Rules) -> Gate:
    system = rules.settings.ticketing_system
    return Gate("ticketing_system", system == CsatSettings.Ticketing.OPEN, str(system))


def _supported(channel: str) -> Gate:
    return Gate("supported", channel not in NEVER_SURVEYED, channel)


def _channel(channel: str, rules: Rules) -> Gate:
    return Gate("channel", channel in rules.enabled, channel)


def _sample(case: Case, rules: Rules) -> Gate:
    percent = rules.settings.sample_percent
    return Gate("sample", in_sample(case.key, percent), percent)


def _skip_csat(case: Case, rules: Rules) -> Gate:
    return Gate("skip_csat", case.ask and not case.skip_csat, not case.ask or case.skip_csat)


def _customer_message(case: Case, rules: Rules) -> Gate:
    passed = case.customer_messages > 0 or not rules.settings.skip_no_customer_message
    return Gate("customer_message", passed, case.customer_messages)


def _ai_assumption(case: Case, rules: Rules) -> Gate:
    assumed = case.ai_closure_type == Session.Closure.ASSUMED
    return Gate("ai_assumption", not (assumed and rules.settings.skip_ai_assumed), case.ai_closure_type)


def _delay(case: Case, rules: Rules) -> Gate:
    return Gate("delay", True, rules.settings.delay_seconds)


def _wrote_since(case: Case) -> Gate:
    wrote, answered = case.last_customer_message_at, case.answered_at
    passed = wrote is not None and answered is not None and wrote > answered
    return Gate("wrote_since", passed, wrote.isoformat() if wrote else None)


RESOLUTION = (
    _auto_send,
    _auto_send_since,
    _fresh,
    _ticketing_system,
    lambda case, rules: _supported(case.channel),
    lambda case, rules: _channel(case.channel, rules),
    _sample,
    _skip_csat,
    _customer_message,
    _ai_assumption,
    _delay,
)
