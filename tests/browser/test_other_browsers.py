"""Customers hold Safari and Firefox, too: rating page and card are chosen, sent and thanked for in both."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest

from csat.sessions import resolving
from csat.surveys import links
from csat.surveys.delivery import sending
from csat.surveys.models import Score
from tests.browser.shop import HOST_PAGE, Shop
from tests.browser.webdriver import Driver, firefox, webkit
from tests.factories import API, make_agent, make_sent_survey, make_session, switch_on
from tests.tokens import rate_token

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(180)]
SEND, BOX, HEADING = "form button:not([name])", "#comment", "h1"
PLACES = (
    "return [...document.querySelectorAll('.face, form button')].map(one => one.getBoundingClientRect().y)"
)
Start = Callable[[Path], AbstractContextManager[Driver]]


@pytest.fixture(scope="module", params=[webkit, firefox], ids=["webkit", "firefox"])
def engine(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Driver]:
    start: Start = request.param
    with start(tmp_path_factory.mktemp("profile")) as driver:
        yield driver


def scores() -> list[tuple[int, str, str]]:
    return list(Score.objects.values_list("score", "comment", "source"))


def test_the_rating_page(engine: Driver, live_server: Any, settings: Any) -> None:
    settings.SITE_URL = live_server.url
    survey = make_sent_survey(assignee=make_agent("Sam"))
    engine.open(f"{live_server.url}/r/{rate_token(survey)}")
    engine.wait_for_text(HEADING, "How was your conversation with Sam?")
    engine.click(".face.s4")
    engine.wait_for_text(".liked", "What did you like?")
    engine.type(BOX, "Quick, thanks")
    engine.click(SEND)
    engine.wait_for_text(HEADING, "Thank you!")
    assert scores() == [(4, "Quick, thanks", "page")]
    assert survey.answers.get().provenance["gesture"] is True


def test_a_low_score_is_asked_why(engine: Driver, live_server: Any, settings: Any) -> None:
    settings.SITE_URL = live_server.url
    engine.open(f"{live_server.url}/r/{rate_token(make_sent_survey())}?score=1")
    engine.click(SEND)
    engine.wait_for_text(HEADING, "What went wrong?")
    engine.type(BOX, "Still broken")
    engine.click("button[value=comment]")
    engine.wait_for_text(HEADING, "Thank you!")
    assert scores() == [(1, "Still broken", "page")]


def test_without_a_face_it_asks_for_one(engine: Driver, live_server: Any, settings: Any) -> None:
    settings.SITE_URL = live_server.url
    engine.open(f"{live_server.url}/r/{rate_token(make_sent_survey())}?lang=de")
    engine.click(SEND)
    engine.wait_for_text("#score-error", "Bitte wählen Sie eines der fünf Gesichter.")
    assert scores() == []


def test_nothing_moves_while_a_face_is_chosen(engine: Driver, live_server: Any, settings: Any) -> None:
    settings.SITE_URL = live_server.url
    engine.open(f"{live_server.url}/r/{rate_token(make_sent_survey())}")
    before = engine.run(PLACES)
    for score in range(1, 6):
        engine.click(f".face.s{score}")
        assert engine.run(PLACES) == before


def test_the_card(engine: Driver, live_server: Any, settings: Any, shop: Shop) -> None:
    switch_on("web")
    session = make_session("web", assignee=make_agent("Sam"))
    resolving.resolve(session, by=API)
    sending.send_due()
    token = links.widget_token(session)[0]
    shop.html = (
        HOST_PAGE.format(site=settings.SITE_URL, token=token, more='data-container="#survey"', attributes="")
        + "<script>onmessage = () => { document.title = heard.map(({ type }) => type).join(' '); }</script>"
    )
    engine.open(shop.origin)
    engine.into("iframe.csat-card")
    engine.click(".face.s5")
    engine.type(BOX, "Lovely")
    engine.click(SEND)
    engine.wait_for_text(HEADING, "Thank you!")
    engine.out()
    assert engine.run("return document.title") == "csat:requested csat:submitted"
    assert scores() == [(5, "Lovely", "card")]
