"""The sandbox: what would go out is kept in the outbox, where anyone can look at it."""

from typing import Any

from csat.channels.base import Message, Receipt
from csat.channels.outbox import SandboxMessage

NAME = "sandbox"


def send(message: Message, *, medium: str) -> Receipt:
    """Keep the message; it counts as taken."""
    row = SandboxMessage.objects.create(
        kind=message.kind,
        medium=medium,
        to=message.to[:320],
        subject=message.subject[:500],
        text=message.text,
        html=message.html,
        data=_rest(message),
        reference=message.reference,
        language=message.language,
    )
    return _receipt(row)


def find(message: Message) -> Receipt | None:
    """The outbox knows for certain."""
    row = SandboxMessage.objects.filter(reference=message.reference).first() if message.reference else None
    return _receipt(row) if row else None


def _receipt(row: SandboxMessage) -> Receipt:
    return Receipt(str(row.uuid), NAME)


def _rest(message: Message) -> dict[str, Any]:
    return {
        "sender": message.sender,
        "headers": dict(message.headers),
        "blocks": list(message.blocks),
        "thread_ts": message.thread_ts,
        "content_sid": message.content_sid,
        "content_variables": dict(message.content_variables),
        "link": message.link,
        "survey_id": message.survey_id,
    }
