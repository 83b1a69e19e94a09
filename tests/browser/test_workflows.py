"""The builder's whole path in a real browser: from an example to the log of a run that a rating started."""

from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Page, expect

from csat.surveys import answering
from csat.timeline import dispatching
from csat.workflows import running
from csat.workflows.models import Workflow
from tests.browser.conftest import PHONE
from tests.factories import make_sent_survey

pytestmark = pytest.mark.django_db(transaction=True)


def test_from_an_example_to_the_log_of_its_run(
    open_as: Callable[..., Page], manager_user: User, shoot: Callable[[Page, str], None]
) -> None:
    page = open_as(manager_user, "/workflows/")
    page.get_by_role("button", name="Add Low score: notify the supervisor and reopen").click()
    expect(page.locator("#sentence")).to_contain_text("if Score is lower than 3")

    page.get_by_text("Notify supervisor@example.com by email", exact=True).click()
    page.get_by_label("To", exact=True).fill("boss@acme.example")
    page.get_by_role("button", name="Save the step").click()
    expect(page.locator("#sentence")).to_contain_text("Notify boss@acme.example")

    page.locator("#builder > .steps > .add-step select").select_option("branch")
    page.locator("#builder > .steps > .add-step button").click()
    branch = page.locator("#step-branch")
    expect(branch).to_contain_text("A branch needs a condition.")
    branch.get_by_role("button", name="Row", exact=True).click()
    branch.get_by_label("Comparison").select_option("at_most")
    expect(branch).to_contain_text("If Score is at most 3")
    branch.get_by_label("Value").fill("1")
    branch.get_by_label("Value").press("Tab")
    expect(branch).to_contain_text("If Score is at most 1")
    branch.locator(".side").first.locator("select[name=type]").select_option("add_tag")
    branch.locator(".side").first.get_by_role("button", name="Add a step").click()
    tag = page.locator("#step-add_tag")
    tag.get_by_label("Tag").fill("furious")
    tag.get_by_role("button", name="Save the step").click()
    expect(page.locator("#sentence")).to_contain_text("Add the tag “furious”")
    shoot(page, "workflow-builder")

    page.get_by_role("button", name="Activate").click()
    expect(page.locator("#builder")).to_contain_text("version 1 active")

    survey = make_sent_survey()
    answering.answer(survey, score=1, comment="nobody called", source="page")
    while dispatching.fan_out() + running.run_due():
        pass
    page.get_by_role("link", name="Runs", exact=True).click()
    page.locator("a.row").first.click()
    expect(page.locator("#run")).to_contain_text("Succeeded")
    page.get_by_text("Notify boss@acme.example by email").click()
    expect(page.locator("#run")).to_contain_text("nobody called")
    assert survey.session.tags.filter(name="furious").exists()
    shoot(page, "workflow-run")


def test_the_builder_fits_a_phone_and_works_by_keyboard(open_as: Callable[..., Page], manager_user: User) -> None:
    page = open_as(manager_user, "/workflows/", viewport=PHONE)
    page.get_by_role("button", name="New workflow").focus()
    page.keyboard.press("Enter")
    page.locator(".add-step select").select_option("add_tag")
    page.get_by_role("button", name="Add a step").focus()
    page.keyboard.press("Enter")
    page.get_by_label("Tag", exact=True).fill("vip")
    page.keyboard.press("Enter")
    expect(page.locator("#sentence")).to_contain_text("Add the tag “vip”")
    assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0
    assert Workflow.objects.get().latest.blocks[0]["params"] == {"tag": "vip"}
