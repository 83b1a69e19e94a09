"""bin/run, a browser, and nothing else: the loop a newcomer sees in the first minute."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.ops.test_run import Running, free_port, house

__all__ = ["house"]  # the fixture, taken over
pytestmark = [pytest.mark.cluster, pytest.mark.slow, pytest.mark.timeout(300)]
WORKER = 20_000  # milliseconds a real worker and one round of polling may take


@pytest.fixture
def running(house: Path) -> Iterator[Running]:
    running = Running(house, free_port())
    try:
        assert running.ready(), running.words()
        yield running
    finally:
        running.process.terminate()
        running.process.wait(30)


def test_from_a_fresh_clone_to_a_rating(
    running: Running, chromium: Browser, shoot: Callable[[Page, str], None]
) -> None:
    context = chromium.new_context(base_url=running.url, viewport={"width": 1280, "height": 860})
    page = context.new_page()
    page.goto("/")
    shoot(page, "demo-login")
    name, password = re.search(r"login: (\S+) / (\S+) +\(manager\)", running.words()).groups()  # type: ignore[union-attr]
    page.get_by_label("Username").fill(name)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_text("This is a demo")).to_be_visible()
    shoot(page, "demo-inbox")

    page.get_by_label("Any status").select_option("open")
    page.get_by_label("Any channel").select_option("email")
    page.wait_for_url(re.compile("channel=email"))
    page.locator("a.row").first.click()
    page.get_by_role("button", name="Resolve", exact=True).click()
    number = re.search(r"#(\d+)", page.locator("#state").inner_text())[0]  # type: ignore[index]
    expect(page.locator("#timeline")).to_contain_text("CSAT requested", timeout=WORKER)

    outbox = context.new_page()
    outbox.goto("/outbox/")
    outbox.locator("a.row").first.click()
    expect(outbox.get_by_role("link", name=re.compile(number))).to_be_visible()
    with context.expect_page() as opened:
        outbox.frame_locator("iframe").locator("a[href*='score=5']").click()
    customer = opened.value
    customer.locator("form button").click()
    customer.wait_for_load_state()
    shoot(customer, "demo-thanks")

    expect(page.locator("#timeline .rating").last.get_by_role("img", name="5, Excellent")).to_be_visible(
        timeout=WORKER
    )
    shoot(page, "demo-rated")
    context.close()
