"""Who is asked: the gates judged when a session resolves, as plain values in and gates out."""

import hashlib
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from csat.channels.kinds import NEVER_SURVEYED
from csat.people.models import Organization
from csat.sessions.models import Session
from csat.surveys.gates import Gate, GateName, binds
from csat.surveys.models import ChannelSettings, CsatSettings, Survey

FRESH = timedelta(hours=24)


@dataclass(frozen=True)
class Policy:
    """What eligibility is judged by: the settings in force, or a candidate for them."""

    settings: CsatSettings
    enabled: frozenset[str] = field(default_factory=frozenset)  # channels that are on
    language: str = "en"  # the installation's

    @classmethod
    def current(cls) -> "Policy":
        enabled = ChannelSettings.objects.filter(enabled=True).values_list("kind", flat=True)
        return cls(CsatSettings.current(), frozenset(enabled), Organization.current().language)


@dataclass(frozen=True)
class Case:
    """What the gates look at. `key` decides the sample; `answered_at` is the time of the last answer."""

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
    reopened_at: datetime | None = None  # by the customer, from the thank-you page
    active_at: datetime | None = None  # the last message, or whatever came after it, before the resolution
    is_staff: bool = False
    connected: bool = False  # it came from a help desk
    barred: str = ""  # why that help desk's conversation is not surveyed


def case_for(
    session: Session,
    *,
    survey: Survey,
    now: datetime,
    ask: bool = True,
    answered_at: datetime | None = None,
    reopened_at: datetime | None = None,
    active_at: datetime | None = None,
    is_staff: bool = False,
) -> Case:
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
        reopened_at=reopened_at,
        active_at=active_at,
        is_staff=is_staff,
        connected=session.connected,
        barred=session.barred,
    )


def at_resolution(case: Case, policy: Policy) -> list[Gate]:
    """Every gate that is judged the moment a session resolves, in the order people read them."""
    settings, since = policy.settings, policy.settings.auto_send_since
    in_time = since is None or case.resolved_at >= since
    system = settings.ticketing_system
    excluded = case.skip_csat or not case.ask
    spoken = case.customer_messages > 0 or not settings.skip_no_customer_message
    assumed = case.ai_closure_type == Session.Closure.ASSUMED
    gates = [
        Gate(GateName.AUTO_SEND, settings.auto_send, settings.auto_send),
        Gate(GateName.AUTO_SEND_SINCE, in_time, since.isoformat() if since else None),
        Gate(GateName.FRESH, case.now - case.resolved_at <= FRESH, case.resolved_at.isoformat()),
        Gate(GateName.TICKETING_SYSTEM, system == CsatSettings.Ticketing.OPEN, str(system)),
        supported_gate(case.channel),
        _channel_gate(case.channel, policy),
        Gate(GateName.SAMPLE, in_sample(case.key, settings.sample_percent), settings.sample_percent),
        Gate(GateName.SKIP_CSAT, not excluded, excluded),
        Gate(GateName.CUSTOMER_MESSAGE, spoken, case.customer_messages),
        Gate(GateName.AI_ASSUMPTION, not (assumed and settings.skip_ai_assumed), case.ai_closure_type),
        _quiet_gate(case, settings.quiet_after_days),
        Gate(GateName.DELAY, True, settings.delay_seconds),
    ]
    if settings.skip_staff:
        gates.insert(-1, staff_gate(is_staff=case.is_staff))
    if case.connected:
        gates[-1:-1] = [
            merged_gate(case.barred),
            Gate(GateName.THEIR_SURVEY_ON, case.barred != Session.Barred.THEIR_SURVEY),
        ]
    return gates + ([_wrote_since_gate(case, case.answered_at)] if case.answered_at else [])


def on_request(origin: str, channel: str, policy: Policy, *, surveyed_as: str, force: bool) -> list[Gate]:
    """The gates of a request that need nothing but the policy.

    A session on a social network stays unsupported, whichever channel is asked for.
    """
    gates = {
        GateName.SUPPORTED: supported_gate(surveyed_as),
        GateName.CHANNEL: _channel_gate(channel, policy),
    }
    return [gate for name, gate in gates.items() if binds(name, origin, force=force)]


def in_sample(key: str, percent: int) -> bool:
    """The same answer for the same survey, however often it is asked."""
    return int(hashlib.sha256(key.encode()).hexdigest()[:8], 16) % 100 < percent


def supported_gate(channel: str) -> Gate:
    return Gate(GateName.SUPPORTED, channel not in NEVER_SURVEYED, channel)


def staff_gate(*, is_staff: bool) -> Gate:
    return Gate(GateName.IS_STAFF, not is_staff)


def merged_gate(barred: str) -> Gate:
    return Gate(GateName.MERGED_OR_SPAM, barred != Session.Barred.MERGED_OR_SPAM)


def _quiet_gate(case: Case, days: int) -> Gate:
    """Of a conversation whose messages nobody forwards to us it is not known how silent it was."""
    known = days and case.customer_messages and case.active_at
    passed = not known or case.resolved_at - (case.active_at or case.resolved_at) <= timedelta(days=days)
    return Gate(GateName.QUIET_TOO_LONG, passed, days)


def _channel_gate(channel: str, policy: Policy) -> Gate:
    return Gate(GateName.CHANNEL, channel in policy.enabled, channel)


def _wrote_since_gate(case: Case, answered_at: datetime) -> Gate:
    times = [at for at in (case.last_customer_message_at, case.reopened_at) if at]
    wrote_at = max(times, default=None)
    passed = wrote_at is not None and wrote_at > answered_at
    return Gate(GateName.WROTE_SINCE, passed, wrote_at.isoformat() if wrote_at else None)
