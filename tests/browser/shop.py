"""A site of somebody else, on which the card's loader stands."""

import contextlib
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

HOST_PAGE = """<!doctype html><html lang="en"{attributes}>
<meta name="viewport" content="width=device-width"><title>Shop</title>
<meta name="color-scheme" content="light dark"><h1>A shop</h1><p>It sells shoes.</p>
<div id="chat" style="width: 360px">Sam: Goodbye!<div id="survey"></div></div>
<script>
  const heard = [];
  addEventListener("message", (event) => event.origin === location.origin && heard.push(event.data));
</script>
<script src="{site}/widget/csat.js" data-token="{token}" {more} async></script>"""


@dataclass
class Shop:
    """A site of somebody else, on another port: `html` is its one page."""

    origin: str
    html: str = ""
    policy: str = ""


class _Page(BaseHTTPRequestHandler):
    def __init__(self, shop: list[Shop], *rest: Any) -> None:
        self.shop = shop
        super().__init__(*rest)

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        if self.shop[0].policy:
            self.send_header("Content-Security-Policy", self.shop[0].policy)
        self.end_headers()
        self.wfile.write(self.shop[0].html.encode())

    def log_message(self, *_: Any) -> None:
        pass


@contextlib.contextmanager
def open_shop() -> Iterator[Shop]:
    """On another site than 127.0.0.1, not only on another port."""
    shops: list[Shop] = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Page, shops))
    shops.append(Shop(f"http://localhost:{server.server_port}"))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield shops[0]
    finally:
        server.shutdown()
        server.server_close()
