"""What the two channels have in common that send nothing: Web Chat, whose card asks by itself, and the API."""

from collections.abc import Mapping
from datetime import datetime

from csat.channels.base import Message, NotKnown, Reach, Receipt, Update


class SendsNothing:
    transport: str
    needs = ""

    def address(self, reach: Reach) -> str | None:
        return ""

    def send(self, message: Message) -> Receipt:
        return Receipt(transport=self.transport)

    def find(self, message: Message, since: datetime) -> Receipt | NotKnown | None:
        return None

    def verify(self, headers: Mapping[str, str], body: bytes, url: str) -> bool:
        return False  # nobody calls back

    def read(self, headers: Mapping[str, str], body: bytes, url: str = "") -> list[Update]:
        return []
