"""SMS: a short text with a rating link."""

from csat.channels import texting
from csat.channels.base import Ask, Message
from csat.channels.kinds import Channel, Medium
from csat.channels.transports.twilio import ByTwilio


class Sms(ByTwilio):
    kind = Channel.SMS.value
    medium = Medium.SMS

    def compose(self, ask: Ask) -> Message:
        return texting.compose(self.kind, ask)
