"""What the tests need beside Python, from Debian's packages: a browser, an emoji font, PostgreSQL, Redis, curl and Node."""

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path


class Missing(Exception):
    """Names what is not there and could not be installed."""


def postgres_program(name: str) -> str | None:
    """Debian keeps the servers' programs out of PATH, one folder a version: the newest is taken."""
    found = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), key=lambda path: float(path.parts[4]))
    return str(found[-1]) if found else shutil.which(name)


def _emoji_font() -> bool:
    fonts = subprocess.run(["fc-list", ":lang=und-zsye"], capture_output=True, text=True).stdout if shutil.which("fc-list") else ""
    return bool(fonts) or Path("/usr/share/fonts/truetype/noto/NotoColorEmoji.ttf").exists()


BROWSER = "chromium-headless-shell"
NEEDED: dict[str, Callable[[], object]] = {
    BROWSER: lambda: shutil.which(BROWSER),
    "postgresql": lambda: postgres_program("initdb"),
    "redis-server": lambda: shutil.which("redis-server"),
    "fonts-noto-color-emoji": _emoji_font,
    "curl": lambda: shutil.which("curl"),  # for the commands of docs/integrators.md
    "nodejs": lambda: shutil.which("node"),
}


def ensure() -> None:
    """Install what is missing when we may; raises Missing with the names of what is still not there."""
    missing = _missing()
    if missing and os.geteuid() == 0 and shutil.which("apt-get"):
        _install(missing)
        missing = _missing()
    if BROWSER in missing and shutil.which("chromium"):  # three times as slow, and does as well
        missing.remove(BROWSER)
    if missing:
        raise Missing(f"cannot run without the Debian packages {' '.join(missing)}: install them, or run this as root")


def _missing() -> list[str]:
    return [package for package, is_there in NEEDED.items() if not is_there()]


def _install(names: list[str]) -> None:
    print("Installing " + " ".join(names) + " ...", flush=True)
    quiet = dict(os.environ, DEBIAN_FRONTEND="noninteractive", RUNLEVEL="1")  # RUNLEVEL: start no services
    for command in (["update"], ["install", "-y", "--no-install-recommends", *names]):
        subprocess.run(["apt-get", "-qq", *command], env=quiet, stdout=subprocess.DEVNULL, stdin=subprocess.DEVNULL)
