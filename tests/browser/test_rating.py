"""The rating page in real Chromium: by link, by keyboard, without JavaScript, in any language."""

import re

import pytest
from playwright.sync_api import expect

from csat.surveys.models import Answer, CsatSettings, Score
from tests.browser import shifts
from tests.factories import make_agent, make_sent_survey
from tests.tokens import rate_token

pytestmark = pytest.mark.django_db(transaction=True)
NARROW = {"width": 320, "height": 640}
RING = """() => {
  const name = document.activeElement.parentElement.querySelector(".name");
  const range = document.createRange();
  range.selectNodeContents(name);
  const face = name.parentElement.getBoundingClientRect();
  const ring = getComputedStyle(name, "::before");
  const top = face.top + parseFloat(ring.top);
  return {
    face: face.top, top, bottom: top + parseFloat(ring.height), label: range.getBoundingClientRect().top,
    emoji: name.parentElement.querySelector(".emoji").getBoundingClientRect().bottom,
  };
}"""  # upper and lower edges, of the focus ring, of what it goes round and of what it must not touch


@pytest.fixture
def survey(live_server, settings):
    settings.SITE_URL = live_server.url
    return make_sent_survey("email", assignee=make_agent("Sam"))


@pytest.fixture
def address(survey):
    return f"/r/{rate_token(survey)}"


def scores():
    return list(Score.objects.values_list("score", "comment"))


def face(page, name):
    return page.get_by_role("radio", name=name)


def in_order(page):
    """The names of box and topic, from top to bottom."""
    fields = page.locator("[name=comment]:visible, .about [name=about]").all()
    tops = {field.get_attribute("name"): field.bounding_box()["y"] for field in fields}
    return sorted(tops, key=tops.get)


def test_a_face_in_the_message_then_send(visit, address, shoot):
    page = visit(f"{address}?score=4")
    expect(face(page, "Good, 4 of 5")).to_be_checked()
    page.get_by_label("What did you like?").fill("Quick, thanks")
    shoot(page, "form-4-phone")
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_role("heading", name="Thank you!")).to_be_visible()
    expect(page.get_by_text("Quick, thanks")).to_be_visible()
    shoot(page, "thanks-phone")
    assert scores() == [(4, "Quick, thanks")]
    assert Answer.objects.get().provenance["gesture"] is True


def test_choosing_on_the_page_opens_the_comment_on_one_screen(visit, address, shoot):
    page = visit(address)
    shoot(page, "form-phone")
    expect(page.get_by_role("textbox")).to_be_hidden()
    face(page, "Excellent, 5 of 5").check(force=True)
    expect(page.get_by_text("What did you like? (optional)")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollHeight <= innerHeight")
    assert scores() == []


def test_with_the_keyboard_alone(visit, address):
    page = visit(address)
    page.keyboard.press("Tab")
    expect(face(page, "Terrible, 1 of 5")).to_be_focused()
    for _ in range(4):
        page.keyboard.press("ArrowRight")
    expect(face(page, "Excellent, 5 of 5")).to_be_checked()
    page.keyboard.press("Tab")
    expect(page.get_by_role("textbox")).to_be_focused()
    page.keyboard.type("Lovely")
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Send")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Thank you!")).to_be_visible()
    assert scores() == [(5, "Lovely")]


def test_a_screen_reader_hears_a_named_group_of_five(visit, address):
    page = visit(address)
    group = page.get_by_role("radiogroup", name="How was your conversation with Sam?")
    assert group.get_by_role("radio").count() == 5
    assert group.aria_snapshot().count("of 5") == 5


def test_without_javascript_one_more_tap_confirms(visit, address, shoot):
    page = visit(f"{address}?score=5", java_script_enabled=False)
    page.get_by_role("textbox").fill("Kind\nand quick")
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_role("heading", name="Send this rating?")).to_be_visible()
    shoot(page, "confirm-phone")
    assert scores() == []
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_role("heading", name="Thank you!")).to_be_visible()
    assert scores() == [(5, "Kind\nand quick")]


