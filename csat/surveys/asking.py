"""Putting together what a channel may say in one request."""

from typing import Any

from csat.channels.base import Ask
from csat.surveys import links, speaking
from csat.surveys.models import CsatSettings, Delivery


def build(delivery: Delivery, rules: CsatSettings) -> Ask:
    """Everything the delivery's channel needs; the same for every attempt, so that Message-ID and look-ups hold."""
    survey, session = delivery.survey, delivery.survey.session
    contact = session.contact
    agent = session.resolver or session.assignee
    words: dict[str, Any] = {"contact_name": contact.name, "agent_name": agent.name if agent else "", "ticket_number": session.pk}
    own_channel = delivery.channel == session.channel
    rate_url, unsubscribe_url = links.urls(survey)
    return Ask(
        reference=str(delivery.uuid),
        survey_id=str(survey.uuid),
        to=delivery.address,
        reach=session.reach,
        rate_url=rate_url,
        unsubscribe_url=unsubscribe_url,
        intro=speaking.intro(rules, language=survey.language, message=survey.message, **words),
        language=survey.language,
        brand=rules.brand,
        subject=session.subject,
        email_message_id=session.email_message_id,
        last_inbound_at=session.last_customer_message_at if own_channel else None,
        reminder=delivery.reason == Delivery.Reason.REMINDER,
        **words,
    )
