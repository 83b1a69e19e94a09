"""What staff write to a customer: on the conversation's own channel, as a survey would be allowed to go.

The row carries the state, a worker sends it. A conversation that lives in a help desk is answered there or
not at all.
"""

import time
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import F, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from csat.channels import notices, registry
from csat.channels import privacy as channel_privacy
from csat.channels.base import Channel
from csat.channels.kinds import Medium
from csat.channels.replies import confirmations
from csat.jobs import Job, enqueue
from csat.lib.outcomes import Outcome, Retry, Unknown
from csat.lib.refusal import Invalid, Refused
from csat.lib.text import clean, greetable
from csat.people import roles
from csat.people.erasure import refuse_erased
from csat.people.models import Agent
from csat.sessions import activity
from csat.sessions.models import Session
from csat.surveys.choices import Origin
from csat.surveys.delivery.message import language_for
from csat.surveys.delivery.send_gates import reachability
from csat.surveys.gates import first_failed
from csat.surveys.models import CsatSettings, StaffMessage
from csat.surveys.rules.sending_hours import SendingHours
from csat.timeline.recording import Actor

State = StaffMessage.State
SENT_WITH = ("session__contact", "session__brand")
MAX_LENGTH = 4000  # characters
LEASE = timedelta(minutes=2)
BATCH = 20  # looked at together; claimed one by one
RETRIES = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 15, 60, 240, 720))
MOST_ATTEMPTS = len(RETRIES) + 2  # also of those that killed their worker
LONGEST = timedelta(days=5)  # so long it waits for its provider, or for a worker
log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Way:
    """`carrier`: None when nothing travels, because the customer reads the conversation itself."""

    carrier: Channel | None
    address: str = ""

    @property
    def in_help_desk(self) -> bool:
        return self.carrier is not None and self.carrier.medium == Medium.HELPDESK


@transaction.atomic
def write(session: Session, text: str, *, by: User) -> StaffMessage:
    """Store what `by` writes to the customer; it leaves in sending hours, by a worker.

    Raises Invalid for no words or more than `MAX_LENGTH` characters, and Refused for what `refusal` says.
    """
    text = clean(text)
    if not text:
        raise Invalid(_("Write something."), fields={"text": [_("Write something.")]})
    if len(text) > MAX_LENGTH:
        too_long = _("At most %(n)d characters.") % {"n": MAX_LENGTH}
        raise Invalid(too_long, fields={"text": [too_long]})
    session.lock()
    refuse_erased(session.contact)
    if why := refusal(session):
        raise Refused(why)
    message = StaffMessage.objects.create(
        session=session, text=text, written_by=roles.actor_of(by).to_json(), next_try=timezone.now()
    )
    enqueue(Job.SEND_MESSAGES)
    return message


def refusal(session: Session) -> str:
    """Why the customer cannot be written to on this conversation's channel, as a sentence; "": they can."""
    return _refusal(session, way_to(session))


def _refusal(session: Session, way: Way | None) -> str:
    if session.contact.opted_out_at:
        return _("The customer asked not to be written to.")
    if way is None:
        if session.connected:
            return _("Its help desk does not let us write: the connection has to allow messages.")
        return _("The customer has no address on this conversation's channel.")
    if way.in_help_desk or way.carrier is None:
        return ""
    return way.carrier.refuses_words(session.last_customer_message_at) or _unreachable(
        session, way.carrier, way.address
    )


def draft(session: Session, said: str = "", *, apologize: bool) -> str:
    """Words to begin with, in the customer's language. `said`: the team's sentence of what was done.
    `apologize`: after a low score.
    """
    settings, name = CsatSettings.current(), greetable(session.contact.name)
    language, brand = language_for(session, settings), settings.brand_of(session).name
    return confirmations.after_a_look(name=name, said=said, brand=brand, language=language, low=apologize)


def way_to(session: Session) -> Way | None:
    """By whom, and to which address; None: there is none."""
    if session.connected:
        desk = registry.of_medium(Medium.HELPDESK)
        address = desk.address(session.addresses) if desk else None
        return Way(desk, address) if address else None
    channel = registry.find(session.surveyed_as)
    if channel is None:
        return None
    if not channel.speaks_as:
        return Way(None)
    carrier = registry.get(channel.speaks_as)
    address = carrier.plain_address(session.addresses)
    return Way(carrier, address) if address else None


def send_due(*, seconds: float = 40) -> int:
    """Send what is due; how many were tried. Safe to run many times at once."""
    stop, tried = time.monotonic() + seconds, 0
    while time.monotonic() < stop and (message := claim_next()):
        tried += 1
        try:
            _send(message)
        except Exception:  # it comes back when its lease ends; the others do not wait for it
            log.exception("a message to a customer could not be sent", message=str(message.uuid))
    if due().exists():
        enqueue(Job.SEND_MESSAGES)  # the next task sends the rest
    return tried


def claim_next() -> StaffMessage | None:
    """Claim the one that has waited longest, for as long as a lease: just before it is sent, so that of two
    workers each has another, and a killed one leaves one in doubt. None: there is nothing to claim.
    """
    while first := list(due().order_by("next_try", "id")[:BATCH]):
        for message in first:
            if _claim(message):
                return StaffMessage.objects.select_related(*SENT_WITH).get(pk=message.pk)
    return None


def due() -> QuerySet[StaffMessage]:
    """A message being sent has the end of its lease as `next_try`: one index finds a dead worker's, too."""
    return StaffMessage.objects.filter(state__in=[State.DUE, State.SENDING], next_try__lte=timezone.now())


