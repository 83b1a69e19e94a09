"""The stand-ins as fixtures: each is a real server on loopback, and this installation's settings point to it.

For other processes (a qcluster, bin/run) pass `server.env` in their environment.
"""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.standins.chatwoot import ChatwootServer
from tests.standins.listening import Listener, listening
from tests.standins.openid.forger import Forger
from tests.standins.openid.server import OpenIdServer
from tests.standins.slack import SlackServer
from tests.standins.smtp import SmtpServer
from tests.standins.twilio import TwilioServer
from tests.standins.zammad import ZammadServer


@pytest.fixture
def twilio_server(settings: Any) -> Iterator[TwilioServer]:
    with TwilioServer() as server:
        _point(settings, server.env)
        yield server


@pytest.fixture
def slack_server(settings: Any) -> Iterator[SlackServer]:
    with SlackServer() as server:
        _point(settings, server.env)
        yield server


@pytest.fixture
def openid_server(settings: Any) -> Iterator[OpenIdServer]:
    """A real identity provider; see tests/standins/openid."""
    with OpenIdServer(f"{settings.SITE_URL}/account/single-sign-on/callback/") as server:
        _point(settings, server.env)
        yield server


@pytest.fixture
def forger(settings: Any) -> Iterator[Forger]:
    """One that lies as it is told."""
    with Forger() as server:
        _point(settings, server.env)
        yield server


@pytest.fixture
def smtp_server(settings: Any) -> Iterator[SmtpServer]:
    with SmtpServer() as server:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_CONFIGURED = True
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", server.port
        settings.EMAIL_HOST_USER = settings.EMAIL_HOST_PASSWORD = ""
        settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False
        settings.DEFAULT_FROM_EMAIL = server.env["DEFAULT_FROM_EMAIL"]
        yield server


@pytest.fixture
def listener(settings: Any) -> Iterator[Listener]:
    """Who hears our webhooks."""
    with listening() as one:
        settings.WEBHOOK_ALLOW = [one.address]
        yield one


@pytest.fixture
def chatwoot_server(settings: Any) -> Iterator[ChatwootServer]:
    """A help desk whose API may be called; `server.sender.urls` is where its webhooks go."""
    with ChatwootServer() as server:
        settings.CONNECT_ALLOW = [*settings.CONNECT_ALLOW, server.env["CONNECT_ALLOW"]]
        yield server


@pytest.fixture
def zammad_server(settings: Any) -> Iterator[ZammadServer]:
    with ZammadServer() as server:
        settings.CONNECT_ALLOW = [*settings.CONNECT_ALLOW, server.env["CONNECT_ALLOW"]]
        yield server


def _point(settings: Any, env: dict[str, str]) -> None:
    for name, value in env.items():
        setattr(settings, name, value)
