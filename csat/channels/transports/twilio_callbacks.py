"""What Twilio's callbacks tell, in our words: delivery states, replies, STOP and START."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit
from xml.sax.saxutils import escape

from django.conf import settings

from csat.channels.base import EventType, ProviderEvent
from csat.channels.kinds import Medium
from csat.channels.replies import emails, parser
from csat.channels.transports import twilio_codes

# https://www.twilio.com/docs/messaging/guides/track-outbound-message-status: accepted, scheduled, queued,
# sending say nothing new
STATES = {
    "sent": EventType.SENT,
    "delivered": EventType.DELIVERED,
    "read": EventType.OPENED,
    "undelivered": EventType.FAILED,
    "failed": EventType.FAILED,
    "canceled": EventType.FAILED,
}

TRIES = 4  # of a message Twilio had no room for
# https://www.twilio.com/docs/messaging/tutorials/advanced-opt-out: what it took a message for, whatever the
# words
OPT_OUT_TYPES = {"STOP": EventType.OPTED_OUT, "START": EventType.OPTED_IN, "HELP": EventType.HELP}
# the payload of a quick-reply button, or the id of a list's row, in a template: docs/operators.md
PRESSED = re.compile(r"(?:csat[:_ -]?)?([1-5])", re.IGNORECASE)


def verify(headers: Mapping[str, str], body: bytes, url: str) -> bool:
    """X-Twilio-Signature over the public address and every parameter.
    https://www.twilio.com/docs/usage/security
    """
    signature = {name.lower(): value for name, value in headers.items()}.get("x-twilio-signature")
    if not settings.TWILIO_AUTH_TOKEN or not signature:
        return False
    from twilio.request_validator import RequestValidator

    try:
        fields = _Fields(parse_qs(body.decode(), keep_blank_values=True))
    except UnicodeDecodeError:
        return False
    return bool(RequestValidator(settings.TWILIO_AUTH_TOKEN).validate(url, fields, signature))


class _Fields(dict[str, list[str]]):
    """Repeated parameters are signed one by one: the validator asks for all of them."""

    def getlist(self, name: str) -> list[str]:
        return self[name]


def read(body: bytes, url: str = "") -> list[ProviderEvent]:
    """A status callback or an inbound message; anything else gives []."""
    try:
        fields = {name: values[0] for name, values in parse_qs(body.decode(), keep_blank_values=True).items()}
    except UnicodeDecodeError:
        return []
    if fields.get("MessageStatus") or fields.get("SmsStatus", "received") != "received":
        return _status(fields, url)
    return _inbound(fields) if fields.get("From") and fields.get("MessageSid") else []


def _status(fields: dict[str, str], url: str) -> list[ProviderEvent]:
    what = STATES.get(fields.get("MessageStatus") or fields.get("SmsStatus", ""))
    if what is None:
        return []
    medium, address = _person(fields.get("To", ""))
    code = fields.get("ErrorCode", "")
    return [
        ProviderEvent(
            what,
            provider_id=fields.get("MessageSid") or fields.get("SmsSid", ""),
            reference=parse_qs(urlsplit(url).query).get("reference", [""])[0],
            medium=medium,
            address=address,
            code=code,
            text=fields.get("ErrorMessage", ""),
            suppress=what is EventType.FAILED and twilio_codes.suppresses(code),
            tries=twilio_codes.tries(code, most=TRIES) if what is EventType.FAILED else 0,
            at=datetime.now(UTC),
            event_id=f"{fields.get('MessageSid', '')}:{fields.get('MessageStatus', '')}",
            raw=fields,
        )
    ]


def _inbound(fields: dict[str, str]) -> list[ProviderEvent]:
    medium, address = _person(fields["From"])
    text = _said(fields)
    what = meaning(text, fields.get("OptOutType", ""))
    return [
        ProviderEvent(
            what,
            provider_id=fields.get("OriginalRepliedMessageSid", ""),
            medium=medium,
            address=address,
            text=text,
            suppress=what is EventType.OPTED_OUT,
            automatic=what is EventType.REPLIED and emails.is_automatic_text(text),
            at=datetime.now(UTC),
            event_id=fields["MessageSid"],
            raw=fields,
        )
    ]


def _said(fields: dict[str, str]) -> str:
    """A button or a list's row that is one of ours speaks by its score; any other by the words on it, as the
    customer saw them.
    """
    for payload in (fields.get("ButtonPayload", ""), fields.get("ListId", "")):
        if pressed := PRESSED.fullmatch(payload.strip()):
            return pressed[1]
    return fields.get("ButtonText") or fields.get("ListTitle") or fields.get("Body", "")


def meaning(text: str, opt_out_type: str = "") -> EventType:
    """STOP, START and HELP as Twilio's advanced opt-out names them, else by Twilio's own words; everything
    else is a reply.
    """
    keyword = OPT_OUT_TYPES.get(opt_out_type.upper()) or parser.carrier_keyword(text)
    if keyword is None and text.strip().casefold() == "yes":  # a START to Twilio
        return EventType.OPTED_IN
    return keyword or EventType.REPLIED


def twiml(text: str = "") -> str:
    """The answer to an inbound callback: these words go back to the sender, or nothing does.
    https://www.twilio.com/docs/messaging/twiml
    """
    message = f"<Message>{escape(text)}</Message>" if text else ""
    return f'<?xml version="1.0" encoding="UTF-8"?><Response>{message}</Response>'


def _person(address: str) -> tuple[str, str]:
    medium = Medium.WHATSAPP if address.startswith("whatsapp:") else Medium.SMS
    return medium.value, address.removeprefix("whatsapp:")
