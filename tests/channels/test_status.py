"""The line on the settings screen: connected, sandbox or misconfigured, and what to do."""

from typing import Any

import pytest

from csat.channels import registry
from csat.channels.status import CONNECTED, MISCONFIGURED, SANDBOX, Status
from tests.standins.twilio import TwilioServer


def status(kind: str) -> Status:
    return registry.get(kind).status()


def test_mail_is_connected_to_its_server(settings: Any):
    settings.EMAIL_CONFIGURED, settings.EMAIL_HOST, settings.EMAIL_PORT = True, "smtp.acme.example", 587
    settings.DEFAULT_FROM_EMAIL = "Acme <support@acme.example>"
    standing = status("email")
    assert (standing.state, standing.transport, standing.detail, standing.todo) == (
        CONNECTED,
        "smtp",
        "smtp.acme.example:587",
        "",
    )


@pytest.mark.parametrize("sender", ["Support <support@localhost>", "", "Support"])
def test_mail_needs_a_sender_of_its_own(sender: str, settings: Any):
    settings.EMAIL_CONFIGURED, settings.DEFAULT_FROM_EMAIL = True, sender
    standing = status("web_voice")
    assert (standing.state, "DEFAULT_FROM_EMAIL" in standing.todo) == (MISCONFIGURED, True)


def test_an_esp_is_named(settings: Any):
    settings.EMAIL_CONFIGURED, settings.ANYMAIL_ESP = True, "mailgun"
    settings.DEFAULT_FROM_EMAIL = "Acme <support@acme.example>"
    assert (status("email").state, status("email").transport, status("email").detail) == (
        CONNECTED,
        "mailgun",
        "mailgun",
    )


@pytest.mark.parametrize("kind", ["sms", "phone_voice", "whatsapp"])
def test_twilio_with_everything_is_connected(kind: str, twilio_server: TwilioServer):
    assert (status(kind).state, status(kind).transport) == (CONNECTED, "twilio")


@pytest.mark.parametrize(
    ("kind", "missing"),
    [
        ("sms", "TWILIO_AUTH_TOKEN"),
        ("sms", "TWILIO_ACCOUNT_SID"),
        ("phone_voice", "TWILIO_SMS_FROM"),
        ("whatsapp", "TWILIO_WHATSAPP_FROM"),
        ("whatsapp", "TWILIO_WHATSAPP_CONTENT_SID"),
    ],
)
def test_twilio_says_what_it_lacks(kind: str, missing: str, twilio_server: TwilioServer, settings: Any):
    setattr(settings, missing, "")
    assert (status(kind).state, missing in status(kind).todo) == (MISCONFIGURED, True)


@pytest.mark.parametrize(
    ("token", "secret", "state", "todo"),
    [
        ("xoxb-1", "s", CONNECTED, ""),
        ("xoxb-1", "", MISCONFIGURED, "SLACK_SIGNING_SECRET"),
        ("", "s", MISCONFIGURED, "SLACK_BOT_TOKEN"),
        ("", "", SANDBOX, "SLACK_BOT_TOKEN"),
    ],
)
def test_slack_needs_token_and_secret(token: str, secret: str, state: str, todo: str, settings: Any):
    settings.SLACK_BOT_TOKEN, settings.SLACK_SIGNING_SECRET = token, secret
    assert status("slack").state == state
    assert todo in status("slack").todo
