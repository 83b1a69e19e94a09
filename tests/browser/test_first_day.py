"""The first day, from the printed link to the first rating in the inbox."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from playwright.sync_api import Page, expect

from csat.people import first_run
from csat.sessions.models import Session
from csat.surveys.delivery import sending
from csat.surveys.models import CsatSettings
from tests.browser.conftest import DESKTOP, PHONE, Visits
from tests.browser.test_accessibility import problems
from tests.browser.test_valid_html import errors, write

pytestmark = pytest.mark.django_db(transaction=True)
NEWS = 20_000  # milliseconds: two rounds of polling
SIZES = {
    "desktop-dark": {"viewport": DESKTOP, "color_scheme": "dark"},
    "phone": {"viewport": PHONE, "color_scheme": "light"},
}


@pytest.fixture(autouse=True)
def _links_lead_here(settings: Any, live_server: Any) -> None:
    settings.SITE_URL = live_server.url


def wide(page: Page) -> int:
    """How many pixels stick out at the side."""
    return int(page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"))


@pytest.mark.parametrize("size", SIZES)
def test_from_the_printed_link_to_the_first_rating(
    visit: Visits, live_server: Any, size: str, shoot: Callable[[Page, str], None]
) -> None:
    def look(page: Page, name: str) -> None:
        assert wide(page) == 0, name
        assert problems(page) == []
        shoot(page, f"first-{name}-{size}")

    page = visit("/inbox/", timezone_id="Europe/Lisbon", locale="en-GB", **SIZES[size])
    expect(page.get_by_label("Code")).to_be_focused()
    look(page, "code")

    page.goto(first_run.link().removeprefix(live_server.url))
    page.get_by_label("Your name").fill("Ana Souza")
    page.get_by_label("Your email address").fill("ana@example.com")
    page.get_by_label("Password").fill("seven grey herons")
    page.get_by_label("Name of your organisation").fill("Acme")
    expect(page.get_by_label("Time zone")).to_have_value("Europe/Lisbon")
    look(page, "welcome")
    page.get_by_role("button", name="Start").click()

    steps = page.get_by_role("region", name="First steps")
    expect(steps).to_contain_text("0 of 4 done")
    look(page, "checklist")
    steps.get_by_role("button", name="Send").click()
    expect(steps).to_contain_text("1 of 4 done")
    steps.get_by_role("button", name="Switch on").click()
    expect(steps).to_contain_text("2 of 4 done")
    assert CsatSettings.current().auto_send
    look(page, "checklist-half")

    steps.get_by_role("button", name="Practise").click()
    expect(page.get_by_text("This is practice")).to_be_visible()
    sending.send_due()
    expect(page.locator("#timeline")).to_contain_text("CSAT requested", timeout=NEWS)
    look(page, "practice")

    page.locator("#practice").get_by_role("link", name="Outbox").click()
    page.locator(".rows .row").first.click()  # the newest; the one below is the test of the checklist
    look(page, "outbox")
    with page.context.expect_page() as opened:
        page.frame_locator("iframe").get_by_role("link", name="Good").click()
    customer = opened.value
    customer.get_by_role("button", name="Send").click()
    expect(customer.get_by_role("heading", name="Thank you!")).to_be_visible()

    page.goto("/inbox/")
    row = page.locator(".row.session")
    expect(row.get_by_role("img", name="4, Good")).to_be_visible()
    expect(row.get_by_text("practice", exact=True)).to_be_visible()
    look(page, "rated")
    row.click()
    page.get_by_role("button", name="Remove").click()
    expect(page.get_by_text("The practice conversation is gone")).to_be_visible()
    assert not Session.objects.exists()


def test_its_pages_are_valid_html(tmp_path: Path, customer: Client) -> None:
    def keep(name: str, response: Any) -> None:
        write(tmp_path, name, response.content.decode())

    keep("code", customer.get("/welcome/"))
    keep("wrong code", customer.post("/welcome/", {"code": "wrong"}))
    keep("form", customer.get("/welcome/", {"code": first_run.code()}, follow=True))
    ana = {
        "name": "Ana Souza",
        "email": "ana@example.com",
        "password": "seven grey herons",
        "brand_name": "Acme",
        "timezone": "Europe/Lisbon",
        "language": "pt-br",
        "brand_color": "#336699",
    }
    keep("wrong form", customer.post("/welcome/", ana | {"email": "ana", "password": "short"}))
    keep("first steps", customer.post("/welcome/", ana, follow=True))
    keep("practice", customer.post("/inbox/practice/", follow=True))
    keep("half way", customer.post("/checklist/switch-on/", {"channel": ["email"]}, follow=True))
    keep("put away", customer.post("/checklist/put-away/", follow=True))
    assert len(list(tmp_path.iterdir())) == 8
    assert errors(tmp_path) == []
