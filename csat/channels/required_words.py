"""What a text to a phone holds whatever else it says: who writes, and how to make it stop.

Carriers in the United States and Canada ask for both (CTIA Messaging Principles and Best Practices, 5.1).
A custom message replaces the intro line alone.
"""

import re
from typing import TypedDict

from csat.channels.base import MessageContext

NORTH_AMERICA = "+1"
STOP = re.compile("(?<![A-Za-z])STOP(?![A-Za-z])")


class Missing(TypedDict):
    """Which of both the custom intro does not say itself."""

    lacks_brand: bool
    lacks_opt_out: bool


def missing(context: MessageContext) -> Missing:
    named = context.brand.name.casefold() in context.intro.casefold()
    return Missing(lacks_brand=not named, lacks_opt_out=not STOP.search(context.intro))


def optional_for(number: str) -> bool:
    """Whether the carriers of this number (E.164) ask for neither."""
    return not number.startswith(NORTH_AMERICA)
