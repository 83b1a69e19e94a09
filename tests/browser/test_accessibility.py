"""Every kind of page passes axe-core: names, roles, headings, contrast; wide in light, narrow in dark."""

from collections.abc import Callable
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.contrib.auth.models import User
from playwright.sync_api import Page

from csat.people.models import Agent
from csat.reports.models import SavedView
from csat.subscriptions import shares
from csat.surveys.answers import answering
from csat.surveys.choices import Source
from csat.surveys.models import Survey
from csat.themes.models import Theme
from csat.timeline.recording import SYSTEM
from csat.webhooks import endpoints
from csat.workflows import editing, examples
from tests.browser import walk
from tests.browser.conftest import DESKTOP, PHONE, Visits
from tests.factories import make_agent, make_contact, make_sent_survey
from tests.tokens import rate_token, unsubscribe_token

pytestmark = pytest.mark.django_db(transaction=True)

WIDE_AND_LIGHT: dict[str, Any] = {"viewport": DESKTOP, "color_scheme": "light"}
NARROW_AND_DARK: dict[str, Any] = {"viewport": PHONE, "color_scheme": "dark"}
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"]}
TABS = (
    "agent",
    "handoff_reason",
    "low",
    "comments",
    "comments&words=1",
    "hour",
    "about",
    "time_to_resolve",
)  # the others are tables of one of these kinds


@pytest.fixture
def rated() -> Survey:
    """A conversation with a low score and a comment: the page on which the most is shown."""
    survey = make_sent_survey(contact=make_contact(name="Li Wei"), assignee=make_agent())
    answering.answer(survey, score=2, comment="Still broken", source=Source.PAGE)
    return survey.again()


@pytest.fixture
def staff_pages(rated: Survey) -> list[str]:
    session = rated.session
    care = examples.EXAMPLES[1]
    steps = {
        "trigger_type": care.trigger_type,
        "trigger_constraints": care.trigger_constraints,
        "blocks": list(care.blocks),
    }
    workflow = editing.create(name="Care for low scores", by=SYSTEM, **steps)
    endpoint = endpoints.add(url="https://1.1.1.1/hook", events=["csat.requested"], by=SYSTEM)
    return [
        *(
            "/inbox/",
            f"/inbox/{session.uuid}/",
            "/contacts/",
            f"/contacts/{session.contact.uuid}/",
            "/outbox/",
        ),
        *(f"/reports/?show={tab}" for tab in TABS),
        *(
            "/reports/sessions/",
            "/reports/export/",
            "/reports/sent/",
            "/reports/targets/",
            "/themes/",
            f"/themes/{Theme.objects.get(slug='delivery').uuid}/",
            "/workflows/",
            f"/workflows/{workflow.uuid}/",
            f"/workflows/{workflow.uuid}/runs/",
        ),
        *(
            "/settings/csat/",
            "/settings/webhooks/",
            f"/settings/webhooks/{endpoint.uuid}/",
        ),
        *walk.security_pages(),
        *walk.connection_pages()["admin"],
    ]


def problems(page: Page) -> list[str]:
    """One line for each rule that is broken on this page, with the first element that breaks it."""
    found = Axe().run(page, options=RULES).response["violations"]
    return [f"{page.url}: {one['id']} ({one['help']}): {one['nodes'][0]['html'][:200]}" for one in found]


@pytest.mark.parametrize(
    ("look", "every"),
    [pytest.param(WIDE_AND_LIGHT, 1, id="wide"), pytest.param(NARROW_AND_DARK, 3, id="narrow")],
)
@pytest.mark.timeout(400)
def test_staff_pages_break_no_rule(
    look: dict[str, Any], every: int, open_as: Callable[..., Page], admin_user: User, staff_pages: list[str]
) -> None:
    page = open_as(admin_user, "/login/", bypass_csp=True, **look)
    found = []
    for path in staff_pages[::every]:
        page.goto(path)
        found += problems(page)
    assert found == []


@pytest.mark.parametrize("look", [WIDE_AND_LIGHT, NARROW_AND_DARK], ids=["wide", "narrow"])
def test_what_is_asked_for_on_a_report_and_shown_elsewhere_breaks_no_rule(
    look: dict[str, Any], open_as: Callable[..., Page], admin_user: User, agent_user: User, rated: Survey
) -> None:
    """The weeks of a row, one's own scores, a shared report and its wall."""
    link = shares.url(
        shares.make(SavedView.objects.create(user=admin_user, name="All"), by=admin_user, with_comments=True)
    )
    path = "/share/" + link.split("/share/")[1]
    page = open_as(admin_user, "/reports/", bypass_csp=True, **look)
    page.locator(".by-week").first.click()
    page.locator(".row-weeks svg").wait_for()
    found = problems(page)
    for address in (path, f"{path}wall/"):
        page.goto(address)
        found += problems(page)
    # a wall renews itself: nobody touches it, and nothing on it can be lost
    found = [line for line in found if "meta-refresh" not in line or "/wall/" not in line]
    Agent.objects.filter(pk=rated.session.again().resolver_id).update(user=agent_user)
    page = open_as(agent_user, "/my-scores/", bypass_csp=True, **look)
    found += problems(page)
    assert found == []


@pytest.mark.parametrize("look", [WIDE_AND_LIGHT, NARROW_AND_DARK], ids=["wide", "narrow"])
def test_customers_pages_break_no_rule(look: dict[str, Any], visit: Visits, rated: Survey) -> None:
    asked = make_sent_survey(contact=make_contact(language="ar"))
    paths = [f"/r/{rate_token(asked)}", f"/r/{rate_token(asked)}?score=2", f"/r/{rate_token(rated)}"]
    paths += [f"/u/{unsubscribe_token(rated.session.contact)}"]
    page = visit("/login/", bypass_csp=True, **look)
    found = problems(page)
    for path in paths:
        page.goto(path)
        found += problems(page)
    assert found == []


def test_a_broken_page_is_found(visit: Visits) -> None:
    page = visit("/login/", bypass_csp=True)
    page.evaluate("document.body.insertAdjacentHTML('beforeend', '<main><input name=nameless></main>')")
    assert any(": label (" in line for line in problems(page))
