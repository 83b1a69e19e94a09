"""Nothing covers anything else and nothing sticks out, with long names and on narrow screens too."""

from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Page, expect

from csat.channels.outbox import SandboxMessage
from csat.sessions import activity, tagging
from csat.surveys.answers import answering, follow_ups
from csat.surveys.choices import Source
from csat.surveys.rules import settings
from csat.timeline.recording import SYSTEM
from csat.webhooks import endpoints, queueing
from csat.workflows import editing, examples
from tests.browser import walk
from tests.browser.conftest import DESKTOP, PHONE, Visits
from tests.factories import API, make_agent, make_contact, make_sent_survey
from tests.tokens import rate_token, unsubscribe_token

pytestmark = pytest.mark.django_db(transaction=True)

TINY, TABLET = {"width": 320, "height": 640}, {"width": 800, "height": 900}
LONG = "Donaudampfschifffahrtsgesellschaft" * 5  # 170 letters and no place to break
# visible neighbours within a row that overlap by more than a hair, and words squeezed to nothing
TROUBLES = """() => {
  const page = document.documentElement, found = [];
  const clips = (element) => getComputedStyle(element).overflowX !== "visible";
  const seen = (part, row) => { // the ground its words take, without what is cut off
    const ground = { left: Infinity, right: -Infinity, top: Infinity, bottom: -Infinity };
    const texts = document.createTreeWalker(part, NodeFilter.SHOW_TEXT);
    while (texts.nextNode()) {
      const at = texts.currentNode, range = document.createRange();
      if (!at.data.trim() || at.parentElement.closest(".sr, option")) continue;
      if (!at.parentElement.checkVisibility()) continue;
      range.selectNodeContents(at);
      let { left, right, top, bottom } = range.getBoundingClientRect();
      for (let around = at.parentElement; around !== row; around = around.parentElement) {
        if (!clips(around)) continue;
        const edge = around.getBoundingClientRect();
        [left, right] = [Math.max(left, edge.left), Math.min(right, edge.right)];
      }
      Object.assign(ground, { left: Math.min(ground.left, left), right: Math.max(ground.right, right) });
      Object.assign(ground, { top: Math.min(ground.top, top), bottom: Math.max(ground.bottom, bottom) });
    }
    return Object.assign(ground, { width: ground.right - ground.left });
  };
  if (page.scrollWidth > page.clientWidth) {
    const widest = [...document.querySelectorAll("body *")]
      .filter((one) => one.getBoundingClientRect().right > page.clientWidth + 1).pop();
    found.push(`sticks out by ${page.scrollWidth - page.clientWidth} px: ${widest?.outerHTML.slice(0, 120)}`);
  }
  for (const bar of document.querySelectorAll(".bar")) {
    const width = bar.checkVisibility() ? bar.getBoundingClientRect().width : 100;
    if (width < 40) found.push(`a bar of ${width} px`);
  }
  const rows = ".row, .page-head, .page-head .actions, .card > header, .spread";
  for (const row of document.querySelectorAll(rows)) {
    const parts = [...row.children]
      .filter((part) => part.checkVisibility() && part.innerText?.trim() && !part.matches(".sr"));
    const ground = parts.map((part) => seen(part, row));
    ground.forEach((one, n) => {
      if (Number.isFinite(one.width) && one.width < 8) found.push(`squeezed: ${parts[n].innerText}`);
      ground.slice(n + 1).forEach((other, m) => {
        const over = Math.min(one.right, other.right) - Math.max(one.left, other.left);
        const down = Math.min(one.bottom, other.bottom) - Math.max(one.top, other.top);
        const words = [parts[n], parts[n + 1 + m]].map((part) => part.innerText.slice(0, 40));
        if (over > 2 && down > 2) found.push(`covered: ${words.join(" | ")}`);
      });
    });
  }
  return found;
}"""

