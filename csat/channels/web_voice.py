"""Web Voice: a mail that follows up on a call made in the browser."""

from csat.channels import mailing
from csat.channels.base import Ask, Message, Reach
from csat.channels.kinds import Channel
from csat.channels.transports.email import ByEmail


class WebVoice(ByEmail):
    kind = Channel.WEB_VOICE.value

    def address(self, reach: Reach) -> str | None:
        return reach.email or None

    def compose(self, ask: Ask) -> Message:
        return mailing.compose(self.kind, ask)
