"""Phone: a text message that follows up on a call."""

from csat.channels import texting
from csat.channels.base import Ask, Message
from csat.channels.kinds import Channel, Medium
from csat.channels.transports.twilio import ByTwilio


class PhoneVoice(ByTwilio):
    kind = Channel.PHONE.value
    medium = Medium.SMS

    def compose(self, ask: Ask) -> Message:
        return texting.compose(self.kind, ask)
