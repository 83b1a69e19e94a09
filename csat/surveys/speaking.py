"""The customer's language, and the words the team wants to use in it."""

from csat.lib import languages
from csat.people.models import Contact, Organization
from csat.sessions.models import Session
from csat.surveys import placeholders
from csat.surveys.models import CsatSettings


def language_of(session: Session, rules: CsatSettings, *, fallback: str = "") -> str:
    """Session, then contact, then installation (`fallback`, where it is known); only languages the settings allow."""
    return choose([session.language, session.contact.language], rules, fallback=fallback or Organization.current().language)


def language_of_contact(contact: Contact | None, rules: CsatSettings) -> str:
    """Of somebody we have no session with at hand, or do not know at all."""
    return choose([contact.language] if contact else [], rules, fallback=Organization.current().language)


def choose(wanted: list[str], rules: CsatSettings, *, fallback: str) -> str:
    """The first wanted language that is known and allowed; else the fallback, else the first allowed one."""
    allowed = rules.languages
    for tag in wanted:
        code = languages.known(tag, "")
        if code and (not allowed or code in allowed):
            return code
    return fallback if not allowed or fallback in allowed else str(allowed[0])


def intro(rules: CsatSettings, *, language: str, message: str = "", contact_name: str, agent_name: str, ticket_number: int) -> str:
    """The request's own message, else the custom one in this language, filled in; empty: the channel's default line."""
    text = message or rules.custom_message.get(language) or rules.custom_message.get("default") or ""
    return placeholders.fill(text, contact_name=contact_name, agent_name=agent_name or rules.brand_name, ticket_number=ticket_number)
