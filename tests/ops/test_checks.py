"""System checks: silent when all is well, and in words that say what to do when it is not."""

import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
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
    "DATABASE_URL": "postgres://csat:secret@db.internal/csat?sslmode=verify-full",
    "REDIS_URL": "rediss://:secret@cache.internal",
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


def test_a_short_domain_without_https_is_told(settings: Any) -> None:
    settings.LINK_BASE = "http://acme.link"
    assert "csat.W011" in ids(checks.production())
    settings.LINK_BASE = "https://acme.link"
    assert "csat.W011" not in ids(checks.production())


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


def test_on_postgresql_the_key_of_logins_and_links_is_no_file_of_one_machine(tmp_path: Path) -> None:
    (tmp_path / "secret_key").write_text("s" * 60)
    given = {name: value for name, value in PRODUCTION.items() if name != "SECRET_KEY"}
    answer = check(**given, CSAT_VAR=str(tmp_path))
    assert answer.returncode == 1
    assert "csat.E004" in answer.stderr
    assert "Set SECRET_KEY" in answer.stderr


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


REMOTE = {"ENGINE": "django.db.backends.postgresql", "HOST": "db.internal", "PASSWORD": "", "OPTIONS": {}}


@pytest.mark.parametrize(
    ("database", "told"),
    [
        (REMOTE, {"csat.I004", "csat.W008"}),
        (REMOTE | {"PASSWORD": "x", "OPTIONS": {"sslmode": "prefer"}}, {"csat.I004"}),
        (REMOTE | {"PASSWORD": "x", "OPTIONS": {"sslmode": "verify-full"}}, set()),
        (REMOTE | {"HOST": "127.0.0.1"}, set()),
        (REMOTE | {"HOST": "/run/postgresql"}, set()),
        ({"ENGINE": "django.db.backends.sqlite3", "NAME": "x"}, set()),
    ],
)
def test_a_database_on_another_machine_is_asked_by_tls_and_with_a_password(
    monkeypatch: pytest.MonkeyPatch, database: dict[str, Any], told: set[str]
) -> None:
    monkeypatch.setattr(checks, "settings", SimpleNamespace(DATABASES={"default": database}, REDIS_URL=""))
    assert {message.id for message in checks.inner_lines()} == told


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("redis://cache.internal/1", {"csat.I005", "csat.I006"}),
        ("redis://:secret@cache.internal/1", {"csat.I005"}),
        ("rediss://:secret@cache.internal/1", set()),
        ("redis://127.0.0.1", set()),
        ("unix:///run/redis.sock", set()),
        ("", set()),
    ],
)
def test_redis_on_another_machine_likewise(monkeypatch: pytest.MonkeyPatch, url: str, told: set[str]) -> None:
    databases = {"default": {"ENGINE": "django.db.backends.sqlite3"}}
    monkeypatch.setattr(checks, "settings", SimpleNamespace(DATABASES=databases, REDIS_URL=url))
    assert {message.id for message in checks.inner_lines()} == told


OIDC = {
    "OIDC_ISSUER": "https://login.acme.com",
    "OIDC_CLIENT_ID": "csat",
    "OIDC_CLIENT_SECRET": "hush",
    "OIDC_ROLE_CLAIM": "groups",
    "OIDC_ROLES": [("support", "agent")],
}


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({}, []),
        ({"OIDC_CLIENT_SECRET": ""}, ["csat.E010"]),
        (dict.fromkeys(OIDC, "") | {"OIDC_ROLES": []}, []),
        ({"OIDC_ISSUER": "", "OIDC_CLIENT_ID": "", "OIDC_CLIENT_SECRET": ""}, ["csat.E010"]),
        ({"OIDC_ISSUER": "http://login.acme.com"}, ["csat.E011"]),
        ({"OIDC_ISSUER": "http://127.0.0.1:9000"}, []),
        ({"OIDC_ORIGINS": ["https://sts.acme.com", "sts.acme.com"]}, ["csat.E015"]),
        ({"OIDC_ROLES": [("support", "boss")]}, ["csat.E012"]),
        ({"OIDC_ROLE_CLAIM": ""}, ["csat.E013"]),
        ({"OIDC_ROLES": []}, ["csat.E013"]),
        ({"PASSWORD_LOGIN": False}, []),
        ({"PASSWORD_LOGIN": False, "OIDC_CLIENT_ID": ""}, ["csat.E010", "csat.E014"]),
    ],
)
def test_half_a_single_sign_on_is_told(settings: Any, changed: dict[str, Any], told: list[str]) -> None:
    for name, value in (OIDC | changed).items():
        setattr(settings, name, value)
    assert ids(checks.oidc()) == told


@pytest.mark.django_db
def test_without_passwords_somebody_must_be_there_for_whom_the_glass_breaks(settings: Any) -> None:
    assert ids(checks.break_glass()) == []
    settings.PASSWORD_LOGIN = False
    assert ids(checks.break_glass()) == ["csat.W010"]
    User.objects.create_superuser("ada")
    assert ids(checks.break_glass()) == []
