"""Mail by Django's SMTP connection or an anymail ESP, its trouble as outcomes,
and what the ESP tells later."""

import smtplib
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from email.utils import parseaddr
from typing import Any

from anymail.exceptions import AnymailError, AnymailInvalidAddress, AnymailRecipientsRefused
from django.conf import settings
from django.core.mail import BadHeaderError, EmailMultiAlternatives, get_connection
from django.core.mail.message import sanitize_address
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from csat.channels import transports
from csat.channels.base import (
    CANNOT_TELL,
    AddressField,
    CannotTell,
    Channel,
    EventType,
    Message,
    ProviderEvent,
    Receipt,
)
from csat.channels.kinds import Medium
from csat.channels.status import CONNECTED, MISCONFIGURED, SANDBOX, Status
from csat.channels.transports import sandbox, smtp
from csat.lib import correlation, http, mailbox
from csat.lib.outcomes import Never, Outcome, Retry, Unknown

SMTP_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
NOT_SENT = {"invalid", "rejected", "failed"}  # states in which an ESP takes a mail and sends nothing
ACCOUNT_CODES = {530, 534, 535, 538}  # RFC 4954: who we are was not accepted


class ByEmail(Channel):
    """A channel by mail. anymail verifies and reads its provider's callbacks; see from_tracking."""

    medium = Medium.EMAIL
    needs = "email"
    source = "email"
    suppressible = True
    test_field = AddressField("email", _("Email address"))
    account_variables = "EMAIL_URL"

    def sandboxed(self) -> bool:
        return not configured()

    def status(self) -> Status:
        return status()

    def send(self, message: Message) -> Receipt:
        return send(message)

    def find(self, message: Message, since: datetime) -> Receipt | CannotTell | None:
        return CANNOT_TELL if configured() else sandbox.find(message)

    def check_account(self) -> str:
        return log_in()


def configured() -> bool:
    return bool(settings.EMAIL_CONFIGURED)


def name() -> str:
    """What carries mail: `smtp` or the ESP."""
    return settings.ANYMAIL_ESP or "smtp"


def status() -> Status:
    if not configured():
        return Status(SANDBOX, sandbox.NAME, todo=gettext("Set EMAIL_URL or ANYMAIL_ESP to send real email."))
    where = settings.ANYMAIL_ESP or f"{settings.EMAIL_HOST}:{settings.EMAIL_PORT}"
    address = parseaddr(settings.DEFAULT_FROM_EMAIL)[1]
    if "@" not in address or address.endswith("@localhost"):
        todo = gettext("Set DEFAULT_FROM_EMAIL to an address your mail server may send from.")
        return Status(MISCONFIGURED, name(), where, todo)
    return Status(CONNECTED, name(), where)


def send(message: Message) -> Receipt:
    """Give one message to the mail server. Raises the outcomes of lib.outcomes."""
    if not configured():
        return sandbox.send(message, medium=Medium.EMAIL)
    mail = _mail(message)
    with transports.held("email", _open) as connection, _outcomes(connection):
        mail.connection = connection
        taken = _hand_over(connection, mail)
    return _receipt(mail, message, taken)


def log_in() -> str:
    """Connect to the mail server, by TLS and with the login where they are set. Empty for an ESP: each has
    an API of its own. Raises the outcomes of lib.outcomes.
    """
    if settings.ANYMAIL_ESP:
        return ""
    with _open() as connection, _outcomes(connection):
        connection.start()
        connection.open()
    user = settings.EMAIL_HOST_USER or gettext("without a login")
    return f"{settings.EMAIL_HOST}:{settings.EMAIL_PORT}, {user}"


