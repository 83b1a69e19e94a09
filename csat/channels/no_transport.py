"""Web Chat, whose card inside the widget asks by itself, and the API, whose integrator hears of the request
by webhook.
"""

from datetime import datetime

from django.utils.translation import gettext_lazy as _

from csat.channels import rendering
from csat.channels.base import Addresses, CannotTell, Channel, Message, MessageContext, Receipt
from csat.channels.kinds import Channel as Kind
from csat.channels.kinds import Medium
from csat.channels.status import CONNECTED, Status

SENDS = {
    Kind.WEB: _("rating card in the chat widget"),
    Kind.API: _("nothing sent: the webhook csat.requested tells your application to ask"),
}
ICONS = {
    Kind.WEB: '<path d="M4 5.5h16v10.5H11l-4 3.5V16H4z"/><path d="M8.5 10.7h.1M12 10.7h.1M15.5 10.7h.1"/>',
    Kind.API: '<path d="M8.5 5C6 5 7.5 11 4.5 12c3 1 1.5 7 4 7M15.5 5c2.5 0 1 6 4 7-3 1-1.5 7-4 7"/>',
}
FALLBACKS = {
    Kind.WEB: (Kind.EMAIL.value,)
}  # a card that nobody was shown; a program that asks by itself is left to it


class SendsNothing(Channel):
    """This side has only the words."""

    silent = True

    def __init__(self, kind: Kind, medium: Medium) -> None:
        self.kind, self.medium = kind.value, medium
        self.sends, self.icon, self.fallbacks = SENDS[kind], ICONS[kind], FALLBACKS.get(kind, ())

    def status(self) -> Status:
        return Status(CONNECTED, str(self.medium))

    @property
    def fallbacks_when_connected(self) -> tuple[str, ...]:
        """No card of ours is shown in a help desk, and no program of theirs asks: email."""
        return (Kind.EMAIL.value,)

    def address(self, addresses: Addresses) -> str | None:
        """Everybody has one, but for those whose conversation lives in a help desk."""
        return None if addresses.helpdesk else ""

    def compose(self, context: MessageContext) -> Message:
        return Message(
            kind=self.kind,
            to=context.to,
            text=rendering.render(f"{self.kind}/message.txt", context),
            reference=context.reference,
            survey_id=context.survey_id,
            language=context.language,
            link=context.rate_url,
        )

    def send(self, message: Message) -> Receipt:
        return Receipt(transport=str(self.medium))

    def find(self, message: Message, since: datetime) -> Receipt | CannotTell | None:
        return None
