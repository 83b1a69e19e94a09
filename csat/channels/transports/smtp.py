"""Django's SMTP connection, which also remembers whether the message itself had begun to go out."""

import smtplib
from typing import Any

from django.core.mail.backends.smtp import EmailBackend


class _Stages:
    in_data = False

    def data(self, msg: Any) -> tuple[int, bytes]:
        self.in_data = True
        answer: tuple[int, bytes] = super().data(msg)  # type: ignore[misc]
        self.in_data = False
        return answer


class _Smtp(_Stages, smtplib.SMTP):
    pass


class _SmtpSsl(_Stages, smtplib.SMTP_SSL):
    pass


class Connection(EmailBackend):
    @property
    def connection_class(self) -> type[smtplib.SMTP]:
        return _SmtpSsl if self.use_ssl else _Smtp

    @property
    def maybe_taken(self) -> bool:
        """The message was on its way when something broke: the server may have taken it."""
        return bool(getattr(self.connection, "in_data", False))

    def drop(self) -> None:
        """Close whatever the state; the next send opens anew."""
        connection, self.connection = self.connection, None
        if connection is not None:
            connection.close()
