"""Where staff are logged in, no screen lets them speak for a customer: each role at each screen."""

from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.test import Client

from csat.surveys import links
from csat.surveys.answers import answering
from csat.surveys.delivery import link_handouts
from csat.surveys.models import Answer, Score, Survey
from csat.surveys.rules import settings
from csat.timeline.models import Event
from tests.factories import API, CUSTOMER, make_sent_survey
from tests.tokens import rate_token
from tests.web.pages import form, rate, submit

pytestmark = pytest.mark.django_db
PERSONAS = ("agent", "lead", "analyst", "manager", "admin")
NOTICE = "You are logged in as one of the team"


@pytest.fixture
def survey() -> Survey:
    """Of Web Chat, so that there is a card; its customer gave a 1, and may have it looked at again."""
    settings.change(by=API, reopen_by_customer=True)
    survey = make_sent_survey("web")
    answering.answer(survey, score=1, comment="Broken", source="page", by=CUSTOMER)
    return survey


def page(survey: Survey) -> str:
    return f"/r/{rate_token(survey)}"


def card(survey: Survey) -> str:
    return f"/widget/card/{links.widget_token(survey.session)[0]}"


def copied(survey: Survey) -> str:
    boss = User.objects.create_superuser("boss")
    return "/r/" + link_handouts.copy(survey.session, boss).rpartition("/")[2]


def on_the_page(staff: Client, survey: Survey) -> None:
    rate(staff, f"{page(survey)}?change=1", 5, comment="All good")


def on_the_page_of_one_click(staff: Client, survey: Survey) -> None:
    submit(staff, f"{page(survey)}?score=5", score=5, gesture="1")


def on_the_page_confirmed(staff: Client, survey: Survey) -> None:
    asked = submit(staff, f"{page(survey)}?change=1", score=5)
    submit(staff, "", view=asked)


def on_the_card(staff: Client, survey: Survey) -> None:
    staff.post(card(survey), {"score": "5", "comment": "All good"})


def by_a_copy(staff: Client, survey: Survey) -> None:
    rate(staff, copied(survey), 5)


def commenting(address: Callable[[Survey], str]) -> Callable[[Client, Survey], None]:
    def comment(staff: Client, survey: Survey) -> None:
        fields = {"step": "comment", "score": "1", "comment": "All good", "answer": Answer.objects.get().uuid}
        opened = form(staff.get(f"{address(survey)}?change=1")).fields
        staff.post(address(survey), opened | fields | {"gesture": "1"})

    return comment


def pressing(step: str, address: Callable[[Survey], str]) -> Callable[[Client, Survey], None]:
    def press(staff: Client, survey: Survey) -> None:
        opened = form(staff.get(address(survey))).fields
        staff.post(address(survey), opened | {"step": step, "gesture": "1"})

    return press


SCREENS = {
    "page": on_the_page,
    "one click": on_the_page_of_one_click,
    "confirmed": on_the_page_confirmed,
    "card": on_the_card,
    "copy": by_a_copy,
    "comment on the page": commenting(page),
    "comment on the card": commenting(card),
    "reopen on the page": pressing("reopen", page),
    "reopen on the card": pressing("reopen", card),
    "withdraw": pressing("withdraw-surely", page),
}


@pytest.mark.parametrize("persona", PERSONAS)
@pytest.mark.parametrize("screen", SCREENS)
def test_no_screen_changes_what_the_customer_said(
    screen: str, persona: str, survey: Survey, request: pytest.FixtureRequest
) -> None:
    SCREENS[screen](request.getfixturevalue(persona), survey)
    assert Score.objects.values_list("score", "comment").get() == (1, "Broken")
    others = Answer.objects.exclude(state="accepted")
    assert Answer.objects.filter(state="accepted").count() == 1
    assert all(answer.reason in ("staff_browser", "copied_link") for answer in others)
    assert all(answer.provenance["staff_browser"] for answer in others)
    assert not Event.objects.filter(kind__in=["csat.reopened_by_customer", "csat.comment_withdrawn"]).exists()


@pytest.mark.parametrize("persona", PERSONAS)
@pytest.mark.parametrize("address", [page, card, copied])
def test_the_page_says_so_once_they_have_sent_something(
    address: Callable[[Survey], str], persona: str, survey: Survey, request: pytest.FixtureRequest
) -> None:
    staff = request.getfixturevalue(persona)
    where = address(survey)
    answer = submit(staff, f"{where}?change=1", score=5, gesture="1")
    assert NOTICE in staff.get(answer.headers["Location"]).content.decode()
    assert NOTICE not in Client().get(answer.headers["Location"]).content.decode()


@pytest.mark.parametrize("address", [page, card, copied])
def test_a_customer_reads_nothing_of_it_and_their_session_is_not_read(
    address: Callable[[Survey], str], survey: Survey, customer: Client
) -> None:
    answer = customer.get(address(survey))
    assert NOTICE not in answer.content.decode()
    assert "Cookie" not in answer.headers.get("Vary", "")


def test_what_somebody_of_the_team_gave_themselves_they_may_change(agent: Client, manager: Client) -> None:
    survey = make_sent_survey()
    rate(agent, page(survey), 4)
    rate(agent, f"{page(survey)}?change=1", 2)
    rate(manager, f"{page(survey)}?change=1", 5)
    assert Score.objects.get().score == 2
    assert [answer.reason for answer in Answer.objects.order_by("revision")] == ["", "", "staff_browser"]


def test_in_a_practice_conversation_anybody_may(agent: Client, manager: Client) -> None:
    survey = make_sent_survey()
    survey.session.change(practice=True)
    rate(agent, page(survey), 1)
    assert NOTICE not in manager.get(page(survey)).content.decode()
    rate(manager, f"{page(survey)}?change=1", 5)
    assert Score.objects.get().score == 5


@pytest.mark.parametrize("persona", [*PERSONAS, "outsider"])
def test_the_api_takes_no_login_of_a_browser(
    persona: str, survey: Survey, request: pytest.FixtureRequest
) -> None:
    body = {"session_id": str(survey.session.uuid), "score": 5}
    answer = request.getfixturevalue(persona).post(
        "/api/v1/csat/scores", body, content_type="application/json"
    )
    assert answer.status_code == 401
    assert Score.objects.get().score == 1
