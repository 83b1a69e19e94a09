"""The card in real Chromium, on a host page of another origin, with third-party cookies blocked."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from csat.sessions import resolving
from csat.surveys import links
from csat.surveys.delivery import scheduling, sending
from csat.surveys.models import CsatSettings, Score
from csat.surveys.rules.settings import change
from csat.timeline.models import Event
from tests.browser import shifts
from tests.browser.conftest import CHROMIUM, PHONE
from tests.browser.shop import HOST_PAGE, Shop
from tests.factories import API, make_agent, make_session, switch_on

pytestmark = pytest.mark.django_db(transaction=True)
BY_HAND = (
    "src => document.body.append("
    "Object.assign(document.createElement('iframe'), {src, className: 'csat-card'}))"
)
OVERFLOW = (
    "[document.documentElement.scrollHeight - innerHeight, document.documentElement.scrollWidth - innerWidth]"
)
TURN = 20_000  # milliseconds: longer than the eight seconds between two looks, on a busy machine too
DESK = {"width": 1000, "height": 700}


@pytest.fixture(scope="session")
def strict(chromium: Browser) -> Iterator[Browser]:
    """Chromium that keeps no third party's cookies."""
    browser = chromium.browser_type.launch(
        executable_path=CHROMIUM,
        args=[
            "--no-sandbox",
            "--disable-gpu",
            "--disable-background-networking",
            "--test-third-party-cookie-phaseout",
        ],
    )
    yield browser
    browser.close()


@pytest.fixture
def session():
    switch_on("web")
    return make_session("web", assignee=make_agent("Sam"))


@pytest.fixture
def host(strict: Browser, shop: Shop, session: Any, settings: Any) -> Iterator[Any]:
    """host("data-container=#survey", **context options) opens the shop with the card's loader on it."""
    contexts = []

    def open_shop(more: str = "", *, attributes: str = "", clock: bool = False, **options: Any) -> Page:
        token = links.widget_token(session)[0]
        shop.html = HOST_PAGE.format(site=settings.SITE_URL, token=token, more=more, attributes=attributes)
        context = strict.new_context(**{"viewport": DESK, "reduced_motion": "reduce", **options})
        context.set_default_timeout(12000)
        contexts.append(context)
        page = context.new_page()
        if clock:
            page.clock.install()
        page.goto(shop.origin)
        return page

    yield open_shop
    for context in contexts:
        context.close()


def resolve(session):
    resolving.resolve(session, by=API)
    sending.send_due()


def card(page):
    return page.frame_locator("iframe.csat-card")


def choose(page, score):
    """A press on a face; it waits until the card stands still."""
    card(page).locator(f"label.face.s{score}").click()
    expect(card(page).get_by_role("radio").nth(score - 1)).to_be_checked()


def rate(page, score):
    choose(page, score)
    card(page).get_by_role("button", name="Send").click()


def heard(page):
    return [event.get("type") for event in page.evaluate("heard")]


def scores():
    return list(Score.objects.values_list("score", "comment", "source"))


def test_from_resolved_to_thank_you(host, session, shoot):
    page = host()
    page.wait_for_timeout(500)
    expect(page.locator("iframe")).to_have_count(0)
    resolve(session)
    expect(card(page).get_by_role("heading", name="How was your conversation with Sam?")).to_be_visible(
        timeout=20000
    )
    page.wait_for_function("heard.length === 1")
    shoot(page, "card-corner")
    rate(page, 2)
    expect(card(page).get_by_role("heading", name="What went wrong?")).to_be_visible()
    shoot(page, "card-why")
    assert scores() == [(2, "", "card")]
    card(page).get_by_role("textbox").fill("Still broken")
    card(page).get_by_role("button", name="Send").click()
    expect(card(page).get_by_role("heading", name="Thank you!")).to_be_visible()
    shoot(page, "card-thanks")
    assert scores() == [(2, "Still broken", "card")]
    assert heard(page) == ["csat:requested", "csat:submitted"]  # the comment joins the same submission
    assert Event.objects.filter(kind="csat.requested").count() == 1
    assert session.survey.deliveries.get().shown_at
    assert page.context.cookies() == []


