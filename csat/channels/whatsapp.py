"""WhatsApp: the approved template; free text only while the customer's last message is under 24 hours old."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from csat.channels import rendering, required_words
from csat.channels.base import Message, MessageContext, Receipt
from csat.channels.kinds import Channel, Medium
from csat.channels.status import CONNECTED, MISCONFIGURED, Status
from csat.channels.transports import twilio
from csat.lib.outcomes import Never
from csat.lib.text import one_line

# https://developers.facebook.com/docs/whatsapp/conversation-types: the customer service window
WINDOW = timedelta(hours=24)


class WhatsApp(twilio.ByTwilio):
    kind = Channel.WHATSAPP.value
    medium = Medium.WHATSAPP
    sends = gettext_lazy("WhatsApp message (approved template) with a rating link")
    icon = (
        '<path d="M4 20l1.3-4A8 8 0 1 1 8.3 19z"/>'
        '<path d="M9.3 8.8c-.6 2.7 3.2 6.5 5.9 5.9l.6-1.7-1.9-.9-.9.9a5 5 0 0 1-2-2l.9-.9-.9-1.9z"/>'
    )
    source = "whatsapp"
    fallbacks = (Channel.SMS.value, Channel.EMAIL.value)
    speaks_as = Channel.WHATSAPP.value

    def status(self) -> Status:
        standing = super().status()
        if standing.state != CONNECTED or settings.TWILIO_WHATSAPP_CONTENT_SID:
            return standing
        todo = _(
            "Set TWILIO_WHATSAPP_CONTENT_SID. Until then only customers who wrote within 24 hours are asked."
        )
        return replace(standing, state=MISCONFIGURED, todo=todo)

    def compose(self, context: MessageContext) -> Message:
        """With the template's variables {{1}} name, {{2}} the words, {{3}} the link, whenever there is a
        template.
        """
        sid = settings.TWILIO_WHATSAPP_CONTENT_SID
        words = required_words.missing(context)
        return Message(
            kind=self.kind,
            to=context.to,
            text=rendering.render("whatsapp/message.txt", context, **words),
            reference=context.reference,
            survey_id=context.survey_id,
            language=context.language,
            content_sid=sid,
            content_variables=_variables(context) if sid or not _window_open(context.last_inbound_at) else {},
            link=context.rate_url,
        )

    def send(self, message: Message) -> Receipt:
        if twilio.configured() and message.content_variables and not message.content_sid:
            raise Never(
                "outside the 24-hour window WhatsApp takes only a template: set TWILIO_WHATSAPP_CONTENT_SID",
                code="no_template",
            )
        return super().send(message)

    def refuses_words(self, last_inbound_at: datetime | None) -> str:
        if _window_open(last_inbound_at):
            return ""
        return _("WhatsApp accepts free text only within 24 hours of the customer's last message.")


def _variables(context: MessageContext) -> dict[str, str]:
    """Strings without line breaks, none empty: WhatsApp refuses both (63013, 21656)."""
    words = {
        "1": rendering.render("whatsapp/name.txt", context),
        "2": rendering.render("whatsapp/intro.txt", context, **required_words.missing(context)),
        "3": context.rate_url,
    }
    return {name: one_line(text) for name, text in words.items()}


def _window_open(last_inbound_at: datetime | None) -> bool:
    return last_inbound_at is not None and datetime.now(UTC) - last_inbound_at < WINDOW
