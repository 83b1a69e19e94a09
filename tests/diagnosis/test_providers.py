"""Providers are really asked whether they accept our account."""

from typing import Any

from csat.diagnosis import providers
from csat.diagnosis.findings import Finding, Level
from tests.standins.server import Reply
from tests.standins.slack import SlackServer
from tests.standins.smtp import SmtpServer
from tests.standins.twilio import TwilioServer


def asked() -> list[Finding]:
    return [finding for ask in providers.to_ask() for finding in ask()]


def test_the_sandbox_has_nobody_to_ask() -> None:
    assert providers.to_ask() == []
    [finding] = providers.examine()
    assert finding.level == Level.OK
    assert "Email" in finding.text


def test_each_provider_is_asked_once_and_nothing_is_sent(
    smtp_server: SmtpServer, twilio_server: TwilioServer, slack_server: SlackServer
) -> None:
    texts = sorted(finding.text for finding in asked())
    assert texts[0] == "slack accepts our account: Acme."
    assert texts[1].startswith("smtp accepts our account: 127.0.0.1:")
    assert texts[2] == "twilio accepts our account: Acme."
    assert [request["method"] for request in twilio_server.requests] == ["GET"]
    assert (smtp_server.messages, slack_server.messages) == ([], [])


def test_a_suspended_account_is_an_error(twilio_server: TwilioServer) -> None:
    twilio_server.account = "suspended"
    [finding] = asked()
    assert finding.level == Level.ERROR
    assert "the account is suspended" in finding.text
    assert "TWILIO_ACCOUNT_SID" in finding.todo


def test_a_provider_that_is_away_is_a_warning(slack_server: SlackServer) -> None:
    slack_server.behave(Reply(503, {"ok": False, "error": "service_unavailable"}))
    [finding] = asked()
    assert finding.level == Level.WARNING
    assert "slack does not answer" in finding.text


def test_what_is_half_set_up_is_not_asked(settings: Any) -> None:
    settings.TWILIO_ACCOUNT_SID = "AC1"
    assert providers.to_ask() == []


def test_an_esp_cannot_be_asked_without_sending(settings: Any) -> None:
    settings.EMAIL_CONFIGURED, settings.ANYMAIL_ESP = True, "postmark"
    settings.DEFAULT_FROM_EMAIL = "support@acme.example"
    [finding] = asked()
    assert finding.level == Level.OK
    assert "Send me a test" in finding.todo