UNDER_A_BAR = """() => {
  const one = document.activeElement, own = one.getBoundingClientRect();
  if (one === document.body || one.matches("iframe, textarea, .skip")) return "";
  const bars = [...document.querySelectorAll(".rail, .save-bar, .head-sticky")];
  const over = bars.filter((bar) => !bar.contains(one)).find((bar) => {
    const edge = bar.getBoundingClientRect();
    const floats = ["fixed", "sticky"].includes(getComputedStyle(bar).position);
    const across = own.right > edge.left && own.left < edge.right;
    return floats && across && own.bottom > edge.top + 2 && own.top < edge.bottom - 2;
  });
  return over ? `${one.outerHTML.slice(0, 100)} under ${over.className}` : "";
}"""


@pytest.fixture
def pages(manager_user: User) -> list[str]:
    """Lists and pages full of long words, and of a name and a comment that run the other way."""
    contact = make_contact(name=LONG, email=f"{LONG[:60]}@{LONG[:60]}.example", language="ar")
    survey = make_sent_survey(contact=contact, assignee=make_agent(LONG[:120]), subject=LONG)
    tagging.tag(survey.session, [LONG[:80]], by=API)
    activity.add_message(survey.session, sender="contact", text=LONG, by=API)
    activity.add_note(survey.session, LONG, by=API)
    answering.answer(survey, score=1, comment=LONG + " 😡😡 " + "لا شيء يعمل " * 20, source=Source.PAGE)
    follow_ups.assign_to(survey.session, manager_user)
    follow_ups.save_note(survey.session, manager_user, LONG)
    other = make_sent_survey(contact=make_contact(name="عمر الفارس"), subject="تأخر الشحنة")
    answering.answer(other, score=4, comment="شكراً لك", source=Source.PAGE)
    care = examples.EXAMPLES[1]
    steps = {
        "trigger_type": care.trigger_type,
        "trigger_constraints": care.trigger_constraints,
        "blocks": list(care.blocks),
    }
    workflow = editing.create(name=LONG[:120], by=SYSTEM, **steps)
    endpoint = endpoints.add(
        url=f"https://1.1.1.1/{LONG}", description=LONG, events=["csat.requested"], by=SYSTEM
    )
    return [
        *(
            "/inbox/",
            f"/inbox/{survey.session.uuid}/",
            "/contacts/",
            f"/contacts/{contact.uuid}/",
            "/outbox/",
        ),
        *(f"/reports/?compare=1&show={tab}" for tab in ("agent", "tag", "low", "comments")),
        *(
            "/reports/sessions/?did=answered",
            "/reports/export/",
            "/workflows/",
            f"/workflows/{workflow.uuid}/runs/",
        ),
        *("/settings/csat/", "/settings/webhooks/", f"/settings/webhooks/{endpoint.uuid}/"),
        *walk.connection_pages(LONG)["manager"],
    ]


@pytest.mark.parametrize("viewport", [TINY, PHONE, TABLET, DESKTOP], ids=["tiny", "phone", "tablet", "desk"])
def test_long_words_cover_nothing_and_stick_out_nowhere(
    viewport: dict[str, int],
    open_as: Callable[..., Page],
    manager_user: User,
    pages: list[str],
    shoot: Callable[[Page, str], None],
) -> None:
    page = open_as(manager_user, "/login/", viewport=viewport)
    found = []
    for number, path in enumerate(pages):
        page.goto(path)
        shoot(page, f"long-{viewport['width']}-{number:02}")
        found += [f"{path}: {trouble}" for trouble in page.evaluate(TROUBLES)]
    assert found == [], "\n".join(found)


def test_a_contact_is_called_by_name_on_a_phone(open_as: Callable[..., Page], agent_user: User) -> None:
    make_contact(name="Nadia Berg", email="nadia.berg.of.the.long.address@customer.example")
    page = open_as(agent_user, "/contacts/", viewport=PHONE)
    name = page.get_by_text("Nadia Berg", exact=True)
    expect(name).to_be_visible()
    box, address = name.bounding_box(), page.locator(".row .where").bounding_box()
    assert box
    assert address
    assert box["y"] + box["height"] <= address["y"] + 1


