"""Two processes that send one message again and again over a kept connection: the least that sending costs.

python _bare.py COUNT < what to send, as JSON; waits for a line before it begins, prints its CPU seconds.
"""

import base64
import json
import smtplib
import subprocess
import sys
import time
from typing import Any

from _provider import Provider

PROCESSES = 2


def limit(provider: Provider, *, smtp: bool, count: int) -> tuple[float, float]:
    """The last message it took, sent `count` times: messages a second, CPU milliseconds a message."""
    last = provider.last()
    what = {"port": provider.smtp_port if smtp else 0, "url": f"{provider.base}{last['path']}"}
    what |= {"headers": last["headers"], "body": base64.b64encode(last["body"]).decode()}
    provider.reset()
    senders = [
        subprocess.Popen(
            [sys.executable, __file__, str(count // PROCESSES)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(PROCESSES)
    ]
    for sender in senders:
        _tell(sender, json.dumps(what))
    assert all(_hear(sender) == "ready" for sender in senders)
    for sender in senders:
        _tell(sender, "go")
    cpu = sum(float(_hear(sender)) for sender in senders)
    for sender in senders:
        sender.wait(10)
    times = provider.times()
    return (len(times) - 1) / (times[-1] - times[0]), cpu * 1000 / len(times)


def _tell(sender: "subprocess.Popen[str]", line: str) -> None:
    assert sender.stdin
    sender.stdin.write(line + "\n")
    sender.stdin.flush()


def _hear(sender: "subprocess.Popen[str]") -> str:
    assert sender.stdout
    return sender.stdout.readline().strip()


def main() -> None:
    count, what = int(sys.argv[1]), json.loads(sys.stdin.readline())
    send = _mail if what["port"] else _post
    send(what, base64.b64decode(what["body"]), count)


def _begin() -> float:
    print("ready", flush=True)
    sys.stdin.readline()
    return time.process_time()


def _mail(what: dict[str, Any], body: bytes, count: int) -> None:
    with smtplib.SMTP("127.0.0.1", what["port"]) as connection:
        connection.ehlo()
        began = _begin()
        for _ in range(count):
            connection.sendmail("support@acme.example", ["guest@bench.example"], body)
        print(time.process_time() - began, flush=True)


def _post(what: dict[str, Any], body: bytes, count: int) -> None:
    import httpx

    kept = ("authorization", "content-type")
    headers = {name: value for name, value in what["headers"].items() if name in kept}
    with httpx.Client(headers=headers, trust_env=False) as client:
        began = _begin()
        for _ in range(count):
            client.post(what["url"], content=body).raise_for_status()
        print(time.process_time() - began, flush=True)


if __name__ == "__main__":
    main()
