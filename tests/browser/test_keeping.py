"""What somebody types, opens, marks or presses is not taken away by what the page loads meanwhile."""

import re
from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session as Login
from playwright.sync_api import Page, Route, expect

from csat.sessions import activity, resolving, tagging
from csat.sessions.models import Session
from csat.surveys.answers import answering
from csat.surveys.choices import Source
from csat.surveys.models import CsatSettings
from csat.timeline.models import Event
from csat.timeline.recording import SYSTEM
from csat.webhooks import endpoints, queueing
from tests.browser.conftest import Visits
from tests.factories import API, make_contact, make_sent_survey, make_session

pytestmark = pytest.mark.django_db(transaction=True)
NEWS = 20_000  # milliseconds: two rounds of polling take nine seconds, a busy machine more
OpenAs = Callable[..., Page]


class Held:
    """Requests that wait until the test lets them go on, so that things happen while they are under way."""

    def __init__(self, page: Page, address: str | re.Pattern[str], *, method: str = "POST") -> None:
        self.page, self.address, self.method, self.waiting, self.open = (
            page,
            address,
            method,
            list[Route](),
            False,
        )
        page.route(address, self._meet)

    def _meet(self, route: Route) -> None:
        if self.open or route.request.method != self.method:
            route.continue_()
        else:
            self.waiting.append(route)

    def arrive(self, number: int = 1) -> None:
        for _ in range(400):
            if len(self.waiting) >= number:
                return
            self.page.wait_for_timeout(25)
        raise AssertionError(f"{len(self.waiting)} requests to {self.address}, not {number}")

    def go_on(self) -> None:
        self.open = True
        for route in self.waiting:
            route.continue_()


@pytest.fixture
def rated() -> Session:
    """Somebody gave 1, so there is a follow-up."""
    survey = make_sent_survey(contact=make_contact(name="Li Wei"))
    answering.answer(survey, score=1, comment="Still broken", source=Source.PAGE)
    return survey.session


class TestAnswersToWhatWasPressed:
    def test_a_reply_begun_while_the_last_one_is_sent_stays(self, open_as: OpenAs, agent_user: User) -> None:
        page = open_as(agent_user, f"/inbox/{make_session().uuid}/")
        held, box = Held(page, "**/reply/"), page.get_by_label("Reply or note")
        box.fill("On its way.")
        box.press("Control+Enter")
        held.arrive()
        box.fill("On its way. And one thing mo")
        held.go_on()
        expect(page.locator("#timeline")).to_contain_text("On its way.")
        expect(box).to_have_value("And one thing mo")

    def test_a_reply_pressed_twice_is_sent_once(self, open_as: OpenAs, agent_user: User) -> None:
        session = make_session()
        page = open_as(agent_user, f"/inbox/{session.uuid}/")
        held, box = Held(page, "**/reply/"), page.get_by_label("Reply or note")
        box.fill("On its way.")
        box.press("Control+Enter")
        box.press("Control+Enter")
        held.arrive()
        held.go_on()
        expect(box).to_have_value("")
        page.wait_for_timeout(300)
        assert Event.objects.filter(session_id=session.pk, data__text="On its way.").count() == 1

    def test_a_note_half_written_outlives_what_is_done_beside_it(
        self, open_as: OpenAs, agent_user: User, rated: Session
    ) -> None:
        page = open_as(agent_user, f"/inbox/{rated.uuid}/")
        page.locator("#panel summary", has_text="Note").click()
        page.locator("#follow-up-text").fill("Called at noon, will")
        page.get_by_label("New tag").evaluate(
            "field => { field.value = 'refund'; field.form.requestSubmit() }"
        )
        expect(page.locator("#panel .tag")).to_contain_text("refund")
        expect(page.locator("#follow-up-text")).to_have_value("Called at noon, will")
        expect(page.locator("#follow-up-text")).to_be_visible()

    def test_the_keyboard_stays_near_the_button_that_was_pressed(
        self, open_as: OpenAs, agent_user: User
    ) -> None:
        page = open_as(agent_user, f"/inbox/{make_session().uuid}/")
        page.get_by_role("button", name="Resolve", exact=True).focus()
        page.keyboard.press("Enter")
        expect(page.locator("#state")).to_contain_text("Resolved")
        assert page.evaluate("document.activeElement.closest('#actions') !== null")

    def test_settings_changed_while_they_are_saved_stay_changed_and_unsaved(
        self, visit: Visits, open_as: OpenAs, manager_user: User
    ) -> None:
        page = open_as(manager_user, "/settings/csat/")
        held = Held(page, "**/settings/csat/")
        page.get_by_label("Ask only a sample of").fill("50")
        page.get_by_role("button", name="Save Changes").first.click()
        held.arrive()
        page.get_by_label("A rating link works for").fill("14")
        page.get_by_label("Hide comments from agents").check()
        held.go_on()
        expect(page.locator(".toast")).to_be_visible()
        expect(page.get_by_label("Ask only a sample of")).to_have_value("50")
        expect(page.get_by_label("A rating link works for")).to_have_value("14")
        expect(page.get_by_label("Hide comments from agents")).to_be_checked()
        expect(page.locator("#settings")).to_have_attribute("data-dirty", "")
        assert CsatSettings.current().link_days == 30
        visit.troubles[:] = [
            told for told in visit.troubles if not told.startswith("htmx:")
        ]  # a dry run that a newer one replaced

    def test_a_download_pressed_too_soon_waits_for_the_filter(
        self, open_as: OpenAs, manager_user: User, rated: Session
    ) -> None:
        page = open_as(manager_user, "/reports/export/")
        held = Held(page, "**/reports/export/?*", method="GET")
        page.get_by_label("Any channel").select_option("sms")
        held.arrive()
        expect(page.get_by_role("button", name="Download CSV")).to_be_disabled()
        held.go_on()
        expect(page.get_by_role("button", name="Download CSV")).to_be_enabled()
        assert "channel=sms" in (
            page.get_by_role("button", name="Download CSV").get_attribute("formaction") or ""
        )


