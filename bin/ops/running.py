"""The run command: prepare, start the web server and the workers, supervise them, stop them."""

import argparse
import errno
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

# the host of our own URL, when we listen on every address
LOOPBACK = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}  # noqa: S104 (compared with, not listened on)


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
        python = str(venv.ensure("requirements.lock"))
    except venv.CannotInstall as trouble:
        print(trouble)
        return 1
    prepared = subprocess.run(
        [python, "-m", "bin.ops.preparing", *([] if demo else ["--no-demo"])],
        env=env,
        stdout=subprocess.PIPE,
        text=True,
    )
    if prepared.returncode:
        print("bin/run could not prepare the application: see the lines above.")
        return 1
    if _refused(host, port):  # somebody else started meanwhile
        return 1
    site = env["SITE_URL"]
    supervisor = Supervisor(services(python, host, port), env=env, ages=lambda: _ages(site, port))
    with supervisor:
        if not supervisor.wait_until(lambda: _answers(site, port), seconds=120):
            print("bin/run: the web server does not answer; see the lines above.")
            return 1
        print(_welcome(site, prepared.stdout, chat=_chat(env)), flush=True)
        supervisor.watch()
    return 0


def services(python: str, host: str, port: str) -> list[Service]:
    options = f"--interface wsgi --host {host} --port {port} --workers 1 --blocking-threads 4 --no-ws"
    options += " --log-level warning --respawn-failed-workers"
    return [
        Service("web", [python, "-m", "granian", *options.split(), "project.wsgi:application"]),
        Service("workers", [python, "manage.py", "workers"]),
    ]


def _environment(host: str, port: str) -> dict[str, str]:
    """Variables that are not set get values for a try-out on this machine."""
    here = _reached(host)
    ours = {
        "HOST": host,
        "PORT": port,
        "SITE_URL": f"http://{here}:{port}",
        "LOG_LEVEL": "WARNING",
        "PYTHONUNBUFFERED": "1",
    }
    if here == "127.0.0.1":
        ours["WIDGET_ORIGINS"] = f"http://localhost:{port}"  # the demo's host page: another origin
        ours["WEBHOOK_ALLOW"] = f"127.0.0.1:{port}"  # ourselves: the demo's webhook is taken by this server
    return ours | dict(os.environ) | {"HOST": host, "PORT": port}


def _reached(host: str) -> str:
    """The host to put into a URL for a server that listens on `host`."""
    return LOOPBACK.get(host) or (f"[{host}]" if ":" in host else host)


def _refused(host: str, port: str) -> bool:
    reason = _why_not(host, port)
    if reason:
        hint = "Set PORT to a free one, e.g. PORT=8001 bin/run"
        print(f"bin/run cannot listen on {host}:{port}: {reason}. {hint}", flush=True)
    return bool(reason)


def _why_not(host: str, port: str) -> str:
    """Why nothing can listen on this address, as text; empty when it can."""
    if not port.isdecimal() or not 0 < int(port) < 65536:
        return "that is not a port"
    try:
        family, kind, *_, address = socket.getaddrinfo(
            host or None, int(port), type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        with socket.socket(family, kind) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
            probe.listen(1)
    except OSError as error:
        return "the port is taken" if error.errno == errno.EADDRINUSE else (error.strerror or str(error))
    return ""


def _answers(site: str, port: str) -> bool:
    try:
        return bool(_get(site, port, "/health/live"))
    except OSError:
        return False


def _ages(site: str, port: str) -> Mapping[str, float]:
    """Seconds since the last heartbeat of the cluster that gave none for longest, as the application says."""
    try:
        health = json.loads(_get(site, port, "/health/ready"))
    except urllib.error.HTTPError as not_ready:
        health = json.loads(not_ready.read() or b"{}")
    except (OSError, ValueError):
        return {}
    ages = [age for age in health.get("workers", {}).values() if age is not None]
    return {"workers": max(ages)} if ages else {}


def _get(site: str, port: str, path: str) -> bytes:
    """From our own server on this machine, with the Host header of its public name."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    url = f"http://{_reached(os.environ.get('HOST') or '127.0.0.1')}:{port}{path}"
    request = urllib.request.Request(url, headers={"Host": urllib.parse.urlsplit(site).netloc})
    with opener.open(request, timeout=5) as answer:
        body: bytes = answer.read()
    return body


def _chat(env: Mapping[str, str]) -> str:
    """The demo's host page, while WIDGET_ORIGINS and SITE_URL have our own values."""
    origin, site = f"http://localhost:{env['PORT']}", f"http://127.0.0.1:{env['PORT']}"
    ours = env.get("WIDGET_ORIGINS") == origin and env["SITE_URL"] == site
    return f"{origin}/demo/chat/" if ours else ""


def _welcome(site: str, logins: str, *, chat: str = "") -> str:
    chat = f"\n\n  A shop with a chat, to try the rating card: {chat}" if chat else ""
    return f"\n  {site}\n\n{logins.rstrip()}{chat}\n\n  Ctrl-C stops everything.\n"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="bin/run",
        description=__doc__,
        epilog="HOST (127.0.0.1) and PORT (8000) come from the environment.",
    )
    parser.add_argument("--no-demo", action="store_true", help="start with an empty database")
    return parser


def _stop(*_: object) -> None:
    raise Stopped
