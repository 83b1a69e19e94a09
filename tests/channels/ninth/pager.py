"""Pager: a few characters to a number that only the customer's custom data knows."""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from csat.channels import rendering
from csat.channels.base import (
    EXAMPLE,
    Addresses,
    AddressField,
    CannotTell,
    Channel,
    EventType,
    Message,
    MessageContext,
    ProviderEvent,
    Receipt,
)
from csat.channels.kinds import Channel as Kind
from csat.channels.status import SANDBOX, Status
from csat.channels.transports import sandbox


class Pager(Channel):
    kind = medium = needs = source = speaks_as = Kind.PAGER.value  # type: ignore[attr-defined]
    sends = "a few characters with a rating link"
    icon = '<circle cx="9" cy="9" r="9"/>'
    fallbacks = (Kind.EMAIL.value,)
    suppressible = True
    test_field = AddressField("text", "Pager number")

    def status(self) -> Status:
        return Status(SANDBOX, sandbox.NAME, todo="Buy a transmitter.")

    def address(self, addresses: Addresses) -> str | None:
        return addresses.custom_data.get("pager") or None

    def example(self, to: str, language: str) -> tuple[str, Addresses]:
        return to or "0815", replace(EXAMPLE, language=language, custom_data={"pager": "0815"})

    def compose(self, context: MessageContext) -> Message:
        return Message(
            kind=self.kind,
            to=context.to,
            text=rendering.render("pager/message.txt", context),
            reference=context.reference,
            survey_id=context.survey_id,
            link=context.rate_url,
        )

    def send(self, message: Message) -> Receipt:
        return sandbox.send(message, medium=self.medium)

    def find(self, message: Message, since: datetime) -> Receipt | CannotTell | None:
        return sandbox.find(message)

    def verify(self, headers: Mapping[str, str], body: bytes, url: str) -> bool:
        return headers.get("X-Pager-Key") == "secret"

    def read(self, headers: Mapping[str, str], body: bytes, url: str = "") -> list[ProviderEvent]:
        try:
            told = json.loads(body)
        except ValueError:
            return []
        return [
            ProviderEvent(
                EventType(told["what"]),
                medium=self.medium,
                address=told["from"],
                text=told.get("text", ""),
                event_id=told["id"],
            )
        ]
