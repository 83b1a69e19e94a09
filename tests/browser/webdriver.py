"""Safari's and Firefox's engines, driven as their makers drive them: WebKit by W3C WebDriver, Firefox by
Marionette, which speaks the same commands over a socket of its own.
"""

import contextlib
import itertools
import json
import os
import socket
import subprocess
import time
import urllib.error
import urllib.request
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

ELEMENT = "element-6066-11e4-a52e-4f735466cecf"  # https://www.w3.org/TR/webdriver2/#elements
PATIENCE = 30  # seconds; a busy machine is not a defect


class Refused(Exception):
    """The browser could not do it: no such element, not to be clicked, ..."""


class Driver(ABC):
    """What a test does with a browser. Elements are named by CSS; each action waits until it can be done."""

    @abstractmethod
    def _call(self, command: str, **fields: Any) -> Any:
        """One command of ROUTES. Raises Refused."""

    def open(self, url: str) -> None:
        self._call("Navigate", url=url)

    def click(self, css: str) -> None:
        self._soon(lambda: self._call("ElementClick", id=self._find(css)))

    def type(self, css: str, text: str) -> None:
        self._soon(lambda: self._call("ElementSendKeys", id=self._find(css), text=text))

    def text(self, css: str) -> str:
        return str(self._soon(lambda: self._call("GetElementText", id=self._find(css))))

    def run(self, script: str) -> Any:
        return self._call("ExecuteScript", script=script, args=[])

    def into(self, css: str) -> None:
        """Go on inside this frame."""
        self._soon(lambda: self._call("SwitchToFrame", frame=self._find(css)))

    def out(self) -> None:
        self._call("SwitchToFrame", frame=None)

    def wait_for_text(self, css: str, words: str) -> None:
        def look() -> None:
            if words not in (there := self._call("GetElementText", id=self._find(css))):
                raise Refused(f"{words!r} is not in {there!r}")

        self._soon(look)

    def _find(self, css: str) -> str:
        return str(self._call("FindElement", using="css selector", value=css)[ELEMENT])

    def _soon(self, act: Callable[[], Any]) -> Any:
        until = time.monotonic() + PATIENCE
        while True:
            try:
                return act()
            except Refused:
                if time.monotonic() > until:
                    raise
                time.sleep(0.1)


class WebKit(Driver):
    """By WebKitWebDriver, over HTTP."""

    ROUTES = {
        "Navigate": ("POST", "/url"),
        "FindElement": ("POST", "/element"),
        "ElementClick": ("POST", "/element/{id}/click"),
        "ElementSendKeys": ("POST", "/element/{id}/value"),
        "GetElementText": ("GET", "/element/{id}/text"),
        "ExecuteScript": ("POST", "/execute/sync"),
        "SwitchToFrame": ("POST", "/frame"),
    }

    def __init__(self, port: int) -> None:
        self.base = f"http://127.0.0.1:{port}/session"
        session = self._request("POST", "", {"capabilities": {}})
        self.base += f"/{session['sessionId']}"

    def close(self) -> None:
        self._request("DELETE", "", None)

    def _call(self, command: str, **fields: Any) -> Any:
        method, path = self.ROUTES[command]
        if fields.get("frame"):
            fields["id"] = {ELEMENT: fields.pop("frame")}
        elif "frame" in fields:
            fields = {"id": None}
        path = path.format_map(fields)
        return self._request(method, path, fields if method == "POST" else None)

    def _request(self, method: str, path: str, fields: Any) -> Any:
        body = None if fields is None else json.dumps(fields).encode()
        headers = {"Content-Type": "application/json"}
        request = urllib.request.Request(self.base + path, body, headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
                return json.load(answer)["value"]
        except urllib.error.HTTPError as error:
            raise Refused(error.read().decode()) from error


class Firefox(Driver):
    """By Marionette: `length:[0, id, command, fields]` there, `length:[1, id, error, answer]` back.

    https://firefox-source-docs.mozilla.org/testing/marionette/Protocol.html
    """

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
        self.stream = self.socket.makefile("rb")
        self.ids = itertools.count(1)
        self._receive()  # it says hello first
        self._call("NewSession")

    def close(self) -> None:
        self.socket.close()

    def _call(self, command: str, **fields: Any) -> Any:
        if fields.get("frame"):
            fields["element"] = fields.pop("frame")
        elif "frame" in fields:
            fields = {"id": None}
        message = json.dumps([0, next(self.ids), f"WebDriver:{command}", fields]).encode()
        self.socket.sendall(b"%d:%s" % (len(message), message))
        _kind, _id, error, answer = self._receive()
        if error:
            raise Refused(f"{error['error']}: {error['message']}")
        return answer["value"] if isinstance(answer, dict) and set(answer) == {"value"} else answer

    def _receive(self) -> Any:
        length = b""
        while (byte := self.stream.read(1)) != b":":
            length += byte
        return json.loads(self.stream.read(int(length)))


@contextlib.contextmanager
def webkit(folder: Path) -> Iterator[WebKit]:
    port = _free_port()
    with _screen(folder) as display, _process(["WebKitWebDriver", f"--port={port}"], display):
        _wait_for(port)
        driver = WebKit(port)
        try:
            yield driver
        finally:
            driver.close()


@contextlib.contextmanager
def firefox(folder: Path) -> Iterator[Firefox]:
    port = _free_port()
    preferences = {"marionette.port": port, "browser.startup.page": 0, "browser.aboutwelcome.enabled": False}
    lines = [f'user_pref("{name}", {json.dumps(value)});\n' for name, value in preferences.items()]
    (folder / "user.js").write_text("".join(lines))
    command = ["firefox-esr", "--headless", "--marionette", "--no-remote", "--profile", str(folder)]
    with _process(command, {}):
        _wait_for(port)
        driver = Firefox(port)
        try:
            yield driver
        finally:
            driver.close()


@contextlib.contextmanager
def _screen(folder: Path) -> Iterator[dict[str, str]]:
    """A screen in memory; the environment that names it."""
    number = folder / "display"
    with number.open("wb") as out:
        command = [
            "Xvfb",
            "-displayfd",
            str(out.fileno()),
            "-screen",
            "0",
            "1280x1024x24",
            "-nolisten",
            "tcp",
        ]
        with _process(command, {}, pass_fds=(out.fileno(),)):
            until = time.monotonic() + PATIENCE
            while not number.read_text().endswith("\n"):
                assert time.monotonic() < until, "Xvfb did not start"
                time.sleep(0.05)
            yield {"DISPLAY": f":{number.read_text().strip()}"}


@contextlib.contextmanager
def _process(command: list[str], env: dict[str, str], **options: Any) -> Iterator[None]:
    quiet = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    process = subprocess.Popen(command, env=os.environ | env, **quiet, **options)
    try:
        yield
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def _wait_for(port: int) -> None:
    until = time.monotonic() + 2 * PATIENCE
    while time.monotonic() < until:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)):
            return
        time.sleep(0.1)
    raise TimeoutError(f"nobody answers on port {port}")
