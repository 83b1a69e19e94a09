"""A mail that came in through the ESP, in our words: who wrote, what, and to which of our mails."""

import re
from typing import Any

from django.utils import timezone

from csat.channels.base import Update, What
from csat.channels.kinds import Medium
from csat.channels.reply_mails import is_automatic_subject, own_words
from csat.channels.reply_pages import as_text

LONGEST = 20_000  # characters of one mail that are looked at
MESSAGE_ID = re.compile(r"<([^<>\s]+)>")
RATING_LINK = re.compile(r"/r/([0-9A-Za-z]{22,64})\b")
ROBOTS = re.compile(r"(mailer-daemon|postmaster|no-?reply|do-?not-?reply)@", re.IGNORECASE)
MARKS = ("X-Autoreply", "X-Autorespond", "X-Autoresponder", "X-Auto-Reply", "X-Mail-Autoreply", "X-Failed-Recipients")


def from_inbound(event: Any) -> Update | None:
    """An AnymailInboundEvent as a reply; None for one that carries no message."""
    message = event.message
    if message is None:
        return None
    text = (message.text or as_text(message.html or ""))[:LONGEST]
    message_id = next(iter(MESSAGE_ID.findall(message["Message-ID"] or "")), "")
    return Update(
        What.REPLIED,
        medium=Medium.EMAIL,
        address=_sender(message),
        text=own_words(text),
        at=event.timestamp or timezone.now(),
        event_id=message_id or str(event.event_id or ""),
        thread=_thread(message),
        tokens=tuple(dict.fromkeys(RATING_LINK.findall(f"{text} {(message.html or '')[: LONGEST * 10]}"))),
        automatic=is_automatic(message),
        raw={"message_id": message_id, "subject": str(message.subject or "")},
    )


def is_automatic(message: Any) -> bool:
    """Did a robot write it? RFC 3834, and what mail programs did before and beside it."""
    told = (message["Auto-Submitted"] or "no").split(";")[0].strip().lower()
    precedence = (message["Precedence"] or "").strip().lower()
    return (
        told not in ("", "no")
        or precedence in ("bulk", "junk", "list", "auto_reply")
        or any(message[mark] for mark in MARKS)
        or message.get_content_type() == "multipart/report"
        or message.envelope_sender in ("", "<>")  # a bounce; None: the ESP does not tell
        or bool(ROBOTS.match(_sender(message)))
        or is_automatic_subject(str(message.subject or ""))
    )


def _sender(message: Any) -> str:
    """The one address it is from; empty when it is from nobody, or from several."""
    sender = message.from_email
    return str(getattr(sender, "addr_spec", "") or "").casefold()


def _thread(message: Any) -> tuple[str, ...]:
    answered = MESSAGE_ID.findall(message["In-Reply-To"] or "")
    return tuple(dict.fromkeys([*answered, *reversed(MESSAGE_ID.findall(message["References"] or ""))]))
