"""1,000 Web Chat widgets that wait: what their polling costs the server, beside a view that does nothing."""

import http.client
import json
import os
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from urllib.parse import urlsplit

ROOT = Path(__file__).resolve().parent.parent
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "project.settings")

WIDGETS, PERIOD, REQUESTS, THREADS = 1000, 8, 4000, 8
ORIGIN = "https://shop.example"
TICK = os.sysconf("SC_CLK_TCK")


def main() -> None:
    tokens = _waiting(WIDGETS)
    port = _free_port()
    site = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "granian", "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(port), "--workers", "1"]
    command += ["--blocking-threads", "4", "--no-ws", "--log-level", "warning", "project.wsgi:application"]
    server = subprocess.Popen(command, cwd=ROOT, env=os.environ | {"SITE_URL": site, "WIDGET_ORIGINS": ORIGIN})
    try:
        _until_it_answers(site)
        bare = _measure(site, ["/health/live"] * WIDGETS, server.pid, etags={})
        etags: dict[str, str] = {}
        paths = [f"/widget/state/{token}" for token in tokens]
        _measure(site, paths, server.pid, etags=etags, requests=WIDGETS)  # the first answers, with their ETags
        ours = _measure(site, paths, server.pid, etags=etags)
        _say("CPU of one waiting widget's poll (304)", ours * 1000, bare * 1000, "ms", "< 3 x a bare view")
        _say("one core's share for 1,000 waiting widgets", ours * WIDGETS / PERIOD * 100, 100, "%", "< 100 %")
        _say("memory of the web server after it", _rss(server.pid), None, "MB", "< 250 MB")
    finally:
        server.terminate()
        server.wait(20)


def _waiting(count: int) -> list[str]:
    """Tokens of open Web Chat sessions."""
    import django

    django.setup()
    from csat.people import contacts
    from csat.sessions import intake
    from csat.surveys import links
    from csat.timeline.recording import SYSTEM

    sessions = [intake.start(contact=contacts.find_or_create(name=f"Guest {n}")[0], channel="web", by=SYSTEM)[0] for n in range(count)]
    return [links.widget_token(session)[0] for session in sessions]


def _measure(site: str, paths: list[str], pid: int, *, etags: dict[str, str], requests: int = REQUESTS) -> float:
    """CPU seconds of the server for one request."""
    turns = [paths[n % len(paths)] for n in range(requests)]
    before = _cpu(pid)
    threads = [threading.Thread(target=_ask, args=(site, turns[n::THREADS], etags)) for n in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return (_cpu(pid) - before) / requests


def _ask(site: str, paths: list[str], etags: dict[str, str]) -> None:
    connection = http.client.HTTPConnection(urlsplit(site).netloc, timeout=30)
    for path in paths:
        known = {"If-None-Match": etags[path]} if path in etags else {}
        connection.request("GET", path, headers={"Origin": ORIGIN, **known})
        answer = connection.getresponse()
        answer.read()
        if answer.status != (304 if known else 200):
            raise RuntimeError(f"{path}: {answer.status}")
        if etag := answer.headers.get("ETag"):
            etags[path] = etag
    connection.close()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _family(pid: int) -> list[int]:
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *(one for child in children for one in _family(int(child)))]


def _cpu(pid: int) -> float:
    stats = [Path(f"/proc/{one}/stat").read_text().rpartition(")")[2].split() for one in _family(pid)]
    return sum(int(fields[11]) + int(fields[12]) for fields in stats) / TICK


def _rss(pid: int) -> float:
    pages = [int(Path(f"/proc/{one}/statm").read_text().split()[1]) for one in _family(pid)]
    return sum(pages) * os.sysconf("SC_PAGE_SIZE") / 1e6


def _until_it_answers(site: str) -> None:
    for _ in range(300):
        try:
            return _ask(site, ["/health/live"], {})
        except OSError:
            time.sleep(0.2)
    raise RuntimeError("the server does not answer")


def _say(what: str, ours: float, limit: float | None, unit: str, goal: str) -> None:
    print(json.dumps({"what": what, "ours": ours, "limit": limit, "unit": unit, "goal": goal}), flush=True)


if __name__ == "__main__":
    main()
