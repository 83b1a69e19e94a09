"""Whatever can be pressed is at least 24 px wide and high (WCAG 2.2, 2.5.8), on every page of the walk.

As there, a link within a sentence may be as low as its line, and a small target may stand alone.
"""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Page

from tests.browser import walk
from tests.browser.conftest import Visits

pytestmark = pytest.mark.django_db(transaction=True)
PHONE, DESK = {"width": 390, "height": 844}, {"width": 1440, "height": 900}
SMALL = """() => {
  const PRESSED = "a[href], button, summary, select, textarea, input:not([type=hidden]), [role=button]";
  const box = (one) => one.getBoundingClientRect();
  const join = (a, b) => ({
    left: Math.min(a.left, b.left), top: Math.min(a.top, b.top),
    right: Math.max(a.right, b.right), bottom: Math.max(a.bottom, b.bottom),
  });
  const seen = (one) => one.checkVisibility({ visibilityProperty: true })
    && !one.closest(".away, .sr, [aria-hidden=true], [inert]") && box(one).width > 1;
  const area = (one) => [...(one.labels ?? [])].filter(seen).map(box).reduce(join, box(one));
  const inText = (one) => {
    const words = one.parentElement.cloneNode(true);
    words.querySelectorAll("a, button, .sr").forEach((part) => part.remove());
    return getComputedStyle(one).display === "inline" && words.textContent.trim() !== "";
  };
  const targets = [...document.querySelectorAll(PRESSED)].filter(seen).filter((one) => !inText(one));
  const areas = new Map(targets.map((one) => [one, area(one)]));
  const middle = (a) => [(a.left + a.right) / 2, (a.top + a.bottom) / 2];
  const alone = (one) => { // a circle of 24 px round its middle touches no other target
    const [x, y] = middle(areas.get(one));
    return targets.every((other) => {
      if (other === one || other.contains(one) || one.contains(other)) return true;
      const a = areas.get(other);
      const dx = Math.max(a.left - x, 0, x - a.right), dy = Math.max(a.top - y, 0, y - a.bottom);
      return Math.hypot(dx, dy) >= 12;
    });
  };
  const size = (one) => { const a = areas.get(one); return [a.right - a.left, a.bottom - a.top]; };
  const small = targets.filter((one) => Math.min(...size(one)) < 23.5 && !alone(one));
  return small.map((one) => `${size(one).map(Math.round).join("x")} ${one.outerHTML.slice(0, 140)}`);
}"""

CROWDED = """
const two = '<button style="all: unset">x</button>'.repeat(2);
document.body.insertAdjacentHTML("beforeend", `<div>${two}</div>`);
"""


def small(page: Page, paths: list[str]) -> list[str]:
    found = []
    for path in paths:
        page.goto(path)
        found += [f"{path}: {target}" for target in page.evaluate(SMALL)]
    return found


@pytest.mark.parametrize("viewport", [PHONE, DESK], ids=["phone", "desk"])
def test_customers_pages(visit: Visits, viewport: dict[str, int], settings: Any) -> None:
    settings.SITE_URL = visit.origin
    page = visit("/login/", viewport=viewport)
    assert small(page, ["/login/", *walk.customers_pages()]) == []
    visit.troubles.clear()  # Chromium notes every 404 and 410


@pytest.mark.parametrize("viewport", [PHONE, DESK], ids=["phone", "desk"])
@pytest.mark.timeout(300)
def test_staff_pages(
    open_as: Callable[..., Page],
    visit: Visits,
    manager_user: User,
    admin_user: User,
    viewport: dict[str, int],
    settings: Any,
) -> None:
    settings.SITE_URL = visit.origin
    pages = walk.staff_pages(walk.rated_survey())
    found = small(open_as(manager_user, "/login/", viewport=viewport), pages["manager"])
    admins = [path for path in pages["admin"] if path not in pages["manager"]]
    assert found + small(open_as(admin_user, "/login/", viewport=viewport), admins) == []
    visit.troubles.clear()  # a closed invitation is a 404


def test_a_crowded_target_is_found(visit: Visits) -> None:
    page = visit("/login/", bypass_csp=True)
    page.evaluate(CROWDED)
    assert len(page.evaluate(SMALL)) == 2
