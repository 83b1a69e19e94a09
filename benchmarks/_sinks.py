"""Providers that take everything at once: SMTP, Twilio's and Slack's HTTP, in a process of their own.

What was taken is kept raw and read only when asked for, so that taking costs next to nothing. Prints its
ports as JSON; runs until SIGTERM. `_provider.Provider` is the bench's side of it.
"""

import asyncio
import base64
import contextlib
import email
import json
import re
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any
from urllib.parse import parse_qs, urlsplit

LINK = re.compile(r"/r/([0-9A-Za-z]{22,64})")
SMTP, TWILIO, SLACK = "email", "sms", "slack"  # by the channel of the surveys they take


@dataclass
class _Message:
    kind: str
    body: bytes
    path: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    at: float = field(default_factory=time.monotonic)


class _Book:
    def __init__(self) -> None:
        self.messages: list[_Message] = []
        self.waiting: list[tuple[int, asyncio.Event]] = []

    def add(self, message: _Message) -> None:
        self.messages.append(message)
        for count, event in self.waiting:
            if len(self.messages) >= count:
                event.set()

    async def answer(self, path: str) -> Any:
        """What the bench asks for."""
        what, query = path.removeprefix("/bench/").partition("?")[::2]
        if what == "wait":
            fields = parse_qs(query)
            await self._wait(int(fields["count"][0]), float(fields["seconds"][0]))
        if what == "reset":
            self.messages.clear()
        if what == "times":
            return [message.at for message in self.messages]
        if what == "accepted":
            return [_read(message) for message in self.messages]
        if what == "last":
            last = self.messages[-1]
            return {
                "path": last.path,
                "headers": last.headers,
                "body": base64.b64encode(last.body).decode(),
            }
        return len(self.messages)

    async def _wait(self, count: int, seconds: float) -> None:
        if len(self.messages) >= count:
            return
        entry = (count, asyncio.Event())
        self.waiting.append(entry)
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(entry[1].wait(), seconds)
        self.waiting.remove(entry)


class _Smtp(asyncio.Protocol):
    """RFC 5321 as far as a client needs it that sends good mail: every command is answered at once."""

    transport: asyncio.Transport

    def __init__(self, book: _Book) -> None:
        self.book, self.buffer, self.in_data = book, b"", False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        transport.write(b"220 sink.example ESMTP\r\n")

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        while True:
            end = b"\r\n.\r\n" if self.in_data else b"\r\n"
            taken, found, rest = self.buffer.partition(end)
            if not found:
                return
            self.buffer = rest
            if self.in_data:
                self.in_data = False
                self.book.add(_Message(SMTP, taken))
                self.transport.write(b"250 taken\r\n")
            else:
                self._command(taken[:4].upper())

    def _command(self, word: bytes) -> None:
        if word == b"DATA":
            self.in_data = True
        self.transport.write(_REPLIES.get(word, b"250 OK\r\n"))
        if word == b"QUIT":
            self.transport.close()


_REPLIES = {
    b"EHLO": b"250-sink.example\r\n250-SIZE 33554432\r\n250-8BITMIME\r\n250 SMTPUTF8\r\n",
    b"DATA": b"354 go on\r\n",
    b"QUIT": b"221 bye\r\n",
}


class _Http(asyncio.Protocol):
    """HTTP/1.1 with Content-Length, connections kept; the bench's own questions under /bench/."""

    transport: asyncio.Transport

    def __init__(self, book: _Book) -> None:
        self.book, self.buffer = book, b""
        self.tasks: set[asyncio.Task[None]] = set()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        while b"\r\n\r\n" in self.buffer:
            head, _end, rest = self.buffer.partition(b"\r\n\r\n")
            first, *lines = head.decode("latin-1").split("\r\n")
            headers = {name.lower(): value.strip() for name, _, value in (ln.partition(":") for ln in lines)}
            length = int(headers.get("content-length", 0))
            if len(rest) < length:
                return
            self.buffer = rest[length:]
            method, path, _version = first.split(" ")
            self._serve(method, path, headers, rest[:length])

    def _serve(self, method: str, path: str, headers: dict[str, str], body: bytes) -> None:
        if path.startswith("/bench/"):
            task = asyncio.ensure_future(self._tell(path))
            self.tasks.add(task)
            task.add_done_callback(self.tasks.discard)
            return
        kind = TWILIO if path.startswith("/2010-04-01/") else SLACK
        if method != "POST" or not path.endswith(("/Messages.json", "/chat.postMessage")):
            self._write(200, {"messages": [], "ok": True})  # asked what was sent: nothing that counts
            return
        self.book.add(_Message(kind, body, path, headers))
        status, answer = _taken_by_twilio(body) if kind == TWILIO else _taken_by_slack(body)
        self._write(status, answer, close=headers.get("connection", "").lower() == "close")

    async def _tell(self, path: str) -> None:
        self._write(200, await self.book.answer(path))

    def _write(self, status: int, answer: Any, *, close: bool = False) -> None:
        body = json.dumps(answer).encode()
        head = f"HTTP/1.1 {status} OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n"
        self.transport.write((head + ("Connection: close\r\n\r\n" if close else "\r\n")).encode() + body)
        if close:
            self.transport.close()


def _taken_by_twilio(body: bytes) -> tuple[int, dict[str, Any]]:
    fields, sid = parse_qs(body.decode()), f"SM{time.monotonic_ns():032x}"
    return 201, {"sid": sid, "status": "queued", "num_segments": "1", "to": fields["To"][0]}


def _taken_by_slack(body: bytes) -> tuple[int, dict[str, Any]]:
    return 200, {"ok": True, "channel": json.loads(body)["channel"], "ts": f"{time.time():.6f}"}


def _read(message: _Message) -> dict[str, Any]:
    """An `Accepted` as JSON. Of a text, the id is the reference in its callback's address."""
    if message.kind == SMTP:
        mail = email.message_from_bytes(message.body)
        to, own_id = str(mail["To"]), str(mail["Message-ID"])
        parts = [part for part in mail.walk() if part.get_content_type() == "text/plain"]
        text = b"".join(part.get_payload(decode=True) for part in parts).decode()  # type: ignore[misc]
    elif message.kind == TWILIO:
        fields = {name: values[0] for name, values in parse_qs(message.body.decode()).items()}
        to, text = fields["To"], fields["Body"]
        own_id = parse_qs(urlsplit(fields["StatusCallback"]).query)["reference"][0]
    else:
        post = json.loads(message.body)
        to, text, own_id = post["channel"], post["text"], post["metadata"]["event_payload"]["reference"]
    link = LINK.search(text)
    return {"at": message.at, "to": to, "id": own_id, "link": link[1] if link else ""}


@contextlib.contextmanager
def _loop() -> Iterator[asyncio.AbstractEventLoop]:
    loop = asyncio.new_event_loop()
    loop.add_signal_handler(signal.SIGTERM, loop.stop)
    try:
        yield loop
    finally:
        loop.close()


def main() -> None:
    book = _Book()
    with _loop() as loop:
        servers = {
            name: loop.run_until_complete(loop.create_server(partial(made, book), "127.0.0.1", 0))
            for name, made in {"smtp": _Smtp, "http": _Http}.items()
        }
        ports = {name: server.sockets[0].getsockname()[1] for name, server in servers.items()}
        print(json.dumps(ports), flush=True)
        loop.run_forever()


if __name__ == "__main__":
    main()
