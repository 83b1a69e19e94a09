"""Slack's own rules: whose request is believed, and what an interaction says."""

import time
from urllib.parse import urlencode

import pytest
from slack_sdk.signature import SignatureVerifier

from csat.channels.transports import slack

BODY = b"payload=%7B%7D"


@pytest.fixture(autouse=True)
def _secret(settings) -> None:
    settings.SLACK_SIGNING_SECRET = "shared"


def signed(body: bytes = BODY, *, secret: str = "shared", age: int = 0) -> dict[str, str]:
    at = str(int(time.time()) - age)
    signature = SignatureVerifier(secret).generate_signature(timestamp=at, body=body)
    return {"X-Slack-Request-Timestamp": at, "X-Slack-Signature": signature or ""}


def test_a_request_is_believed_when_it_is_signed_and_fresh() -> None:
    assert slack.verify(signed(), BODY)
    assert slack.verify(signed(age=290), BODY)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        signed(secret="other"),
        signed(age=310),
        signed(b"payload=other"),
        {"X-Slack-Request-Timestamp": "noon", "X-Slack-Signature": "v0=1"},
    ],
)
def test_any_other_request_is_not(headers: dict[str, str]) -> None:
    assert not slack.verify(headers, BODY)


def test_without_a_secret_nobody_is_believed(settings) -> None:
    headers = signed()
    settings.SLACK_SIGNING_SECRET = ""
    assert not slack.verify(headers, BODY)


@pytest.mark.parametrize(
    "payload", ["{", "[]", "{}", '{"type": "block_actions"}', '{"type": "message_action"}']
)
def test_what_is_no_interaction_of_ours_says_nothing(payload: str) -> None:
    assert slack.read(urlencode({"payload": payload}).encode()) == []
    assert slack.read(b"\xff") == []


def test_it_is_the_sandbox_until_there_is_a_token(settings) -> None:
    settings.SLACK_BOT_TOKEN = ""
    assert not slack.configured()
    settings.SLACK_BOT_TOKEN = "xoxb-1"
    assert slack.configured()