@pytest.mark.parametrize("language", ["en", "ar"])
def test_not_solved_in_the_card_one_press_reopens(language, host, session, shoot):
    change(by=API, reopen_by_customer=True)
    session.change(language=language)
    resolve(session)
    page = host()
    card(page).locator(".face").first.click(timeout=TURN)
    card(page).locator("form button:visible").last.click()
    card(page).locator("button[value=skip]").click()
    expect(card(page).locator("button[value=reopen]")).to_be_visible()
    shoot(page, f"card-offered-{language}")
    card(page).locator("button[value=reopen]").click()
    expect(card(page).locator("button[value=reopen]")).to_have_count(0)
    expect(card(page).locator("[role=status]")).not_to_be_empty()
    shoot(page, f"card-promised-{language}")
    assert session.again().status == "open"
    assert heard(page) == ["csat:requested", "csat:submitted"]


def test_a_site_that_is_not_named_shows_nothing(host, session, settings):
    settings.WIDGET_ORIGINS = ["https://somebody.example"]
    resolve(session)
    page = host()
    with page.expect_event("console", lambda message: "CORS" in message.text):
        page.reload()
    expect(page.locator("iframe")).to_have_count(0)


def test_framed_by_hand_on_such_a_site_it_stays_empty(host, session, settings):
    settings.WIDGET_ORIGINS = ["https://somebody.example"]
    resolve(session)
    page = host()
    address = f"{settings.SITE_URL}/widget/card/{links.widget_token(session)[0]}"
    with page.expect_event("console", lambda message: "frame-ancestors" in message.text):
        page.evaluate(BY_HAND, address)
    expect(card(page).get_by_role("radio")).to_have_count(0)


def test_it_hides_when_reopened_and_returns_when_asked_again(host, session, shoot):
    resolve(session)
    page = host('data-container="#survey"')
    rate(page, 4)
    expect(card(page).get_by_text("Change my answer")).to_be_visible()
    shoot(page, "card-container-thanks")
    resolving.reopen(session.again(), by=API)
    scheduling.request(session.again(), origin="manual", by=API, force=True)
    sending.send_due()
    expect(card(page).get_by_role("radio", name="Good, 4 of 5")).to_be_checked(timeout=TURN)


def test_reopened_before_the_answer_it_goes(host, session):
    resolve(session)
    page = host()
    page.wait_for_function("heard.length === 1")
    resolving.reopen(session.again(), by=API)
    expect(page.locator("iframe")).to_have_count(0, timeout=TURN)
    assert heard(page)[-1] == "csat:closed"


def test_closed_it_stays_closed(host, session):
    resolve(session)
    page = host()
    card(page).get_by_role("button", name="Close").click()
    expect(page.locator("iframe")).to_have_count(0)
    page.reload()
    page.wait_for_timeout(1500)
    expect(page.locator("iframe")).to_have_count(0)


def test_closed_in_the_corner_it_returns_when_asked_again(host, session):
    resolve(session)
    page = host()
    card(page).get_by_role("button", name="Close").click()
    expect(page.locator("iframe")).to_have_count(0)
    scheduling.request(session.again(), origin="manual", by=API, force=True)
    sending.send_due()
    expect(card(page).get_by_role("radio").first).to_be_visible(timeout=TURN)


def test_nobody_but_the_card_is_believed(host, session):
    resolve(session)
    page = host()
    page.wait_for_function("heard.length === 1")
    for said in ('{csat: "closed"}', '{csat: "submitted", score: 1}'):
        page.evaluate(f"postMessage({said}, '*')")
    page.wait_for_timeout(300)
    expect(page.locator("iframe")).to_have_count(1)
    assert "csat:submitted" not in heard(page)


class Looks:
    """How often the page asked for the state; its clock is moved by hand."""

    def __init__(self, page: Page) -> None:
        """From the answer of one look on."""
        self.page, self.asked = page, 0
        page.on("request", self._count)
        page.clock.pause_at(datetime.fromtimestamp(page.evaluate("Date.now()") / 1000 + 2, UTC))
        while not self.within(1):
            pass

    def _count(self, request: Any) -> None:
        self.asked += "/widget/state/" in request.url

    def within(self, seconds: float) -> int:
        before = self.asked
        self.page.clock.run_for(int(seconds * 1000))
        self.page.wait_for_timeout(400)  # what was asked is answered
        return self.asked - before


def test_it_looks_every_8_seconds_and_not_at_all_while_hidden(host, session):
    page = host(clock=True)
    looks = Looks(page)
    assert [looks.within(7), looks.within(1.1), looks.within(8)] == [0, 1, 1]
    page.evaluate("Object.defineProperty(document, 'hidden', {value: true, configurable: true})")
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    assert looks.within(600) == 0
    page.evaluate("Object.defineProperty(document, 'hidden', {value: false, configurable: true})")
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    assert looks.within(0.1) == 1


