"""SMS: a short text with a rating link. Phone: the same text after a call."""

from django.utils.translation import gettext_lazy as _

from csat.channels import rendering, required_words, segments
from csat.channels.base import Message, MessageContext
from csat.channels.kinds import Channel, Medium
from csat.channels.transports.twilio import ByTwilio

SENDS = {
    Channel.SMS: _("short text with a rating link"),
    Channel.PHONE: _("follow-up SMS with a rating link"),
}
ICONS = {
    Channel.SMS: (
        '<rect x="6.5" y="2.5" width="11" height="19" rx="2.5"/><path d="M9.5 8h5M9.5 11h3M11 18.5h2"/>'
    ),
    Channel.PHONE: (
        '<path d="M8.2 4H5.5a1.5 1.5 0 0 0-1.5 1.7C4.8 13.5 10.5 19.2 18.3 20a1.5 1.5 0 0 0 1.7-1.5'
        'v-2.7l-4-1.6-1.8 1.8a11.5 11.5 0 0 1-6.2-6.2L9.8 8z"/>'
    ),
}


class Sms(ByTwilio):
    medium = Medium.SMS
    source = "sms"
    fallbacks = (Channel.EMAIL.value,)
    speaks_as = Channel.SMS.value

    def __init__(self, kind: Channel) -> None:
        self.kind, self.sends, self.icon = kind.value, SENDS[kind], ICONS[kind]

    def compose(self, context: MessageContext) -> Message:
        return Message(
            kind=self.kind,
            to=context.to,
            text=self._text(context),
            reference=context.reference,
            survey_id=context.survey_id,
            language=context.language,
            link=context.rate_url,
        )

    def _text(self, context: MessageContext) -> str:
        """The default text goes without brand and opt-out words where it may and saves a segment so."""
        template, words = f"{self.kind}/message.txt", required_words.missing(context)
        text = rendering.render(template, context, **words)
        if context.intro or segments.count(text).segments == 1 or not required_words.optional_for(context.to):
            return text
        short = rendering.render(template, context, short=True)
        return min((text, short), key=lambda version: segments.count(version).segments)
