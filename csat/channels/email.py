"""Email: a branded mail with five clickable faces, threaded with the conversation."""

from csat.channels import mailing
from csat.channels.base import Ask, Message, Reach
from csat.channels.kinds import Channel
from csat.channels.transports.email import ByEmail


class Email(ByEmail):
    kind = Channel.EMAIL.value

    def address(self, reach: Reach) -> str | None:
        return reach.email or None

    def compose(self, ask: Ask) -> Message:
        return mailing.compose(self.kind, ask)
