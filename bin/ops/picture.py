"""Run by the environment's Python: a demo of its own on a free port, and Chromium looking at its inbox as a
manager.
"""

import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

from playwright.sync_api import sync_playwright

ROOT = Path(__file__).resolve().parents[2]
PICTURE = ROOT / "docs" / "img" / "inbox.png"
SIZE = {"width": 1280, "height": 800}
CHROMIUM = shutil.which("chromium-headless-shell") or shutil.which("chromium")


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="csat-picture-") as var:
        port = _free_port()
        env = os.environ | {"CSAT_VAR": var, "PORT": str(port), "HOST": "127.0.0.1"}
        with (Path(var) / "run.log").open("w+") as log:
            running = subprocess.Popen(
                [sys.executable, "bin/run"],
                cwd=ROOT,
                env=env,
                stdout=log,
                stderr=subprocess.STDOUT,
                text=True,
            )
            try:
                _wait_for(f"http://127.0.0.1:{port}/login/")
                _take(f"http://127.0.0.1:{port}", *_manager(Path(log.name)))
            finally:
                running.terminate()
                running.wait(30)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_for(address: str, *, seconds: float = 120) -> None:
    until = time.monotonic() + seconds
    while True:
        try:
            with urllib.request.urlopen(address, timeout=5):  # noqa: S310 (our own server on this machine)
                return
        except OSError:
            if time.monotonic() > until:
                raise
            time.sleep(0.5)


def _manager(log: Path) -> tuple[str, str]:
    """The manager's name and password, as bin/run prints them."""
    until = time.monotonic() + 30
    while not (found := re.search(r"^ *login: (\S+) / (\S+) +\(manager\)", log.read_text(), re.MULTILINE)):
        if time.monotonic() > until:
            sys.exit(f"bin/run printed no login of a manager:\n{log.read_text()}")
        time.sleep(0.5)
    return found[1], found[2]


def _take(site: str, name: str, password: str) -> None:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page(base_url=site, viewport=SIZE, reduced_motion="reduce")
        page.goto("/inbox/")
        page.get_by_label("Username").fill(name)
        page.get_by_label("Password").fill(password)
        page.get_by_role("button", name="Log in").click()
        page.goto("/inbox/")
        page.wait_for_load_state("networkidle")
        page.screenshot(path=PICTURE)
        browser.close()
    print(f"{PICTURE.relative_to(ROOT)}: {PICTURE.stat().st_size // 1024} KB")


if __name__ == "__main__":
    main()
