"""Plain words by the same transports: a notice to a colleague, a message to a customer."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from django.utils import timezone

from csat.channels import circuits, registry
from csat.channels.base import Addresses, Brand, CannotTell, Channel, Message, Receipt
from csat.lib.outcomes import Never

LETS_IN = "lets-in-"  # begins the token of a mail whose link lets somebody in: `people/letters_of_access`
LOOK_BACK = timedelta(days=6)  # longer than a notice waits for its provider


def send(
    via: str,
    *,
    to: str,
    text: str,
    subject: str = "",
    token: str = "",
    again: bool = False,
    html: str = "",
    headers: Mapping[str, str] | None = None,
) -> str:
    """Send plain words by `email`, `slack`, `sms` or `whatsapp`; the provider's id. Raises the outcomes of
    lib.outcomes.

    `token` names the message over repeats; `again` looks it up first, as after a send that may have happened.
    `html` says the same in a mail that shows it, `headers` are further ones of the mail.
    """
    sender = registry.get(via)
    message = sender.plain(to, text, subject=subject, token=token)
    if via == "email":
        message = replace(message, html=html, headers={**message.headers, **(headers or {})})
    return hand_over(sender, message, since=_look_back() if again else None)


def to_customer(
    channel: str,
    addresses: Addresses,
    *,
    brand: Brand,
    text: str,
    subject: str = "",
    token: str = "",
    since: datetime | None = None,
    others: Collection[str] = (),
) -> tuple[str, str]:
    """Write to a customer on the session's own channel; by which, and the provider's id: `conversation`, ""
    when nothing travels.

    `since`: it may have been sent since then, so it is looked up first; `others` are ids of messages that are
    not this one, for providers that know a message by its words alone. Raises Never when the contact has no
    address there, and the outcomes of lib.outcomes.
    """
    asked = registry.find(channel)
    if asked is None or not asked.speaks_as:
        return "conversation", ""
    via = registry.get(asked.speaks_as)
    to = via.plain_address(addresses)
    if not to:
        raise Never("the contact has no address on this channel")
    message = via.plain(to, text, subject=subject, token=token, thread=addresses.thread_ts, brand=brand)
    return via.kind, hand_over(via, replace(message, others=tuple(others)), since=since)


def hand_over(sender: Channel, message: Message, *, since: datetime | None = None) -> str:
    """Send a message by whoever made it, a carrier perhaps; the provider's id. `since` as `to_customer`."""
    with circuits.guarded(sender, message.to):
        if since:
            found = sender.find(message, since)
            if found is not None and not isinstance(found, CannotTell):
                return found.provider_id
        receipt: Receipt = sender.send(message)
        return receipt.provider_id


def _look_back() -> datetime:
    return timezone.now() - LOOK_BACK