@pytest.mark.parametrize("viewport", [PHONE, DESKTOP], ids=["phone", "desk"])
def test_an_open_menu_moves_nothing(
    viewport: dict[str, int], open_as: Callable[..., Page], admin_user: User
) -> None:
    survey = make_sent_survey()
    answering.answer(survey, score=1, comment="Still broken", source=Source.PAGE)
    endpoint = endpoints.add(url="https://1.1.1.1/hook", events=["csat.requested"], by=SYSTEM)
    page = open_as(admin_user, "/login/", viewport=viewport)
    pages = [
        f"/inbox/{survey.session.uuid}/",
        f"/contacts/{survey.session.contact.uuid}/",
        f"/settings/webhooks/{endpoint.uuid}/",
    ]
    for path in (*pages, "/reports/", "/reports/export/", "/settings/csat/"):
        page.goto(path)
        page.wait_for_load_state("networkidle")  # the dry run of the settings comes after the page
        for menu in page.locator("main details.menu").all():
            before = page.locator("main").evaluate("main => [main.offsetWidth, main.offsetHeight]")
            menu.locator("> summary").click()
            expect(menu.locator("> .sheet")).to_be_visible()
            assert page.locator("main").evaluate("main => [main.offsetWidth, main.offsetHeight]") == before, (
                path,
                menu.inner_text(),
            )
            assert page.evaluate(
                "document.documentElement.scrollWidth <= document.documentElement.clientWidth"
            ), path
            page.keyboard.press("Escape")
            expect(menu.locator("> .sheet")).to_be_hidden()


def test_the_state_of_a_call_can_be_seen(open_as: Callable[..., Page], manager_user: User) -> None:
    endpoint = endpoints.add(url="https://1.1.1.1/hook", events=["csat.requested"], by=SYSTEM)
    queueing.enqueue_test(endpoint, by=SYSTEM)
    page = open_as(manager_user, f"/settings/webhooks/{endpoint.uuid}/")
    dot = page.locator(".call .dot").bounding_box()
    assert dot
    assert (dot["width"], dot["height"]) == (8, 8)


@pytest.mark.parametrize("viewport", [PHONE, DESKTOP], ids=["phone", "desk"])
def test_the_focus_is_never_hidden_under_a_bar(
    viewport: dict[str, int], open_as: Callable[..., Page], manager_user: User
) -> None:
    page = open_as(manager_user, "/settings/csat/", viewport=viewport)
    expect(page.locator("#dry-run")).to_contain_text("30 days")
    for key in ["Tab"] * 70 + ["Shift+Tab"] * 60:
        page.keyboard.press(key)
        assert page.evaluate(UNDER_A_BAR) == "", key


def test_the_faces_of_a_mail_keep_their_words_whole_on_a_phone(
    open_as: Callable[..., Page], agent_user: User
) -> None:
    make_sent_survey(contact=make_contact(language="nl"))
    page = open_as(
        agent_user, f"/outbox/{SandboxMessage.objects.get().uuid}/", viewport={"width": 390, "height": 844}
    )
    mail = page.frame_locator("iframe")
    expect(mail.get_by_text("Uitstekend")).to_be_visible()
    assert (
        mail.locator(".label").evaluate_all(
            "labels => new Set(labels.map((label) => label.offsetHeight)).size"
        )
        == 1
    )


@pytest.mark.parametrize("language", ["de", "ar"])
def test_long_words_fit_the_customers_pages_too(
    visit: Visits, language: str, shoot: Callable[[Page, str], None]
) -> None:
    settings.change(by=API, brand_name=LONG[:80], custom_message={"default": f"{{contact_name}}, {LONG}"})
    survey = make_sent_survey(
        contact=make_contact(name=LONG, language=language), assignee=make_agent(LONG[:120])
    )
    address = f"/r/{rate_token(survey)}?score=2"
    page = visit(address, viewport=TINY)
    shoot(page, f"long-rate-{language}")
    assert page.evaluate(TROUBLES) == []
    page.locator("textarea").fill(LONG)
    page.locator("form button").first.click()
    page.wait_for_load_state()
    shoot(page, f"long-thanks-{language}")
    assert page.evaluate(TROUBLES) == []
    page.goto(f"/u/{unsubscribe_token(survey.session.contact)}")
    assert page.evaluate(TROUBLES) == []
