"""The gates judged just before a send: what may have changed since the survey was scheduled."""

import zoneinfo
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo

from django.db import transaction
from django.db.models import Q

from csat.channels import registry
from csat.channels.kinds import FALLBACK, Medium
from csat.lib import clock
from csat.people import suppressing
from csat.people.models import Contact, Organization
from csat.sessions.models import Session
from csat.surveys.eligibility import binds
from csat.surveys.gates import Gate, failed, merged
from csat.surveys.models import CsatSettings, Delivery, Survey
from csat.surveys.states import DeliveryState

UNREACHABLE = {"address", "suppression"}  # gates that close a channel, not the request
SUPPRESSIBLE = {Medium.EMAIL, Medium.SMS, Medium.WHATSAPP}


@dataclass(frozen=True)
class Verdict:
    """`closed_by`: the gate that said no; `wait_until`: quiet hours end then; neither: go."""

    gates: list[Gate]
    address: str = ""
    wait_until: datetime | None = None

    @property
    def closed_by(self) -> Gate | None:
        return None if self.wait_until else failed(self.gates)


@transaction.atomic
def judge(delivery: Delivery, rules: CsatSettings, *, now: datetime) -> Verdict:
    """Judge and, when it may go, mark the delivery cleared, in one transaction that holds the contact's row for the cap.

    The gates are kept with it, so that they are known whatever becomes of the send.
    """
    survey, session = delivery.survey, delivery.survey.session
    gates, address = reaching(session, delivery.channel, medium=delivery.medium, address=delivery.address)
    if binds("still_resolved", delivery.origin):
        gates.insert(0, Gate("still_resolved", session.status == Session.Status.RESOLVED, session.status))
    gates += _cap(delivery, survey, rules, now=now)
    wait_until = None if failed(gates) else _quiet_until(delivery, session.contact, rules, now)
    if binds("quiet_hours", delivery.origin):
        gates.append(Gate("quiet_hours", wait_until is None, wait_until.isoformat() if wait_until else None))
    verdict = Verdict(gates, address, wait_until)
    if not verdict.closed_by and not verdict.wait_until:
        survey.change(gates=merged(survey.gates, gates))  # survey, then delivery: the order of all who take both
        delivery.change(address=address, cleared_at=now)
    return verdict


def reaching(session: Session, channel: str, *, medium: str, address: str = "") -> tuple[list[Gate], str]:
    """May this contact be written to there, and where: the gates that nothing overrides."""
    contact = session.contact
    address = address or registry.get(channel).address(session.reach) or ""
    needless = medium in (Medium.CARD, Medium.NONE)
    gates = [
        Gate("opt_out", contact.opted_out_at is None and contact.erased_at is None, contact.opt_out_reason or None),
        Gate("address", bool(address) or needless, channel),
    ]
    if medium in SUPPRESSIBLE and address:
        gates.append(Gate("suppression", not suppressing.is_suppressed(medium, address), medium))
    return gates, address


def reaching_somehow(session: Session, channel: str, rules: CsatSettings) -> list[Gate]:
    """As `reaching`, but a channel without an address is no obstacle when guaranteed delivery has another one."""
    gates, _address = reaching(session, channel, medium=registry.get(channel).medium)
    no = failed(gates)
    if no and no.name in UNREACHABLE and rules.guaranteed_delivery:
        others = (reaching(session, other, medium=registry.get(other).medium)[0] for other in FALLBACK.get(channel, []))
        if any(not failed(other) for other in others):
            return [gate for gate in gates if gate.passed]
    return gates


def asked_lately(survey: Survey, *, since: datetime) -> bool:
    """Was this contact asked about another session since then, or is about to be?"""
    others = Delivery.objects.filter(survey__contact=survey.contact_id).exclude(survey=survey.pk)
    waiting = Q(state__in=[DeliveryState.DUE, DeliveryState.SENDING], cleared_at__isnull=False)
    return others.filter(waiting | Q(state=DeliveryState.SENT, sent_at__gte=since)).exists()


def cap_gate(survey: Survey, days: int, *, now: datetime) -> Gate:
    return Gate("contact_cap", days == 0 or not asked_lately(survey, since=now - timedelta(days=days)), days)


def _cap(delivery: Delivery, survey: Survey, rules: CsatSettings, *, now: datetime) -> list[Gate]:
    """A further hop or attempt of a request that was cleared once is not a further survey."""
    if not binds("contact_cap", delivery.origin, force=survey.forced) or delivery.reason == Delivery.Reason.FALLBACK:
        return []
    if rules.contact_cap_days:
        Contact.objects.select_for_update(no_key=True).get(pk=survey.contact_id)
    return [cap_gate(survey, rules.contact_cap_days, now=now)]


def _quiet_until(delivery: Delivery, contact: Contact, rules: CsatSettings, now: datetime) -> datetime | None:
    if not binds("quiet_hours", delivery.origin):
        return None
    if rules.quiet_start is None or rules.quiet_end is None or delivery.medium in (Medium.CARD, Medium.NONE):
        return None  # a card and an API request wake nobody
    until = clock.after_quiet(now, rules.quiet_start, rules.quiet_end, zone_of(contact))
    return until if until > now else None


def zone_of(contact: Contact) -> tzinfo:
    """The contact's own zone, else the installation's; UTC when neither is a zone."""
    return _zone(contact.timezone) or _zone(Organization.current().timezone) or UTC


def _zone(name: str) -> tzinfo | None:
    try:
        return zoneinfo.ZoneInfo(name) if name else None
    except (zoneinfo.ZoneInfoNotFoundError, ValueError):
        return None
