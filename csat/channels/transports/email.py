"""Mail by Django's SMTP connection or an anymail ESP, its trouble as outcomes, and what the ESP tells later."""

import smtplib
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from anymail.exceptions import AnymailError, AnymailInvalidAddress, AnymailRecipientsRefused
from django.conf import settings
from django.core.mail import BadHeaderError, EmailMultiAlternatives, get_connection
from django.core.mail.message import sanitize_address

from csat.channels import transports
from csat.channels.base import UNKNOWN, Message, NotKnown, Receipt, Update, What
from csat.channels.kinds import Medium
from csat.channels.transports import sandbox, smtp
from csat.lib import http
from csat.lib.outcomes import Never, Outcome, Retry, Unknown

SMTP_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
ACCOUNT_CODES = {530, 534, 535, 538}  # RFC 4954: who we are was not accepted


class ByEmail:
    """A channel that speaks by mail."""

    medium = Medium.EMAIL
    needs = "email"

    def send(self, message: Message) -> Receipt:
        return send(message)

    def find(self, message: Message, since: datetime) -> Receipt | NotKnown | None:
        return UNKNOWN if configured() else sandbox.find(message)

    def verify(self, headers: Mapping[str, str], body: bytes, url: str) -> bool:
        return False  # anymail verifies and reads its webhooks itself; see from_tracking

    def read(self, headers: Mapping[str, str], body: bytes, url: str = "") -> list[Update]:
        return []


def configured() -> bool:
    return bool(settings.EMAIL_CONFIGURED)


def name() -> str:
    """What carries mail: `smtp` or the ESP."""
    return settings.ANYMAIL_ESP or "smtp"


def send(message: Message) -> Receipt:
    """Give one message to the mail server. Raises the outcomes of lib.outcomes."""
    if not configured():
        return sandbox.send(message, medium=Medium.EMAIL)
    mail = _mail(message)
    with transports.held("email", _open) as connection, _outcomes(connection):
        mail.connection = connection
        _hand_over(connection, mail)
    return _receipt(mail, message)


def _mail(message: Message) -> EmailMultiAlternatives:
    _check_address(message.to)
    mail = EmailMultiAlternatives(
        subject=message.subject, body=message.text, from_email=message.sender or None, to=[message.to], headers=dict(message.headers)
    )
    if message.html:
        mail.attach_alternative(message.html, "text/html")
    if settings.ANYMAIL_ESP:
        # anymail's own attributes: the metadata comes back with every tracking event, and links stay ours
        mail.metadata = {"reference": message.reference, "survey_id": message.survey_id}  # type: ignore[attr-defined]
        mail.track_clicks = False  # type: ignore[attr-defined]
    return mail


def _check_address(address: str) -> None:
    try:
        sanitize_address(address, "utf-8").index("@")
    except ValueError as error:
        raise Never(f"not a valid address: {error}", code="bad_address") from error


@contextmanager
def _open() -> Iterator[Any]:
    connection = smtp.Connection() if settings.EMAIL_BACKEND == SMTP_BACKEND else get_connection()
    try:
        yield connection
    finally:
        _close(connection)


def _close(connection: Any) -> None:
    try:
        connection.close()
    except OSError:
        pass  # all was said; how the line went dead changes nothing


def _hand_over(connection: Any, mail: EmailMultiAlternatives) -> None:
    if isinstance(connection, smtp.Connection):
        connection.start()
    reused = not connection.open()
    try:
        connection.send_messages([mail])
    except smtplib.SMTPServerDisconnected:
        if not reused or connection.maybe_taken:
            raise
        connection.drop()  # the server closed a connection that had waited too long: nothing of this message went out
        connection.open()
        connection.send_messages([mail])


@contextmanager
def _outcomes(connection: Any) -> Iterator[None]:
    try:
        yield
    except Exception as error:
        outcome = outcome_of(error, maybe_taken=getattr(connection, "maybe_taken", False))
        if isinstance(connection, smtp.Connection):
            connection.drop()
        if outcome is None:
            raise
        raise outcome from error


def outcome_of(error: Exception, *, maybe_taken: bool = False) -> Outcome | None:
    """What an error of smtplib, Django or anymail means for the message; None for one of ours (a bug)."""
    match error:
        case BadHeaderError() | AnymailInvalidAddress():
            return Never(f"not a valid message: {error}", code="bad_header")
        case AnymailRecipientsRefused():
            return Never("the provider refused the address", code="refused", suppress=True)
        case AnymailError():
            return _of_esp(error)
        case smtplib.SMTPException():
            return _of_smtp(error, maybe_taken=maybe_taken)
        case ssl.SSLError() if not maybe_taken:
            return Retry(f"TLS with the mail server failed: {error}", code="tls")
        case OSError():
            return Unknown(f"the mail server fell silent: {error}") if maybe_taken else Retry(f"no connection to the mail server: {error}")
        case UnicodeError():
            return Never(f"not a valid address: {error}", code="bad_address")
    return None


