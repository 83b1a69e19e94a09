"""WhatsApp: the approved template; free text only while the customer's last message is under 24 hours old."""

from datetime import UTC, datetime, timedelta

from django.conf import settings

from csat.channels import wording
from csat.channels.base import Ask, Message, Receipt
from csat.channels.kinds import Channel, Medium
from csat.channels.transports import twilio
from csat.lib.outcomes import Never
from csat.lib.text import one_line

# https://developers.facebook.com/docs/whatsapp/conversation-types: the customer service window
WINDOW = timedelta(hours=24)


class WhatsApp(twilio.ByTwilio):
    kind = Channel.WHATSAPP.value
    medium = Medium.WHATSAPP

    def compose(self, ask: Ask) -> Message:
        """With the template's variables {{1}} name, {{2}} the words, {{3}} the link, whenever there is a template."""
        sid = settings.TWILIO_WHATSAPP_CONTENT_SID
        return Message(
            kind=self.kind,
            to=ask.to,
            text=wording.render("whatsapp/message.txt", ask),
            reference=ask.reference,
            survey_id=ask.survey_id,
            language=ask.language,
            content_sid=sid,
            content_variables=_variables(ask) if sid or not _window_open(ask) else {},
            link=ask.rate_url,
        )

    def send(self, message: Message) -> Receipt:
        if twilio.configured() and message.content_variables and not message.content_sid:
            raise Never("outside the 24-hour window WhatsApp takes only a template: set TWILIO_WHATSAPP_CONTENT_SID", code="no_template")
        return super().send(message)


def _variables(ask: Ask) -> dict[str, str]:
    """Strings without line breaks, none empty: WhatsApp refuses both (63013, 21656)."""
    words = {
        "1": wording.render("whatsapp/name.txt", ask),
        "2": wording.render("whatsapp/intro.txt", ask),
        "3": ask.rate_url,
    }
    return {name: one_line(text) for name, text in words.items()}


def _window_open(ask: Ask) -> bool:
    return ask.last_inbound_at is not None and datetime.now(UTC) - ask.last_inbound_at < WINDOW
