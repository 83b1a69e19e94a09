"""Plain words by the same transports: a notice to a colleague, a message to a customer."""

import uuid
from collections.abc import Collection
from datetime import datetime, timedelta
from email.utils import parseaddr
from typing import Any

from django.conf import settings
from django.utils import timezone

from csat.channels import registry, slack
from csat.channels.base import Message, NotKnown, Reach, Receipt
from csat.channels.kinds import Channel
from csat.lib.outcomes import Never

SPEAKS = {  # what a message on a session's channel travels by; absent: it only stands in the conversation
    Channel.EMAIL: Channel.EMAIL,
    Channel.WEB_VOICE: Channel.EMAIL,
    Channel.SMS: Channel.SMS,
    Channel.PHONE: Channel.SMS,
    Channel.WHATSAPP: Channel.WHATSAPP,
    Channel.SLACK: Channel.SLACK,
}
LOOK_BACK = timedelta(days=1)


def send(via: str, *, to: str, text: str, subject: str = "", token: str = "", again: bool = False) -> str:
    """Send plain words by `email`, `slack`, `sms` or `whatsapp`; the provider's id. Raises the outcomes of lib.outcomes.

    `token` names the message over repeats; `again` looks it up first, as after a send that may have happened.
    """
    message = Message(kind=via, to=to, subject=subject, **_worded(via, text), **_named(via, text, token))
    return _send(message, since=_look_back() if again else None)


def to_customer(
    channel: str,
    reach: Reach,
    *,
    text: str,
    subject: str = "",
    token: str = "",
    since: datetime | None = None,
    others: Collection[str] = (),
) -> tuple[str, str]:
    """Write to a customer on the session's own channel; by which, and the provider's id: `conversation`, "" when nothing travels.

    `since`: it may have been sent since then, so it is looked up first; `others` are ids of messages that are not this one, for
    providers that know a message by its words alone. Raises Never when the contact has no address there, and the outcomes of
    lib.outcomes.
    """
    via = SPEAKS.get(Channel(channel))
    if via is None:
        return "conversation", ""
    to = {Channel.EMAIL: reach.email, Channel.SLACK: reach.slack_channel}.get(via, reach.phone)
    if not to:
        raise Never("the contact has no address on this channel")
    thread = reach.thread_ts if via == Channel.SLACK else ""
    named = _named(via, text, token) | {"others": tuple(others)}
    message = Message(kind=via.value, to=to, subject=subject, thread_ts=thread, **_worded(via, text), **named)
    return via.value, _send(message, since=since)


def _send(message: Message, *, since: datetime | None) -> str:
    sender = registry.get(message.kind)
    if since:
        found = sender.find(message, since)
        if found is not None and not isinstance(found, NotKnown):
            return found.provider_id
    receipt: Receipt = sender.send(message)
    return receipt.provider_id


def _look_back() -> datetime:
    return timezone.now() - LOOK_BACK


def _worded(via: str, text: str) -> dict[str, Any]:
    """Slack reads & < > as commands: a customer's comment must not call a whole channel."""
    return {"text": slack.escaped(text) if via == Channel.SLACK else text}


def _named(via: str, text: str, token: str) -> dict[str, Any]:
    reference = token or str(uuid.uuid4())
    if via != Channel.EMAIL:
        return {"reference": reference, "link": text}  # what a look-up searches for
    domain = parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2] or "localhost"
    return {"reference": reference, "headers": {"Message-ID": f"<{reference}@{domain}>", "Auto-Submitted": "auto-generated"}}
