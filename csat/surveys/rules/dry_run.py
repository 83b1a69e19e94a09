"""What other settings would have done: every recent conversation judged again, nothing written."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db.models import Max
from django.utils import timezone

from csat.channels import registry
from csat.channels.base import Addresses
from csat.channels.kinds import Medium
from csat.lib import robot_addresses
from csat.lib.types import JsonObject
from csat.people import agents
from csat.people.models import Contact
from csat.sessions.models import Session
from csat.surveys.gates import Gate, GateName, first_failed
from csat.surveys.models import CsatSettings, Survey
from csat.surveys.rules import settings
from csat.surveys.rules.eligibility import Case, Policy, at_resolution
from csat.surveys.rules.sending_hours import SendingHours

TIME_GATES = (
    GateName.AUTO_SEND_SINCE,
    GateName.FRESH,
)  # not judged again: they passed or failed by the clock


@dataclass(frozen=True)
class DryRun:
    """How many resolved sessions the settings would have asked, and skipped by each gate."""

    days: int
    total: int = 0
    asked: int = 0
    instead_of: int = 0  # asked under the settings in force
    skipped: dict[str, int] = field(default_factory=dict)  # by GateName
    waited: int = 0  # of those asked: until surveys are sent again


def dry_run(fields: JsonObject, *, days: int = 30) -> DryRun:
    """Judge every session resolved in the last days by the settings changed so, and by those in force.

    Writes nothing. Raises Invalid when the fields are wrong.
    """
    proposed, current = settings.candidate(fields), Policy.current()
    sessions = list(_resolved_since(timezone.now() - timedelta(days=days)))
    failed_gates = list(_failed_gates(sessions, proposed))
    skipped = Counter(failed_gates)
    asked = skipped.pop("", 0)
    chosen = [session for session, gate in zip(sessions, failed_gates, strict=True) if not gate]
    instead_of = Counter(_failed_gates(sessions, current))[""]
    waited = _number_that_waited(chosen, proposed.settings)
    return DryRun(days, len(sessions), asked, instead_of, dict(skipped.most_common()), waited)


@dataclass
class _ResolvedSession:
    """One session of the past, as far as the gates need it."""

    contact: Contact
    case: Case
    opted_out: bool
    addresses: Addresses


def _resolved_since(since: datetime) -> Iterator[_ResolvedSession]:
    staff = agents.staff_addresses()
    rows = Session.objects.filter(resolved_at__gte=since, practice=False).select_related("contact", "survey")
    rows = rows.annotate(agent_wrote_at=Max("participations__last_at"))
    for session in rows.order_by("resolved_at").iterator(chunk_size=2000):
        survey: Survey | None = getattr(session, "survey", None)
        resolved_at = session.resolved_at or since
        contact, agent_wrote_at = session.contact, getattr(session, "agent_wrote_at", None)
        chose_not_to_ask = survey is not None and any(
            gate["name"] == GateName.SKIP_CSAT and not gate["passed"] for gate in survey.gates
        )
        case = Case(
            channel=session.surveyed_as,
            key=str(survey.uuid if survey else session.uuid),
            now=resolved_at,
            resolved_at=resolved_at,
            skip_csat=session.skip_csat or chose_not_to_ask,
            ai_closure_type=session.ai_closure_type,
            connected=session.connected,
            barred=session.barred,
            customer_messages=session.customer_messages,
            active_at=max(
                filter(None, [session.created_at, session.last_customer_message_at, agent_wrote_at])
            ),
            is_staff=agents.is_one_of_us(contact, staff),
        )
        opted_out = bool(contact.opted_out_at or contact.erased_at)
        yield _ResolvedSession(contact, case, opted_out, session.addresses)


def _number_that_waited(sessions: list[_ResolvedSession], settings: CsatSettings) -> int:
    hours, delay = SendingHours.of(settings), timedelta(seconds=settings.delay_seconds)
    due = (
        (session.contact, session.case.resolved_at + delay)
        for session in sessions
        if not registry.first_way(session.case.channel, session.addresses).silent
    )
    return sum(hours.opens_at(contact, at) > at for contact, at in due)


def _failed_gates(sessions: list[_ResolvedSession], policy: Policy) -> Iterator[str]:
    """For each session the gate that closes it, empty when it is asked; the contact cap runs along."""
    asked_at: dict[int, datetime] = {}  # by contact
    cap = timedelta(days=policy.settings.contact_cap_days)
    for session in sessions:
        failed_gate = _failed_gate(session, policy)
        resolved_at, asked_before = session.case.resolved_at, asked_at.get(session.contact.pk)
        if not failed_gate and cap and asked_before and resolved_at - asked_before < cap:
            failed_gate = GateName.CONTACT_CAP
        if not failed_gate:
            asked_at[session.contact.pk] = resolved_at
        yield failed_gate


def _failed_gate(session: _ResolvedSession, policy: Policy) -> str:
    gates = [gate for gate in at_resolution(session.case, policy) if gate.name not in TIME_GATES]
    channels = [session.case.channel]
    if policy.settings.guaranteed_delivery:
        channels += registry.fallbacks(session.case.channel, connected=session.case.connected)
    failed_gate = first_failed([*gates, Gate(GateName.OPT_OUT, not session.opted_out)])
    if failed_gate:
        return failed_gate.name
    reached = [
        (channel.medium, address)
        for channel in map(registry.get, channels)
        if (address := channel.address(session.addresses)) is not None
    ]
    if any(medium != Medium.EMAIL or not robot_addresses.is_robot(address) for medium, address in reached):
        return ""
    return GateName.ROBOT_ADDRESS if reached else GateName.ADDRESS