def _mail(message: Message) -> EmailMultiAlternatives:
    recipient = mailbox.mailed(message.to)
    _check_address(recipient)
    mail = EmailMultiAlternatives(
        subject=message.subject,
        body=message.text,
        from_email=message.sender or None,
        to=[recipient],
        headers=correlation.headers() | dict(message.headers),
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


def _hand_over(connection: Any, mail: EmailMultiAlternatives) -> int | None:
    """How many mails were taken; None from a backend that does not count."""
    if isinstance(connection, smtp.Connection):
        connection.start()
    reused = not connection.open()
    try:
        return connection.send_messages([mail])  # type: ignore[no-any-return]
    except smtplib.SMTPServerDisconnected:
        if not reused or connection.maybe_taken:
            raise
        # the server closed a connection that had waited too long: nothing of this message went out
        connection.drop()
        connection.open()
        return connection.send_messages([mail])  # type: ignore[no-any-return]


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
            return Never("the provider rejected the address", code="refused", suppress=True)
        case AnymailError():
            return _of_esp(error)
        case smtplib.SMTPException():
            return _of_smtp(error, maybe_taken=maybe_taken)
        case ssl.SSLError() if not maybe_taken:
            return Retry(f"TLS with the mail server failed: {error}", code="tls", outage=True)
        case OSError():
            return (
                Unknown(f"the mail server did not respond: {error}", outage=True)
                if maybe_taken
                else Retry(f"no connection to the mail server: {error}", outage=True)
            )
        case UnicodeError():
            return Never(f"not a valid address: {error}", code="bad_address")
    return None


def _of_smtp(error: smtplib.SMTPException, *, maybe_taken: bool) -> Outcome:
    match error:
        case smtplib.SMTPAuthenticationError() | smtplib.SMTPSenderRefused():  # said before any recipient
            return _of_code(error.smtp_code, _words(error), account=True, outage=True)
        case smtplib.SMTPRecipientsRefused():
            return _of_recipient(error)
        case smtplib.SMTPConnectError() | smtplib.SMTPHeloError():
            return Retry(_words(error), code=str(error.smtp_code), outage=True)
        case smtplib.SMTPDataError():
            return _of_code(error.smtp_code, _words(error))
        case smtplib.SMTPNotSupportedError():
            return Never(str(error), code="not_supported", account=True)
    return (
        Unknown(f"the connection was cut: {error}", outage=True)
        if maybe_taken
        else Retry(f"the mail server closed the connection: {error}", outage=True)
    )


def _of_recipient(error: smtplib.SMTPRecipientsRefused) -> Outcome:
    code, text = next(iter(error.recipients.values()))
    words = f"{code} {_decoded(text)}"
    # 550, 551, 553: there is no such mailbox; 552 and 554 say less about the address
    return _of_code(code, words, suppress=code in {550, 551, 553} and " 5.7." not in f" {_decoded(text)}")


def _of_code(
    code: int, words: str, *, account: bool = False, suppress: bool = False, outage: bool = False
) -> Outcome:
    """421 closes the whole connection (RFC 5321, 4.2.3); any other 4xx is about what it answers."""
    if 500 <= code < 600:
        return Never(words, code=str(code), account=account or code in ACCOUNT_CODES, suppress=suppress)
    return Retry(words, code=str(code), outage=outage or code == 421)


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
        return Retry(words, code=code, after=http.retry_after(error.response.headers), outage=True)
    return Unknown(words, code=code, outage=True) if status >= 500 else Never(words, code=code)


def _receipt(mail: EmailMultiAlternatives, message: Message, taken: int | None) -> Receipt:
    """Raises Never where nothing was taken, and where the ESP answers that nothing goes to the recipient."""
    status = getattr(mail, "anymail_status", None)
    if taken == 0:
        raise Never("nothing was sent: the mail has no recipient", code="no_recipient")
    if status and status.status and status.status <= NOT_SENT:
        words = ", ".join(sorted(status.status))
        raise Never(f"{settings.ANYMAIL_ESP} answered: {words}", code=words, suppress="failed" not in words)
    provider_id = getattr(status, "message_id", None) or message.headers.get("Message-ID", "")
    return Receipt(
        str(provider_id), name(), {"status": sorted(map(str, status.status or ()))} if status else {}
    )


# anymail's normalised events in our words; queued, sent and deferred say nothing new
EVENTS = {
    "delivered": EventType.DELIVERED,
    "opened": EventType.OPENED,
    "clicked": EventType.OPENED,
    "bounced": EventType.BOUNCED,
    "rejected": EventType.FAILED,
    "failed": EventType.FAILED,
    "complained": EventType.COMPLAINED,
    "unsubscribed": EventType.OPTED_OUT,
}
SUPPRESSING = {EventType.BOUNCED, EventType.COMPLAINED, EventType.OPTED_OUT}
LASTING = {"invalid", "bounced", "spam", "unsubscribed"}  # reasons of a rejection that stay true


def from_tracking(event: Any) -> ProviderEvent | None:
    """An AnymailTrackingEvent in our words; None for one that changes nothing."""
    what = EVENTS.get(event.event_type)
    if what is None:
        return None
    metadata = event.metadata or {}
    return ProviderEvent(
        what,
        provider_id=str(event.message_id or ""),
        reference=str(metadata.get("reference", "")),
        survey_id=str(metadata.get("survey_id", "")),
        medium=Medium.EMAIL,
        address=mailbox.fold(event.recipient or ""),
        text=event.description or event.mta_response or "",
        code=event.reject_reason or event.event_type,
        suppress=what in SUPPRESSING or (what is EventType.FAILED and event.reject_reason in LASTING),
        at=event.timestamp,
        event_id=str(event.event_id or ""),
        raw=_plain(event.esp_event),
    )


def _plain(raw: Any) -> dict[str, Any]:
    return (
        {str(key): value for key, value in raw.items()} if isinstance(raw, Mapping) else {"event": str(raw)}
    )
