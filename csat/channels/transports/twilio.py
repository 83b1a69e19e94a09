"""Twilio's Messages API: sending, looking up, and what its callbacks tell.
https://www.twilio.com/docs/messaging/api/message-resource
"""

import json
import logging
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote, urlsplit

import structlog
from django.conf import settings
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from csat.channels import transports
from csat.channels.base import Addresses, AddressField, CannotTell, Channel, Message, ProviderEvent, Receipt
from csat.channels.kinds import Medium
from csat.channels.status import CONNECTED, MISCONFIGURED, SANDBOX, Status
from csat.channels.transports import sandbox, twilio_callbacks
from csat.channels.transports.twilio_codes import ACCOUNT, LATER, NEVER, ONCE, SUPPRESSING, TOO_MANY_REQUESTS
from csat.lib import http
from csat.lib.outcomes import Never, Outcome, Retry, Unknown

log = structlog.get_logger(__name__)
NAME = "twilio"
SECONDS, LOOKING = 12.0, 5.0  # for a call that sends, for one that only asks
API = "https://api.twilio.com"
TRIAL = "Sent from your Twilio trial account - "  # put before every text of a trial account
FAILED = {"failed", "undelivered", "canceled"}  # states of a message
SUBSCRIBER = 7  # last digits of a number that every spelling of it shares
SKEW = timedelta(minutes=2)  # between their clock and ours


class ByTwilio(Channel):
    """A channel that speaks through Twilio to a phone number."""

    medium: Medium
    needs = "phone"
    suppressible = True
    test_field = AddressField("tel", _("Phone number, such as +49 151 23456789"))
    account_variables = "TWILIO_ACCOUNT_SID, TWILIO_AUTH_TOKEN"

    def sandboxed(self) -> bool:
        return not configured()

    def status(self) -> Status:
        return status(self.medium)

    def address(self, addresses: Addresses) -> str | None:
        return addresses.phone or None

    def send(self, message: Message) -> Receipt:
        return send(message, medium=self.medium)

    def find(self, message: Message, since: datetime) -> Receipt | CannotTell | None:
        return find(message, since, medium=self.medium)

    def check_account(self) -> str:
        return fetch_account()

    def verify(self, headers: Mapping[str, str], body: bytes, url: str) -> bool:
        return twilio_callbacks.verify(headers, body, url)

    def read(self, headers: Mapping[str, str], body: bytes, url: str = "") -> list[ProviderEvent]:
        return twilio_callbacks.read(body, url)


def configured() -> bool:
    """Any of it set: then it is Twilio's, and what is missing is told, never hidden in the sandbox."""
    return bool(settings.TWILIO_ACCOUNT_SID or settings.TWILIO_AUTH_TOKEN)


def missing(medium: Medium) -> list[str]:
    """The names of settings that sending on this medium still lacks."""
    names = [name for name in ("TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN") if not getattr(settings, name)]
    if medium == Medium.WHATSAPP:
        return names if settings.TWILIO_WHATSAPP_FROM else [*names, "TWILIO_WHATSAPP_FROM"]
    return (
        names
        if settings.TWILIO_SMS_FROM or settings.TWILIO_MESSAGING_SERVICE_SID
        else [*names, "TWILIO_SMS_FROM"]
    )


def status(medium: Medium) -> Status:
    whatsapp = medium == Medium.WHATSAPP
    if not configured():
        sender = "TWILIO_WHATSAPP_FROM" if whatsapp else "TWILIO_SMS_FROM"
        todo = gettext("Set TWILIO_ACCOUNT_SID, TWILIO_AUTH_TOKEN and %(sender)s.") % {"sender": sender}
        return Status(SANDBOX, sandbox.NAME, todo=todo)
    if lacking := missing(medium):
        return Status(MISCONFIGURED, NAME, todo=gettext("Set %(names)s too.") % {"names": ", ".join(lacking)})
    if whatsapp:
        return Status(CONNECTED, NAME, str(settings.TWILIO_WHATSAPP_FROM))
    return Status(CONNECTED, NAME, str(settings.TWILIO_MESSAGING_SERVICE_SID or settings.TWILIO_SMS_FROM))


