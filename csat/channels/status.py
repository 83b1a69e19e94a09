"""How a channel's provider stands: connected, sandbox or misconfigured, and what to do about it."""

from collections.abc import Callable
from dataclasses import dataclass
from email.utils import parseaddr
from urllib.parse import urlsplit

from django.conf import settings
from django.utils.translation import gettext as _

from csat.channels import registry
from csat.channels.kinds import Medium
from csat.channels.transports import email, sandbox, slack, twilio

CONNECTED, SANDBOX, MISCONFIGURED = "connected", "sandbox", "misconfigured"


@dataclass(frozen=True)
class Status:
    state: str
    transport: str
    detail: str = ""  # what it is connected to
    todo: str = ""  # what a person should do, in words


def status(kind: str) -> Status:
    """Judged from the settings alone; nobody is called."""
    return _BY_MEDIUM[registry.get(kind).medium]()


def _email() -> Status:
    if not email.configured():
        return Status(SANDBOX, sandbox.NAME, todo=_("Set EMAIL_URL or ANYMAIL_ESP to send real mail."))
    where = settings.ANYMAIL_ESP or f"{settings.EMAIL_HOST}:{settings.EMAIL_PORT}"
    address = parseaddr(settings.DEFAULT_FROM_EMAIL)[1]
    if "@" not in address or address.endswith("@localhost"):
        return Status(MISCONFIGURED, email.name(), where, _("Set DEFAULT_FROM_EMAIL to an address your mail server may send from."))
    return Status(CONNECTED, email.name(), where)


def _twilio(medium: Medium) -> Status:
    if not twilio.configured():
        return Status(
            SANDBOX, sandbox.NAME, todo=_("Set TWILIO_ACCOUNT_SID, TWILIO_AUTH_TOKEN and %(sender)s.") % {"sender": _sender(medium)}
        )
    if lacking := twilio.missing(medium):
        return Status(MISCONFIGURED, twilio.NAME, todo=_("Set %(names)s too.") % {"names": ", ".join(lacking)})
    if medium == Medium.WHATSAPP and not settings.TWILIO_WHATSAPP_CONTENT_SID:
        todo = _("Set TWILIO_WHATSAPP_CONTENT_SID. Until then only customers who wrote within 24 hours are asked.")
        return Status(MISCONFIGURED, twilio.NAME, settings.TWILIO_WHATSAPP_FROM, todo)
    return Status(CONNECTED, twilio.NAME, _from(medium))


def _sender(medium: Medium) -> str:
    return "TWILIO_WHATSAPP_FROM" if medium == Medium.WHATSAPP else "TWILIO_SMS_FROM"


def _from(medium: Medium) -> str:
    if medium == Medium.WHATSAPP:
        return str(settings.TWILIO_WHATSAPP_FROM)
    return str(settings.TWILIO_MESSAGING_SERVICE_SID or settings.TWILIO_SMS_FROM)


def _slack() -> Status:
    where = urlsplit(settings.SLACK_API_BASE).netloc or "slack.com"
    if not slack.configured():
        if settings.SLACK_SIGNING_SECRET:
            return Status(MISCONFIGURED, slack.NAME, todo=_("Set SLACK_BOT_TOKEN too."))
        return Status(SANDBOX, sandbox.NAME, todo=_("Set SLACK_BOT_TOKEN and SLACK_SIGNING_SECRET."))
    if not settings.SLACK_SIGNING_SECRET:
        return Status(MISCONFIGURED, slack.NAME, where, _("Set SLACK_SIGNING_SECRET too; without it presses on the faces are refused."))
    return Status(CONNECTED, slack.NAME, where)


_BY_MEDIUM: dict[Medium, Callable[[], Status]] = {
    Medium.EMAIL: _email,
    Medium.SMS: lambda: _twilio(Medium.SMS),
    Medium.WHATSAPP: lambda: _twilio(Medium.WHATSAPP),
    Medium.SLACK: _slack,
    Medium.CARD: lambda: Status(CONNECTED, "card"),
    Medium.NONE: lambda: Status(CONNECTED, "none"),
}
