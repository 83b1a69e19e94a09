"""Contacts and sessions in any state, reached through the real verbs. Every contact has every address."""

from itertools import count
from typing import Any

from csat.channels.kinds import SURVEYED
from csat.people import agents, contacts
from csat.people.models import Agent, Contact
from csat.sessions import conversing, intake, resolving
from csat.sessions.models import Session
from csat.surveys import sending, settings
from csat.surveys.models import Survey
from csat.timeline.kinds import ActorKind
from csat.timeline.recording import Actor

API = Actor(ActorKind.API, "", "Helpdesk")
CUSTOMER = Actor(ActorKind.CONTACT)
number = count(1)


def make_contact(**details: Any) -> Contact:
    """Reachable by email and phone, with addresses nobody else has; `email=""` for one without."""
    n = next(number)
    details = {"name": "Nadia Berg", "email": f"nadia{n}@customer.example", "phone": f"+4930{10000000 + n}"} | details
    return contacts.find_or_create(**details)[0]


def make_agent(name: str = "Layla Haddad", **details: Any) -> Agent:
    return agents.find_or_create(name=name, **details)


def make_session(channel: str = "email", *, contact: Contact | None = None, messages: int = 1, **details: Any) -> Session:
    """An open session in which the customer wrote `messages` times."""
    if channel == "slack":
        details = {"slack_channel": "C0123ABCD", "thread_ts": f"1700{next(number):06d}.000100"} | details
    session, _created = intake.start(contact=contact or make_contact(), channel=channel, by=API, **details)
    for _ in range(messages):
        conversing.add_message(session, sender="contact", text="My parcel has not come.", by=CUSTOMER)
    return session


def make_resolved_session(channel: str = "email", *, ask: bool = True, by: Actor = API, **details: Any) -> Session:
    session = make_session(channel, **details)
    resolving.resolve(session, by=by, ask=ask)
    return session


def switch_on(*channels: str, **rules: Any) -> None:
    """Auto-send on, these channels (all of them when none is named) on, and further rules."""
    kinds = channels or [str(kind) for kind in SURVEYED]
    settings.change(by=API, **({"auto_send": True, "channels": {kind: {"enabled": True} for kind in kinds}} | rules))


def make_sent_survey(channel: str = "email", **details: Any) -> Survey:
    """A survey that is with the customer, by the whole way: settings, resolve, send."""
    switch_on(channel)
    survey = make_resolved_session(channel, **details).survey
    sending.send_due()
    return survey.again()
