"""Hours and holidays on Settings → CSAT in a real browser."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from playwright.sync_api import Page, expect

from csat.surveys.models import CsatSettings
from csat.surveys.rules import settings
from tests.browser.test_accessibility import NARROW_AND_DARK, WIDE_AND_LIGHT, problems
from tests.browser.test_settings import PAGE, Shoot
from tests.factories import API

pytestmark = pytest.mark.django_db(transaction=True)
OFFICE = {day: [["09:00", "18:00"]] for day in ("mon", "tue", "wed", "thu", "fri")}


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without"])
def test_hours_are_chosen_copied_and_saved(
    scripts: bool, open_as: Callable[..., Page], manager_user: User
) -> None:
    page = open_as(manager_user, PAGE, java_script_enabled=scripts)
    page.fill("#id_link_days", "14")
    expect(page.get_by_label("Tuesday, from").first).to_be_hidden()
    page.get_by_label("Sending hours", exact=False).first.check()
    page.get_by_label("Monday, until").first.fill("12:00")
    page.get_by_label("Monday, from").nth(1).fill("13:00")
    page.get_by_label("Monday, until").nth(1).fill("00:00")
    page.get_by_role("button", name="Copy to every day").click()
    expect(page.get_by_label("Sunday, from").nth(1)).to_have_value("13:00")
    expect(page.locator("#id_link_days")).to_have_value("14")
    for edge in ("from", "until"):
        for n in range(2):
            page.get_by_label(f"Sunday, {edge}").nth(n).fill("")
    page.get_by_role("button", name="Save Changes").first.click()
    expect(page.locator(".toast")).to_contain_text("Monday 09:00–12:00 13:00–24:00")
    page.wait_for_load_state("networkidle")
    hours = CsatSettings.current().sending_hours
    assert hours is not None
    assert list(hours) == ["mon", "tue", "wed", "thu", "fri", "sat"]
    assert hours["sat"] == [["09:00", "12:00"], ["13:00", "24:00"]]
    assert CsatSettings.current().link_days == 14


def test_holidays_come_from_a_file_and_by_hand_and_are_removed(
    open_as: Callable[..., Page], manager_user: User, tmp_path: Path
) -> None:
    year = timezone.now().year + 1
    file = tmp_path / "holidays.ics"
    event = (
        f"BEGIN:VEVENT\r\nUID:1\r\nDTSTART;VALUE=DATE:{year}1225\r\nDTEND;VALUE=DATE:{year}1227\r\nEND:VEVENT"
    )
    file.write_text(f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\n{event}\r\nEND:VCALENDAR\r\n")
    page = open_as(manager_user, PAGE)
    page.set_input_files("#id_holidays_file", file)
    page.get_by_label("Another holiday").first.fill(f"{year}-05-01")
    page.get_by_role("button", name="Save Changes").first.click()
    expect(page.locator(".toast")).to_contain_text("Holidays: 1 day · Calendar file: 2 days")
    assert CsatSettings.current().holidays == [f"{year}-05-01", f"{year}-12-25", f"{year}-12-26"]
    page.get_by_label(f"26 Dec {year}").uncheck()
    page.get_by_role("button", name="Save Changes").first.click()
    expect(page.locator(".toast").last).to_contain_text("Holidays: 2 days")
    assert CsatSettings.current().holidays == [f"{year}-05-01", f"{year}-12-25"]


@pytest.mark.parametrize("look", [WIDE_AND_LIGHT, NARROW_AND_DARK], ids=["wide", "narrow"])
def test_they_fit_and_can_be_read_by_everybody(
    look: dict[str, Any], open_as: Callable[..., Page], manager_user: User, shoot: Shoot
) -> None:
    lunch = OFFICE | {"mon": [["09:00", "12:00"], ["13:00", "18:00"]]}
    holidays = [f"2027-{month:02}-{day:02}" for month in range(1, 13) for day in (1, 15)]
    settings.change(by=API, sending_hours=lunch, holidays=holidays)
    page = open_as(manager_user, PAGE, bypass_csp=True, **look)
    page.wait_for_load_state("networkidle")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert problems(page) == []
    page.locator("#hours").scroll_into_view_if_needed()
    shoot(page, f"sending-hours-{look['color_scheme']}")
