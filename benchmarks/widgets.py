"""1,000 Web Chat widgets that wait: what their polling costs the server, beside a view that does nothing."""

import threading

import _common as bench

WIDGETS, PERIOD, REQUESTS, THREADS = 1000, 8, 4000, 8
ORIGIN = "https://shop.example"


def main() -> None:
    paths = [f"/widget/state/{token}" for token in _waiting(WIDGETS)]
    with bench.web(WIDGET_ORIGINS=ORIGIN) as server:
        etags: dict[str, str] = {}
        _measure(server, ["/health/live"], etags={}, requests=WIDGETS)
        _measure(server, paths, etags=etags, requests=WIDGETS)  # the first answers, with their ETags
        bare = _measure(server, ["/health/live"], etags={})
        ours = _measure(server, paths, etags=etags)
        bench.say(
            "widget: CPU of one poll while it waits (304)",
            ours * 1000,
            bare * 1000,
            "ms",
            "< 3 x a bare view",
        )
        bench.say(
            "widget: one core's share for 1,000 waiting",
            ours * WIDGETS / PERIOD * 100,
            100,
            "%",
            "< one core",
        )
        bench.say("widget: memory of the web server after it", server.memory(), 250, "MB", "< 250 MB")


def _waiting(count: int) -> list[str]:
    """Tokens of open Web Chat sessions."""
    bench.set_up()
    from csat.people import contacts
    from csat.sessions import intake
    from csat.surveys import links
    from csat.timeline.recording import SYSTEM

    sessions = [
        intake.start(contact=contacts.find_or_create(name=f"Guest {n}")[0], channel="web", by=SYSTEM)[0]
        for n in range(count)
    ]
    return [links.widget_token(session)[0] for session in sessions]


def _measure(
    server: bench.Web, paths: list[str], *, etags: dict[str, str], requests: int = REQUESTS
) -> float:
    """CPU seconds of the server for one request."""
    turns = [paths[n % len(paths)] for n in range(requests)]
    before = server.cpu()
    threads = [threading.Thread(target=_ask, args=(server, turns[n::THREADS], etags)) for n in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return (server.cpu() - before) / requests


def _ask(server: bench.Web, paths: list[str], etags: dict[str, str]) -> None:
    connection = server.connect()
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


if __name__ == "__main__":
    main()
