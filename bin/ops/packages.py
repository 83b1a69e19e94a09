"""The Debian packages that the tests need: browsers, an emoji font, databases, curl, Node and Java."""

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path


class Missing(Exception):
    """Names the packages that are missing and could not be installed."""


def postgres_program(name: str) -> str | None:
    """The newest: Debian keeps them out of PATH, in one folder per version."""
    paths = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), key=lambda path: float(path.parts[4]))
    return str(paths[-1]) if paths else shutil.which(name)


def _has_emoji_font() -> bool:
    if Path("/usr/share/fonts/truetype/noto/NotoColorEmoji.ttf").exists():
        return True
    if not shutil.which("fc-list"):
        return False
    return bool(subprocess.run(["fc-list", ":lang=und-zsye"], capture_output=True, text=True).stdout)


BROWSER = "chromium-headless-shell"
NEEDED: dict[str, Callable[[], object]] = {
    BROWSER: lambda: shutil.which(BROWSER),
    "postgresql": lambda: postgres_program("initdb"),
    "pgbouncer": lambda: shutil.which("pgbouncer", path=f"{os.environ['PATH']}:/usr/sbin"),
    "redis-server": lambda: shutil.which("redis-server"),
    "fonts-noto-color-emoji": _has_emoji_font,
    "curl": lambda: shutil.which("curl"),  # for the commands of docs/integrators.md
    "nodejs": lambda: shutil.which("node"),
    "npm": lambda: shutil.which("npm"),
    "default-jre-headless": lambda: shutil.which("java"),  # for the Nu HTML checker
    "firefox-esr": lambda: shutil.which("firefox-esr"),
    "webkit2gtk-driver": lambda: shutil.which("WebKitWebDriver"),  # what Safari is made of
    "xvfb": lambda: shutil.which("Xvfb"),  # WebKit's browser needs a screen
    # the checkers of the files in deploy/
    "systemd": lambda: shutil.which("systemd-analyze"),
    "prometheus": lambda: shutil.which("promtool"),
    "caddy": lambda: shutil.which("caddy"),
    "nginx-light": lambda: shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin"),
    "openssl": lambda: shutil.which("openssl"),
}


def ensure() -> None:
    """Install missing packages when running as root. Raises Missing with the names of those still missing."""
    missing = _missing()
    if missing and os.geteuid() == 0 and shutil.which("apt-get"):
        _install(missing)
        missing = _missing()
    if BROWSER in missing and shutil.which("chromium"):  # three times as slow, and does as well
        missing.remove(BROWSER)
    if missing:
        raise Missing(
            f"cannot run without the Debian packages {' '.join(missing)}: install them, or run this as root"
        )


def _missing() -> list[str]:
    return [package for package, is_there in NEEDED.items() if not is_there()]


def _install(names: list[str]) -> None:
    print("Installing " + " ".join(names) + " ...", flush=True)
    quiet = dict(os.environ, DEBIAN_FRONTEND="noninteractive", RUNLEVEL="1")  # RUNLEVEL: start no services
    for command in (["update"], ["install", "-y", "--no-install-recommends", *names]):
        subprocess.run(
            ["apt-get", "-qq", *command], env=quiet, stdout=subprocess.DEVNULL, stdin=subprocess.DEVNULL
        )
