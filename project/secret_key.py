"""The keys of an installation that was given none: made once in var/ by the first command.

SECRET_KEY signs logins; SECRETS_KEY encrypts the secrets of other systems.
"""

import os
import secrets
from pathlib import Path

from csat.lib import tokens
from project import environment as env

VAR_DIR = env.folder("CSAT_VAR", Path(__file__).resolve().parent.parent / "var")
FILE = VAR_DIR / "secret_key"
SECRETS_FILE = VAR_DIR / "secrets_key"


def make() -> None:
    """Call before the settings are read. Atomic: of several processes, the first one's keys are kept."""
    for name, file in (("SECRET_KEY", FILE), ("SECRETS_KEY", SECRETS_FILE)):
        if not (env.text(name) or file.exists()):
            _make(file)


def _make(kept: Path) -> None:
    part = kept.with_suffix(f".{os.getpid()}")
    with open(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(secrets.token_urlsafe(50))
    try:
        os.link(part, kept)
    except FileExistsError:
        pass
    finally:
        part.unlink()


def read(*, passing: bool) -> str:
    """SECRET_KEY, or the key in the file. `passing`: without either, a key for this process alone."""
    if given := env.text("SECRET_KEY"):
        return given
    if FILE.exists():
        return FILE.read_text().strip()
    if passing:
        return secrets.token_urlsafe(50)
    raise env.Misunderstood(
        f"SECRET_KEY is not set, and {FILE} is not there. "
        "Set it, or let bin/run or any manage.py command make the file."
    )


def read_secrets(secret_key: str) -> list[str]:
    """SECRETS_KEY, several with commas, then the key in the file; the first encrypts, all of them read.

    The last is made of the SECRET_KEY: it serves a process that starts before there is either.
    """
    kept = [SECRETS_FILE.read_text().strip()] if SECRETS_FILE.exists() else []
    return [*env.names("SECRETS_KEY"), *kept, tokens.derive(secret_key, "secrets key")]
