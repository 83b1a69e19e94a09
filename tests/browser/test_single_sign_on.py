"""Single sign-on in a real browser, which holds the policy of our pages against where their forms lead."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Page, expect

from csat.people import break_glass
from tests.browser.conftest import Visits
from tests.browser.test_accessibility import NARROW_AND_DARK, WIDE_AND_LIGHT, problems
from tests.standins.openid.server import OpenIdServer

pytestmark = pytest.mark.django_db(transaction=True)
Shoot = Callable[[Page, str], None]


@pytest.fixture
def issuer(settings: Any, live_server: Any, visit: Visits) -> Iterator[OpenIdServer]:
    settings.SITE_URL = live_server.url
    with OpenIdServer(f"{live_server.url}/account/single-sign-on/callback/") as server:
        for name, value in server.env.items():
            setattr(settings, name, value)
        settings.OIDC_ROLE_CLAIM, settings.OIDC_ROLES = "groups", [("support", "agent")]
        server.person("u-1", preferred_username="ana", groups=["support"])
        yield server
    meant = (server.issuer, "Failed to load resource: the server responded with a status of 400")
    visit.troubles[:] = [trouble for trouble in visit.troubles if not trouble.startswith(meant)]


def test_the_button_leads_there_and_back_to_the_page_that_was_wanted(
    visit: Visits, agent_user: User, issuer: OpenIdServer
) -> None:
    page = visit("/inbox/?status=open")
    page.get_by_role("button", name="Log in with 127.0.0.1").click()
    expect(page).to_have_url(re.compile(r"/inbox/\?status=open$"))


def test_without_passwords_the_button_is_all_there_is(
    visit: Visits, agent_user: User, issuer: OpenIdServer, settings: Any, shoot: Shoot
) -> None:
    settings.PASSWORD_LOGIN = False
    page = visit("/login/", **NARROW_AND_DARK)
    assert page.locator("main input:visible").count() == 0
    assert problems(page) == []
    shoot(page, "sso-only")
    page.get_by_role("button", name="Log in with 127.0.0.1").click()
    expect(page).to_have_url(re.compile("/inbox/"))


@pytest.mark.parametrize("look", [NARROW_AND_DARK, WIDE_AND_LIGHT])
def test_its_pages_break_no_rule(
    visit: Visits,
    open_as: Callable[..., Page],
    admin_user: User,
    issuer: OpenIdServer,
    shoot: Shoot,
    look: dict[str, Any],
) -> None:
    link = break_glass.make_link()
    size = look["viewport"]["width"]
    pages = {
        "login": visit("/login/", **look),
        "break-glass": visit(link[link.index("/account/") :], **look),
        "link": open_as(admin_user, "/account/single-sign-on/", **look),
        "again": open_as(admin_user, "/account/confirm/login/?next=/settings/", **look),
    }
    for name, page in pages.items():
        assert problems(page) == []
        shoot(page, f"sso-{name}-{size}")
    page = pages["link"]
    page.get_by_role("button", name="Link to 127.0.0.1").click()
    expect(page.get_by_text("Your account is linked to 127.0.0.1")).to_be_visible()
    page.goto("/account/single-sign-on/callback/?code=1&state=of+nobody")
    expect(page.locator("h1")).to_have_text("Not logged in")
    assert problems(page) == []
    shoot(page, f"sso-failed-{size}")