@pytest.mark.parametrize("javascript", [True, False])
def test_without_a_face_it_asks_for_one_in_the_pages_language(visit, address, javascript, shoot):
    """The browser's own bubble speaks the browser's language (contao/contao#84)."""
    page = visit(f"{address}?lang=de", java_script_enabled=javascript, locale="en-US")
    page.get_by_role("button", name="Senden").click()
    group = page.get_by_role("radiogroup")
    expect(group).to_have_accessible_description("Bitte wählen Sie eines der fünf Gesichter.")
    expect(page.get_by_role("alert")).to_be_visible()
    expect(face(page, "1 von 5")).to_be_focused()
    shoot(page, "error-phone")
    page.locator(".face.s4").click()
    expect(page.get_by_role("alert")).to_be_hidden()
    page.get_by_role("button", name="Senden").click()
    visit.troubles.clear()  # Chromium notes every 422
    assert scores() == ([(4, "")] if javascript else [])  # without it, one more tap


@pytest.mark.parametrize(
    ("score", "words"),
    [
        *((score, "What went wrong?") for score in (1, 2)),
        (3, "What could we have done better?"),
        *((score, "What did you like?") for score in (4, 5)),
    ],
)
def test_each_face_is_asked_in_its_own_words(visit, address, score, words):
    page = visit(f"{address}?score={score}")
    expect(page.get_by_role("textbox")).to_have_accessible_name(f"{words} (optional)")


@pytest.mark.parametrize("path", ["", "?score=2"])
def test_the_low_path_keeps_one_order(visit, address, path):
    """The box and then the topic, on the page and on the next, where both are asked once more."""
    CsatSettings.objects.update(ask_about=True)
    page = visit(f"{address}{path}")
    page.locator(".face.s2").click()
    orders = [in_order(page)]
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_role("heading", name="What went wrong?")).to_be_visible()
    orders.append(in_order(page))
    assert orders == [["comment", "about"]] * 2


def test_a_low_score_is_asked_why(visit, address, shoot):
    CsatSettings.objects.update(ask_about=True)
    page = visit(f"{address}?score=1")
    expect(page.get_by_text("What went wrong? (optional)")).to_be_visible()
    shoot(page, "form-1-about-phone")
    assert page.evaluate("document.documentElement.scrollHeight <= innerHeight")
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_role("heading", name="What went wrong?")).to_be_visible()
    shoot(page, "why-phone")
    assert scores() == [(1, "")]
    page.get_by_role("textbox").fill("Nobody called back")
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_role("heading", name="Thank you!")).to_be_visible()
    shoot(page, "thanks-low-phone")
    assert scores() == [(1, "Nobody called back")]


def test_why_can_be_skipped(visit, address):
    page = visit(f"{address}?score=2")
    page.get_by_role("button", name="Send").click()
    page.get_by_role("button", name="Skip").click()
    expect(page.get_by_role("heading", name="Thank you!")).to_be_visible()
    assert scores() == [(2, "")]


def test_the_answer_can_be_changed(visit, address):
    page = visit(f"{address}?score=5")
    page.get_by_role("button", name="Send").click()
    page.get_by_role("link", name="Change my answer").click()
    expect(face(page, "Excellent, 5 of 5")).to_be_checked()
    face(page, "Okay, 3 of 5").check(force=True)
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_text("3 of 5")).to_be_visible()
    assert scores() == [(3, "")]


def test_stop_asking_me_takes_one_more_press(visit, address, survey, shoot):
    page = visit(address)
    page.get_by_role("link", name="Stop asking me").click()
    expect(page.get_by_role("heading", name="Stop asking me for ratings?")).to_be_visible()
    shoot(page, "stop-phone")
    assert survey.contact.again().opted_out_at is None
    page.get_by_role("button", name="Stop asking me").click()
    expect(page.get_by_role("heading", name="We will not ask you again")).to_be_visible()
    shoot(page, "stopped-phone")
    assert survey.contact.again().opted_out_at is not None


def test_five_faces_opened_by_a_mail_gateway_leave_no_rating(visit, address):
    for score in range(1, 6):
        visit(f"{address}?score={score}")
    assert not Answer.objects.exists()


def test_a_gateway_that_submits_the_form_by_script_leaves_no_rating(visit, address):
    page = visit(f"{address}?score=1")
    page.evaluate("document.querySelector('form').requestSubmit()")
    expect(page.get_by_role("heading", name="Send this rating?")).to_be_visible()
    assert not Answer.objects.exists()


def test_an_impatient_double_press_is_one_answer(visit, address):
    page = visit(f"{address}?score=4")
    page.get_by_role("button", name="Send").dblclick()
    expect(page.get_by_role("heading", name="Thank you!")).to_be_visible()
    assert Answer.objects.count() == 1


