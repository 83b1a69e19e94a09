"""A mail that came back: for whom, why, and which of ours it was. By RFC 3464, and by mere words."""

import re
from dataclasses import dataclass
from email.policy import compat32
from typing import Any

from csat.lib import robot_addresses

MESSAGE_ID = re.compile(r"^Message-ID:\s*<([^<>\s]+)>", re.IGNORECASE | re.MULTILINE)
FIELD = r"^{name}:[ \t]*(?:rfc822;|utf-8;|smtp;|x-[\w-]+;)?[ \t]*(.+(?:\n[ \t]+.+)*)"
STATUS = re.compile(r"(?<![\d.])([45]\.\d{1,3}\.\d{1,3})(?!\.?\d)")
REFUSED = re.compile(r"(?<![\d.])55[0-4](?=[ -])")
NO_SUCH_MAILBOX = re.compile(r"5\.(?:0\.0|1\.\d+|2\.1)")  # RFC 3463; others say less about the address
REPORTS = {"message/delivery-status", "message/global-delivery-status"}
RETURNED = {
    "message/rfc822",
    "message/global",
    "text/rfc822-headers",
    "message/rfc822-headers",
    "message/global-headers",
}
LONGEST = 50_000


@dataclass(frozen=True)
class Bounce:
    """`lasting`: there is no such mailbox. `message_id`: ours, where the bounce shows it."""

    recipient: str
    status: str
    text: str
    lasting: bool
    message_id: str


def read(message: Any, text: str) -> Bounce | None:
    """None for any other mail; also for a delay, and for the report that all went well."""
    returned = "".join(_parts(message, RETURNED)) or text
    message_id = next(iter(MESSAGE_ID.findall(returned)), "")
    if report := "".join(_parts(message, REPORTS)):
        return _of_report(report, message_id)
    recipient = (message["X-Failed-Recipients"] or "").split(",")[0].strip().casefold()
    status = next(iter(STATUS.findall(text) or REFUSED.findall(text)), "")
    if not recipient and not (status and _is_mail_server(message)):
        return None
    lasting = not status or status.startswith("55") or bool(NO_SUCH_MAILBOX.fullmatch(status))
    return Bounce(recipient, status, _line_with(status, text), lasting, message_id)


def _of_report(report: str, message_id: str) -> Bounce | None:
    if _field(report, "Action").lower() != "failed":
        return None
    status = next(iter(STATUS.findall(_field(report, "Status"))), "")
    recipient = _field(report, "Original-Recipient") or _field(report, "Final-Recipient")
    words = " ".join(_field(report, "Diagnostic-Code").split()) or status
    return Bounce(
        recipient.strip("<> ").casefold(), status, words, bool(NO_SUCH_MAILBOX.fullmatch(status)), message_id
    )


def _field(report: str, name: str) -> str:
    found = re.search(FIELD.format(name=name), report, re.IGNORECASE | re.MULTILINE)
    return found[1].strip() if found else ""


def _parts(message: Any, kinds: set[str]) -> list[str]:
    """The text of these parts, however the ESP hands them on."""
    return [_text(part)[:LONGEST] for part in message.walk() if part.get_content_type() in kinds]


def _text(part: Any) -> str:
    payload = part.get_payload()
    if isinstance(payload, list):
        return "\n".join(inner.as_bytes(policy=compat32).decode(errors="replace") for inner in payload)
    return str((part.get_payload(decode=True) or b"").decode(errors="replace")).replace("\r\n", "\n")


def _is_mail_server(message: Any) -> bool:
    sender = message.from_email
    address = str(getattr(sender, "addr_spec", "") or "")
    return robot_addresses.is_mail_server(address)


def _line_with(status: str, text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return next((line for line in lines if status and status in line), lines[0] if lines else "")
