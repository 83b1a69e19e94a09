"""The loop in real Chromium, in a language of each direction: not solved, looked at again, told, won back."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from playwright.sync_api import Page, expect

from csat import tasks
from csat.channels.outbox import SandboxMessage
from csat.people.agents import agent_for_user
from csat.reports import recovery_groups
from csat.reports.filters import parse
from csat.surveys.answers import answering
from csat.surveys.models import FollowUp, Score, Survey
from csat.surveys.rules import settings as csat_settings
from tests.browser.conftest import PHONE
from tests.factories import API, make_contact, make_sent_survey
from tests.tokens import rate_token
from tests.workflows import builders

pytestmark = pytest.mark.django_db(transaction=True)
PROMISED = {"en": "We look at it by", "ar": "سننظر فيها"}
LANGUAGES = pytest.mark.parametrize("language", ["en", "ar"])
Shoot = Callable[[Page, str], None]


@pytest.fixture
def survey(language: str, live_server: Any, settings: Any, agent_user: User) -> Survey:
    settings.SITE_URL = live_server.url
    csat_settings.change(by=API, reopen_by_customer=True, reopen_within_hours=2)
    builders.workflow(builders.block("add_tag", tag="escalated"), trigger="follow-up-overdue")
    contact = make_contact(name="Nadia Berg", language=language)
    return make_sent_survey(contact=contact, assignee=agent_for_user(agent_user), language=language)


def work() -> None:
    """What the workers do within a minute."""
    tasks.sweep()
    tasks.fan_out()
    tasks.run_due()
    tasks.send_due()
    tasks.send_messages()


def rate(page: Page, score: int) -> None:
    page.locator(f".face:has([value='{score}'])").click()
    page.locator("form button:visible").last.click()


@LANGUAGES
def test_from_not_solved_to_won_back(
    language: str,
    survey: Survey,
    visit: Any,
    open_as: Any,
    shoot: Shoot,
    agent_user: User,
    manager_user: User,
) -> None:
    page = visit(f"/r/{rate_token(survey)}")
    expect(page.locator("html")).to_have_attribute("dir", "rtl" if language == "ar" else "ltr")
    rate(page, 1)
    page.locator("textarea").fill("Still broken")
    page.locator("button[value=comment]").click()
    expect(page.locator("button[value=reopen]")).to_be_visible()
    shoot(page, f"loop-1-offered-{language}")
    page.locator("button[value=reopen]").click()
    expect(page.locator("[role=status]")).to_contain_text(PROMISED[language])
    shoot(page, f"loop-2-promised-{language}")

    follow_up = FollowUp.objects.get()
    assert tasks.tell_owner(follow_up.pk)
    told = SandboxMessage.objects.get(to=agent_user.email)
    assert f"/inbox/{survey.session.uuid}/" in told.text
    follow_up.change(due_at=timezone.now() - timedelta(minutes=1))
    work()
    assert [tag.name for tag in survey.session.tags.all()] == ["escalated"]

    looked_after(open_as(agent_user, "/inbox/?overdue=1"), language, shoot)
    work()
    assert SandboxMessage.objects.filter(text__contains="It works now.").count() == 1

    page.reload()
    expect(page.locator(".happened")).to_contain_text("We sent another.")
    shoot(page, f"loop-4-heard-{language}")
    page.locator("a[href*='change=1']").click()
    rate(page, 5)
    expect(page.locator(".chosen")).to_contain_text("5")
    assert Score.objects.get().score == 5
    whole = recovery_groups.read(parse({"from": "2000-01-01", "to": "2100-01-01"})).whole
    assert (whole.steps.low, whole.steps.reopened, whole.steps.better) == (1, 1, 1)
    report = open_as(manager_user, "/reports/?show=low")
    expect(report.locator("main")).to_contain_text("Reopened afterwards")
    shoot(report, f"loop-5-recovery-{language}")


def looked_after(page: Page, language: str, shoot: Shoot) -> None:
    """By its owner: written to, done with a sentence, resolved, and so asked anew."""
    page.get_by_text("Nadia Berg").first.click()
    page.get_by_text("Write to the customer").click()
    shoot(page, f"loop-3-writing-{language}")
    page.get_by_label("Message to the customer").fill("It works now.")
    page.get_by_role("button", name="Send", exact=True).click()
    expect(page.locator(".kept")).to_contain_text("It works now.")
    page.locator("summary", has_text="Done").click()
    page.get_by_label("What was done, in one sentence").fill("We sent another.")
    page.get_by_role("button", name="Done", exact=True).click()
    expect(page.get_by_text("Say what was done").first).to_be_visible()
    page.get_by_role("button", name="Resolve", exact=True).click()
    expect(page.locator("#timeline")).to_contain_text("Resolved by Sam")


@pytest.mark.parametrize("language", ["ar"])
def test_staff_who_rate_over_a_customer_read_that_it_does_not_count(
    language: str, survey: Survey, open_as: Any, shoot: Shoot, agent_user: User
) -> None:
    answering.answer(survey, score=1, comment="Still broken", source="page")
    page = open_as(agent_user, f"/r/{rate_token(survey)}?change=1", viewport=PHONE)
    rate(page, 5)
    expect(page.locator(".staff")).to_be_visible()
    shoot(page, "loop-staff-ar")
    assert Score.objects.get().score == 1
