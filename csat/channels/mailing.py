"""How a survey becomes a mail: the headers every one of ours carries, and the branded page with its plain twin."""

from email.errors import HeaderParseError
from email.headerregistry import Address
from email.utils import parseaddr
from functools import cache
from urllib.parse import urlsplit

import css_inline
from django.conf import settings

from csat.channels import wording
from csat.channels.base import Ask, Brand, Message
from csat.lib.colour import contrast, readable
from csat.lib.text import one_line

PAPER, NIGHT, INK = "#ffffff", "#1c1f26", "#000000"  # of the card in templates/channels/email/message.html


def compose(kind: str, ask: Ask) -> Message:
    """The mail of channel `kind`, from templates/channels/<kind>/."""
    return Message(
        kind=kind,
        to=ask.to,
        subject=_subject(kind, ask),
        text=wording.render(f"{kind}/message.txt", ask),
        html=_inliner().inline(wording.render(f"{kind}/message.html", ask, **_colours(ask.brand.color))),
        sender=_sender(ask.brand),
        headers=_headers(ask),
        reference=ask.reference,
        survey_id=ask.survey_id,
        language=ask.language,
        link=ask.rate_url,
    )


def answer_back(kind: str, ask: Ask, text: str, *, reference: str) -> Message:
    """A few plain words in the thread of the survey's own mail; no robot answers them (RFC 3834)."""
    subject, own_id = _subject(kind, ask), f"<{ask.reference}@{_domain()}>"
    headers = _headers(ask) | {
        "Message-ID": f"<{reference}@{_domain()}>",
        "Auto-Submitted": "auto-replied",
        "In-Reply-To": own_id,
        "References": " ".join(filter(None, [_message_id(ask.email_message_id), own_id])),
    }
    return Message(
        kind=kind,
        to=ask.to,
        subject=subject if subject.casefold().startswith("re:") else f"Re: {subject}",
        text=text,
        sender=_sender(ask.brand),
        headers=headers,
        reference=reference,
        survey_id=ask.survey_id,
        language=ask.language,
    )


def _colours(brand: str) -> dict[str, str]:
    """The brand's colour where it must be read: on the card by day and by night, and what is written on it."""
    ink = max((INK, PAPER), key=lambda colour: contrast(colour, brand))
    return {"ink": ink, "accent_by_day": readable(brand, on=PAPER), "accent_by_night": readable(brand, on=NIGHT)}


def _subject(kind: str, ask: Ask) -> str:
    """The conversation's own when the mail joins its thread, as mail programs expect of a reply."""
    subject = one_line(ask.subject)
    if subject and ask.email_message_id:
        return wording.cut(subject if subject.casefold().startswith("re:") else f"Re: {subject}", 200)
    return wording.cut(one_line(wording.render(f"{kind}/subject.txt", ask)), 200)


def _sender(brand: Brand) -> str:
    """The brand's name over the installation's address."""
    name, address = parseaddr(settings.DEFAULT_FROM_EMAIL)
    own = one_line(brand.name)
    return _named(own if own and (own != Brand.name or not name) else name, address)


def _named(name: str, address: str) -> str:
    try:
        return str(Address(display_name=name, addr_spec=address))
    except (HeaderParseError, ValueError, IndexError):
        return str(settings.DEFAULT_FROM_EMAIL)  # the mail server will say what it thinks of it


def _headers(ask: Ask) -> dict[str, str]:
    headers = {
        "Message-ID": f"<{ask.reference}@{_domain()}>",
        "Auto-Submitted": "auto-generated",
        "X-Auto-Response-Suppress": "All",
    }
    if ask.unsubscribe_url:
        headers["List-Unsubscribe"] = f"<{ask.unsubscribe_url}>"
        headers["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"  # RFC 8058
    if thread := _message_id(ask.email_message_id):
        headers["In-Reply-To"] = headers["References"] = thread
    if ask.brand.reply_to:
        headers["Reply-To"] = ask.brand.reply_to
    return headers


def _domain() -> str:
    address = parseaddr(settings.DEFAULT_FROM_EMAIL)[1]
    return address.rpartition("@")[2] or urlsplit(settings.SITE_URL).hostname or "localhost"


def _message_id(text: str) -> str:
    """RFC 5322 wants it in angle brackets; helpdesks often keep it without."""
    bare = "".join(text.split()).strip("<>")
    return f"<{bare}>" if bare else ""


@cache
def _inliner() -> css_inline.CSSInliner:
    return css_inline.CSSInliner(load_remote_stylesheets=False, keep_at_rules=True)
