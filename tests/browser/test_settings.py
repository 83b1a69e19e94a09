"""Settings → CSAT in a real browser."""

import re
from collections.abc import Callable, Iterator
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Page, expect

from csat.channels import circuits, registry
from csat.channels.circuits import Way
from csat.channels.outbox import SandboxMessage
from csat.lib.outcomes import Never, Retry
from csat.surveys.delivery import holds, sending
from csat.surveys.models import CsatSettings
from tests.browser import walk
from tests.browser.conftest import PHONE, Visits
from tests.browser.test_accessibility import NARROW_AND_DARK, WIDE_AND_LIGHT, problems
from tests.browser.test_inbox import forgive, wide
from tests.factories import API, make_contact, make_resolved_session, switch_on

pytestmark = pytest.mark.django_db(transaction=True)
PAGE = "/settings/csat/"
Shoot = Callable[[Page, str], None]


@pytest.fixture(autouse=True)
def _nothing_under_way_at_the_end(visit: Visits) -> Iterator[None]:
    """Previews and the dry run start by themselves: wait for the last before the tables are emptied."""
    yield
    for context in visit.contexts:
        for page in context.pages:
            page.wait_for_load_state("networkidle")


def test_rules_are_saved_in_place_and_a_toast_says_what_changed(
    open_as: Callable[..., Page], manager_user: User, shoot: Shoot
) -> None:
    make_resolved_session("email")
    page = open_as(manager_user, PAGE)
    expect(page.locator("#dry-run")).to_contain_text("0 customers asked")
    page.check("#id_auto_send")
    page.check("#id_channel_email")
    page.get_by_label("15m").check()
    expect(page.locator("#dry-run")).to_contain_text("1 customer asked instead of 0")
    page.get_by_role("button", name="Save Changes").first.click()
    expect(page.locator(".toast")).to_contain_text("Delay: 15m")
    assert CsatSettings.current().delay_seconds == 900
    expect(page.locator("#id_auto_send")).to_be_checked()
    shoot(page, "settings")


def test_the_preview_follows_what_is_typed(open_as: Callable[..., Page], manager_user: User) -> None:
    page = open_as(manager_user, PAGE)
    page.select_option("#preview_channel", "sms")
    page.fill("#id_message_default", "Hi {contact_name}! 😀" + "!" * 60)
    expect(page.locator("#preview .speech")).to_contain_text("Hi Ana Souza!")
    expect(page.locator("#preview")).to_contain_text("SMS segments")
    page.get_by_text("Translations per language").click()
    page.fill("#id_message_de", "Wie war es?")
    page.select_option("#preview_language", "de")
    expect(page.locator("#preview .speech")).to_contain_text("Wie war es?")
    page.select_option("#preview_channel", "email")
    expect(page.frame_locator("#preview iframe").get_by_text("Wie war es?")).to_be_visible()
    assert CsatSettings.current().custom_message == {}


def test_a_mistake_is_told_beside_its_field_with_all_that_was_typed(
    visit: Visits, open_as: Callable[..., Page], manager_user: User
) -> None:
    page = open_as(manager_user, PAGE)
    page.fill("#id_message_default", "Bonjour")
    page.fill("#id_sample_percent", "300")
    page.get_by_role("button", name="Save Changes").first.click()
    expect(page.locator("#problems")).to_be_in_viewport()
    expect(page.locator("#id_sample_percent_error")).to_contain_text("100")
    expect(page.locator("#id_sample_percent")).to_have_value("300")
    expect(page.locator("#id_message_default")).to_have_value("Bonjour")
    forgive(visit, "422")


