"""The secret key when SECRET_KEY is not set: made once in var/ by the first command, read by the settings."""

import os
import secrets
from pathlib import Path

from project import environment as env

VAR_DIR = env.folder("CSAT_VAR", Path(__file__).resolve().parent.parent / "var")
FILE = VAR_DIR / "secret_key"


def make() -> None:
    """Call before the settings are read. Atomic: of several processes, the first one's key is kept."""
    if env.text("SECRET_KEY") or FILE.exists():
        return
    part = FILE.with_suffix(f".{os.getpid()}")
    with open(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(secrets.token_urlsafe(50))
    try:
        os.link(part, FILE)
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
