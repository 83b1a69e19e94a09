"""How a channel's provider stands: connected, sandbox or misconfigured, and what to do about it."""

from dataclasses import dataclass

CONNECTED, SANDBOX, MISCONFIGURED = "connected", "sandbox", "misconfigured"


@dataclass(frozen=True)
class Status:
    state: str
    transport: str
    detail: str = ""  # what it is connected to
    todo: str = ""  # what a person should do, in words