def _claim(message: StaffMessage) -> bool:
    now, handed_over = timezone.now(), message.state == State.SENDING
    started = message.lease_until - LEASE if handed_over and message.lease_until else None
    return message.change(
        where={"state": message.state, "next_try": message.next_try, "lease_until": message.lease_until},
        state=State.SENDING,
        lease_until=now + LEASE,
        next_try=now + LEASE,
        attempt=F("attempt") + 1,
        uncertain_since=message.uncertain_since or started,
    )


def _send(message: StaffMessage) -> None:
    now, settings = timezone.now(), CsatSettings.current()
    way, session = way_to(message.session), message.session
    hours = None if way and way.carrier is None else SendingHours.of(settings)  # what wakes nobody keeps none
    if why := _outlived(message, hours, now):
        _fail(message, why)
        return
    if hours and (opens_at := hours.opens_at(session.contact, now)) > now:
        _release(message, next_try=opens_at, attempt=message.attempt - 1)
        return
    try:
        via, provider_id = _hand_over(message, way, settings)
    except (Retry, Unknown) as outcome:
        _try_again(message, outcome, now)
    except (Refused, Outcome) as trouble:
        _fail(message, str(trouble))
    else:
        _sent(message, via, provider_id)


def _outlived(message: StaffMessage, hours: SendingHours | None, now: datetime) -> str:
    """Why it is not sent any more, as whoever wrote it reads it; "": it still may be.

    The time it may wait begins when sending hours first allowed it.
    """
    written_at = message.created_at
    might_leave = hours.opens_at(message.session.contact, written_at) if hours else written_at
    if not message.text:
        return _("There are no words left to send.")
    if now - might_leave > LONGEST:
        return _("It waited too long to be sent. Write it anew if it still holds.")
    if message.attempt > MOST_ATTEMPTS:
        return _("It was tried too often.")
    return ""


def _hand_over(message: StaffMessage, way: Way | None, settings: CsatSettings) -> tuple[str, str]:
    """By which channel, and the provider's id. Raises Refused, and the outcomes of lib.outcomes."""
    session, since = message.session, message.uncertain_since
    refuse_erased(session.contact)
    if why := _refusal(session, way):
        raise Refused(why)
    if way is not None and way.in_help_desk and way.carrier:
        plain = way.carrier.plain(way.address, message.text, token=str(message.uuid))
        return way.carrier.kind, notices.hand_over(way.carrier, plain, since=since)
    return notices.to_customer(
        session.surveyed_as,
        session.addresses,
        brand=settings.brand_of(session),
        text=message.text,
        subject=session.subject,
        token=str(message.uuid),
        since=since,
        others=_sent_before(message) if since else (),
    )


@transaction.atomic
def _sent(message: StaffMessage, via: str, provider_id: str) -> None:
    message.session.lock()  # before the message, as who takes words out of both
    now, by = timezone.now(), Actor.from_json(message.written_by)
    ours = {"state": State.SENDING, "lease_until": message.lease_until}
    sent = {"via": via, "provider_id": provider_id[:320], "sent_at": now, "error": ""}
    if not message.change(where=ours, state=State.SENT, lease_until=None, **sent):
        if message.again().state == State.FAILED:  # its words went while it was handed over
            channel_privacy.erase_messages([str(message.uuid)])
        return
    agent = Agent.objects.filter(uuid=by.id).first() if by.id else None
    activity.add_message(message.session, sender="agent", text=message.text, by=by, agent=agent)


def _try_again(message: StaffMessage, outcome: Retry | Unknown, now: datetime) -> None:
    waited_long = now - message.created_at > LONGEST
    if waited_long or (message.attempt > len(RETRIES) and not outcome.outage):
        _fail(message, outcome.text)
        return
    asked = getattr(outcome, "after", None)
    pause = timedelta(seconds=asked) if asked else RETRIES[min(message.attempt, len(RETRIES)) - 1]
    since = message.uncertain_since or (now if isinstance(outcome, Unknown) else None)
    attempt = message.attempt - 1 if outcome.outage else message.attempt  # an outage costs no try
    _release(
        message,
        next_try=timezone.now() + pause,
        attempt=attempt,
        error=outcome.text[:500],
        uncertain_since=since,
    )


def _fail(message: StaffMessage, text: str) -> None:
    _release(message, state=State.FAILED, error=text[:500])
    log.warning("a message to a customer was not sent", message=str(message.uuid))


def _release(message: StaffMessage, *, state: str = State.DUE, **values: object) -> None:
    ours = {"state": State.SENDING, "lease_until": message.lease_until}
    message.change(where=ours, state=state, lease_until=None, **values)


def _unreachable(session: Session, carrier: Channel, address: str) -> str:
    """Opted out, erased, or an address that is closed."""
    gates, _address = reachability(
        session,
        carrier.kind,
        medium=carrier.medium,
        address=address,
        origin=Origin.MANUAL,
    )
    failed_gate = first_failed(gates)
    return failed_gate.text if failed_gate else ""


def _sent_before(message: StaffMessage) -> set[str]:
    """Ids of other messages to this customer, for providers that know one by its words alone."""
    others = StaffMessage.objects.filter(session__contact=message.session.contact_id).exclude(pk=message.pk)
    recent = others.filter(created_at__gte=message.created_at - timedelta(days=1)).exclude(provider_id="")
    return set(recent.values_list("provider_id", flat=True))
