"""Surveys as a public reply in the help desk, where the connection lets it send the message.

It carries those of every channel, so it is none of the eight; csat.apps puts it into their registry.
"""

import time
from datetime import datetime

from django.utils.translation import gettext_lazy as _

from csat.channels import rendering
from csat.channels.base import CANNOT_TELL, Addresses, CannotTell, Channel, Message, MessageContext, Receipt
from csat.channels.kinds import Medium
from csat.channels.status import CONNECTED, Status
from csat.connectors.api_client import ApiClient
from csat.connectors.models import Connection, ConnectionConfig
from csat.connectors.rules import Rules
from csat.lib.encryption import UnknownKey
from csat.lib.outcomes import Never, Outcome, Retry
from csat.lib.text import as_uuid

KEPT = 30.0  # seconds that a connection is not read again
PAUSED = 300.0  # seconds until the next try


class HelpDesk(Channel):
    """An address is `<connection>:<conversation>`, as the session's external id.

    One help desk that is away is no outage of the others: its messages are tried again one by one.
    """

    kind = "helpdesk"
    medium = Medium.HELPDESK
    sends = _("public reply in the help desk")

    def __init__(self) -> None:
        self._known: dict[str, tuple[float, Connection | None, ConnectionConfig | None]] = {}

    def status(self) -> Status:
        return Status(CONNECTED, "helpdesk")

    def address(self, addresses: Addresses) -> str | None:
        connection, _config = self._connection(addresses.helpdesk)
        if connection is None or not Rules.of(connection.system, connection.rules).send:
            return None
        return addresses.helpdesk

    def compose(self, context: MessageContext) -> Message:
        self._connection(context.to)  # the thread that sends reads no row
        return Message(
            kind=self.kind,
            to=context.to,
            text=rendering.render("api/message.txt", context),
            reference=context.reference,
            survey_id=context.survey_id,
            language=context.language,
            link=context.rate_url,
        )

    def send(self, message: Message) -> Receipt:
        connection, config, external_id = self._of(message)
        try:
            with ApiClient(connection.system, config) as api:
                reply = connection.system.send(config, api, external_id, message.text)
        except Outcome as trouble:
            raise _of_one_message(trouble) from trouble
        return Receipt(provider_id=reply[:320], transport="helpdesk")

    def find(self, message: Message, since: datetime) -> Receipt | CannotTell | None:
        connection, config, external_id = self._of(message)
        if not connection.system.can("look_up"):
            return CANNOT_TELL
        try:
            with ApiClient(connection.system, config) as api:
                there = connection.system.look_up(config, api, external_id)
        except Outcome as trouble:
            raise Retry(trouble.text, code=trouble.code) from trouble
        found = [one for one in (there.messages if there else ()) if message.link in one.text]
        return Receipt(provider_id=found[0].id, transport="helpdesk") if found else None

    def _of(self, message: Message) -> tuple[Connection, ConnectionConfig, str]:
        key, _colon, external_id = message.to.partition(":")
        _at, connection, config = self._known.get(key, (0.0, None, None))
        if connection is None or config is None:
            raise Never("The connection to the help desk is gone.", code="no_connection")
        if connection.paused_at:
            raise Retry("The connection to the help desk is paused.", code="paused", after=PAUSED)
        return connection, config, external_id

    def _connection(self, address: str) -> tuple[Connection | None, ConnectionConfig | None]:
        key = address.partition(":")[0]
        at, connection, config = self._known.get(key, (0.0, None, None))
        if time.monotonic() - at > KEPT or not at:
            uuid = as_uuid(key)
            connection = Connection.objects.alive().filter(uuid=uuid).first() if uuid else None
            try:
                config = connection.config if connection else None
            except UnknownKey:
                connection = config = None
            self._known[key] = (time.monotonic(), connection, config)
        return connection, config


def _of_one_message(trouble: Outcome) -> Outcome:
    """A refused token, or a help desk that is away, stops no channel: this message waits."""
    if isinstance(trouble, Never) and trouble.account:
        return Retry(trouble.text, code=trouble.code, after=PAUSED)
    trouble.outage = False
    return trouble
