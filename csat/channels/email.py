"""Email: a branded mail with five clickable faces, threaded with the conversation.

Web Voice: the same mail after a call.
"""

from email.errors import HeaderParseError
from email.headerregistry import Address
from email.utils import parseaddr
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import urlsplit
from uuid import uuid4

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from csat.channels import rendering
from csat.channels.base import Addresses, Brand, Message, MessageContext
from csat.channels.kinds import Channel
from csat.channels.transports.email import ByEmail
from csat.lib.colour import contrast, readable
from csat.lib.text import one_line

PAPER, NIGHT, INK = "#ffffff", "#1c1f26", "#000000"  # of the card in templates/channels/email/message.html
SENDS = {
    Channel.EMAIL: _("branded email with five clickable faces"),
    Channel.WEB_VOICE: _("follow-up email with a rating link"),
}
ICONS = {
    Channel.EMAIL: '<rect x="3" y="5.5" width="18" height="13" rx="2"/><path d="m3.5 7.5 8.5 6 8.5-6"/>',
    Channel.WEB_VOICE: (
        '<rect x="9" y="3.5" width="6" height="10.5" rx="3"/><path d="M5.5 11.5a6.5 6.5 0 0 0 13 0M12 18v3"/>'
    ),
}


class Email(ByEmail):
    speaks_as = Channel.EMAIL.value

    def __init__(self, kind: Channel) -> None:
        self.kind, self.sends, self.icon = kind.value, SENDS[kind], ICONS[kind]

    def address(self, addresses: Addresses) -> str | None:
        return addresses.email or None

    def compose(self, context: MessageContext) -> Message:
        """The mail of templates/channels/email/, with the channel's own subject and intro."""
        title = one_line(rendering.render(f"{self.kind}/subject.txt", context))
        intro = rendering.render(f"{self.kind}/intro.txt", context)
        html = rendering.render(
            "email/message.html", context, title=title, intro=intro, colours=_colours(context.brand.color)
        )
        return Message(
            kind=self.kind,
            to=context.to,
            subject=_subject(context, title),
            text=rendering.render("email/message.txt", context, intro=intro),
            html=html,
            sender=_sender(context.brand),
            headers=_headers(context),
            reference=context.reference,
            survey_id=context.survey_id,
            language=context.language,
            link=context.rate_url,
        )

    def plain(
        self,
        to: str,
        text: str,
        *,
        subject: str = "",
        token: str = "",
        thread: str = "",
        brand: Brand | None = None,
    ) -> Message:
        reference = token or str(uuid4())
        headers = {"Message-ID": f"<{reference}@{_domain(brand)}>", "Auto-Submitted": "auto-generated"}
        if brand and brand.reply_to:
            headers["Reply-To"] = brand.reply_to
        return Message(
            kind=self.kind,
            to=to,
            text=text,
            subject=subject,
            sender=_sender(brand) if brand else "",
            reference=reference,
            headers=headers,
        )


def compose_reply(kind: str, context: MessageContext, text: str, *, reference: str) -> Message:
    """A plain-text reply in the thread of the survey mail, marked as automatic (RFC 3834)."""
    title = one_line(rendering.render(f"{kind}/subject.txt", context))
    subject, own_id = _subject(context, title), f"<{context.reference}@{_domain(context.brand)}>"
    headers = _headers(context) | {
        "Message-ID": f"<{reference}@{_domain(context.brand)}>",
        "Auto-Submitted": "auto-replied",
        "In-Reply-To": own_id,
        "References": " ".join(filter(None, [_message_id(context.email_message_id), own_id])),
    }
    return Message(
        kind=kind,
        to=context.to,
        subject=subject if subject.casefold().startswith("re:") else f"Re: {subject}",
        text=text,
        sender=_sender(context.brand),
        headers=headers,
        reference=reference,
        survey_id=context.survey_id,
        language=context.language,
    )


class Colours(NamedTuple):
    """The brand's colour made readable on the card, by day and by night; `ink` is readable on that colour."""

    ink: str
    by_day: str
    by_night: str


@lru_cache(maxsize=32)
def _colours(brand: str) -> Colours:
    ink = max((INK, PAPER), key=lambda colour: contrast(colour, brand))
    return Colours(ink, by_day=readable(brand, on=PAPER), by_night=readable(brand, on=NIGHT))


def _subject(context: MessageContext, title: str) -> str:
    """The conversation's subject when the mail joins its thread, as mail programs expect of a reply."""
    subject = one_line(context.subject)
    if subject and context.email_message_id:
        return rendering.truncate(subject if subject.casefold().startswith("re:") else f"Re: {subject}", 200)
    return rendering.truncate(title, 200)


def _sender(brand: Brand) -> str:
    """As the brand has it; without an address of its own, its name over the installation's."""
    if brand.sender:
        name, address = parseaddr(brand.sender)
        return _mailbox(one_line(name or brand.name), address)
    return _mailbox(one_line(brand.name), settings.DEFAULT_FROM_EMAIL)


@lru_cache(maxsize=32)
def _mailbox(brand_name: str, installation: str) -> str:
    name, address = parseaddr(installation)
    if brand_name and (brand_name != Brand.name or not name):
        name = brand_name
    try:
        return str(Address(display_name=name, addr_spec=address))
    except (HeaderParseError, ValueError, IndexError):
        return installation  # not an address: the mail server will refuse it


def _headers(context: MessageContext) -> dict[str, str]:
    headers = {
        "Message-ID": f"<{context.reference}@{_domain(context.brand)}>",
        "Auto-Submitted": "auto-generated",
        "X-Auto-Response-Suppress": "All",
    }
    if context.unsubscribe_url:
        headers["List-Unsubscribe"] = f"<{context.unsubscribe_url}>"
        headers["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"  # RFC 8058
    if thread := _message_id(context.email_message_id):
        headers["In-Reply-To"] = headers["References"] = thread
    if context.brand.reply_to:
        headers["Reply-To"] = context.brand.reply_to
    return headers


def _domain(brand: Brand | None) -> str:
    """Of a Message-ID: the sender's, so that no other brand's stands in the mail."""
    sender = (brand and brand.sender) or settings.DEFAULT_FROM_EMAIL
    return _domain_of(sender) or urlsplit(settings.SITE_URL).hostname or "localhost"


@lru_cache(maxsize=32)
def _domain_of(sender: str) -> str:
    return parseaddr(sender)[1].rpartition("@")[2]


def _message_id(text: str) -> str:
    """In angle brackets (RFC 5322); help desks often store it without."""
    bare = "".join(text.split()).strip("<>")
    return f"<{bare}>" if bare else ""
