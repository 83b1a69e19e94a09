"""Twilio's Messages resource as published (https://www.twilio.com/docs/messaging/api/message-resource),
strict about every field.
"""

import base64
import hashlib
import hmac
import json
import re
import uuid
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

from tests.standins.server import Provider, Reply

SID, TOKEN = "AC" + "a1" * 16, "secret-token"
SMS_FROM, WHATSAPP_FROM, CONTENT_SID = "+15005550100", "+15005550200", "HX" + "c3" * 16
NUMBER = re.compile(r"\+[1-9]\d{6,14}")
KNOWN = {
    "To", "From", "MessagingServiceSid", "Body", "ContentSid", "ContentVariables", "StatusCallback",
    "MediaUrl", "ApplicationSid",
    "MaxPrice", "ProvideFeedback", "Attempt", "ValidityPeriod", "ForceDelivery", "ContentRetention",
    "AddressRetention",
    "SmartEncoded", "PersistentAction", "TrafficType", "ShortenUrls", "ScheduleType", "SendAt", "SendAsMms",
    "RiskCheck",
}  # fmt: skip
# as Twilio's own test credentials do it: numbers that always fail
MAGIC = {"+15005550001": 21211, "+15005550003": 21408, "+15005550004": 21610, "+15005550009": 21614}


def problem(code: int, message: str, status: int = 400) -> Reply:
    more_info = f"https://www.twilio.com/docs/errors/{code}"
    return Reply(status, {"code": code, "message": message, "more_info": more_info, "status": status})


def busy() -> Reply:
    reply = problem(20429, "Too Many Requests", 429)
    reply.headers["Retry-After"] = "7"
    return reply


