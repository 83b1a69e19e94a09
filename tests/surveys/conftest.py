"""A provider that answers as it is told, in place of the one network call of a channel."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from csat.channels import registry
from csat.channels.base import Message, Receipt
from csat.surveys.delivery import sending
from csat.surveys.models import Delivery


@dataclass
class Provider:
    """Answers with `outcomes` in turn, then takes everything; what it took is in `taken`."""

    outcomes: list[Any] = field(default_factory=list)
    finds: Any = None  # what a look-up finds
    calls: list[Message] = field(default_factory=list)
    taken: list[Message] = field(default_factory=list)
    lookups: int = 0

    def send(self, message: Message) -> Receipt:
        self.calls.append(message)
        outcome = self.outcomes.pop(0) if self.outcomes else None
        if isinstance(outcome, Exception):
            raise outcome
        self.taken.append(message)
        return Receipt(provider_id=f"SM{len(self.taken)}", transport="provider")

    def find(self, message: Message, since: Any) -> Any:
        self.lookups += 1
        if isinstance(self.finds, Exception):
            raise self.finds
        return self.finds


@pytest.fixture
def provider(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Provider]:
    def make(kind: str) -> Provider:
        made = Provider()
        monkeypatch.setattr(registry.get(kind), "send", made.send)
        monkeypatch.setattr(registry.get(kind), "find", made.find)
        return made

    return make


@pytest.fixture
def later(time_machine: Any) -> Callable[..., int]:
    """Let time pass, then let a worker run; how many were sent."""
    from datetime import timedelta

    from django.utils import timezone

    from csat.surveys.delivery import expiry

    def run(**time: float) -> int:
        time_machine.move_to(timezone.now() + timedelta(**time), tick=True)
        expiry.sweep()
        return sending.send_due()

    return run


def states(survey: Any) -> list[str]:
    return [delivery.state for delivery in Delivery.objects.filter(survey=survey).order_by("id")]
