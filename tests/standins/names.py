"""A real DNS server on loopback that knows the TXT records it was given, and no other name."""

import socket
import threading
from typing import Self

import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rrset

GOOD = {
    "acme.example": ["v=spf1 include:_spf.mail.example -all"],
    "mail._domainkey.acme.example": ["v=DKIM1; k=rsa; p=MIGf"],
    "_dmarc.acme.example": ["v=DMARC1; p=reject"],
}


class NameServer:
    """`texts`: the records by name; a name above one of them exists and has none (RFC 8020)."""

    def __init__(self, texts: dict[str, list[str]]) -> None:
        self.texts = texts
        self.asked: list[str] = []
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self) -> Self:
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.socket.getsockname()[1]}"

    def _serve(self) -> None:
        while True:
            try:
                data, sender = self.socket.recvfrom(4096)
                self.socket.sendto(self._answer(dns.message.from_wire(data)).to_wire(), sender)
            except OSError:
                return

    def _answer(self, query: dns.message.Message) -> dns.message.Message:
        answer = dns.message.make_response(query)
        answer.flags |= dns.flags.AA | dns.flags.RA
        name = query.question[0].name
        asked = name.to_text(omit_final_dot=True).lower()
        self.asked.append(asked)
        if texts := self.texts.get(asked):
            words = [f'"{text}"' for text in texts]
            answer.answer.append(dns.rrset.from_text(name, 60, "IN", "TXT", *words))
        elif not any(known.endswith(f".{asked}") for known in self.texts):
            answer.set_rcode(dns.rcode.NXDOMAIN)
        return answer