class TestNews:
    def test_a_filter_is_not_undone_by_news_asked_for_before_it(
        self, open_as: OpenAs, agent_user: User
    ) -> None:
        make_session("sms", contact=make_contact(name="Ana Souza"))
        make_session("email", contact=make_contact(name="Li Wei"))
        page = open_as(agent_user, "/inbox/")
        held = Held(page, re.compile(r"/inbox/\?.*v="), method="GET")
        make_session("email", contact=make_contact(name="Nadia Berg"))
        held.arrive()
        page.get_by_label("Any channel").select_option("sms")
        expect(page.get_by_text("Li Wei")).to_have_count(0)
        held.go_on()
        page.wait_for_timeout(500)
        expect(page.get_by_text("Li Wei")).to_have_count(0)

    def test_marked_text_stays_marked(self, open_as: OpenAs, agent_user: User) -> None:
        session = make_session()
        page = open_as(agent_user, f"/inbox/{session.uuid}/")
        page.locator(".bubble").first.dblclick()
        marked = page.evaluate("getSelection().toString()")
        with page.expect_response(re.compile("v=")) as answer:
            activity.add_message(session, sender="contact", text="Are you there?", by=API)
        assert answer.value.ok
        page.wait_for_timeout(4500)
        assert page.evaluate("getSelection().toString()") == marked != ""
        page.mouse.click(5, 5)
        expect(page.locator("#timeline")).to_contain_text("Are you there?", timeout=NEWS)

    def test_a_part_that_waited_for_an_open_menu_is_told_afterwards(
        self, open_as: OpenAs, agent_user: User
    ) -> None:
        session = make_session()
        page = open_as(agent_user, f"/inbox/{session.uuid}/")
        page.locator("#actions summary", has_text="Send survey").click()
        tagging.tag(session, ["refund"], by=API)
        resolving.resolve(session, by=API, ask=False)
        expect(page.locator("#timeline")).to_contain_text("Resolved by Helpdesk", timeout=NEWS)
        expect(page.get_by_role("button", name="Resolve", exact=True)).to_be_attached()
        page.keyboard.press("Escape")
        expect(page.get_by_role("button", name="Reopen")).to_be_visible(timeout=NEWS)

    def test_why_stays_open_and_the_panel_is_told_all_the_same(
        self, open_as: OpenAs, agent_user: User, rated: Session
    ) -> None:
        page = open_as(agent_user, f"/inbox/{rated.uuid}/")
        page.get_by_text("Why was this customer asked?").click()
        tagging.tag(rated, ["refund"], by=API)
        expect(page.locator("#panel .tag")).to_contain_text("refund", timeout=NEWS)
        expect(page.locator("#panel .gates")).to_be_visible()

    def test_a_call_being_read_stays_open_while_the_log_goes_on(
        self, open_as: OpenAs, manager_user: User
    ) -> None:
        endpoint = endpoints.add(url="https://1.1.1.1/hook", events=["csat.requested"], by=SYSTEM)
        queueing.enqueue_test(endpoint, by=SYSTEM)
        page = open_as(manager_user, f"/settings/webhooks/{endpoint.uuid}/")
        page.locator(".call summary").first.click()
        queueing.enqueue_test(endpoint, by=SYSTEM)
        expect(page.locator(".call")).to_have_count(2, timeout=NEWS)
        expect(page.locator(".call pre").last).to_be_visible()
        expect(page.locator("#progress")).not_to_have_class(re.compile("on"))