def test_enter_saves_the_form_but_sends_the_test_where_a_test_is_typed(
    open_as: Callable[..., Page], manager_user: User
) -> None:
    page = open_as(manager_user, PAGE)
    page.locator("#channel-sms summary").click()
    page.fill("#test_to_sms", "+4915112345678")
    page.press("#test_to_sms", "Enter")
    expect(page.locator("#tested-sms")).to_contain_text("Outbox")
    assert SandboxMessage.objects.get().to == "+4915112345678"
    page.keyboard.press("Escape")
    page.fill("#id_link_days", "14")
    page.press("#id_link_days", "Tab")
    page.wait_for_load_state("networkidle")
    page.press("#id_link_days", "Enter")
    expect(page.locator(".toast")).to_contain_text("works for: 14")
    assert CsatSettings.current().link_days == 14


def test_without_javascript_everything_is_still_there(
    open_as: Callable[..., Page], manager_user: User
) -> None:
    page = open_as(manager_user, PAGE, java_script_enabled=False)
    page.fill("#id_message_default", "Bonjour")
    page.locator("#channel-sms").get_by_role("button", name="Preview").click()
    expect(page.locator("#preview .speech")).to_contain_text("Bonjour")
    page.get_by_role("button", name="Calculate").click()
    expect(page.locator("#dry-run")).to_contain_text("No conversation was resolved")
    expect(page.locator("#id_message_default")).to_have_value("Bonjour")
    page.get_by_role("button", name="Save Changes").first.click()
    expect(page.locator(".toast")).to_contain_text("Bonjour")
    assert CsatSettings.current().custom_message == {"default": "Bonjour"}


def test_all_is_paused_by_the_keyboard_and_nothing_typed_is_lost(
    open_as: Callable[..., Page], manager_user: User, shoot: Shoot
) -> None:
    page = open_as(manager_user, PAGE)
    page.fill("#id_message_default", "Bonjour")
    page.locator("#sending summary").press("Enter")
    page.fill("#pause_reason_all", "The mail server moves")
    page.press("#pause_reason_all", "Enter")
    expect(page.locator("#sending")).to_contain_text("by Maria")
    expect(page.locator("#sending")).to_contain_text("The mail server moves")
    expect(page.locator("#id_message_default")).to_have_value("Bonjour")
    expect(page.get_by_role("button", name="Resume")).to_be_focused()
    shoot(page, "settings-paused")
    page.keyboard.press("Enter")
    expect(page.locator("#sending")).to_contain_text("Surveys go out")
    assert CsatSettings.current().paused_at is None
    assert CsatSettings.current().custom_message == {}


