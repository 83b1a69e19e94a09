"""The content of a survey's message: its texts, links and language."""

import re
from collections.abc import Sequence
from typing import TypedDict

from csat.channels.base import Brand, MessageContext
from csat.lib import languages
from csat.lib.text import greetable
from csat.people.models import Contact, Organization
from csat.sessions.models import Session
from csat.surveys import links
from csat.surveys.models import CsatSettings, Delivery


class Names(TypedDict):
    """The values of a message's placeholders."""

    contact_name: str
    agent_name: str
    ticket_number: int


def build(delivery: Delivery, settings: CsatSettings) -> MessageContext:
    """What the channel composes from. The same for every attempt, so that Message-ID and look-ups hold."""
    return build_many([delivery], settings)[0]


def build_many(deliveries: Sequence[Delivery], settings: CsatSettings) -> list[MessageContext]:
    """As `build`, in the same order; the links of all are made together."""
    urls = links.urls([delivery.survey for delivery in deliveries])
    brands: dict[int | None, Brand] = {}
    for session in (delivery.survey.session for delivery in deliveries):
        if session.brand_id not in brands:
            brands[session.brand_id] = settings.brand_of(session)
    return [
        _build(delivery, brands[delivery.survey.session.brand_id], *urls[delivery.survey_id])
        for delivery in deliveries
    ]


def _build(delivery: Delivery, brand: Brand, rate_url: str, unsubscribe_url: str) -> MessageContext:
    survey, session = delivery.survey, delivery.survey.session
    contact = session.contact
    agent = session.resolver or session.assignee
    names: Names = {
        "contact_name": greetable(contact.name),
        "agent_name": agent.name if agent else "",
        "ticket_number": session.pk,
    }
    own_channel = delivery.channel == session.channel
    return MessageContext(
        reference=str(delivery.uuid),
        survey_id=str(survey.uuid),
        to=delivery.address,
        addresses=session.addresses,
        rate_url=rate_url,
        unsubscribe_url=unsubscribe_url,
        intro=intro(brand, language=survey.language, message=survey.message, **names),
        language=survey.language,
        brand=brand,
        subject=session.subject,
        email_message_id=session.email_message_id,
        last_inbound_at=session.last_customer_message_at if own_channel else None,
        reminder=delivery.reason == Delivery.Reason.REMINDER,
        **names,
    )


def language_for(session: Session, settings: CsatSettings, *, fallback: str = "") -> str:
    """The session's, else the contact's, else the installation's (`fallback`, where the caller has it).

    Only languages that the settings allow.
    """
    fallback = fallback or Organization.current().language
    return choose_language([session.language, session.contact.language], settings, fallback=fallback)


def language_for_contact(contact: Contact | None, settings: CsatSettings) -> str:
    """As `language_for`, without a session; None for somebody unknown."""
    wanted = [contact.language] if contact else []
    return choose_language(wanted, settings, fallback=Organization.current().language)


def choose_language(wanted: list[str], settings: CsatSettings, *, fallback: str) -> str:
    """The first wanted language that is known and allowed; else the fallback, else the first allowed one."""
    allowed = settings.languages
    for tag in wanted:
        code = languages.normalize(tag, "")
        if code and (not allowed or code in allowed):
            return code
    return fallback if not allowed or fallback in allowed else str(allowed[0])


def intro(
    brand: Brand,
    *,
    language: str,
    message: str = "",
    contact_name: str,
    agent_name: str,
    ticket_number: int,
) -> str:
    """The request's own message, else the brand's line, filled in. Empty: the channel's default line."""
    text = message or brand.opening_line.get(language) or brand.opening_line.get("default") or ""
    agent_name = agent_name or brand.name
    return fill(text, contact_name=contact_name, agent_name=agent_name, ticket_number=ticket_number)


PLACEHOLDERS = ("contact_name", "agent_name", "ticket_number", "csat_link", "score", "comment")
_PATTERN = re.compile(r"\{(" + "|".join(PLACEHOLDERS) + r")\}")


def fill(text: str, **values: object) -> str:
    """The text with these values in place of their placeholders.

    An empty value takes the space before it along: "Hi {contact_name}," becomes "Hi,".
    """
    for name, value in values.items():
        if value in ("", None):
            text = re.sub(r" ?\{" + re.escape(name) + r"\}", "", text)
    return _PATTERN.sub(lambda match: str(values.get(match[1], match[0])), text)