def send(message: Message, *, medium: Medium) -> Receipt:
    """Create one Message. Raises the outcomes of lib.outcomes."""
    if not configured():
        return sandbox.send(message, medium=medium)
    if lacking := missing(medium):
        raise Never(f"{', '.join(lacking)} not set", code="not_configured", account=True)
    with _client() as client, _outcomes():
        taken = client.messages.create(**_parameters(message, medium))
        receipt = _judged(taken)
    if not _is_same_number(str(taken.to), message.to):
        log.error("twilio took a message for another number", asked=message.reference, sid=taken.sid)
        raise Never("Twilio sent it to another number", code="other_recipient", raw=dict(receipt.raw))
    return receipt


def fetch_account() -> str:
    """What our account is called. https://www.twilio.com/docs/iam/api/account#fetch-an-account-resource

    Raises Never when it is suspended or closed, and the outcomes of lib.outcomes.
    """
    with _client() as client, _outcomes(asking=True):
        account = client.api.accounts(settings.TWILIO_ACCOUNT_SID).fetch()
    if account.status != "active":
        raise Never(gettext("the account is %(status)s") % {"status": account.status}, account=True)
    return str(account.friendly_name)


def _is_same_number(taken: str, asked: str) -> bool:
    """Twilio may write a number otherwise (+52 and +521): its last digits stay."""
    return re.sub(r"\D", "", taken)[-SUBSCRIBER:] == re.sub(r"\D", "", asked)[-SUBSCRIBER:]


def _parameters(message: Message, medium: Medium) -> dict[str, Any]:
    fields: dict[str, Any] = {"to": _address(message.to, medium), **_sender(medium)}
    if message.content_sid:
        fields["content_sid"] = message.content_sid
        fields["content_variables"] = json.dumps(dict(message.content_variables), ensure_ascii=False)
    else:
        fields["body"] = message.text
    if callback := _callback(message):
        fields["status_callback"] = callback
    return fields


def _address(number: str, medium: Medium) -> str:
    return f"whatsapp:{number.removeprefix('whatsapp:')}" if medium == Medium.WHATSAPP else number


def _sender(medium: Medium) -> dict[str, str]:
    """Exactly one of From and MessagingServiceSid."""
    if medium == Medium.WHATSAPP:
        own = settings.TWILIO_WHATSAPP_FROM
        return {"messaging_service_sid": own} if own.startswith("MG") else {"from_": _address(own, medium)}
    if settings.TWILIO_MESSAGING_SERVICE_SID:
        return {"messaging_service_sid": settings.TWILIO_MESSAGING_SERVICE_SID}
    return {"from_": settings.TWILIO_SMS_FROM}


def _callback(message: Message) -> str:
    """Where Twilio tells what became of it; the reference lets a callback that overtakes our own note find
    its delivery.
    """
    if (
        urlsplit(settings.SITE_URL).hostname in {"127.0.0.1", "localhost", "::1"}
        and not settings.TWILIO_API_BASE
    ):
        return ""  # Twilio refuses the whole message for an address it cannot reach (21609)
    return f"{settings.SITE_URL}/callbacks/twilio/status?reference={quote(message.reference)}"


def find(message: Message, since: datetime, *, medium: Medium) -> Receipt | None:
    """The message with our link that this number was sent since then."""
    if not configured():
        return sandbox.find(message)
    with _client() as client, _outcomes(asking=True):
        for one in _sent_to(client, _address(message.to, medium), since - SKEW):
            if one.sid not in message.others and _is_ours(one.body or "", message):
                return _judged(one)
    return None


def _is_ours(body: str, message: Message) -> bool:
    """By the link that no other message has; words alone must be the same from end to end."""
    if message.link == message.text:
        return body.removeprefix(TRIAL).strip() == message.text.strip()
    return message.link in body


