"""Asks to compose from: one ordinary customer, and whatever a test changes about her."""

from dataclasses import replace
from typing import Any

from csat.channels.base import Ask, Brand, Message, Reach
from csat.channels.registry import get

RATE_URL = "https://support.example.com/r/" + "4fT9" * 10 + "abc"
UNSUBSCRIBE_URL = "https://support.example.com/u/" + "7gH2" * 10 + "xyz"
REACH = Reach("Ana Souza", "ana@customer.example", "+15005550006", "C024BE91L", "1700000000.000100")
ASK = Ask(
    reference="6d9f2a52-6c5f-4d0e-9c0e-2f4b61f0a001",
    survey_id="0c8a3a07-49f5-4a0e-8f2e-cc0b1b7de002",
    to="",
    reach=REACH,
    rate_url=RATE_URL,
    unsubscribe_url=UNSUBSCRIBE_URL,
    contact_name="Ana Souza",
    agent_name="Sam",
    ticket_number=4521,
    brand=Brand("Acme Support"),
)


def ask(kind: str, **changes: Any) -> Ask:
    """What would be asked on this channel."""
    return replace(ASK, **{"to": get(kind).address(changes.get("reach", REACH)) or "", **changes})


def composed(kind: str, **changes: Any) -> Message:
    return get(kind).compose(ask(kind, **changes))
