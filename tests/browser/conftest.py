"""A real Chromium, one per test process; a fresh context per page."""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.contrib.auth.models import User
from django.test import Client
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, expect, sync_playwright

from tests.browser.shop import Shop, open_shop

expect.set_options(timeout=20_000)  # a busy machine is not a defect
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"  # playwright keeps an event loop running in this thread
# Debian's headless Chromium takes a third of the processor time; the full one where only that is there
CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium-headless-shell") or "/usr/bin/chromium"
DESKTOP = {"width": 1280, "height": 860}
PHONE = {"width": 360, "height": 740}
REPLACED = (
    "htmx:afterRequest",
    "htmx:sendAbort",
)  # how htmx tells of a request that a newer one replaced, which is meant
SHOTS = os.environ.get("SCREENSHOTS", "")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        yield browser
        browser.close()


class Visits:
    """Opens pages of the live server and notes what must not happen on any of them."""

    def __init__(self, browser: Browser, origin: str) -> None:
        self.browser, self.origin = browser, origin
        self.contexts: list[BrowserContext] = []
        self.troubles: list[str] = []  # console errors, broken policies, requests that leave our server

    def __call__(self, path: str, **options: Any) -> Page:
        """visit("/path", **options) opens it in a new context (phone by default) and returns the page."""
        context = self.browser.new_context(
            base_url=self.origin, **{"viewport": PHONE, "reduced_motion": "reduce", **options}
        )
        context.set_default_timeout(20000)
        self.contexts.append(context)
        page = context.new_page()
        self._watch(page)
        page.goto(path)
        return page

    def _watch(self, page: Page) -> None:
        page.on("console", self._hear)
        page.on("pageerror", lambda error: self.troubles.append(str(error)))
        page.on(
            "request",
            lambda request: (
                request.url.startswith((self.origin, "data:")) or self.troubles.append(request.url)
            ),
        )

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type == "error" and not message.text.startswith(REPLACED):
            self.troubles.append(message.text)


@pytest.fixture
def visit(chromium: Browser, live_server: Any) -> Iterator[Visits]:
    visits = Visits(chromium, live_server.url)
    yield visits
    for context in visits.contexts:
        context.close()
    assert visits.troubles == []


@pytest.fixture
def open_as(visit: Visits, settings: Any) -> Callable[..., Page]:
    """open_as(user, "/inbox/", **context options): the page as this person, logged in."""

    def open_as(user: User, path: str, **options: Any) -> Page:
        client = Client()
        client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
        cookie = {
            "name": settings.SESSION_COOKIE_NAME,
            "value": client.cookies[settings.SESSION_COOKIE_NAME].value,
            "path": "/",
            "expires": -1,
        }
        cookie |= {
            "domain": urlsplit(visit.origin).hostname,
            "httpOnly": True,
            "secure": False,
            "sameSite": "Lax",
        }
        return visit(
            path, **({"viewport": DESKTOP, "storage_state": {"cookies": [cookie], "origins": []}} | options)
        )

    return open_as


@pytest.fixture
def shop(settings: Any, live_server: Any) -> Iterator[Shop]:
    """Another site, which may show the card."""
    settings.SITE_URL = live_server.url
    with open_shop() as shop:
        settings.WIDGET_ORIGINS = [shop.origin]
        yield shop


@pytest.fixture
def shoot() -> Callable[[Page, str], None]:
    """shoot(page, "name") saves a screenshot where SCREENSHOTS names a folder, and else does nothing."""

    def shoot(page: Page, name: str) -> None:
        if SHOTS:
            page.screenshot(
                path=f"{SHOTS}/{name}.png", full_page=True, caret="initial"
            )  # hiding the caret would break the policy

    return shoot
