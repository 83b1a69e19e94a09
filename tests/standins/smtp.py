"""A real SMTP server that keeps what it is given and can be told to misbehave."""

import asyncio
import socket
import time
from collections import deque
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any, Self

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session


class SmtpServer:
    """`behave` queues misbehaviour, one entry a message.

    An answer such as "550 5.1.1 no such user": to RCPT; "DATA 451 later": after DATA; `cut`: take the
    message, then hang up; `refuse`: hang up at RCPT; `lag`: take long over RCPT; `slow`: take the message,
    never say so. `login`: who may come in; without one nobody is known by a name.
    """

    def __init__(self, *, login: tuple[str, str] | None = None) -> None:
        self.login = login
        self.messages: list[EmailMessage] = []
        self.envelopes: list[Envelope] = []
        self.arrived: list[float] = []  # time.time() of each message
        self.connections = 0
        self.lines: list[SMTP] = []
        self.waiting: deque[str] = deque()
        self.controller = Controller(
            _Handler(self), hostname="127.0.0.1", port=_free_port(), server_hostname="mail.standin.example"
        )
        self.controller.factory = self._factory  # type: ignore[method-assign]

    def _factory(self) -> SMTP:
        self.connections += 1
        line = SMTP(
            self.controller.handler,
            hostname="mail.standin.example",
            enable_SMTPUTF8=True,
            loop=self.controller.loop,
            authenticator=self._authenticate,
            auth_require_tls=False,
        )
        self.lines.append(line)
        return line

    def _authenticate(self, *asked: Any) -> AuthResult:
        given = asked[-1]
        known = (given.login.decode(), given.password.decode()) == self.login
        return AuthResult(success=known, handled=known)

    def drop_lines(self) -> None:
        """Hang up on everyone, as a server does that waited too long."""
        lines, self.lines = self.lines, []
        for line in lines:
            self.controller.loop.call_soon_threadsafe(_hang_up, line)
        time.sleep(0.05)

    def __enter__(self) -> Self:
        self.controller.start()
        self.connections = 0  # the controller made one itself, to see that all is well
        return self

    def __exit__(self, *_: object) -> None:
        self.controller.stop()

    @property
    def port(self) -> int:
        return int(self.controller.port)

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.port}"

    @property
    def env(self) -> dict[str, str]:
        """The environment that points an installation here."""
        return {"EMAIL_URL": self.url, "DEFAULT_FROM_EMAIL": "Acme Support <support@acme.example>"}

    def behave(self, *how: str) -> None:
        self.waiting.extend(how)


class _Handler:
    def __init__(self, server: SmtpServer) -> None:
        self.server = server
        self.how = ""

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        self.how = self.server.waiting.popleft() if self.server.waiting else ""
        if self.how == "refuse":
            _hang_up(server)
        if self.how == "lag":
            await asyncio.sleep(5)
        if self.how[:3].isdigit():
            return self.how
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        if self.how.startswith("DATA "):
            return self.how.removeprefix("DATA ")
        self.server.envelopes.append(envelope)
        self.server.arrived.append(time.time())
        self.server.messages.append(_parsed(envelope.original_content or b""))
        if self.how == "cut":
            _hang_up(server)
        if self.how == "slow":
            await asyncio.sleep(60)
        return "250 Message accepted for delivery"


def _hang_up(server: SMTP) -> None:
    transport: Any = server.transport
    if transport:
        transport.abort()


def _parsed(content: bytes) -> EmailMessage:
    message = message_from_bytes(content, policy=policy.default)
    assert isinstance(message, EmailMessage)
    return message


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])
