"""SITE_URL, asked as a customer would ask."""

import json
from typing import Any

import pytest
from django.core import signing
from django.test import Client

from csat.diagnosis import site
from csat.diagnosis.findings import Level
from tests.standins.listening import Heard, Listener


def ticket() -> str:
    return signing.TimestampSigner(salt=site.HEADER).sign("doctor")


def test_only_our_ticket_is_told_what_was_seen(client: Client) -> None:
    hops = {"HTTP_X_FORWARDED_FOR": "203.0.113.7, 10.0.0.1"}
    assert "seen" not in client.get("/health/live", **hops).json()
    assert "seen" not in client.get("/health/live", HTTP_X_DOCTOR="doctor:1:forged", **hops).json()
    seen = client.get("/health/live", HTTP_X_DOCTOR=ticket(), **hops).json()["seen"]
    assert seen == {"proxies": 2, "secure": False}


def answering(listener: Listener, settings: Any, status: int, **body: Any) -> None:
    settings.SITE_URL = f"http://{listener.address}"
    listener.body = json.dumps(body).encode()

    def answer(_heard: Heard) -> tuple[int, dict[str, str]]:
        return status, {"content-length": str(len(listener.body))}

    listener.answer = answer


@pytest.mark.parametrize(
    ("status", "body", "level", "words"),
    [
        (200, {"version": "", "seen": {"proxies": 1, "secure": True}}, Level.OK, "leads here"),
        (200, {"version": "", "seen": {"proxies": 2, "secure": True}}, Level.ERROR, "2 proxies stand"),
        (200, {"version": "", "seen": {"proxies": 1, "secure": False}}, Level.ERROR, "asked by https"),
        (200, {"version": ""}, Level.ERROR, "another SECRET_KEY"),
        (200, {"hello": "world"}, Level.ERROR, "not as this application"),
        (301, {}, Level.ERROR, "leads elsewhere"),
        (400, {}, Level.ERROR, "does not know this host"),
        (502, {}, Level.ERROR, "finds no web server"),
    ],
)
def test_what_answers_there_decides(
    listener: Listener, settings: Any, status: int, body: dict[str, Any], level: Level, words: str
) -> None:
    settings.HTTPS, settings.TRUSTED_PROXIES, settings.VERSION = True, 1, ""
    answering(listener, settings, status, **body)
    [finding] = site.examine()
    assert finding.level == level
    assert words in finding.text


def test_another_version_is_a_warning(listener: Listener, settings: Any) -> None:
    settings.HTTPS, settings.TRUSTED_PROXIES, settings.VERSION = False, 0, "2.0"
    answering(listener, settings, 200, version="1.9", seen={"proxies": 0, "secure": False})
    assert [finding.level for finding in site.examine()] == [Level.OK, Level.WARNING]


def test_nobody_there_is_a_warning_since_others_may_get_through(settings: Any) -> None:
    settings.SITE_URL = "http://127.0.0.1:1"
    [finding] = site.examine()
    assert finding.level == Level.WARNING
