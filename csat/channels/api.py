"""API: nothing is sent; the integrator hears of the request by webhook and asks in a way of its own."""

from csat.channels import wording
from csat.channels.base import Ask, Message
from csat.channels.kinds import Channel, Medium
from csat.channels.nothing import SendsNothing


class Api(SendsNothing):
    kind = Channel.API.value
    medium = Medium.NONE
    transport = "none"

    def compose(self, ask: Ask) -> Message:
        return Message(
            kind=self.kind,
            to=ask.to,
            text=wording.render("api/message.txt", ask),
            reference=ask.reference,
            survey_id=ask.survey_id,
            language=ask.language,
            link=ask.rate_url,
        )
