"""What the environment says is read with patience, and refused in words that name the variable."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from project import environment
from tests.workers import ROOT


@pytest.mark.parametrize(
    ("read", "name", "value"),
    [
        ("number", "TRUSTED_PROXIES", "abc"), ("number", "TRUSTED_PROXIES", "-1"),
        ("number", "TRUSTED_PROXIES", "1.5"),
        ("flag", "DEBUG", "maybe"),
        ("site", "SITE_URL", "csat.acme.com"), ("site", "SITE_URL", "ftp://csat.acme.com"),
        ("site", "SITE_URL", "https://a:b"), ("site", "LINK_BASE", "acme.link"),
        ("site", "SITE_URL", "https://acme.com/csat"), ("site", "SITE_URL", "https://acme.com/csat/"),
        ("site", "SITE_URL", "https://ann@acme.com"), ("site", "SITE_URL", "https://ann:hush@acme.com"),
        ("site", "SITE_URL", "https://:@acme.com"), ("site", "SITE_URL", "https://acme.com?a=1"),
        ("database", "DATABASE_URL", "csat"), ("database", "DATABASE_URL", "mysql://a:b@c/d"),
        ("database", "DATABASE_URL", "postgres://a:b@c:port/d"),
        ("database", "DATABASE_URL", "postgres://host"),
        ("mail", "EMAIL_URL", "smtp.acme.com"), ("mail", "EMAIL_URL", "smtp://a:b@c:port"),
        ("mail", "EMAIL_URL", "smtp://"),
        ("cache", "REDIS_URL", "localhost:6379"),
        ("level", "LOG_LEVEL", "loud"),
        ("issuer", "OIDC_ISSUER", "login.acme.com"), ("issuer", "OIDC_ISSUER", "https://a:b"),
        ("issuer", "OIDC_ISSUER", "https://ann:hush@acme.com"), ("issuer", "OIDC_ISSUER", "https://acme.com?a=1"),
        ("pairs", "OIDC_ROLES", "support"), ("pairs", "OIDC_ROLES", "a=agent,=admin"),
        ("pairs", "OIDC_ROLES", "a="),
        ("esp", "ANYMAIL_ESP", "pigeon"), ("esp", "ANYMAIL_ESP", "../base"),
    ],
)  # fmt: skip
def test_what_cannot_be_understood_is_refused_by_name(
    monkeypatch: Any, read: str, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    defaults = {
        "number": (0,),
        "site": ("http://localhost",),
        "database": ("sqlite:///csat.sqlite3",),
        "level": ("INFO",),
    }
    options = {"default": False} if read == "flag" else {}
    with pytest.raises(environment.Misunderstood, match=f"^{name}"):
        getattr(environment, read)(name, *defaults.get(read, ()), **options)


def test_an_issuer_has_a_path_and_no_closing_slash(monkeypatch: Any) -> None:
    monkeypatch.setenv("OIDC_ISSUER", "https://login.acme.com/realms/acme/")
    assert environment.issuer("OIDC_ISSUER") == "https://login.acme.com/realms/acme"


def test_the_left_of_a_pair_may_hold_blanks_and_equals_signs(monkeypatch: Any) -> None:
    monkeypatch.setenv("OIDC_ROLES", "support team = agent, cn=leads=manager,")
    assert environment.pairs("OIDC_ROLES") == [("support team", "agent"), ("cn=leads", "manager")]


def test_a_password_is_not_repeated(monkeypatch: Any) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgres://csat:hush@db:port/csat")
    monkeypatch.setenv("SITE_URL", "https://csat:hush@acme.com")
    for read, name in ((environment.database, "DATABASE_URL"), (environment.site, "SITE_URL")):
        with pytest.raises(environment.Misunderstood) as refused:
            read(name, "")
        assert "hush" not in str(refused.value)


def test_cookies_of_an_https_site_are_bound_to_its_host() -> None:
    """ASVS 3.3.1."""
    assert settings_of("SESSION_COOKIE_NAME", "CSRF_COOKIE_NAME", SITE_URL="https://csat.acme.com") == [
        "__Host-sessionid",
        "__Host-csrftoken",
    ]
    assert settings_of("SESSION_COOKIE_NAME", "CSRF_COOKIE_NAME", SITE_URL="http://127.0.0.1:8000") == [
        "sessionid",
        "csrftoken",
    ]


def test_an_https_site_is_asked_for_by_https_for_a_year() -> None:
    """ASVS 3.4.1."""
    names = ("SECURE_SSL_REDIRECT", "SECURE_HSTS_SECONDS", "SESSION_COOKIE_SECURE", "CSRF_COOKIE_SECURE")
    assert settings_of(*names, SITE_URL="https://csat.acme.com") == [True, 365 * 24 * 3600, True, True]
    assert settings_of(*names, SITE_URL="http://127.0.0.1:8000") == [False, 0, False, False]


def settings_of(*names: str, **environment: str) -> list[object]:
    """As another process reads them from this environment."""
    code = (
        "import json, django.conf; s = django.conf.settings;"
        f" print(json.dumps([getattr(s, name) for name in {names!r}]))"
    )
    kept = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME")}
    given = {"DJANGO_SETTINGS_MODULE": "project.settings", "SECRET_KEY": "x" * 50} | environment
    answer = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=kept | given, capture_output=True, text=True
    )
    values: list[object] = json.loads(answer.stdout)
    return values


def test_empty_is_unset(monkeypatch: Any) -> None:
    for name in ("TRUSTED_PROXIES", "ALLOWED_HOSTS", "RATE_LIMITS"):
        monkeypatch.setenv(name, "")
    assert environment.number("TRUSTED_PROXIES", 2) == 2
    assert environment.names("ALLOWED_HOSTS", ["localhost"]) == ["localhost"]
    assert environment.flag("RATE_LIMITS", default=True)


def test_names_may_stand_apart(monkeypatch: Any) -> None:
    monkeypatch.setenv("WIDGET_ORIGINS", "https://a.example, https://b.example,")
    assert environment.names("WIDGET_ORIGINS") == ["https://a.example", "https://b.example"]


def test_a_file_is_read_without_the_end_of_its_line(monkeypatch: Any, tmp_path: Path) -> None:
    (tmp_path / "token").write_text("$ecret\n")
    monkeypatch.setenv("METRICS_TOKEN_FILE", str(tmp_path / "token"))
    assert environment.text("METRICS_TOKEN") == "$ecret"


def test_a_file_that_is_not_there_is_named(monkeypatch: Any, tmp_path: Path) -> None:
    monkeypatch.setenv("METRICS_TOKEN_FILE", str(tmp_path / "none"))
    with pytest.raises(environment.Misunderstood, match="METRICS_TOKEN_FILE"):
        environment.text("METRICS_TOKEN")


@pytest.mark.parametrize("command", [["manage.py", "check"], ["-m", "bin.ops.preparing"]])
def test_whoever_starts_it_reads_the_words_alone(command: list[str], tmp_path: Path) -> None:
    env = {"CSAT_VAR": str(tmp_path), "TRUSTED_PROXIES": "one", "PATH": "/usr/bin:/bin"}
    answer = subprocess.run([sys.executable, *command], cwd=ROOT, env=env, capture_output=True, text=True)
    assert (answer.returncode, answer.stderr) == (1, "TRUSTED_PROXIES=one: give a whole number, 0 or more.\n")


def test_the_host_of_the_short_domain_is_answered_always() -> None:
    names = ("LINK_BASE", "ALLOWED_HOSTS")
    given = {"LINK_BASE": "https://acme.link/", "ALLOWED_HOSTS": "csat.acme.com"}
    assert settings_of(*names, **given) == ["https://acme.link", ["csat.acme.com", "acme.link"]]
    assert settings_of(*names, ALLOWED_HOSTS="csat.acme.com") == ["", ["csat.acme.com"]]