class TwilioServer(Provider):
    def __init__(self, port: int = 0) -> None:
        super().__init__(port)
        self.messages: list[dict[str, Any]] = []
        self.account = "active"  # "suspended", "closed"

    @property
    def env(self) -> dict[str, str]:
        """The settings that point an installation here."""
        return {
            "TWILIO_ACCOUNT_SID": SID,
            "TWILIO_AUTH_TOKEN": TOKEN,
            "TWILIO_SMS_FROM": SMS_FROM,
            "TWILIO_WHATSAPP_FROM": WHATSAPP_FROM,
            "TWILIO_WHATSAPP_CONTENT_SID": CONTENT_SID,
            "TWILIO_API_BASE": self.base,
        }

    def handle(self, method: str, path: str, headers: dict[str, str], body: bytes) -> Reply:
        expected = "Basic " + base64.b64encode(f"{SID}:{TOKEN}".encode()).decode()
        if headers.get("authorization") != expected:
            raise problem(20003, "Authentication Error - invalid username", 401)
        if urlsplit(path).path == f"/2010-04-01/Accounts/{SID}.json":
            return Reply(200, {"sid": SID, "friendly_name": "Acme", "status": self.account, "type": "Full"})
        if urlsplit(path).path != f"/2010-04-01/Accounts/{SID}/Messages.json":
            raise problem(20404, f"The requested resource {path} was not found", 404)
        if method == "POST":
            return self._create(headers, body)
        return self._list(dict(parse_qsl(urlsplit(path).query)))

    def _create(self, headers: dict[str, str], body: bytes) -> Reply:
        if headers.get("content-type", "").split(";")[0] != "application/x-www-form-urlencoded":
            raise problem(20001, "Content-Type must be application/x-www-form-urlencoded")
        fields = {name: values[0] for name, values in parse_qs(body.decode(), strict_parsing=True).items()}
        check(fields)
        message = self._resource(fields)
        self.messages.append(message)
        return Reply(201, message)

    def _resource(self, fields: dict[str, str]) -> dict[str, Any]:
        sid, now = "SM" + uuid.uuid4().hex, datetime.now(UTC)
        return {
            "account_sid": SID,
            "api_version": "2010-04-01",
            "body": fields.get("Body") or _rendered(fields),
            "date_created": format_datetime(now, usegmt=True),
            "date_sent": None if fields.get("MessagingServiceSid") else format_datetime(now, usegmt=True),
            "date_updated": format_datetime(now, usegmt=True),
            "direction": "outbound-api",
            "error_code": None,
            "error_message": None,
            "from": fields.get("From"),
            "messaging_service_sid": fields.get("MessagingServiceSid"),
            "num_media": "0",
            "num_segments": "0" if fields.get("MessagingServiceSid") else "1",
            "price": None,
            "price_unit": "USD",
            "sid": sid,
            "status": "accepted" if fields.get("MessagingServiceSid") else "queued",
            "subresource_uris": {"media": f"/2010-04-01/Accounts/{SID}/Messages/{sid}/Media.json"},
            "to": fields["To"],
            "uri": f"/2010-04-01/Accounts/{SID}/Messages/{sid}.json",
            "_fields": fields,  # for the tests, beside what Twilio answers
        }

    def _list(self, query: dict[str, str]) -> Reply:
        after = (
            datetime.fromisoformat(query["DateSent>"].replace("Z", "+00:00"))
            if "DateSent>" in query
            else None
        )
        size, page = int(query.get("PageSize", 50)), int(query.get("Page", 0))
        found = [m for m in reversed(self.messages) if query.get("To", m["to"]) == m["to"]]
        if after:
            found = [m for m in found if m["date_sent"] and _sent(m) >= after]
        shown = found[page * size : (page + 1) * size]
        uri = f"/2010-04-01/Accounts/{SID}/Messages.json?"
        more = (
            {**query, "Page": page + 1, "PageToken": f"PA{shown[-1]['sid']}"}
            if found[(page + 1) * size :]
            else None
        )
        return Reply(
            200,
            {
                "messages": [
                    {name: value for name, value in message.items() if name != "_fields"} for message in shown
                ],
                "page": page,
                "page_size": size,
                "start": page * size,
                "end": page * size + max(len(shown) - 1, 0),
                "uri": uri + urlencode(query),
                "first_page_uri": uri + urlencode({**query, "Page": 0}),
                "next_page_uri": uri + urlencode(more) if more else None,
                "previous_page_uri": None,
            },
        )

    # what Twilio sends to us

    def sign(self, url: str, fields: dict[str, str]) -> str:
        """https://www.twilio.com/docs/usage/security#validating-requests, written without the SDK."""
        text = url + "".join(name + fields[name] for name in sorted(fields))
        return base64.b64encode(hmac.new(TOKEN.encode(), text.encode(), hashlib.sha1).digest()).decode()

    def callback(
        self, message: dict[str, Any], status: str, error: int = 0
    ) -> tuple[str, bytes, dict[str, str]]:
        """The status callback for a message: where to, body and headers."""
        fields = {
            "AccountSid": SID, "ApiVersion": "2010-04-01", "From": message["from"] or "",
            "MessageSid": message["sid"],
            "MessageStatus": status, "SmsSid": message["sid"], "SmsStatus": status, "To": message["to"],
        }  # fmt: skip
        if error:
            fields |= {"ErrorCode": str(error), "ErrorMessage": "Failed"}
        return self._signed(message["_fields"]["StatusCallback"], fields)

    def inbound(self, url: str, *, sender: str, text: str, **more: str) -> tuple[str, bytes, dict[str, str]]:
        """What Twilio posts when a customer writes."""
        sid = "SM" + uuid.uuid4().hex
        own = f"whatsapp:{WHATSAPP_FROM}" if sender.startswith("whatsapp:") else SMS_FROM
        fields = {
            "AccountSid": SID, "ApiVersion": "2010-04-01", "Body": text, "From": sender, "MessageSid": sid,
            "NumMedia": "0",
            "NumSegments": "1", "SmsMessageSid": sid, "SmsSid": sid, "SmsStatus": "received", "To": own,
            **more,
        }  # fmt: skip
        return self._signed(url, fields)

    def _signed(self, url: str, fields: dict[str, str]) -> tuple[str, bytes, dict[str, str]]:
        headers = {
            "X-Twilio-Signature": self.sign(url, fields),
            "Content-Type": "application/x-www-form-urlencoded",
        }
        return url, urlencode(fields).encode(), headers


