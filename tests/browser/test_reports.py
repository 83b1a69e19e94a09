"""The managers' side in a real browser: from a figure to its conversations, and out as a file."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Page, expect

from csat.reports import exports
from csat.reports.models import Export
from csat.surveys.answers import answering
from csat.surveys.choices import Source
from tests.browser.conftest import PHONE, Visits
from tests.browser.test_inbox import wide
from tests.factories import make_agent, make_contact, make_sent_survey

pytestmark = pytest.mark.django_db(transaction=True)
Shoot = Callable[[Page, str], None]


@pytest.fixture
def ratings(settings: Any, tmp_path: Any) -> None:
    settings.MEDIA_ROOT = tmp_path
    for score, channel, name in ((5, "email", "Ana Souza"), (4, "email", "Ben Carter"), (1, "sms", "Li Wei")):
        survey = make_sent_survey(channel, contact=make_contact(name=name), assignee=make_agent())
        answering.answer(survey, score=score, comment=f"From {name}", source=Source.PAGE)


@pytest.fixture
def reports(open_as: Callable[..., Page], manager_user: User, ratings: None) -> Page:
    return open_as(manager_user, "/reports/")


def test_from_a_filter_to_the_conversation_behind_a_bar(reports: Page, shoot: Shoot) -> None:
    expect(reports.locator(".tile").first).to_contain_text("n 3")
    reports.get_by_label("Any channel").select_option("sms")
    expect(reports.locator(".tile").first).to_contain_text("n 1")
    expect(reports).to_have_url(re.compile(r"\?period=30&channel=sms"))
    shoot(reports, "reports")
    reports.get_by_role("link", name="Agents").click()
    expect(reports.get_by_role("heading", name="Not ranked: fewer than 30 answers")).to_be_visible()
    expect(reports).to_have_url(re.compile("channel=sms.*show=agent"))
    reports.locator("table.bars").last.get_by_role("link", name="Layla Haddad", exact=True).click()
    expect(reports.get_by_text("Li Wei")).to_be_visible()
    expect(reports.get_by_text("Ana Souza")).to_have_count(0)


def test_a_point_of_the_trend_opens_its_conversations(reports: Page) -> None:
    reports.locator("svg.trend .hit").first.click()
    expect(reports.get_by_role("heading", name="Conversations")).to_be_visible()
    expect(reports.locator("a.row")).to_have_count(3)


def test_a_step_of_the_recovery_opens_its_conversations(reports: Page, shoot: Shoot) -> None:
    reports.get_by_role("link", name="Low scores").click()
    shoot(reports, "reports-low")
    reports.get_by_role("link", name="1 Low score").click()
    expect(reports.locator("a.row")).to_have_count(1)
    expect(reports.get_by_role("heading", name="Conversations 1")).to_be_visible()
    reports.get_by_role("link", name="Reports").last.click()
    expect(reports.get_by_role("link", name="Low scores")).to_have_attribute(
        "aria-current", "page"
    )  # back where one was


def test_the_keyboard_stays_where_it_was(reports: Page) -> None:
    for name in ("Agents", "Month"):
        reports.get_by_role("link", name=name).focus()
        reports.keyboard.press("Enter")
        expect(reports.get_by_role("link", name=name)).to_have_attribute(
            "aria-current", re.compile("page|true")
        )
        expect(reports.get_by_role("link", name=name)).to_be_focused()


def test_a_lens_stands_in_the_filters_too(reports: Page) -> None:
    reports.get_by_role("link", name="Agents").click()
    reports.get_by_role("link", name="who replied most").click()
    expect(reports.get_by_role("link", name="who replied most", exact=True)).to_have_attribute(
        "aria-current", "true"
    )
    reports.get_by_label("Any channel").select_option("sms")
    expect(reports).to_have_url(
        re.compile("channel=sms.*credit=most_replies.*show=agent")
    )  # not forgotten by the next choice


def test_a_filter_is_taken_away_where_it_is_told(reports: Page) -> None:
    reports.goto("/reports/?channel=sms&tag=nobody")
    expect(reports.get_by_role("heading", name="No data")).to_be_visible()
    reports.get_by_role("link", name="nobody").click()
    expect(reports.locator(".tile").first).to_contain_text("n 1")
    expect(reports).to_have_url(re.compile(r"\?channel=sms$"))


def test_comments_are_searched_while_typing(reports: Page) -> None:
    reports.get_by_role("link", name="Comments").click()
    reports.get_by_role("searchbox").fill("Souza")
    expect(reports.locator("mark")).to_have_text("Souza")
    expect(reports.get_by_text("From Li Wei")).to_have_count(0)


def test_a_view_is_saved_opened_renamed_and_deleted(reports: Page, shoot: Shoot) -> None:
    reports.get_by_label("Any channel").select_option("sms")
    expect(reports.locator(".tile").first).to_contain_text("n 1")
    reports.get_by_text("Saved views").click()
    reports.get_by_label("Save this report as").fill("Texts")
    reports.get_by_role("button", name="Save view").click()
    expect(reports.get_by_text("Saved as “Texts”.")).to_be_visible()
    reports.goto("/reports/")
    reports.get_by_text("Saved views").click()
    reports.get_by_role("link", name="Texts").click()
    expect(reports.get_by_label("Any channel")).to_have_value("sms")
    reports.get_by_text("Saved views").click()
    reports.get_by_label("Change Texts").click()
    reports.get_by_label("New name").fill("Phones")
    shoot(reports, "views")
    reports.get_by_role("button", name="Rename").click()
    expect(reports.get_by_text("Renamed to “Phones”.")).to_be_visible()
    reports.get_by_text("Saved views").click()
    link = reports.get_by_label("Link to share with other managers")
    expect(link).to_have_value(re.compile(r"/reports/\?.*channel=sms"))
    expect(reports.get_by_role("button", name="Delete")).to_be_hidden()  # it asks first
    reports.get_by_label("Change Phones").click()
    reports.get_by_role("button", name="Delete").click()
    expect(reports.get_by_text("View deleted.")).to_be_visible()


def test_an_export_shows_its_progress_and_is_fetched(reports: Page, shoot: Shoot) -> None:
    reports.get_by_role("link", name="Export").click()
    reports.get_by_role("button", name="Create XLSX").click()
    expect(reports.get_by_role("progressbar")).to_be_visible()
    exports.run(Export.objects.get().pk)
    expect(reports.get_by_text("Ready")).to_be_visible(timeout=20000)
    shoot(reports, "export")
    with reports.expect_download() as fetched:
        reports.get_by_role("link", name="Download").click()
    assert fetched.value.suggested_filename.endswith(".xlsx")


def test_an_export_is_cancelled_while_it_waits(reports: Page) -> None:
    reports.get_by_role("link", name="Export").click()
    reports.get_by_role("button", name="Create CSV in background").click()
    reports.get_by_role("button", name="Cancel").click()
    expect(reports.get_by_text("Cancelled")).to_be_visible()
    assert not exports.run(Export.objects.get().pk)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_sticks_out_on_a_phone(
    visit: Visits, open_as: Callable[..., Page], manager_user: User, ratings: None, shoot: Shoot, scheme: Any
) -> None:
    page = open_as(manager_user, "/reports/?compare=1", viewport=PHONE, color_scheme=scheme)
    for show in ("channel", "agent", "handoff_reason", "low", "comments", "kept-apart"):
        page.goto(f"/reports/?compare=1&show={show}")
        assert wide(page) == 0, show
        shoot(page, f"reports-{show}-phone-{scheme}")
    for path in ("/reports/export/", "/contacts/", "/reports/sessions/?did=answered"):
        page.goto(path)
        assert wide(page) == 0, path


def test_contacts_are_filtered_while_choosing(
    open_as: Callable[..., Page], manager_user: User, ratings: None, shoot: Shoot
) -> None:
    page = open_as(manager_user, "/contacts/")
    expect(page.locator("a.row")).to_have_count(3)
    page.get_by_label("Ratings").select_option("Rated low")
    expect(page.locator("a.row")).to_have_count(1)
    expect(page).to_have_url(re.compile("ratings=low"))
    shoot(page, "contacts")


def test_without_javascript_the_filters_are_a_form(
    open_as: Callable[..., Page], manager_user: User, ratings: None
) -> None:
    page = open_as(manager_user, "/reports/", java_script_enabled=False)
    page.get_by_label("Any channel").select_option("sms")
    page.get_by_role("button", name="Show").click()
    expect(page.locator(".tile").first).to_contain_text("n 1")
