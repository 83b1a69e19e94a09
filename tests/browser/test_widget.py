"""The card in real Chromium, on a host page of another origin, with third-party cookies blocked."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from csat.sessions import resolving
from csat.surveys import links, sending
from csat.surveys.models import Score
from csat.timeline.models import Event
from tests.factories import API, make_agent, make_session, switch_on

pytestmark = pytest.mark.django_db(transaction=True)
DESK = {"width": 1000, "height": 700}
HOST_PAGE = """<!doctype html><html lang="en"{attributes}><meta name="viewport" content="width=device-width"><title>Shop</title>
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


class _Page(BaseHTTPRequestHandler):
    def __init__(self, shop: list[Shop], *rest: Any) -> None:
        self.shop = shop
        super().__init__(*rest)

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.end_headers()
        self.wfile.write(self.shop[0].html.encode())

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def shop(settings: Any, live_server: Any) -> Iterator[Shop]:
    settings.SITE_URL = live_server.url
    shops: list[Shop] = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Page, shops))
    shops.append(Shop(f"http://127.0.0.1:{server.server_port}"))
    settings.WIDGET_ORIGINS = [shops[0].origin]
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield shops[0]
    server.shutdown()
    server.server_close()


@pytest.fixture
def session():
    switch_on("web")
    return make_session("web", assignee=make_agent("Sam"))


@pytest.fixture
def host(chromium: Browser, shop: Shop, session: Any, settings: Any) -> Iterator[Any]:
    """host("data-container=#survey", **context options) opens the shop with the card's loader on it."""
    contexts = []

    def open_shop(more: str = "", *, attributes: str = "", **options: Any) -> Page:
        token = links.widget_token(session)[0]
        shop.html = HOST_PAGE.format(site=settings.SITE_URL, token=token, more=more, attributes=attributes)
        context = chromium.new_context(**{"viewport": DESK, "reduced_motion": "reduce", **options})
        context.set_default_timeout(12000)
        contexts.append(context)
        page = context.new_page()
        page.goto(shop.origin)
        return page

    yield open_shop
    for context in contexts:
        context.close()


def resolve(session):
    resolving.resolve(session, by=API)
    sending.send_due()


def card(page):
    return page.frame_locator("iframe.csat-card")


def rate(page, name):
    card(page).get_by_role("radio", name=name).check(force=True)
    card(page).get_by_role("button", name="Send").click()


def heard(page):
    return [event["type"] for event in page.evaluate("heard")]


def scores():
    return list(Score.objects.values_list("score", "comment", "source"))


def test_from_resolved_to_thank_you(host, session, shoot):
    page = host()
    page.wait_for_timeout(500)
    expect(page.locator("iframe")).to_have_count(0)
    resolve(session)
    expect(card(page).get_by_role("heading", name="How was your conversation with Sam?")).to_be_visible(timeout=10000)
    page.wait_for_function("heard.length === 1")
    shoot(page, "card-corner")
    rate(page, "Poor, 2 of 5")
    expect(card(page).get_by_role("heading", name="What went wrong?")).to_be_visible()
    shoot(page, "card-why")
    assert scores() == [(2, "", "card")]
    card(page).get_by_role("textbox").fill("Still broken")
    card(page).get_by_role("button", name="Send").click()
    expect(card(page).get_by_role("heading", name="Thank you!")).to_be_visible()
    shoot(page, "card-thanks")
    assert scores() == [(2, "Still broken", "card")]
    assert heard(page)[:2] == ["csat:requested", "csat:submitted"]
    assert Event.objects.filter(kind="csat.requested").count() == 1
    assert session.survey.deliveries.get().shown_at
