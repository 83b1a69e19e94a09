"""How conversations would arrive, and whether their customers would be asked. Nothing is stored."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils import timezone
from django.utils.translation import gettext as _

from csat.channels import registry
from csat.channels.kinds import Channel
from csat.connectors.api_client import ApiClient
from csat.connectors.changes import Change, Customer
from csat.connectors.connections import refuse_unreadable
from csat.connectors.errors import CannotRead
from csat.connectors.models import Connection, InboundEvent
from csat.connectors.rules import Rules
from csat.lib.outcomes import Outcome
from csat.lib.refusal import Refused
from csat.people.details import Details
from csat.people.models import Contact
from csat.sessions.models import Session
from csat.surveys.delivery.send_gates import reachability_with_fallback
from csat.surveys.gates import Gate, GateName, first_failed
from csat.surveys.rules import eligibility
from csat.surveys.rules.eligibility import Case, Policy

LATEST = 5
# judged when it happens, not by what is known of a conversation now
LATER = {GateName.AUTO_SEND_SINCE, GateName.FRESH, GateName.SAMPLE, GateName.DELAY, GateName.QUIET_TOO_LONG}


@dataclass(frozen=True)
class Arrival:
    """One change as it would arrive. `asked`: None where it ends nothing; `text` says it in a sentence."""

    change: Change
    channel: str
    status: str | None
    asked: bool | None
    text: str

    @property
    def channel_label(self) -> str:
        return str(Channel(self.channel).label)


def latest(connection: Connection) -> list[Arrival]:
    """The last five conversations there, through their API: *Test*. Raises Refused with what is wrong, where
    their API cannot be read.
    """
    refuse_unreadable(connection)
    system, config = connection.system, connection.config
    if not config.token or not system.can("latest"):
        text = _("Without a token, %(system)s cannot be read: send an event and look at Events.")
        raise Refused(text % {"system": system.label})
    try:
        with ApiClient(system, config) as api:
            changes = system.latest(config, api)[:LATEST]
    except (Outcome, CannotRead) as trouble:
        text = _("%(system)s could not be read: %(why)s")
        raise Refused(text % {"system": system.label, "why": str(trouble)}) from trouble
    return judge(connection, changes)


def of_events(connection: Connection, rules: Rules, events: Iterable[InboundEvent]) -> list[Arrival]:
    """What these events would lead to under other rules: the dry run over what came in."""
    changes: list[Change] = []
    for event in events:
        try:
            changes += connection.system.read(connection.config, event.headers, event.parsed, None)
        except Exception:  # noqa: S112 (what cannot be read is shown among the events)
            continue
    return judge(connection, changes, rules)


def judge(connection: Connection, changes: Iterable[Change], rules: Rules | None = None) -> list[Arrival]:
    """Each change as it would arrive now."""
    rules = rules or Rules.of(connection.system, connection.rules)
    policy = Policy.current()
    return [_arrival(connection, rules, change, policy) for change in changes]


def _arrival(connection: Connection, rules: Rules, change: Change, policy: Policy) -> Arrival:
    channel, status = rules.channel_of(change), rules.status_of(change)
    if change.ours or change.not_used or not rules.counts(change):
        why = change.not_used or (_("our own write") if change.ours else _("its inbox does not count"))
        return Arrival(change, channel, None, None, _("ignored: %(why)s") % {"why": why})
    if status is None:
        return Arrival(change, channel, None, None, _("tells no status"))
    if status == Session.Status.UNRESOLVED:
        return Arrival(change, channel, status, None, _("closed unresolved: nobody is asked"))
    if status != Session.Status.RESOLVED:
        return Arrival(change, channel, status, None, _("not resolved (%(word)s)") % {"word": change.status})
    session = _session(connection, change, channel)
    failed_gate = first_failed(_gates(session, policy))
    if failed_gate:
        text = _("would not be asked: %(why)s") % {"why": failed_gate.text}
        return Arrival(change, channel, status, False, text)
    text = _("would be asked by %(way)s") % {"way": _way(rules, session, channel)}
    return Arrival(change, channel, status, True, text)


def _way(rules: Rules, session: Session, channel: str) -> str:
    """How the question would reach the customer."""
    if rules.send:
        return _("a public reply there")
    hops = (channel, *registry.fallbacks(channel, connected=True))
    reached = next(hop for hop in hops if registry.get(hop).address(session.addresses) is not None)
    return str(Channel(reached).label)


def _session(connection: Connection, change: Change, channel: str) -> Session:
    """As it would be stored, with its contact."""
    customer = change.customer or Customer()
    details, _left_out = Details.usable(
        email=customer.email or None, phone=customer.phone or None, name=customer.name[:200] or None
    )
    contact = Contact(email=details.email, phone=details.phone, name=details.name)
    barred = Session.Barred.THEIR_SURVEY if change.their_survey else ""
    return Session(
        contact=contact,
        channel=channel,
        connected=True,
        barred=barred,
        external_id=f"{connection.uuid}:{change.external_id}",
    )


def _gates(session: Session, policy: Policy) -> list[Gate]:
    """Those that can be judged of a conversation that is not stored, and whether its customer is reached."""
    now = timezone.now()
    case = Case(
        channel=session.channel,
        key="preview",
        now=now,
        resolved_at=now,
        customer_messages=1,  # they are counted when they come in
        connected=True,
        barred=session.barred,
    )
    gates = [gate for gate in eligibility.at_resolution(case, policy) if gate.name not in LATER]
    if first_failed(gates):
        return gates
    return gates + reachability_with_fallback(session, session.channel, policy.settings)