def test_arabic_runs_right_to_left_and_the_scale_does_not(visit, address, shoot):
    page = visit(f"{address}?lang=ar&score=2")
    assert page.evaluate("getComputedStyle(document.body).direction") == "rtl"
    places = [radio.bounding_box()["x"] for radio in page.get_by_role("radio").all()[:5]]
    assert places == sorted(places)
    shoot(page, "form-ar-phone")
    page.get_by_role("radio").nth(1).focus()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("radio").nth(2)).to_be_checked()


@pytest.mark.parametrize(
    "language", ["en", "ar", "de", "es", "fr", "it", "ja", "nl", "pl", "pt-br", "tr", "zh-hans"]
)
def test_five_faces_fit_a_small_phone_in_every_language(visit, address, language, shoot):
    page = visit(f"{address}?lang={language}&score=3", viewport=NARROW)
    shoot(page, f"narrow-{language}")
    boxes = [face.bounding_box() for face in page.locator(".face").all()]
    assert len({round(box["y"]) for box in boxes}) == 1
    assert all(box["width"] >= 44 and box["height"] >= 44 for box in boxes)
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    wide = [
        name
        for name in page.locator(".face .name").all()
        if name.evaluate("e => e.scrollWidth > e.parentElement.clientWidth")
    ]
    assert [name.inner_text() for name in wide] == []


def test_every_target_is_large_enough(visit, address):
    page = visit(f"{address}?score=4")
    for button in page.get_by_role("button").all():
        assert button.bounding_box()["height"] >= 44


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_can_be_read_in_any_brand(visit, address, scheme, shoot):
    CsatSettings.objects.update(brand_color="#ffe600", brand_name="Acme Support", ask_about=True)
    page = visit(f"{address}?score=3", color_scheme=scheme, viewport={"width": 1280, "height": 800})
    shoot(page, f"form-desktop-{scheme}")
    paint = page.get_by_role("button", name="Send").evaluate(
        "e => [getComputedStyle(e).backgroundColor, getComputedStyle(e).color]"
    )
    from csat.lib.colour import contrast

    hexes = ["#" + "".join(f"{int(part):02x}" for part in re.findall(r"\d+", colour)[:3]) for colour in paint]
    assert contrast(*hexes) >= 4.5


@pytest.mark.parametrize(("state", "name"), [("expired", "expired"), ("cancelled", "withdrawn")])
def test_other_states_have_a_kind_page(visit, address, survey, state, name, shoot):
    survey.change(state=state)
    page = visit(address)
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    shoot(page, name)
    visit.troubles.clear()  # Chromium notes every 410


@pytest.mark.parametrize("viewport", [{"width": 390, "height": 844}, {"width": 1440, "height": 900}])
@pytest.mark.parametrize("ask_about", [False, True])
@pytest.mark.parametrize("language", ["en", "ar", "pl"])
def test_nothing_moves_while_a_face_is_chosen(visit, address, viewport, ask_about, language, shoot):
    """woocommerce/woocommerce#55616: the feedback form moved when a face was tapped."""
    CsatSettings.objects.update(ask_about=ask_about)
    page = visit(f"{address}?lang={language}", viewport=viewport)
    shifts.watch(page)
    name = f"choose-{viewport['width']}-{language}{'-about' if ask_about else ''}"
    shoot(page, f"{name}-0")
    before = [element.bounding_box() for element in page.locator(".face, button, footer").all()]
    for score in (1, 2, 3, 4, 5, 1):
        page.locator(f".face.s{score}").click()
        shoot(page, f"{name}-{score}")
        now = [element.bounding_box() for element in page.locator(".face, button, footer").all()]
        assert now == before, score
    assert shifts.seen(page) == []


@pytest.mark.parametrize("viewport", [NARROW, {"width": 390, "height": 844}, {"width": 1440, "height": 900}])
@pytest.mark.parametrize("language", ["en", "de", "ja"])
def test_the_focus_ring_stays_off_the_labels(visit, address, viewport, language, shoot):
    page = visit(f"{address}?lang={language}&score=3", viewport=viewport)
    for key in ("Tab", "ArrowRight", "ArrowRight", "ArrowRight", "ArrowRight"):
        page.keyboard.press(key)
        ring = page.evaluate(RING)
        assert ring["bottom"] <= ring["label"], key
        assert ring["top"] >= ring["face"] - 1, key
        assert ring["emoji"] <= ring["bottom"], key
    shoot(page, f"ring-{viewport['width']}-{language}")