@pytest.mark.parametrize("look", [WIDE_AND_LIGHT, NARROW_AND_DARK], ids=["wide", "narrow"])
def test_what_holds_surveys_back_fits_and_can_be_read_by_everybody(
    look: dict[str, Any],
    open_as: Callable[..., Page],
    manager_user: User,
    shoot: Shoot,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    refused = Never("554 5.7.1 Client host [203.0.113.7] blocked using zen.spamhaus.example", code="554")
    switch_on("email", "sms", "slack")
    with monkeypatch.context() as patched:
        patched.setattr(registry.get("email"), "send", lambda message: (_ for _ in ()).throw(refused))
        make_resolved_session("email", contact=make_contact(phone=""))
        sending.send_due()
    away = Retry("[Errno 111] Connection refused: smtp.acme.example:587", outage=True)
    circuits.note(Way.of(registry.get("email")), [(f"ana{n}@customer.example", away) for n in range(5)])
    holds.pause("sms", by=API, reason="The number is being moved to another account")
    holds.stop("slack", Never("token_revoked", account=True))
    page = open_as(manager_user, PAGE, bypass_csp=True, **look)
    expect(page.locator("#resend")).to_contain_text("Ask 1 customer again")
    assert wide(page) <= 0
    assert page.locator("#resend .table-wrap").evaluate("wrap => wrap.scrollWidth - wrap.clientWidth") <= 0
    assert problems(page) == []
    shoot(page, f"settings-held-{look['viewport']['width']}")


def test_without_javascript_a_channel_is_paused_with_a_reason(
    open_as: Callable[..., Page], manager_user: User
) -> None:
    switch_on("sms")
    page = open_as(manager_user, PAGE, java_script_enabled=False)
    page.fill("#id_message_default", "Bonjour")
    page.locator("#hold-sms summary").click()
    page.fill("#pause_reason_sms", "wrong text")
    page.locator("#pause-sms").click()
    expect(page.locator("#state-sms")).to_contain_text("by Maria")
    expect(page.locator("#state-sms")).to_contain_text("wrong text")
    expect(page.locator("#id_message_default")).to_have_value("Bonjour")
    page.locator("#resume-sms").click()
    expect(page.locator(".toast")).to_contain_text("SMS resumed.")


def test_it_fits_a_phone_and_the_dark(open_as: Callable[..., Page], admin_user: User, shoot: Shoot) -> None:
    page = open_as(admin_user, PAGE, viewport=PHONE, color_scheme="dark")
    assert wide(page) <= 0
    shoot(page, "settings-phone-dark")
    for path in walk.security_pages():
        page.goto(path)
        assert wide(page) <= 0, path
        shoot(page, f"{path.strip('/').replace('/', '-')}-phone-dark")


def test_the_audit_log_is_filtered_without_loading_the_page(
    open_as: Callable[..., Page], admin_user: User
) -> None:
    walk.security_pages()
    page = open_as(admin_user, "/settings/audit/")
    expect(page.locator(".audit-row")).to_have_count(2)
    page.select_option("select[name=kind]", "key.rotated")
    expect(page.locator(".audit-row")).to_have_count(1)
    expect(page).to_have_url(re.compile("kind=key.rotated"))
    with page.expect_download() as download:
        page.get_by_role("button", name="Download as CSV").click()
    lines = download.value.path().read_text(encoding="utf-8").splitlines()
    assert ["key.rotated" in line for line in lines] == [False, True]


def test_a_new_key_can_be_copied(open_as: Callable[..., Page], admin_user: User) -> None:
    page = open_as(admin_user, "/settings/api-keys/", permissions=["clipboard-read", "clipboard-write"])
    page.fill("#id_name", "Helpdesk")
    page.check("input[value='csat:read']")
    page.get_by_role("button", name="Create key").click()
    key = page.locator("#made").input_value()
    page.get_by_role("button", name="Copy").click()
    expect(page.locator(".toast")).to_contain_text("Copied")
    assert key.startswith("csat_live_")
    assert page.evaluate("navigator.clipboard.readText()") == key


@pytest.mark.parametrize(
    "path",
    ["/admin/", "/admin/csat/session/", "/admin/csat/contact/add/", "/admin/csat/csatsettings/1/change/"],
)
def test_the_admin_runs_under_the_strict_policy(
    open_as: Callable[..., Page], admin_user: User, path: str
) -> None:
    CsatSettings.current()
    make_resolved_session("email")
    page = open_as(admin_user, path)
    expect(page.locator("#site-name")).to_contain_text("CSAT administration")


@pytest.mark.parametrize("start", ["/admin/", "/inbox/"])
def test_times_are_told_in_the_readers_zone_wherever_they_came_in(
    open_as: Callable[..., Page], admin_user: User, start: str
) -> None:
    session = make_resolved_session("email")
    page = open_as(admin_user, start, timezone_id="Asia/Kolkata")
    page.goto(f"/admin/csat/session/{session.pk}/change/")
    started = session.created_at.astimezone(ZoneInfo("Asia/Kolkata"))
    expect(page.get_by_text(f"{started:%d %b %Y, %H:%M}".lstrip("0")).first).to_be_visible()


def test_an_action_on_a_sessions_page_in_the_admin(
    open_as: Callable[..., Page], admin_user: User, shoot: Shoot
) -> None:
    session = make_resolved_session("email")
    page = open_as(admin_user, f"/admin/csat/session/{session.pk}/change/")
    page.get_by_role("button", name="Reopen").click()
    expect(page.locator(".messagelist")).to_contain_text("1 conversation changed.")
    expect(page.locator(".timeline")).to_contain_text("Reopened")
    assert page.url.endswith(f"/session/{session.pk}/change/")
    shoot(page, "admin-session")
