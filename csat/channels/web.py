"""Web Chat: the rating card inside the widget asks; this side only has the words on it."""

from csat.channels import wording
from csat.channels.base import Ask, Message
from csat.channels.kinds import Channel, Medium
from csat.channels.nothing import SendsNothing


class Web(SendsNothing):
    kind = Channel.WEB.value
    medium = Medium.CARD
    transport = "card"

    def compose(self, ask: Ask) -> Message:
        return Message(
            kind=self.kind,
            to=ask.to,
            text=wording.render("web/message.txt", ask),
            reference=ask.reference,
            survey_id=ask.survey_id,
            language=ask.language,
            link=ask.rate_url,
        )