def check(fields: dict[str, str]) -> None:
    """Raise what Twilio would answer to these fields."""
    if unknown := set(fields) - KNOWN:
        raise problem(20001, f"Unknown parameter {sorted(unknown)}")
    _check_people(fields)
    _check_content(fields)
    callback = urlsplit(fields.get("StatusCallback", "https://x.example/"))
    if callback.scheme not in {"http", "https"} or not callback.hostname:
        raise problem(21609, "The 'StatusCallback' URL is not a valid URL")


def _check_people(fields: dict[str, str]) -> None:
    to, sender, service = fields.get("To", ""), fields.get("From", ""), fields.get("MessagingServiceSid", "")
    if not to:
        raise problem(21604, "A 'To' phone number is required.")
    number = to.removeprefix("whatsapp:")
    if not NUMBER.fullmatch(number):
        raise problem(21211, f"The 'To' number {to} is not a valid phone number.")
    if number in MAGIC:
        raise problem(MAGIC[number], f"{to} cannot be sent to")
    if bool(sender) == bool(service):
        raise problem(21603, "Exactly one of 'From' and 'MessagingServiceSid' is required.")
    if service and not re.fullmatch(r"MG[0-9a-f]{32}", service):
        raise problem(21701, "The Messaging Service does not exist", 404)
    if sender and sender.startswith("whatsapp:") != to.startswith("whatsapp:"):
        raise problem(21910, "Invalid From and To pair: they should be of the same channel")
    if sender and sender not in {SMS_FROM, f"whatsapp:{WHATSAPP_FROM}"}:
        raise problem(63007 if ":" in sender else 21606, f"{sender} is not a number of this account")


def _check_content(fields: dict[str, str]) -> None:
    if not fields.get("Body") and not fields.get("ContentSid"):
        raise problem(21619, "A text message body, media urls or ContentSid must be specified.")
    if len(fields.get("Body", "")) > 1600:
        raise problem(21617, "The concatenated message body exceeds the 1600 character limit")
    if "ContentSid" not in fields:
        if "ContentVariables" in fields:
            raise problem(21656, "ContentVariables without ContentSid")
        return
    if not re.fullmatch(r"HX[0-9a-f]{32}", fields["ContentSid"]) or "Body" in fields:
        raise problem(21655, "The ContentSid is Invalid")
    _check_variables(fields.get("ContentVariables", "{}"))


def _check_variables(text: str) -> None:
    try:
        variables = json.loads(text)
    except ValueError:
        raise problem(21656, "The ContentVariables Parameter is invalid") from None
    if not isinstance(variables, dict) or not all(
        isinstance(value, str) and value.strip() for value in variables.values()
    ):
        raise problem(21656, "The ContentVariables Parameter is invalid")
    if any(re.search(r"[\n\t]| {5,}", value) for value in variables.values()):
        raise problem(
            63013, "Parameter text cannot have new-line/tab characters or more than 4 consecutive spaces"
        )


def _rendered(fields: dict[str, str]) -> str:
    variables = json.loads(fields.get("ContentVariables", "{}"))
    name, words, link = (variables.get(number, "") for number in "123")
    return f"Hello {name}, {words} Tap to rate: {link} Thank you."


def _sent(message: dict[str, Any]) -> datetime:
    return datetime.strptime(message["date_sent"], "%a, %d %b %Y %H:%M:%S GMT").replace(
        tzinfo=UTC
    ) + timedelta(seconds=1)
