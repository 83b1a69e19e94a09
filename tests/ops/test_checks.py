"""System checks: silent when all is well, and in words that say what to do when it is not."""

import os
import subprocess
import sys
from typing import Any

import pytest
from django.contrib.auth.models import User

from csat import checks
from csat.people import erasure, suppression
from csat.people.models import SuppressionReason
from tests.factories import API, make_contact
from tests.workers import ROOT

PRODUCTION = {
    "SECRET_KEY": "x" * 25 + "Zk3!vq9-Lw8_pT2#sB7@" + "y" * 25,
    "SECRETS_KEY": "a long random text, the same on all machines",
    "DATABASE_URL": "postgres://csat:secret@db.internal/csat",
    "REDIS_URL": "redis://cache.internal",
    "SITE_URL": "https://csat.acme.example",
    "TRUSTED_PROXIES": "1",
    "EMAIL_URL": "smtp+tls://csat:secret@smtp.acme.example:587",
    "DEFAULT_FROM_EMAIL": "Acme Support <support@acme.example>",
}


def check(**environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"]
    kept = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "CSAT_VAR")}
    return subprocess.run(command, cwd=ROOT, env=kept | environment, capture_output=True, text=True)


def test_with_production_variables_nothing_is_said() -> None:
    answer = check(**PRODUCTION)
    assert answer.returncode == 0, answer.stderr
    assert answer.stdout.strip() == "System check identified no issues (0 silenced)."
    assert answer.stderr == ""


def test_without_any_the_deployment_check_says_what_to_set() -> None:
    answer = check()
    assert answer.returncode == 1
    assert "csat.W005" in answer.stderr
    assert "Set SITE_URL" in answer.stderr


def ids(messages: list[checks.CheckMessage]) -> list[str | None]:
    return [message.id for message in messages]


def test_the_sandbox_is_no_trouble() -> None:
    assert checks.providers() == []


def test_a_half_configured_provider_is_told_once_with_what_to_do(settings: Any) -> None:
    settings.TWILIO_ACCOUNT_SID = "AC00000000000000000000000000000001"
    found = checks.providers()
    assert ids(found) == ["csat.W001"] * len(found)
    assert any("TWILIO_AUTH_TOKEN" in (message.hint or "") for message in found)
    settings.SLACK_SIGNING_SECRET = "shh"
    assert any("SLACK_BOT_TOKEN" in (message.hint or "") for message in checks.providers())


def test_a_retry_shorter_than_the_work_is_told(settings: Any) -> None:
    assert checks.broker() == []
    settings.Q_CLUSTER = settings.Q_CLUSTER | {"retry": 180}
    assert ids(checks.broker()) == ["csat.W002"]
    settings.Q_CLUSTER = settings.Q_CLUSTER | {"retry": 300, "ALT_CLUSTERS": {"outward": {"timeout": 200}}}
    assert ids(checks.broker()) == ["csat.W002"]


def test_connections_that_close_at_once_are_told(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(settings.DATABASES["default"], "CONN_MAX_AGE", 0)
    assert ids(checks.broker()) == ["csat.W003"]


@pytest.mark.parametrize(
    "origin", ["shop.example", "https://shop.example/", "https://*.example", "*", "ftp://shop.example"]
)
def test_what_is_no_origin_is_told(settings: Any, origin: str) -> None:
    settings.WIDGET_ORIGINS = ["https://shop.example", "http://localhost:8000", origin]
    assert ids(checks.origins()) == ["csat.W004"]


def test_a_proxy_that_nobody_trusts_is_mentioned(settings: Any) -> None:
    settings.SITE_URL, settings.HTTPS, settings.REDIS_URL, settings.TRUSTED_PROXIES = (
        "https://csat.acme.example",
        True,
        "redis://x",
        0,
    )
    assert "csat.I003" in ids(checks.production())
    settings.TRUSTED_PROXIES = 1
    assert "csat.I003" not in ids(checks.production())


def test_what_webhook_allow_cannot_mean_is_told(settings: Any) -> None:
    settings.WEBHOOK_ALLOW = ["crm.internal", "http://crm.internal:80", "crm.internal:443", "[::1]:8080"]
    found = checks.allowed()
    assert ids(found) == ["csat.W006"] * 2
    assert "'crm.internal'" in found[0].msg


def test_connections_are_allowed_by_the_same_rule(settings: Any) -> None:
    settings.CONNECT_ALLOW = ["chatwoot", "chatwoot:3000"]
    assert [found.msg for found in checks.allowed()] == [
        "CONNECT_ALLOW names 'chatwoot', which allows nothing."
    ]


def test_on_postgresql_the_key_to_others_secrets_is_no_file_of_one_machine() -> None:
    answer = check(**{name: value for name, value in PRODUCTION.items() if name != "SECRETS_KEY"})
    assert answer.returncode == 1
    assert "csat.E003" in answer.stderr
    assert "Set SECRETS_KEY" in answer.stderr


@pytest.mark.django_db
def test_an_opt_out_under_a_lost_key_is_told(settings: Any) -> None:
    suppression.suppress("email", "a@customer.example", reason=SuppressionReason.STOP_WORD)
    erasure.erase(make_contact(email="a@customer.example"), by=API)
    assert checks.suppression_keys(databases=["default"]) == []
    settings.SECRET_KEY = "another"
    assert ids(checks.suppression_keys(databases=["default"])) == ["csat.E001"]
    assert ids(checks.suppression_keys_in_production()) == ["csat.E001"]
    assert checks.suppression_keys() == checks.suppression_keys_in_production(databases=["default"]) == []


@pytest.mark.django_db
def test_logins_of_the_demo_do_not_go_live() -> None:
    assert checks.demo_logins() == []
    User.objects.create_superuser("ada", "ada@acme.example", first_name="Ada", last_name="Lindqvist")
    (found,) = checks.demo_logins()
    assert found.id == "csat.E002"
    assert "ada" in found.msg
    assert "demo --remove" in (found.hint or "")
