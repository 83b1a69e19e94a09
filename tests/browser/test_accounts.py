"""Passwords, codes and passkeys in a real browser, with an authenticator that Chromium plays."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.contrib.auth.models import User
from playwright.sync_api import Page, expect

from csat.channels.outbox import SandboxMessage
from csat.people import password_reset, second_factor
from csat.people.models import ApiKey
from csat.timeline.recording import SYSTEM
from tests.browser.conftest import Visits
from tests.browser.test_accessibility import NARROW_AND_DARK, WIDE_AND_LIGHT, problems
from tests.web.account.codes import code

pytestmark = pytest.mark.django_db(transaction=True)
Shoot = Callable[[Page, str], None]
PASSWORD, FACTORS = "correct horse", "/account/second-factor/"


def log_in(page: Page, name: str = "sam") -> None:
    page.goto("/login/")
    page.fill("#id_username", name)
    page.fill("#id_password", PASSWORD)
    page.get_by_role("button", name="Log in", exact=True).click()


def arrive(page: Page, path: str) -> None:
    """There, and not at a login that would lead there."""
    expect(page).to_have_url(re.compile(rf"^[^?]*{path}"))


def give_key(page: Page) -> Any:
    """A security key that knows who holds it; what it was asked is in its session."""
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    session.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    return session


def add_passkey(page: Page, *, by_itself: bool) -> None:
    page.goto(f"{FACTORS}passkeys/new/")
    page.get_by_label("Name").fill("laptop")
    page.get_by_label("It logs me in by itself").set_checked(by_itself)
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.locator("h1")).to_have_text("Recovery codes")


def test_a_passkey_logs_in_by_itself(visit: Visits, agent_user: User) -> None:
    page = visit("/login/")
    give_key(page)
    log_in(page)
    arrive(page, "/inbox/")
    add_passkey(page, by_itself=True)
    page.context.clear_cookies()
    page.goto("/login/?next=/contacts/")
    page.get_by_role("button", name="Use a passkey").click()
    arrive(page, "/contacts/")
    assert Authenticator.objects.get(type="webauthn").last_used_at


def test_a_passkey_is_a_second_factor(visit: Visits, agent_user: User) -> None:
    page = visit("/login/")
    give_key(page)
    log_in(page)
    arrive(page, "/inbox/")
    add_passkey(page, by_itself=False)
    page.context.clear_cookies()
    log_in(page)
    expect(page.locator("h1")).to_have_text("Second factor")
    page.get_by_role("button", name="Use your passkey").click()
    arrive(page, "/inbox/")


def test_a_key_of_somebody_else_opens_nothing(visit: Visits, agent_user: User) -> None:
    page = visit("/login/")
    session = give_key(page)
    log_in(page)
    arrive(page, "/inbox/")
    add_passkey(page, by_itself=False)
    page.context.clear_cookies()
    session.send("WebAuthn.disable")
    give_key(page)
    log_in(page)
    page.get_by_role("button", name="Use your passkey").click()
    expect(page.get_by_text("That did not work")).to_be_visible()
    page.goto("/inbox/")
    arrive(page, "/login/")


def test_a_key_is_made_after_the_question_and_nothing_typed_is_lost(
    visit: Visits, admin_user: User, settings: Any, shoot: Shoot
) -> None:
    page = visit("/login/")
    log_in(page, "ada")
    arrive(page, "/inbox/")
    settings.ACCOUNT_REAUTHENTICATION_TIMEOUT = 0
    page.goto("/settings/api-keys/")
    page.get_by_label("Name").fill("CRM")
    page.locator("[name=scopes][value='csat:read']").check()
    page.get_by_role("button", name="Create").click()
    expect(page.locator("h1")).to_have_text("Confirm that it is you")
    shoot(page, "confirm")
    settings.ACCOUNT_REAUTHENTICATION_TIMEOUT = 300
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Continue").click()
    expect(page.locator("main")).to_contain_text("csat_live_")
    expect(page).to_have_url(re.compile("/settings/api-keys/$"))
    assert ApiKey.objects.get().name == "CRM"


def test_who_needs_a_second_factor_sets_it_up_and_goes_on(
    visit: Visits, agent_user: User, shoot: Shoot
) -> None:
    second_factor.require(["agent"], by=SYSTEM)
    page = visit("/login/")
    log_in(page)
    expect(page.get_by_text("Your role needs a second factor")).to_be_visible()
    shoot(page, "second-factor-due")
    page.get_by_role("link", name="Set up").click()
    secret = page.locator("code.key").inner_text()
    shoot(page, "authenticator-app")
    page.get_by_label("Code").fill(code(secret))
    page.get_by_role("button", name="Set up").click()
    expect(page.locator(".codes li")).to_have_count(10)
    shoot(page, "recovery-codes")
    page.goto("/inbox/")
    arrive(page, "/inbox/")


@pytest.mark.parametrize("look", [NARROW_AND_DARK, WIDE_AND_LIGHT], ids=["phone, dark", "desktop, light"])
def test_the_pages_break_no_rule(visit: Visits, admin_user: User, shoot: Shoot, look: dict[str, Any]) -> None:
    page = visit("/login/", **look)
    link = password_reset.link(admin_user).partition("/account/")[2]
    for address in (
        "/account/password/reset/",
        "/account/password/reset/sent/",
        f"/account/{link}",
        "/login/",
    ):
        page.goto(address)
        assert problems(page) == [], address
        shoot(page, f"{address.strip('/').replace('/', '-')[:40]}-{look['color_scheme']}")
    log_in(page, "ada")
    arrive(page, "/inbox/")
    for address in (
        "password/", "confirm/", "second-factor/", "second-factor/app/", "second-factor/passkeys/new/",
        "sessions/",
    ):  # fmt: skip
        page.goto(f"/account/{address}")
        assert problems(page) == [], address
        shoot(page, f"{address.strip('/').replace('/', '-')}-{look['color_scheme']}")


def test_a_new_mail_waits_in_the_profile_until_its_link_was_opened(
    open_as: Callable[..., Page], agent_user: User, shoot: Shoot
) -> None:
    page = open_as(agent_user, "/profile/")
    page.get_by_label("Email address").fill("sam@other.example")
    page.get_by_role("button", name="Change email").click()
    waits = page.get_by_text("sam@other.example waits")
    expect(waits).to_be_visible()
    shoot(page, "new-email-waits")
    page.get_by_role("button", name="Send again").click()
    expect(waits).to_be_visible()
    first, second = SandboxMessage.objects.order_by("pk")
    assert first.to == second.to == "sam@other.example"
    page.goto(re.findall(r"/profile/email/[^/]+/", first.text)[0])
    expect(page.get_by_text("sam@other.example is your address now")).to_be_visible()
    expect(waits).not_to_be_visible()
