"""Read environment variables: NAME_FILE may name a file, empty means unset, a bad value is an error."""

import importlib.util
import logging
import os
from collections.abc import Callable, Collection
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured

from csat.lib.types import JsonObject

YES, NO = {"1", "true", "yes", "on", "y", "t", "ok"}, {"0", "false", "no", "off", "n", "f"}
DATABASES = ("sqlite://", "postgres://", "postgresql://")
LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
SECRET = ("KEY", "TOKEN", "SECRET", "_URL", "DSN")  # in a name: its value is not printed


Parsed = TypeVar("Parsed")


class Misunderstood(ImproperlyConfigured):
    """A bad value; the message is for whoever starts the application."""


def text(name: str, default: str = "") -> str:
    """The variable `name`, or the content of the file that `name`_FILE names."""
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
    return [item.strip() for item in text(name).split(",") if item.strip()] or default or []


def site(name: str, default: str) -> str:
    """A URL without a closing slash."""
    given = text(name, default).rstrip("/")
    if not _parsed(name, "http://HOST or https://HOST", lambda: _is_site(given)):
        raise _refused(name, "give http://HOST or https://HOST, without a path, a user name or a password")
    return given


def issuer(name: str) -> str:
    """The URL of an identity provider, as it calls itself, without a closing slash."""
    given = text(name).rstrip("/")
    if given and not _parsed(name, "https://HOST/PATH", lambda: _is_issuer(given)):
        raise _refused(name, "give https://HOST or https://HOST/PATH, as the provider's own pages name it")
    return given


def pairs(name: str) -> list[tuple[str, str]]:
    """`this=that`, separated by commas; `this` may hold a = itself."""
    items = [tuple(part.strip() for part in item.rpartition("=")[::2]) for item in names(name)]
    if not all(left and right for left, right in items):
        raise _refused(name, "give pairs such as support=agent,leads=manager")
    return [(left, right) for left, right in items]


def database(name: str, default: str) -> JsonObject:
    example = "sqlite:///FILE or postgres://USER:PASSWORD@HOST/NAME (a # or / in the password as %23, %2F)"
    given = text(name, default)
    config: JsonObject = {}
    if given.startswith(DATABASES):
        config = dict(_parsed(name, example, lambda: environ.Env.db_url_config(given)))
    if not config.get("NAME"):
        raise _refused(name, f"give {example}")
    return config


def mail(name: str) -> JsonObject:
    """Host, port and the rest of an SMTP server; empty when none is named."""
    example = "smtp://USER:PASSWORD@HOST:PORT, smtp+tls:// or smtps:// (a @ or / in the password as %40, %2F)"
    given = text(name)
    config: JsonObject = {}
    if given.startswith("smtp"):
        config = dict(_parsed(name, example, lambda: environ.Env.email_url_config(given)))
    if given and not config.get("EMAIL_HOST"):
        raise _refused(name, f"give {example}")
    return config


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


def choice(name: str, choices: Collection[str], default: str) -> str:
    given = text(name, default).lower()
    if given not in choices:
        raise _refused(name, f"choose from {', '.join(choices)}")
    return given


def esp(name: str) -> str:
    """One of Anymail's backends."""
    given = text(name).lower()
    if given and not (given.isidentifier() and importlib.util.find_spec(f"anymail.backends.{given}")):
        raise _refused(
            name, "Anymail knows none of this name; it knows mailgun, postmark, sendgrid and others"
        )
    return given


def folder(name: str, default: Path) -> Path:
    """A folder to write in, created when it does not exist."""
    path = Path(text(name) or default)
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as trouble:
        raise Misunderstood(f"{name}={path}: this folder cannot be made ({trouble.strerror}).") from trouble
    return path


def _is_site(given: str) -> bool:
    parts = urlsplit(given)
    return (
        parts.scheme in ("http", "https")
        and bool(parts.hostname)
        and (parts.port or 1) > 0
        and not (parts.path or parts.query or parts.fragment or "@" in parts.netloc)
    )


def _is_issuer(given: str) -> bool:
    parts = urlsplit(given)
    return (
        parts.scheme in ("http", "https")
        and bool(parts.hostname)
        and (parts.port or 1) > 0
        and not (parts.query or parts.fragment or "@" in parts.netloc)
    )


def _parsed(name: str, example: str, parse: Callable[[], Parsed]) -> Parsed:
    try:
        return parse()
    except (ValueError, ImproperlyConfigured) as trouble:
        raise _refused(name, f"give {example}") from trouble


def _refused(name: str, wanted: str) -> Misunderstood:
    secret = any(part in name for part in SECRET) and name != "SITE_URL"
    shown = "" if secret or "@" in text(name) else f"={text(name)}"
    return Misunderstood(f"{name}{shown}: {wanted}.")