def _of_smtp(error: smtplib.SMTPException, *, maybe_taken: bool) -> Outcome:
    match error:
        case smtplib.SMTPAuthenticationError():
            return _of_code(error.smtp_code, _words(error), account=True)
        case smtplib.SMTPRecipientsRefused():
            return _of_recipient(error)
        case smtplib.SMTPSenderRefused():
            return _of_code(error.smtp_code, _words(error), account=True)
        case smtplib.SMTPConnectError() | smtplib.SMTPHeloError():
            return Retry(_words(error), code=str(error.smtp_code))
        case smtplib.SMTPDataError():
            return _of_code(error.smtp_code, _words(error))
        case smtplib.SMTPNotSupportedError():
            return Never(str(error), code="not_supported", account=True)
    return Unknown(f"the connection was cut: {error}") if maybe_taken else Retry(f"the mail server hung up: {error}")


def _of_recipient(error: smtplib.SMTPRecipientsRefused) -> Outcome:
    code, text = next(iter(error.recipients.values()))
    words = f"{code} {_decoded(text)}"
    # 550, 551, 553: there is no such mailbox; 552 and 554 say less about the address
    return _of_code(code, words, suppress=code in {550, 551, 553} and " 5.7." not in f" {_decoded(text)}")


def _of_code(code: int, words: str, *, account: bool = False, suppress: bool = False) -> Outcome:
    if 500 <= code < 600:
        return Never(words, code=str(code), account=account or code in ACCOUNT_CODES, suppress=suppress)
    return Retry(words, code=str(code))


def _words(error: smtplib.SMTPResponseException) -> str:
    return f"{error.smtp_code} {_decoded(error.smtp_error)}"


def _decoded(text: bytes | str) -> str:
    return text.decode(errors="replace") if isinstance(text, bytes) else text


def _of_esp(error: AnymailError) -> Outcome:
    status = error.status_code
    if status is None:
        return http.outcome_of(error.__cause__ or error)
    words, code = f"{settings.ANYMAIL_ESP} answered {status}", str(status)
    if status in {401, 403}:
        return Never(words, code=code, account=True)
    if status == 429:
        return Retry(words, code=code, after=http.retry_after(error.response.headers))
    return Unknown(words, code=code) if status >= 500 else Never(words, code=code)


def _receipt(mail: EmailMultiAlternatives, message: Message) -> Receipt:
    status = getattr(mail, "anymail_status", None)
    provider_id = getattr(status, "message_id", None) or message.headers.get("Message-ID", "")
    return Receipt(str(provider_id), name(), {"status": sorted(map(str, status.status or ()))} if status else {})


# anymail's normalised events in our words; queued, sent and deferred say nothing new
EVENTS = {
    "delivered": What.DELIVERED,
    "opened": What.OPENED,
    "clicked": What.OPENED,
    "bounced": What.BOUNCED,
    "rejected": What.FAILED,
    "failed": What.FAILED,
    "complained": What.COMPLAINED,
    "unsubscribed": What.OPTED_OUT,
}
SUPPRESSING = {What.BOUNCED, What.COMPLAINED, What.OPTED_OUT}
LASTING = {"invalid", "bounced", "spam", "unsubscribed"}  # reasons of a rejection that stay true


def from_tracking(event: Any) -> Update | None:
    """An AnymailTrackingEvent in our words; None for one that changes nothing."""
    what = EVENTS.get(event.event_type)
    if what is None:
        return None
    metadata = event.metadata or {}
    return Update(
        what,
        provider_id=str(event.message_id or ""),
        reference=str(metadata.get("reference", "")),
        survey_id=str(metadata.get("survey_id", "")),
        medium=Medium.EMAIL,
        address=(event.recipient or "").casefold(),
        text=event.description or event.mta_response or "",
        code=event.reject_reason or event.event_type,
        suppress=what in SUPPRESSING or (what is What.FAILED and event.reject_reason in LASTING),
        at=event.timestamp,
        event_id=str(event.event_id or ""),
        raw=_plain(event.esp_event),
    )


def _plain(raw: Any) -> dict[str, Any]:
    return {str(key): value for key, value in raw.items()} if isinstance(raw, Mapping) else {"event": str(raw)}
