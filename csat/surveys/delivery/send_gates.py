"""The gates judged just before a send: what may have changed since the survey was scheduled."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q

from csat.channels import registry
from csat.channels.kinds import Medium
from csat.lib import robot_addresses
from csat.lib.rows import bulk_save
from csat.people import suppression
from csat.people.models import Contact
from csat.sessions.models import Session
from csat.surveys.choices import DeliveryState, Origin
from csat.surveys.delivery import lanes
from csat.surveys.gates import Gate, GateName, binds, first_failed, merge
from csat.surveys.models import CsatSettings, Delivery, Survey
from csat.surveys.rules.sending_hours import SendingHours

# gates that close a channel, not the request
UNREACHABLE = {GateName.ADDRESS, GateName.ROBOT_ADDRESS, GateName.SUPPRESSION}


@dataclass(frozen=True)
class Decision:
    """`closed_by`: the gate that said no; `wait_until`: surveys are sent again then; neither: send."""

    gates: list[Gate]
    address: str = ""
    wait_until: datetime | None = None

    @property
    def closed_by(self) -> Gate | None:
        return None if self.wait_until else first_failed(self.gates)

    @property
    def passed(self) -> bool:
        return first_failed(self.gates) is None


@transaction.atomic
def evaluate(deliveries: Sequence[Delivery], settings: CsatSettings, *, now: datetime) -> list[Decision]:
    """Judge every gate that binds and mark the deliveries that pass them all as cleared; in the same order.

    All in one transaction that locks the contacts for the contact cap. The gates are stored with the surveys
    before the send, so that they are known whatever becomes of it.
    """
    if not deliveries:
        return []
    suppressed = suppression.suppressed_among(
        (
            delivery.medium,
            delivery.address or _address(delivery.survey.session, delivery.channel, delivery.medium) or "",
        )
        for delivery in deliveries
    )
    contacts = {delivery.survey.contact_id for delivery in deliveries if _is_capped(delivery)}
    cap = ContactCap(contacts, settings.contact_cap_days, now=now, lock=True)
    hours = SendingHours.of(settings)
    decisions = [_evaluate(delivery, settings, hours, suppressed, cap, now) for delivery in deliveries]
    cleared = [delivery for delivery, decision in zip(deliveries, decisions, strict=True) if decision.passed]
    bulk_save([delivery.survey for delivery in cleared], "gates")
    bulk_save(cleared, "address", "cleared_at", "held_from")
    return decisions


def _is_capped(delivery: Delivery) -> bool:
    """A further hop of a request that was cleared once is not a further survey."""
    first_hop = delivery.reason != Delivery.Reason.FALLBACK
    return first_hop and binds(GateName.CONTACT_CAP, delivery.origin, force=delivery.survey.forced)


def _evaluate(
    delivery: Delivery,
    settings: CsatSettings,
    hours: SendingHours,
    suppressed: set[tuple[str, str]],
    cap: "ContactCap",
    now: datetime,
) -> Decision:
    survey, session = delivery.survey, delivery.survey.session
    gates, address = reachability(
        session,
        delivery.channel,
        medium=delivery.medium,
        address=delivery.address,
        suppressed=suppressed,
        origin=delivery.origin,
        force=survey.forced,
    )
    if binds(GateName.STILL_RESOLVED, delivery.origin):
        resolved = session.status == Session.Status.RESOLVED
        gates.insert(0, Gate(GateName.STILL_RESOLVED, resolved, session.status))
    keeps_hours = binds(GateName.SENDING_HOURS, delivery.origin) and not _is_silent(delivery)
    if binds(GateName.TOO_OLD, delivery.origin, force=survey.forced):
        since, limit = delivery.held_from or delivery.due_since, settings.ask_within_hours
        if keeps_hours:  # what came due while nothing is sent could go only afterwards
            since = hours.opens_at(session.contact, since)
        gates.append(Gate(GateName.TOO_OLD, now - since <= timedelta(hours=limit), limit))
    if _is_capped(delivery):
        gates.append(cap.gate(survey))
    wait_until = None
    if keeps_hours and not first_failed(gates):
        hour_gates, wait_until = hours.judge(session.contact, now)
        if not wait_until:  # the last of a batch leaves so much later
            hour_gates, wait_until = hours.judge(session.contact, now + lanes.LONGEST_BATCH)
        gates += hour_gates
    decision = Decision(gates, address, wait_until)
    if decision.passed:
        survey.gates = merge(survey.gates, gates)
        delivery.address, delivery.cleared_at, delivery.held_from = address, now, None
        cap.add(survey)
    return decision


def _is_silent(delivery: Delivery) -> bool:
    """It waits to be seen and wakes nobody."""
    return registry.carrier(delivery.channel, delivery.medium).silent


def _address(session: Session, channel: str, medium: str) -> str | None:
    return registry.carrier(channel, medium).address(session.addresses)


def reachability(
    session: Session,
    channel: str,
    *,
    medium: str,
    address: str = "",
    suppressed: set[tuple[str, str]] | None = None,
    origin: str = Origin.AUTO,
    force: bool = False,
) -> tuple[list[Gate], str]:
    """May this contact be written to here, and at which address? Only that a robot reads there can be
    overridden, by how it is asked.

    `suppressed`: where the caller has looked up (medium, address) of many.
    """
    contact = session.contact
    opted_out = contact.opted_out_at is not None or contact.erased_at is not None
    recipient = address or _address(session, channel, medium)
    gates = [
        Gate(GateName.OPT_OUT, not opted_out, contact.opt_out_reason or None),
        Gate(GateName.ADDRESS, recipient is not None, channel),
    ]
    if recipient and medium == Medium.EMAIL and binds(GateName.ROBOT_ADDRESS, origin, force=force):
        gates.append(Gate(GateName.ROBOT_ADDRESS, not robot_addresses.is_robot(recipient)))
    if recipient and is_suppressible(medium):
        pair = (medium, recipient)
        is_suppressed = pair in (suppression.suppressed_among([pair]) if suppressed is None else suppressed)
        gates.append(Gate(GateName.SUPPRESSION, not is_suppressed, medium))
    return gates, recipient or ""


def is_suppressible(medium: str) -> bool:
    """Whether an address of this medium can be closed."""
    channel = registry.of_medium(medium)
    return channel is not None and channel.suppressible


def reachability_with_fallback(
    session: Session, channel: str, settings: CsatSettings, *, origin: str = Origin.AUTO, force: bool = False
) -> list[Gate]:
    """As `reachability`, but a channel without an address passes when guaranteed delivery has another one."""
    medium = registry.first_way(channel, session.addresses).medium
    gates, _address = reachability(session, channel, medium=medium, origin=origin, force=force)
    failed_gate = first_failed(gates)
    if failed_gate and failed_gate.name in UNREACHABLE and settings.guaranteed_delivery:
        for other in registry.fallbacks(channel, connected=session.connected):
            other_gates, _address = reachability(
                session, other, medium=registry.get(other).medium, origin=origin, force=force
            )
            if not first_failed(other_gates):
                return [gate for gate in gates if gate.passed]
    return gates


class ContactCap:
    """Which of these contacts (primary keys) were asked in the last days, or are just being asked; practice
    counts for nobody.

    With `lock`, nobody else judges them until the transaction ends.
    """

    def __init__(self, contacts: Collection[int], days: int, *, now: datetime, lock: bool = False) -> None:
        self.days = days
        self.asked: defaultdict[int, set[int]] = defaultdict(set)  # the surveys of each contact
        if not (contacts and days):
            return
        if lock:
            rows = Contact.objects.select_for_update(no_key=True).filter(pk__in=contacts)
            list(rows.order_by("pk").values_list("pk", flat=True))
        in_flight = Q(state__in=[DeliveryState.DUE, DeliveryState.SENDING], cleared_at__isnull=False)
        sent = Q(state=DeliveryState.SENT, sent_at__gte=now - timedelta(days=days))
        real = Delivery.objects.filter(survey__session__practice=False)
        asked = real.filter(in_flight | sent, survey__contact__in=contacts)
        for contact, survey in asked.values_list("survey__contact", "survey").distinct():
            self.asked[contact].add(survey)

    def gate(self, survey: Survey) -> Gate:
        """Whether the contact was asked about another session than the survey's."""
        others = self.asked[survey.contact_id] - {survey.pk}
        return Gate(GateName.CONTACT_CAP, self.days == 0 or not others, self.days)

    def add(self, survey: Survey) -> None:
        """The survey is being asked."""
        if not survey.session.practice:
            self.asked[survey.contact_id].add(survey.pk)
