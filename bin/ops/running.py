"""The run command: prepare, start the web server and both workers, watch over them, stop them."""

import argparse
import json
import os
import signal
import socket
import subprocess
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping

from ops import venv
from ops.supervising import Service, Supervisor

EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}  # noqa: S104 (not a place to listen, but how to reach it)


class Stopped(BaseException):
    """Ctrl-C or SIGTERM."""


def main(arguments: list[str]) -> int:
    options = _parser().parse_args(arguments)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _stop)
    try:
        return _run(demo=not options.no_demo)
    except Stopped:
        print("\nStopped.", flush=True)
        return 0


def _run(*, demo: bool) -> int:
    host, port = os.environ.get("HOST") or "127.0.0.1", os.environ.get("PORT") or "8000"
    if _refused(host, port):
        return 1
    env = _environment(host, port)
    try:
        python = str(venv.ensure("requirements.txt"))
    except venv.CannotInstall as trouble:
        print(trouble)
        return 1
    prepared = subprocess.run(
        [python, "bin/ops/preparing.py", *([] if demo else ["--no-demo"])], env=env, stdout=subprocess.PIPE, text=True
    )
    if prepared.returncode:
        print("bin/run could not prepare the application: see the lines above.")
        return 1
    if _refused(host, port):  # somebody else started meanwhile
        return 1
    site = env["SITE_URL"]
    supervisor = Supervisor(_services(python, host, port), env=env, ages=lambda: _ages(site, port))
    with supervisor:
        if not supervisor.wait_until(lambda: _answers(site, port), seconds=120):
            print("bin/run: the web server does not answer; see the lines above.")
            return 1
        print(_welcome(site, prepared.stdout, chat=_chat(env)), flush=True)
        supervisor.watch()
    return 0


def _services(python: str, host: str, port: str) -> list[Service]:
    web = [python, "-m", "granian", "--interface", "wsgi", "--host", host, "--port", port, "--workers", "1", "--blocking-threads", "4"]
    web += ["--no-ws", "--log-level", "warning", "--respawn-failed-workers", "project.wsgi:application"]
    return [
        Service("web", web),
        Service("surveys", [python, "manage.py", "qcluster"]),
        Service("outward", [python, "manage.py", "qcluster", "-n", "outward"]),
    ]


def _environment(host: str, port: str) -> dict[str, str]:
    """What the environment leaves open is set for a look around on this machine."""
    here = _reached(host)
    ours = {"HOST": host, "PORT": port, "SITE_URL": f"http://{here}:{port}", "LOG_LEVEL": "WARNING", "PYTHONUNBUFFERED": "1"}
    if here == "127.0.0.1":
        ours["WIDGET_ORIGINS"] = f"http://localhost:{port}"  # the demo's host page: another origin, the same machine
    return ours | dict(os.environ) | {"HOST": host, "PORT": port}


def _reached(host: str) -> str:
    """The host of an address that leads to who listens there."""
    return EVERYWHERE.get(host) or (f"[{host}]" if ":" in host else host)


def _refused(host: str, port: str) -> bool:
    trouble = _taken(host, port)
    if trouble:
        print(f"bin/run cannot listen on {host}:{port}: {trouble}. Set PORT to a free one, e.g. PORT=8001 bin/run", flush=True)
    return bool(trouble)


def _taken(host: str, port: str) -> str:
    """Why this address cannot be listened on, in words; empty when it can."""
    if not port.isdecimal() or not 0 < int(port) < 65536:
        return "that is not a port"
    try:
        family, kind, *_, address = socket.getaddrinfo(host or None, int(port), type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        with socket.socket(family, kind) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
            probe.listen(1)
    except OSError as trouble:
        return "the port is taken" if trouble.errno == 98 else (trouble.strerror or str(trouble))
    return ""


def _answers(site: str, port: str) -> bool:
    try:
        return bool(_get(site, port, "/health/live"))
    except OSError:
        return False


def _ages(site: str, port: str) -> Mapping[str, float]:
    """How long ago each worker last showed a sign of life, as the application sees it."""
    try:
        words = json.loads(_get(site, port, "/health/ready"))
    except urllib.error.HTTPError as not_ready:
        words = json.loads(not_ready.read() or b"{}")
    except (OSError, ValueError):
        return {}
    return {name: age for name, age in words.get("workers", {}).items() if age is not None}


def _get(site: str, port: str, path: str) -> bytes:
    """Our own server on this machine, spoken to by the name it is known by outside."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    url = f"http://{_reached(os.environ.get('HOST') or '127.0.0.1')}:{port}{path}"
    request = urllib.request.Request(url, headers={"Host": urllib.parse.urlsplit(site).netloc})
    with opener.open(request, timeout=5) as answer:
        body: bytes = answer.read()
    return body


def _chat(env: Mapping[str, str]) -> str:
    """The demo's host page, when the sites that may show the card are still ours."""
    ours = f"http://localhost:{env['PORT']}"
    return f"{ours}/demo/chat/" if env.get("WIDGET_ORIGINS") == ours and env["SITE_URL"] == f"http://127.0.0.1:{env['PORT']}" else ""


def _welcome(site: str, logins: str, *, chat: str = "") -> str:
    chat = f"\n\n  A shop with a chat, to try the rating card: {chat}" if chat else ""
    return f"\n  {site}\n\n{logins.rstrip()}{chat}\n\n  Ctrl-C stops everything.\n"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="bin/run", description=__doc__, epilog="HOST (127.0.0.1) and PORT (8000) come from the environment."
    )
    parser.add_argument("--no-demo", action="store_true", help="start with an empty database")
    return parser


def _stop(*_: object) -> None:
    raise Stopped
