"""A real HTTP server that keeps what it was told and answers as the test says."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

Answerer = Callable[["Heard"], tuple[int, dict[str, str]]]


@dataclass
class Heard:
    path: str
    headers: dict[str, str]
    body: str


@dataclass
class Listener:
    port: int = 0
    heard: list[Heard] = field(default_factory=list)
    answer: Answerer = lambda heard: (200, {})
    slow: float = 0.0
    body: bytes = b""

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        return f"http://{self.address}/hook"


@contextmanager
def listening() -> Iterator[Listener]:
    listener = Listener()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self.do_POST()

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0))).decode()
            heard = Heard(self.path, {name.lower(): value for name, value in self.headers.items()}, body)
            listener.heard.append(heard)
            time.sleep(listener.slow)
            status, headers = listener.answer(heard)
            self.send_response(status)
            for name, value in {"content-length": "0", **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(listener.body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    listener.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield listener
    finally:
        server.shutdown()
        server.server_close()
