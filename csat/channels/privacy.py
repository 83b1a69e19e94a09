"""What is kept of people here: sandbox messages, and a provider's words that quote an address."""

from collections.abc import Collection, Iterable
from itertools import islice

from django.db.models import Model, Q
from django.utils import timezone

from csat.channels.circuits import Circuit
from csat.channels.outbox import SandboxMessage
from csat.lib.rows import fields_of
from csat.lib.types import JsonObject

PERSONAL: dict[type[Model], Collection[str]] = {
    SandboxMessage: ["to", "subject", "text", "html", "data"],
    Circuit: ["reason"],
}
EXPORTED = ("created_at", "kind", "to", "subject", "text")
BATCH = 5000  # references in one statement


def erase_addresses(addresses: Iterable[str]) -> None:
    """Messages to these addresses go, and a circuit's reason that quotes one of them."""
    addresses = {address.removeprefix("whatsapp:") for address in addresses}
    if not addresses:
        return
    everywhere = addresses | {f"whatsapp:{address}" for address in addresses}
    SandboxMessage.objects.filter(to__in=everywhere).delete()
    quotes = Q()
    for address in addresses:
        quotes |= Q(reason__icontains=address)
    Circuit.objects.filter(quotes).update(reason="", updated_at=timezone.now())


def erase_messages(references: Iterable[str]) -> None:
    """Messages sent under these references go: those to colleagues, too."""
    remaining = iter(references)
    while batch := list(islice(remaining, BATCH)):
        SandboxMessage.objects.filter(reference__in=batch).delete()


def export_messages(references: Iterable[str]) -> list[JsonObject]:
    remaining, messages = iter(references), []
    while batch := list(islice(remaining, BATCH)):
        rows = SandboxMessage.objects.filter(reference__in=batch).order_by("pk")
        messages += [fields_of(row, EXPORTED) for row in rows]
    return messages
