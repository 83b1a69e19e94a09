"""Contacts and sessions in any state, reached through the real verbs. Every contact has every address."""

from datetime import datetime, timedelta
from itertools import count
from typing import Any
from unittest import mock

from django.utils import timezone

from csat.channels import circuits, registry
from csat.channels.base import Message, Receipt
from csat.channels.circuits import Way
from csat.channels.kinds import SURVEYED
from csat.lib.outcomes import Never, Retry
from csat.people import agents, contacts
from csat.people.models import Agent, Contact
from csat.sessions import activity, intake, resolving
from csat.sessions.models import Session
from csat.surveys.delivery import release, send_gates, sending
from csat.surveys.models import CsatSettings, Delivery, Survey
from csat.surveys.rules import settings
from csat.timeline.kinds import ActorKind
from csat.timeline.recording import SYSTEM, Actor

API = Actor(ActorKind.API, "", "Helpdesk")
CUSTOMER = Actor(ActorKind.CONTACT)
number = count(1)


def make_contact(**details: Any) -> Contact:
    """Reachable by email and phone, with addresses nobody else has; `email=""` for one without."""
    n = next(number)
    details = {
        "name": "Nadia Berg",
        "email": f"nadia{n}@customer.example",
        "phone": f"+4930{10000000 + n}",
    } | details
    return contacts.find_or_create(**details)[0]


def make_agent(name: str = "Layla Haddad", **details: Any) -> Agent:
    return agents.find_or_create(name=name, **details)


def make_session(
    channel: str = "email", *, contact: Contact | None = None, messages: int = 1, **details: Any
) -> Session:
    """An open session in which the customer wrote `messages` times."""
    if channel == "slack":
        details = {"slack_channel": "C0123ABCD", "thread_ts": f"1700{next(number):06d}.000100"} | details
    session, _created = intake.start(contact=contact or make_contact(), channel=channel, by=API, **details)
    for _ in range(messages):
        activity.add_message(session, sender="contact", text="My parcel has not come.", by=CUSTOMER)
    return session


def make_resolved_session(
    channel: str = "email", *, ask: bool = True, by: Actor = API, **details: Any
) -> Session:
    session = make_session(channel, **details)
    resolving.resolve(session, by=by, ask=ask)
    return session


def switch_on(*channels: str, **rules: Any) -> None:
    """Auto-send on, these channels (all of them when none is named) on, and further rules."""
    kinds = channels or [str(kind) for kind in SURVEYED]
    settings.change(
        by=API, **({"auto_send": True, "channels": {kind: {"enabled": True} for kind in kinds}} | rules)
    )


def claim(delivery: Delivery) -> Delivery | None:
    """As a worker does that dies afterwards."""
    claimed = sending.claim(Delivery.objects.filter(pk=delivery.pk), 1)
    return claimed[0] if claimed else None


def die_while_sending(delivery: Delivery) -> Delivery:
    """A worker that claims it, judges it and dies: nobody knows whether it was handed over."""
    claimed = claim(delivery)
    assert claimed
    send_gates.evaluate([claimed], CsatSettings.current(), now=timezone.now())
    return claimed


def make_sent_survey(channel: str = "email", **details: Any) -> Survey:
    """A survey that is with the customer, by the whole way: settings, resolve, send."""
    switch_on(channel)
    survey = make_resolved_session(channel, **details).survey
    sending.send_due()
    return survey.again()


def mail_goes_away(error: str = "connection refused") -> None:
    """The circuit of email opens, as after five refused connections."""
    refused = Retry(error, outage=True)
    circuits.note(Way.of(registry.get("email")), [(f"ana{n}@customer.example", refused) for n in range(5)])


def make_failed_survey(error: str = "554 refused") -> Survey:
    """A survey whose mail was refused, and that nobody takes over."""
    switch_on("email")
    session = make_resolved_session("email", contact=make_contact(phone=""))

    def refuse(message: Message) -> Receipt:
        raise Never(error, code="554")

    with mock.patch.object(registry.get("email"), "send", refuse):
        sending.send_due()
    return session.survey.again()


def restored(ago: timedelta = timedelta(hours=1), reason: str = "Restored from the backup.") -> datetime:
    """As manage.py restore leaves it: held since now, with the rows of a backup made then."""
    now = timezone.now()
    CsatSettings.current().change(paused_at=now, restored_from=now - ago, paused_reason=reason)
    release.note_finished(now - ago, version="1", by=SYSTEM)
    return now