def _sent_to(client: Any, to: str, since: datetime) -> Iterator[Any]:
    """Messages to this number since then; those still queued have no DateSent yet, so the second look goes by
    creation alone.
    """
    for filters in ({"date_sent_after": since}, {}):
        for one in client.messages.stream(to=to, page_size=50, limit=500, **filters):
            if one.date_created is None or one.date_created >= since:
                yield one


def _judged(one: Any) -> Receipt:
    """Taken, unless it has failed already: also an answer 201 may say so."""
    if one.status in FAILED or one.error_code:
        raise of_code(int(one.error_code or 0), one.error_message or str(one.status))
    return _receipt(one)


def _receipt(taken: Any) -> Receipt:
    return Receipt(taken.sid, NAME, {"status": str(taken.status), "segments": str(taken.num_segments)})


@contextmanager
def _client() -> Iterator[Any]:
    with transports.held(NAME, _connect) as client:
        yield client


@contextmanager
def _connect() -> Iterator[Any]:
    from twilio.rest import Client  # 0.35 s and 24 MB: only where it is used

    with http.Client() as connection:
        sid, token = settings.TWILIO_ACCOUNT_SID, settings.TWILIO_AUTH_TOKEN
        # an own environment, so that TWILIO_EDGE and the like of the process change nothing unseen
        yield Client(sid, token, http_client=_adapter(connection), environment={"TWILIO_ACCOUNT_SID": sid})


def _adapter(connection: http.Client) -> Any:
    from twilio.http import HttpClient
    from twilio.http.response import Response

    class Adapter(HttpClient):  # type: ignore[misc]
        """The SDK's requests over our HTTP: with time limits, and to TWILIO_API_BASE."""

        def request(self, method: str, uri: str, **more: Any) -> Any:
            if settings.TWILIO_API_BASE:
                uri = settings.TWILIO_API_BASE.rstrip("/") + uri.removeprefix(API)
            fields = {name: more[name] for name in ("params", "data", "headers", "auth") if more.get(name)}
            answer = connection.request(
                method,
                uri,
                seconds=SECONDS if method == "POST" else LOOKING,
                body_limit=4 * 1024 * 1024,
                **fields,
            )
            if answer.status == 429:
                words, after = "Twilio asks us to slow down", answer.retry_after
                raise Retry(words, code="20429", after=after, outage=True)  # the whole account, not a number
            return Response(answer.status, answer.text, dict(answer.headers))

    return Adapter(logging.getLogger("twilio.http_client"), False)


@contextmanager
def _outcomes(*, asking: bool = False) -> Iterator[None]:
    """`asking`: nothing is sent, so what cannot be answered now is asked again later."""
    from twilio.base.exceptions import TwilioException

    try:
        yield
    except TwilioException as error:
        outcome = _of_error(error)
        raise _ask_again(outcome) if asking else outcome from error
    except Unknown as error:
        raise _ask_again(error) if asking else error from error


def _ask_again(outcome: Outcome) -> Outcome:
    if isinstance(outcome, Unknown):
        return Retry(outcome.text, code=outcome.code, outage=outcome.outage)
    return outcome


def _of_error(error: Any) -> Outcome:
    status, code = getattr(error, "status", None), getattr(error, "code", None) or 0
    words = str(getattr(error, "msg", "") or error)
    if status is None:
        return Unknown(words, code="unreadable", outage=True)
    if code in NEVER | LATER | ONCE | ACCOUNT:
        return of_code(code, words)
    if status in {401, 403}:
        return Never(words, code=str(code or status), account=True)
    return (
        Never(words, code=str(code or status))
        if 400 <= status < 500
        else Unknown(words, code=str(code or status), outage=True)
    )


def of_code(code: int, words: str) -> Outcome:
    """What one of Twilio's error codes means for a message that did not go out."""
    if code in LATER:
        return Retry(words, code=str(code), outage=code == TOO_MANY_REQUESTS)
    if code in ONCE:
        return Retry(words, code=str(code), once=True)
    return Never(words, code=str(code), account=code in ACCOUNT, suppress=code in SUPPRESSING)
