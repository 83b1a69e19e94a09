"""The environment, read by name: a file may hold the value, empty is unset, and what cannot be understood is refused by name."""

import importlib.util
import logging
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured

YES, NO = {"1", "true", "yes", "on", "y", "t", "ok"}, {"0", "false", "no", "off", "n", "f"}
DATABASES = ("sqlite://", "postgres://", "postgresql://")
LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
SECRET = ("KEY", "TOKEN", "SECRET", "_URL", "DSN")  # in a name: its value is not repeated


class Misunderstood(ImproperlyConfigured):
    """In words for whoever starts the application."""


def text(name: str, default: str = "") -> str:
    """The variable `name`, or what stands in the file that `name`_FILE names."""
    file = os.environ.get(f"{name}_FILE")
    if not file:
        return os.environ.get(name) or default
    try:
        return Path(file).read_text().rstrip("\r\n") or default
    except (OSError, UnicodeDecodeError) as trouble:
        raise Misunderstood(f"{name}_FILE={file}: this file cannot be read ({trouble}).") from trouble


def number(name: str, default: int, *, least: int = 0) -> int:
    given = text(name)
    if given and not (given.isascii() and given.isdecimal() and int(given) >= least):
        raise _refused(name, f"give a whole number, {least} or more")
    return int(given or default)


def flag(name: str, *, default: bool) -> bool:
    given = text(name).lower()
    if given and given not in YES | NO:
        raise _refused(name, "say on or off")
    return given in YES if given else default


def names(name: str, default: list[str] | None = None) -> list[str]:
    """Separated by commas."""
    return [one.strip() for one in text(name).split(",") if one.strip()] or default or []


def site(name: str, default: str) -> str:
    """An address without a closing slash."""
    given = text(name, default).rstrip("/")
    if not _understood(name, "http://HOST or https://HOST", lambda: _is_site(given)):
        raise _refused(name, "give http://HOST or https://HOST")
    return given


def database(name: str, default: str) -> dict[str, Any]:
    example = "sqlite:///FILE or postgres://USER:PASSWORD@HOST/NAME (a # or / in the password as %23, %2F)"
    given = text(name, default)
    found = _understood(name, example, lambda: environ.Env.db_url_config(given)) if given.startswith(DATABASES) else {}
    if not found.get("NAME"):
        raise _refused(name, f"give {example}")
    return dict(found)


def mail(name: str) -> dict[str, Any]:
    """Host, port and the rest of an SMTP server; empty when none is named."""
    example = "smtp://USER:PASSWORD@HOST:PORT, smtp+tls:// or smtps:// (a @ or / in the password as %40, %2F)"
    given = text(name)
    found = _understood(name, example, lambda: environ.Env.email_url_config(given)) if given.startswith("smtp") else {}
    if given and not found.get("EMAIL_HOST"):
        raise _refused(name, f"give {example}")
    return dict(found)


def cache(name: str) -> str:
    given = text(name)
    if given and not given.startswith(("redis://", "rediss://", "unix://")):
        raise _refused(name, "give redis://HOST:PORT/NUMBER, or rediss://")
    return given


def level(name: str, default: str) -> str:
    given = text(name, default).upper()
    if given not in logging.getLevelNamesMapping():
        raise _refused(name, f"choose from {', '.join(LEVELS)}")
    return given


def esp(name: str) -> str:
    """One of Anymail's backends."""
    given = text(name).lower()
    if given and not (given.isidentifier() and importlib.util.find_spec(f"anymail.backends.{given}")):
        raise _refused(name, "Anymail knows none of this name; it knows mailgun, postmark, sendgrid and others")
    return given


def folder(name: str, default: Path) -> Path:
    """A folder to write in, made when it is not there."""
    found = Path(text(name) or default)
    try:
        found.mkdir(parents=True, exist_ok=True)
    except OSError as trouble:
        raise Misunderstood(f"{name}={found}: this folder cannot be made ({trouble.strerror}).") from trouble
    return found


def _is_site(given: str) -> bool:
    parts = urlsplit(given)
    return parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0 and not parts.query and not parts.fragment


def _understood(name: str, example: str, read: Callable[[], Any]) -> Any:
    try:
        return read()
    except (ValueError, ImproperlyConfigured) as trouble:
        raise _refused(name, f"give {example}") from trouble


def _refused(name: str, wanted: str) -> Misunderstood:
    shown = "" if any(part in name for part in SECRET) and name != "SITE_URL" else f"={text(name)}"
    return Misunderstood(f"{name}{shown}: {wanted}.")