def test_it_backs_off_on_errors_alone(host, session):
    page = host(clock=True)
    looks = Looks(page)
    page.route("**/widget/state/**", lambda route: route.abort())
    assert [looks.within(8.1), looks.within(12), looks.within(8)] == [1, 0, 1]  # 16 s, a fifth more or less
    page.unroute("**/widget/state/**")
    assert looks.within(60) >= 1
    assert [looks.within(8), looks.within(8)] == [1, 1]


def test_it_wears_the_brands_colour_and_keeps_still_where_that_is_wished(host, session):
    CsatSettings.objects.update(brand_color="#0a6d3c")
    resolve(session)
    page = host()
    choose(page, 5)
    button = card(page).get_by_role("button", name="Send")
    assert button.evaluate("one => getComputedStyle(one).backgroundColor") == "rgb(10, 109, 60)"
    assert (
        card(page).locator(".face .emoji").first.evaluate("one => getComputedStyle(one).transitionDuration")
        == "0s"
    )


def test_in_a_hidden_container_it_is_not_shown_yet(host, session):
    resolve(session)
    page = host('data-container="#survey"')
    page.add_style_tag(content="#chat { display: none }")
    page.reload()
    page.evaluate("document.querySelector('#chat').style.display = 'none'")
    page.wait_for_timeout(1500)
    assert session.survey.deliveries.get().shown_at is None
    page.evaluate("document.querySelector('#chat').style.display = ''")
    page.wait_for_function("heard.length === 1")
    assert session.survey.deliveries.get().shown_at


def test_with_the_keyboard_alone(host, session):
    resolve(session)
    page = host()
    radios = card(page).get_by_role("radio")
    radios.first.focus()
    for _ in range(4):
        page.keyboard.press("ArrowRight")
    expect(radios.nth(4)).to_be_checked()
    page.keyboard.press("Tab")
    page.keyboard.type("Lovely")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(card(page).get_by_role("heading", name="Thank you!")).to_be_focused()
    assert scores() == [(5, "Lovely", "card")]


@pytest.mark.parametrize("attributes", ["", 'data-container="#survey"'])
def test_nothing_moves_while_a_face_is_chosen(host, session, attributes):
    """In a corner the card stands on its lower edge: growing, it would pull the faces up."""
    resolve(session)
    page = host(attributes)
    choose(page, 3)
    shifts.watch(page.frames[1], from_the_start=False)  # a frame is high once it has told its height
    before = [face.bounding_box() for face in card(page).locator(".face").all()]
    for score in (1, 2, 3, 4, 5, 1):
        choose(page, score)
        assert [face.bounding_box() for face in card(page).locator(".face").all()] == before
    assert shifts.seen(page.frames[1]) == []


def test_before_a_face_is_chosen_the_card_is_as_high_as_afterwards(host, session):
    resolve(session)
    page = host()
    page.wait_for_function("heard.length === 1")
    before = page.locator("iframe").bounding_box()
    choose(page, 1)
    page.wait_for_timeout(200)
    assert page.locator("iframe").bounding_box() == before


def test_without_a_face_the_card_asks_for_one(host, session):
    resolve(session)
    page = host('data-language="fr"')
    card(page).get_by_role("button", name="Envoyer").click()
    expect(card(page).get_by_role("alert").first).to_have_text("Veuillez choisir l’un des cinq visages.")
    expect(card(page).get_by_role("radio").first).to_be_focused()
    assert scores() == []


@pytest.mark.parametrize(
    ("name", "options"),
    [("dark", {"color_scheme": "dark"}), ("phone", {"viewport": PHONE}), ("ar", {"viewport": PHONE})],
)
def test_it_looks_right_anywhere(host, session, shoot, name, options):
    CsatSettings.objects.update(brand_name="Acme", brand_color="#ffe600", ask_about=True)
    resolve(session)
    page = host(
        'data-language="ar"' if name == "ar" else "",
        attributes=' dir="rtl"' if name == "ar" else "",
        **options,
    )
    radios = card(page).get_by_role("radio")
    choose(page, 1)
    places = [radio.bounding_box()["x"] for radio in radios.all()[:5]]
    assert places == sorted(places)
    page.wait_for_timeout(300)
    shoot(page, f"card-{name}")
    inner = page.frames[1].evaluate(OVERFLOW)
    assert max(inner) <= 0