class TestLoggedOutMeanwhile:
    def test_what_was_typed_is_here_again_after_the_login(
        self, visit: Visits, open_as: OpenAs, agent_user: User
    ) -> None:
        session = make_session()
        page = open_as(agent_user, f"/inbox/{session.uuid}/")
        page.get_by_label("Reply or note").fill("A long and careful answer")
        Login.objects.all().delete()
        page.get_by_role("button", name="Reply").click()
        page.get_by_label("Username").fill("sam")
        page.get_by_label("Password").fill("correct horse")
        page.get_by_role("button", name="Log in").click()
        page.wait_for_url(re.compile(str(session.uuid)))
        expect(page.get_by_label("Reply or note")).to_have_value("A long and careful answer")
        visit.troubles.clear()

    def test_somebody_else_who_logs_in_there_finds_nothing_of_it(
        self, visit: Visits, open_as: OpenAs, agent_user: User, manager_user: User
    ) -> None:
        session = make_session()
        page = open_as(agent_user, f"/inbox/{session.uuid}/")
        page.get_by_label("Reply or note").fill("Between you and me")
        Login.objects.all().delete()
        page.get_by_role("button", name="Reply").click()
        page.get_by_label("Username").fill("maria")
        page.get_by_label("Password").fill("correct horse")
        page.get_by_role("button", name="Log in").click()
        page.wait_for_url(re.compile(str(session.uuid)))
        expect(page.get_by_label("Reply or note")).to_have_value("")
        assert "Between you and me" not in page.evaluate("JSON.stringify({...sessionStorage})")
        visit.troubles.clear()

    def test_a_form_sent_the_plain_way_comes_back_filled_in(
        self, open_as: OpenAs, manager_user: User
    ) -> None:
        page = open_as(manager_user, "/settings/webhooks/")
        page.get_by_label("URL").fill("https://crm.example.com/csat")
        Login.objects.all().delete()
        page.get_by_role("button", name="Add webhook").click()
        page.get_by_label("Username").fill("maria")
        page.get_by_label("Password").fill("correct horse")
        page.get_by_role("button", name="Log in").click()
        page.wait_for_url(re.compile("/settings/webhooks/"))
        expect(page.get_by_label("URL")).to_have_value("https://crm.example.com/csat")
        page.reload()
        expect(page.get_by_label("URL")).to_have_value("")

    def test_a_page_too_old_for_its_form_is_loaded_again_with_what_was_typed(
        self, visit: Visits, open_as: OpenAs, agent_user: User
    ) -> None:
        page = open_as(agent_user, f"/inbox/{make_session().uuid}/")
        page.get_by_label("Reply or note").fill("A long and careful answer")
        page.context.clear_cookies(name="csrftoken")
        page.get_by_role("button", name="Reply").click()
        expect(page.locator(".toast")).to_contain_text("This page has expired")
        with page.expect_navigation():
            page.get_by_role("button", name="Reload").click()
        expect(page.get_by_label("Reply or note")).to_have_value("A long and careful answer")
        page.get_by_role("button", name="Reply").click()
        expect(page.locator("#timeline")).to_contain_text("A long and careful answer")
        visit.troubles.clear()


def test_news_that_stay_away_are_told_until_they_come_again(
    visit: Visits, open_as: OpenAs, agent_user: User
) -> None:
    page = open_as(agent_user, f"/inbox/{make_session().uuid}/")
    page.route("**/inbox/*/?v=*", lambda route: route.abort())
    expect(page.locator(".toast")).to_contain_text("this page may be out of date", timeout=3 * NEWS)
    page.unroute("**/inbox/*/?v=*")
    expect(page.locator(".toast")).to_have_count(0, timeout=NEWS)
    visit.troubles.clear()
