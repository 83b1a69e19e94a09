"""The team's side in a real browser."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Page, expect

from csat.sessions import activity, resolving, tagging
from csat.sessions.models import Session
from csat.surveys.answers import answering
from csat.surveys.choices import Source
from csat.surveys.delivery import sending
from tests.browser.conftest import PHONE, Visits
from tests.factories import API, make_contact, make_sent_survey, make_session, switch_on

pytestmark = pytest.mark.django_db(transaction=True)
DESKTOP = {"width": 1280, "height": 860}
NEWS = 20_000  # milliseconds: two rounds of polling take nine seconds, a busy machine more


@pytest.fixture(autouse=True)
def _links_lead_here(settings: Any, live_server: Any) -> None:
    settings.SITE_URL = live_server.url


def wide(page: Page) -> int:
    """How many pixels stick out at the side."""
    return int(page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"))


def forgive(visit: Visits, *words: str) -> None:
    """What the console said of the trouble a test made on purpose."""
    visit.troubles[:] = [trouble for trouble in visit.troubles if not any(word in trouble for word in words)]


def test_from_the_inbox_to_the_customer_and_back(
    visit: Visits, manager_user: User, shoot: Callable[[Page, str], None]
) -> None:
    switch_on("email")
    session = make_session("email", contact=make_contact(name="Li Wei"), subject="Cannot log in")

    page = visit("/", viewport=DESKTOP)
    page.get_by_label("Username").fill("maria")
    page.get_by_label("Password").fill("correct horse")
    page.get_by_role("button", name="Log in").click()
    page.get_by_role("link", name=re.compile("Li Wei")).click()
    page.get_by_role("button", name="Resolve", exact=True).click()
    expect(page.locator("#timeline")).to_contain_text("Resolved by Maria")
    sending.send_due()
    expect(page.locator("#timeline")).to_contain_text("CSAT requested", timeout=NEWS)
    shoot(page, "session-requested")

    outbox = page.context.new_page()
    outbox.goto("/outbox/")
    outbox.get_by_role("link", name=re.compile(session.contact.email)).click()
    shoot(outbox, "outbox-mail")
    with page.context.expect_page() as opened:
        outbox.frame_locator("iframe").get_by_role("link", name="Good").click()
    customer = opened.value
    customer.get_by_label(re.compile("What could we have done better")).fill("Quick, thanks")
    customer.get_by_role("button", name="Send").click()
    expect(customer.get_by_role("heading", name="Thank you!")).to_be_visible()

    expect(page.locator("#timeline")).to_contain_text("Quick, thanks", timeout=NEWS)
    expect(page.locator("#panel").get_by_role("img", name="4, Good")).to_be_visible()
    shoot(page, "session-rated")


class TestList:
    def test_filters_change_the_rows_and_the_address_and_go_back(
        self, open_as: Callable[..., Page], agent_user: User
    ) -> None:
        make_session("sms", contact=make_contact(name="Ana Souza"))
        make_session("email", contact=make_contact(name="Li Wei"))
        page = open_as(agent_user, "/inbox/")
        page.get_by_label("Any channel").select_option("sms")
        expect(page.get_by_text("Li Wei")).to_have_count(0)
        expect(page).to_have_url(re.compile("channel=sms"))
        page.go_back()
        expect(page.get_by_text("Li Wei")).to_be_visible()

    def test_typing_searches_and_keeps_the_cursor(
        self, open_as: Callable[..., Page], agent_user: User
    ) -> None:
        make_session(contact=make_contact(name="Ana Souza"))
        make_session(contact=make_contact(name="Li Wei"))
        page = open_as(agent_user, "/inbox/")
        page.keyboard.press("/")
        page.keyboard.type("souza")
        expect(page.get_by_text("Li Wei")).to_have_count(0)
        expect(page.get_by_role("searchbox")).to_be_focused()

    def test_a_new_conversation_appears_by_itself(
        self, open_as: Callable[..., Page], agent_user: User
    ) -> None:
        page = open_as(agent_user, "/inbox/")
        expect(page.get_by_text("No conversations yet")).to_be_visible()
        make_session(contact=make_contact(name="Ana Souza"))
        expect(page.get_by_text("Ana Souza")).to_be_visible(timeout=NEWS)

    def test_everything_works_without_javascript(
        self, open_as: Callable[..., Page], agent_user: User
    ) -> None:
        make_session("sms", contact=make_contact(name="Ana Souza"))
        make_session("email", contact=make_contact(name="Li Wei"))
        page = open_as(agent_user, "/inbox/", java_script_enabled=False)
        page.get_by_label("Any channel").select_option("sms")
        page.get_by_role("button", name="Search").click()
        expect(page.get_by_text("Li Wei")).to_have_count(0)
        page.get_by_role("link", name=re.compile("Ana Souza")).click()
        page.get_by_role("button", name="Resolve", exact=True).click()
        expect(page.locator("#timeline")).to_contain_text("Resolved by Sam")


class TestConversation:
    def test_news_leave_alone_what_somebody_types(
        self, open_as: Callable[..., Page], agent_user: User
    ) -> None:
        session = make_session()
        page = open_as(agent_user, f"/inbox/{session.uuid}/")
        box = page.get_by_label("Reply or note")
        box.fill("Half a sen")
        page.get_by_text("Send survey").click()
        page.get_by_label("Message", exact=False).last.fill("How did we do?")
        activity.add_message(session, sender="contact", text="Are you there?", by=API)
        expect(page.locator("#timeline")).to_contain_text("Are you there?", timeout=NEWS)
        expect(box).to_have_value("Half a sen")
        expect(page.locator("#survey-message")).to_have_value("How did we do?")

    def test_a_reply_and_a_note_land_on_the_timeline_and_empty_the_box(
        self, open_as: Callable[..., Page], agent_user: User
    ) -> None:
        page = open_as(agent_user, f"/inbox/{make_session().uuid}/")
        box = page.get_by_label("Reply or note")
        for words, button in (("On its way.", "Reply"), ("Called twice.", "Note")):
            box.fill(words)
            page.locator(".composer").get_by_role("button", name=button).click()
            expect(page.locator("#timeline")).to_contain_text(words)
            expect(box).to_have_value("")

    def test_a_refusal_stands_beside_the_button(
        self, visit: Visits, open_as: Callable[..., Page], agent_user: User
    ) -> None:
        session = make_session()
        page = open_as(agent_user, f"/inbox/{session.uuid}/")
        page.evaluate("document.querySelector('[data-poll]').remove()")
        resolving.resolve(session, by=API)
        page.get_by_role("button", name="Resolve", exact=True).click()
        expect(page.locator("#refusal-resolve")).to_contain_text("This conversation is already resolved.")
        forgive(visit, "409 (Conflict)")

    def test_a_broken_connection_offers_to_try_again_and_loses_nothing(
        self, visit: Visits, open_as: Callable[..., Page], agent_user: User
    ) -> None:
        page = open_as(agent_user, f"/inbox/{make_session().uuid}/")
        page.get_by_label("Reply or note").fill("On its way.")
        page.route("**/reply/", lambda route: route.abort())
        page.get_by_role("button", name="Reply").click()
        toast = page.get_by_role("status").get_by_role("button", name="Try again")
        expect(toast).to_be_visible()
        expect(page.get_by_label("Reply or note")).to_have_value("On its way.")
        page.unroute("**/reply/")
        toast.click()
        expect(page.locator("#timeline")).to_contain_text("On its way.")
        forgive(visit, "ERR_FAILED", "htmx:")

    def test_the_link_goes_to_the_clipboard(self, open_as: Callable[..., Page], agent_user: User) -> None:
        session = make_session()
        page = open_as(
            agent_user, f"/inbox/{session.uuid}/", permissions=["clipboard-read", "clipboard-write"]
        )
        page.get_by_role("button", name="Copy link").click()
        expect(page.get_by_role("status")).to_contain_text("Copied")
        assert "/r/" in page.evaluate("navigator.clipboard.readText()")

    def test_the_link_moves_nothing_and_can_be_closed(
        self, open_as: Callable[..., Page], agent_user: User
    ) -> None:
        page = open_as(agent_user, f"/inbox/{make_session().uuid}/")
        before = page.locator(".columns").bounding_box()
        page.get_by_role("button", name="Copy link").click()
        expect(page.locator("#rate-link")).to_be_visible()
        assert page.locator(".columns").bounding_box() == before
        page.get_by_role("button", name="Close", exact=True).click()
        expect(page.locator("#rate-link")).to_be_hidden()

    @pytest.mark.parametrize("width", [360, 390])
    def test_on_a_phone_the_rating_stands_before_the_conversation_and_buttons_in_one_line(
        self, open_as: Callable[..., Page], agent_user: User, width: int
    ) -> None:
        session = make_sent_survey().session
        page = open_as(agent_user, f"/inbox/{session.uuid}/", viewport={"width": width, "height": 844})
        top = "e => e.getBoundingClientRect().top"
        csat, contact = (page.locator(f'section:has(h2:text-is("{title}"))') for title in ("CSAT", "Contact"))
        talk = page.locator(".talk").evaluate(top)
        assert csat.evaluate(top) < talk < contact.evaluate(top)
        page.goto(f"/inbox/{make_session().uuid}/")
        boxes = page.locator(".page-head .actions .button:visible").all()
        edges = [box.bounding_box() for box in boxes]
        assert len({edge["y"] for edge in edges if edge}) == 1
        assert max(edge["x"] + edge["width"] for edge in edges if edge) <= width - 16

    def test_a_menu_closes_by_escape_and_gives_the_focus_back(
        self, open_as: Callable[..., Page], agent_user: User
    ) -> None:
        page = open_as(agent_user, f"/inbox/{make_session().uuid}/")
        opener = page.locator("summary", has_text="Send survey")
        opener.click()
        expect(page.get_by_label("Send via")).to_be_visible()
        page.keyboard.press("Escape")
        expect(page.get_by_label("Send via")).to_be_hidden()
        expect(opener).to_be_focused()


class TestLook:
    """Nothing sticks out on a phone, in any direction of writing; pictures for people to look at."""

    @pytest.mark.parametrize("language", ["en", "ar", "de"])
    @pytest.mark.parametrize("scheme", ["light", "dark"])
    def test_every_page_fits_a_phone_and_a_desk(
        self,
        open_as: Callable[..., Page],
        manager_user: User,
        shoot: Callable[[Page, str], None],
        settings: Any,
        language: str,
        scheme: str,
    ) -> None:
        settings.STAFF_LANGUAGES = ["en", "ar", "de"]  # as if the pages were translated
        survey = make_sent_survey(
            "sms", contact=make_contact(name="Jean-Baptiste de la Fontaine-Montmorency"), subject="W" * 60
        )
        answering.answer(survey, score=1, comment="x" * 300, source=Source.PAGE)
        session: Session = survey.session
        tagging.tag(session, ["averyveryverylongtagwithoutanyspacesinitthatgoesonandon"], by=API)
        paths = {
            "inbox": "/inbox/",
            "session": f"/inbox/{session.uuid}/",
            "contacts": "/contacts/",
            "outbox": "/outbox/",
        }
        paths["contact"] = f"/contacts/{session.contact.uuid}/"
        for size, viewport in (("phone", PHONE), ("desk", DESKTOP)):
            page = open_as(manager_user, "/inbox/", viewport=viewport, color_scheme=scheme, locale=language)
            for name, path in paths.items():
                page.goto(path)
                assert wide(page) == 0, (name, size)
                shoot(page, f"{name}-{size}-{language}-{scheme}")