LOADER = "{site}/widget/csat.js"
LATER = """
src => new Promise(done => document.body.append(
  Object.assign(document.createElement("script"), {src, onload: done})))
"""


@pytest.fixture
def plain(host, shop, session, settings):
    """plain(html, policy="") opens the shop with just this on it; {loader} and {token} are filled in."""
    page = host()

    def open_plain(html: str, policy: str = "") -> Page:
        loader, token = LOADER.format(site=settings.SITE_URL), links.widget_token(session)[0]
        shop.html = "<!doctype html><title>Shop</title>" + html.format(loader=loader, token=token)
        shop.policy = policy.format(site=settings.SITE_URL)
        page.goto(shop.origin)
        return page

    return open_plain


def open_in(page, session, where):
    options = {"token": links.widget_token(session)[0], "container": where}
    page.evaluate("options => { CSAT.open(options); }", options)


@pytest.mark.parametrize("gone", [True, False])
def test_opened_in_another_container_it_moves_there(plain, session, gone):
    """A single-page app draws its chat anew (sunshine-conversations-web#698)."""
    resolve(session)
    page = plain('<div id="a"></div><div id="b"></div><script src="{loader}"></script>')
    open_in(page, session, "#a")
    choose(page, 3)
    if gone:
        page.evaluate("document.querySelector('#a').remove()")
    open_in(page, session, "#b")
    expect(page.locator("#b iframe")).to_have_count(1)
    rate(page, 4)
    expect(card(page).get_by_role("heading", name="Thank you!")).to_be_visible()
    expect(page.locator("iframe")).to_have_count(1)


def test_opened_again_where_it_is_it_stays_and_keeps_what_was_typed(plain, session):
    resolve(session)
    page = plain('<div id="a"></div><script src="{loader}"></script>')
    open_in(page, session, "#a")
    choose(page, 2)
    card(page).get_by_role("textbox").fill("Half a wo")
    open_in(page, session, "#a")
    page.wait_for_timeout(300)
    expect(card(page).get_by_role("textbox")).to_have_value("Half a wo")


def test_the_same_container_drawn_anew_gets_it_back_at_once(plain, session):
    resolve(session)
    page = plain('<div id="chat"><div id="a"></div></div><script src="{loader}"></script>')
    open_in(page, session, "#a")
    choose(page, 3)
    page.evaluate("document.querySelector('#chat').replaceChildren(document.createElement('div'))")
    page.evaluate("document.querySelector('#chat div').id = 'a'")
    open_in(page, session, "#a")
    expect(card(page).get_by_role("radio").first).to_be_visible(timeout=5000)


@pytest.mark.parametrize(
    "tag",
    [
        '<script type="module" src="{loader}" data-token="{token}"></script>',
        '<script type="module">await import("{loader}"); CSAT.open({{token: "{token}"}});</script>',
        '<script type="module">import "{loader}"; CSAT.open({{token: "{token}"}});</script>',
    ],
)
def test_as_a_module_it_finds_its_server(plain, session, tag):
    """A module has no document.currentScript (divolte/divolte-collector#180, HiEventsDev/Hi.Events#59)."""
    resolve(session)
    page = plain(tag)
    expect(card(page).get_by_role("radio").first).to_be_visible()


def test_a_page_that_trusts_no_string_shows_it(plain, session):
    """Trusted Types (LiveHelperChat#2379)."""
    resolve(session)
    page = plain(
        '<script src="{loader}" data-token="{token}"></script>',
        policy="require-trusted-types-for 'script'; trusted-types 'none'; default-src 'none'; "
        "style-src 'self'; script-src {site}; connect-src {site}; frame-src {site}",
    )
    troubles = []
    page.on("console", lambda message: troubles.append(message.text) if message.type == "error" else None)
    page.reload()
    rate(page, 5)
    expect(card(page).get_by_role("heading", name="Thank you!")).to_be_visible()
    assert page.locator("iframe").bounding_box()["height"] > 150
    assert troubles == []


def test_loaded_three_times_it_is_one_card(plain, session, settings):
    resolve(session)
    tag = '<script src="{loader}" data-token="{token}"></script>'
    page = plain(tag + tag)
    page.evaluate(LATER, LOADER.format(site=settings.SITE_URL))
    expect(card(page).get_by_role("radio").first).to_be_visible()
    page.wait_for_timeout(500)
    expect(page.locator("iframe")).to_have_count(1)
