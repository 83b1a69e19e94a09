"""How a help desk sends its webhooks: from a queue, signed, and as badly as the test wants."""

import json
import random
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

Sign = Callable[[bytes, str, str], dict[str, str]]  # body, event and id of the delivery: the headers
PATIENCE = 5.0  # seconds for an answer


@dataclass
class Event:
    name: str
    build: Callable[[], Any]  # the body, of the row as it is when it is sent
    body: bytes = b""  # of a copy: exactly what was sent before
    tries: int = 0
    not_before: float = 0.0
    delivery: str = ""


@dataclass
class Sent:
    event: str
    delivery: str
    body: bytes
    status: int  # 0: no answer


@dataclass
class WebhookSender:
    """One after the other by one thread, or side by side by several (`threads`): then order is luck.

    `lose`: one in three is never sent. `double`: one in three comes twice, with another delivery id.
    `reorder`: any of the next ten is sent instead of the first. `retries`: further tries after an answer that
    is no 2xx. All by `seed`.
    """

    sign: Sign
    urls: list[str] = field(default_factory=list)
    lose: bool = False
    double: bool = False
    reorder: bool = False
    retries: int = 0
    retry_seconds: float = 0.1
    threads: int = 1
    seed: int = 7

    def __post_init__(self) -> None:
        self.sent: list[Sent] = []
        self.lost: list[str] = []
        self.doubled: list[str] = []
        self.waiting: list[Event] = []
        self.busy = 0
        self.changed = threading.Condition()
        self.stopping = False
        self.chance = random.Random(self.seed)
        self.numbers = 0
        self.running: list[threading.Thread] = []

    def start(self) -> None:
        self.running = [threading.Thread(target=self._run, daemon=True) for _ in range(self.threads)]
        for thread in self.running:
            thread.start()

    def stop(self) -> None:
        with self.changed:
            self.stopping = True
            self.changed.notify_all()
        for thread in self.running:
            thread.join(timeout=PATIENCE + 1)

    def put(self, name: str, build: Callable[[], Any]) -> None:
        """An event happened."""
        with self.changed:
            chance = self.chance.random() * 3
            if self.lose and chance < 1:
                self.lost.append(name)
                return
            event = Event(name, build, delivery=self._delivery())
            self.waiting.append(event)
            if self.double and 1 <= chance < 2:
                self.doubled.append(name)
                self.waiting.append(Event(name, lambda: event.body or build(), delivery=self._delivery()))
            self.changed.notify_all()

    def wait(self, seconds: float = 60) -> bool:
        """Until everything is sent."""
        with self.changed:
            return self.changed.wait_for(lambda: not self.waiting and not self.busy, seconds)

    def _delivery(self) -> str:
        self.numbers += 1
        return f"00000000-0000-4000-8000-{self.numbers:012}"

    def _run(self) -> None:
        while (event := self._next()) is not None:
            again = self._send(event)
            with self.changed:
                self.busy -= 1
                if again:
                    event.tries, event.not_before = event.tries + 1, time.monotonic() + self.retry_seconds
                    self.waiting.append(event)
                self.changed.notify_all()

    def _next(self) -> Event | None:
        """Waits for one; None when it is time to stop."""
        with self.changed:
            while not self.stopping:
                now = time.monotonic()
                due = [event for event in self.waiting if event.not_before <= now]
                if due:
                    event = self.chance.choice(due[:10]) if self.reorder else due[0]
                    self.waiting.remove(event)
                    self.busy += 1
                    return event
                self.changed.wait(0.05 if self.waiting else None)
        return None

    def _send(self, event: Event) -> bool:
        """To every address; whether it is to be tried again."""
        body = event.build()
        event.body = body if isinstance(body, bytes) else json.dumps(body, ensure_ascii=False).encode()
        headers = {"Content-Type": "application/json", **self.sign(event.body, event.name, event.delivery)}
        again = False
        for url in list(self.urls):
            status = _post(url, event.body, headers)
            self.sent.append(Sent(event.name, event.delivery, event.body, status))
            again = again or not 200 <= status < 300
        return again and event.tries < self.retries


def _post(url: str, body: bytes, headers: dict[str, str]) -> int:
    request = urllib.request.Request(url, body, headers, method="POST")
    try:
        with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
            answer.read()
            return int(answer.status)
    except urllib.error.HTTPError as error:
        error.close()
        return error.code
    except OSError:
        return 0
