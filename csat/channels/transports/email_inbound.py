"""A mail that came in through the ESP, in our words: who wrote, what, and to which of our mails."""

import re
from dataclasses import replace
from typing import Any

from django.utils import timezone

from csat.channels.base import EventType, ProviderEvent
from csat.channels.kinds import Medium
from csat.channels.replies.emails import is_automatic_subject, without_quotation
from csat.channels.replies.html import to_text
from csat.channels.transports import email_bounces
from csat.lib import mailbox, robot_addresses

LONGEST = 20_000  # characters of one mail that are looked at
MESSAGE_ID = re.compile(r"<([^<>\s]+)>")
RATING_LINK = re.compile(r"/r/([0-9A-Za-z]{22,64})\b")
MARKS = (
    "X-Autoreply",
    "X-Autorespond",
    "X-Autoresponder",
    "X-Auto-Reply",
    "X-Mail-Autoreply",
    "X-Failed-Recipients",
)


def from_inbound(event: Any) -> ProviderEvent | None:
    """An AnymailInboundEvent as a reply, or as the bounce it is; None for one that carries no message."""
    message = event.message
    if message is None:
        return None
    text = (message.text or to_text(message.html or ""))[:LONGEST]
    message_id = next(iter(MESSAGE_ID.findall(message["Message-ID"] or "")), "")
    replied_to = MESSAGE_ID.findall(message["In-Reply-To"] or "")
    references = MESSAGE_ID.findall(message["References"] or "")
    reply = ProviderEvent(
        EventType.REPLIED,
        medium=Medium.EMAIL,
        address=_sender(message),
        text=without_quotation(text),
        at=event.timestamp or timezone.now(),
        event_id=message_id or str(event.event_id or ""),
        thread=tuple(dict.fromkeys([*replied_to, *reversed(references)])),
        tokens=tuple(dict.fromkeys(RATING_LINK.findall(f"{text} {(message.html or '')[: LONGEST * 10]}"))),
        automatic=is_automatic(message),
        raw={"message_id": message_id, "subject": str(message.subject or "")},
    )
    bounce = email_bounces.read(message, text)
    return _bounced(reply, bounce) if bounce else reply


def _bounced(reply: ProviderEvent, bounce: email_bounces.Bounce) -> ProviderEvent:
    return replace(
        reply,
        type=EventType.BOUNCED if bounce.lasting else EventType.FAILED,
        address=bounce.recipient,
        text=bounce.text,
        code=bounce.status,
        suppress=bounce.lasting,
        automatic=True,
        thread=(bounce.message_id,) if bounce.message_id else reply.thread,
    )


def is_automatic(message: Any) -> bool:
    """Did a robot write it? RFC 3834, and what mail programs did before and beside it."""
    submitted = (message["Auto-Submitted"] or "no").split(";")[0].strip().lower()
    precedence = (message["Precedence"] or "").strip().lower()
    return (
        submitted not in ("", "no")
        or precedence in ("bulk", "junk", "list", "auto_reply")
        or any(message[mark] for mark in MARKS)
        or message.get_content_type() == "multipart/report"
        or message.envelope_sender in ("", "<>")  # a bounce; None: the ESP does not tell
        or robot_addresses.is_robot(_sender(message))
        or is_automatic_subject(str(message.subject or ""))
    )


def _sender(message: Any) -> str:
    """The one address it is from; empty when it is from nobody, or from several."""
    sender = message.from_email
    return mailbox.fold(str(getattr(sender, "addr_spec", "") or ""))
