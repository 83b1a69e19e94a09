"""A provider on loopback: a threaded HTTP server that can be told to misbehave."""

import json
import socket
import threading
import time
from collections import deque
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import urlsplit


class Reply(Exception):
    """An answer other than the ordinary one."""

    def __init__(self, status: int, body: dict[str, Any], headers: dict[str, str] | None = None) -> None:
        super().__init__(status)
        self.status, self.body, self.headers = status, body, headers or {}


class Provider:
    """Subclasses answer `handle`. `behave` queues misbehaviour, one entry a request.

    `refuse`: hang up before anything happened; `cut`: do it, then hang up; `slow`: do it, then answer too
    late; a Reply: answer that instead.
    """

    patience = 30.0  # how long `slow` keeps the other side waiting, unless the server is stopped first

    def __init__(self, port: int = 0) -> None:
        self.requests: list[dict[str, Any]] = []
        self.problems: list[str] = []  # what the real provider would have complained about
        self.waiting: deque[str | Reply] = deque()
        self.lock = threading.Lock()
        self.stopping = threading.Event()
        self.http = _Server(("127.0.0.1", port), _handler(self))
        self.thread = threading.Thread(
            target=self.http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
        )

    def __enter__(self) -> Self:
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stopping.set()
        self.http.shutdown()
        self.http.server_close()

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.http.server_address[1]}"

    def behave(self, *how: str | Reply) -> None:
        self.waiting.extend(how)

    def handle(self, method: str, path: str, headers: dict[str, str], body: bytes) -> Reply:
        raise NotImplementedError

    def serve(self, handler: BaseHTTPRequestHandler) -> None:
        body = handler.rfile.read(int(handler.headers.get("Content-Length") or 0))
        headers = {name.lower(): value for name, value in handler.headers.items()}
        with self.lock:
            knock = {"method": handler.command, "path": handler.path, "headers": headers, "body": body}
            self.requests.append({**knock, "at": time.time(), "client": handler.client_address[1]})
            how = self.waiting.popleft() if self.waiting else ""
            reply = how if isinstance(how, Reply) else None
            if how != "refuse" and reply is None:
                reply = self._handled(handler, headers, body)
        if how == "slow":
            self.stopping.wait(self.patience)
        if how in {"refuse", "cut"} or reply is None:
            hang_up(handler)
        else:
            answer(handler, reply)

    def _handled(self, handler: BaseHTTPRequestHandler, headers: dict[str, str], body: bytes) -> Reply:
        try:
            return self.handle(handler.command, handler.path, headers, body)
        except Reply as reply:
            if reply.status >= 400:
                self.problems.append(
                    f"{handler.command} {urlsplit(handler.path).path}: {reply.status} {reply.body}"
                )
            return reply


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def handle_error(self, request: Any, client_address: Any) -> None:
        pass  # the other side hung up: its right


def _handler(provider: Provider) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True  # or each answer waits 40 ms between its headers and its body

        def do_POST(self) -> None:
            provider.serve(self)

        do_GET = do_DELETE = do_PUT = do_PATCH = do_POST

        def log_message(self, *_: Any) -> None:
            pass

    return Handler


def answer(handler: BaseHTTPRequestHandler, reply: Reply) -> None:
    body = json.dumps(reply.body).encode()
    handler.send_response(reply.status)
    for name, value in {
        "Content-Type": "application/json",
        **reply.headers,
        "Content-Length": str(len(body)),
    }.items():
        handler.send_header(name, value)
    handler.end_headers()
    handler.wfile.write(body)


def hang_up(handler: BaseHTTPRequestHandler) -> None:
    handler.close_connection = True
    try:
        handler.connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass
