"""Django's SMTP connection with a limit on the whole, which also remembers whether the message itself had
begun to go out.
"""

import smtplib
import time
from collections.abc import Callable
from functools import partial
from typing import Any

from django.core.mail.backends.smtp import EmailBackend

SECONDS = 18.0  # for one message, opening the connection included; EMAIL_TIMEOUT is for each step of it


class _Stages:
    in_data = False
    sock: Any
    timeout: Any

    def __init__(self, *args: Any, deadline: float, **more: Any) -> None:
        self.deadline = deadline
        super().__init__(*args, **more)

    def send(self, s: Any) -> None:
        self._hurry()
        super().send(s)  # type: ignore[misc]

    def getreply(self) -> tuple[int, bytes]:
        self._hurry()
        answer: tuple[int, bytes] = super().getreply()  # type: ignore[misc]
        return answer

    def _hurry(self) -> None:
        left = self.deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError(f"not done after {SECONDS:g} s")
        if self.sock:
            self.sock.settimeout(min(left, self.timeout))

    def data(self, msg: Any) -> tuple[int, bytes]:
        self._hurry()
        self.in_data = True
        answer: tuple[int, bytes] = super().data(msg)  # type: ignore[misc]
        self.in_data = False
        return answer


class _Smtp(_Stages, smtplib.SMTP):
    pass


class _SmtpSsl(_Stages, smtplib.SMTP_SSL):
    pass


class Connection(EmailBackend):
    deadline = 0.0

    @property
    def connection_class(self) -> Callable[..., smtplib.SMTP]:  # type: ignore[override]
        return partial(_SmtpSsl if self.use_ssl else _Smtp, deadline=self.deadline)

    def start(self) -> None:
        """The time for one message runs from here."""
        self.deadline = time.monotonic() + SECONDS
        if self.connection:
            self.connection.deadline = self.deadline  # type: ignore[attr-defined]

    @property
    def maybe_taken(self) -> bool:
        """The message was on its way when something broke: the server may have taken it."""
        return bool(getattr(self.connection, "in_data", False))

    def drop(self) -> None:
        """Close whatever the state; the next send opens anew."""
        connection, self.connection = self.connection, None
        if connection is not None:
            connection.close()
