"""A rating link that staff copied: what its page shows, and what counts that comes by it."""

import pytest
from django.contrib.auth.models import User
from django.test import Client

from csat.surveys import links
from csat.surveys.answers import answering
from csat.surveys.delivery import link_handouts
from csat.surveys.models import Answer, Link, Score, Survey
from tests.web.pages import form, rate, submit

pytestmark = pytest.mark.django_db


@pytest.fixture
def copied(survey: Survey, manager_user: User) -> str:
    return "/r/" + link_handouts.copy(survey.session, manager_user).rpartition("/")[2]


def answers() -> list[tuple[int, str]]:
    return list(Answer.objects.order_by("id").values_list("score", "reason"))


def test_its_page_shows_no_standing_score_or_comment(customer: Client, survey: Survey, copied: str) -> None:
    answering.answer(survey, score=1, source="page", comment="Zebra")
    for address in (copied, f"{copied}?change=1", f"{copied}?answer={Answer.objects.get().uuid}"):
        page = customer.get(address)
        assert "Zebra" not in page.content.decode()
        assert "score" not in form(page).fields
        assert "A member of our team gave you this link." in page.content.decode()


def test_its_page_hands_out_no_other_link(customer: Client, survey: Survey, copied: str) -> None:
    page = customer.get(copied).content.decode()
    assert "/u/" not in page
    assert links.rate_url(survey) not in page


def test_a_rating_by_it_says_who_handed_it_out(customer: Client, copied: str) -> None:
    rate(customer, copied, 4)
    answer = Answer.objects.get()
    assert answer.provenance["handed_out_by"] == "maria"
    assert answer.provenance["link"] == str(Link.objects.get(purpose="copy").uuid)
    assert Score.objects.get().answer == answer


def test_whoever_rates_low_is_asked_why_and_thanked(customer: Client, copied: str) -> None:
    why = customer.get(rate(customer, copied, 2).headers["Location"])
    assert "What went wrong?" in why.content.decode()
    thanks = customer.get(submit(customer, "", view=why, step="comment", comment="Slow").headers["Location"])
    assert "Thank you!" in thanks.content.decode()
    assert "Change my answer" not in thanks.content.decode()
    assert (Score.objects.get().score, Score.objects.get().comment) == (2, "Slow")


def test_whoever_opens_it_afterwards_finds_an_empty_form(customer: Client, copied: str) -> None:
    rate(customer, copied, 2, comment="Zebra")
    page = customer.get(copied)
    assert "score" not in form(page).fields
    assert "Zebra" not in page.content.decode()


def test_a_rating_by_it_never_replaces_one(customer: Client, survey: Survey, copied: str) -> None:
    answering.answer(survey, score=1, source="page")
    thanks = customer.get(rate(customer, copied, 5).headers["Location"])
    assert "Thank you!" in thanks.content.decode()
    assert answers() == [(1, ""), (5, "copied_link")]
    assert Score.objects.get().score == 1


def test_a_comment_by_it_changes_no_answer_but_the_one_it_gave(
    customer: Client, survey: Survey, copied: str
) -> None:
    standing = answering.answer(survey, score=1, source="page", comment="Slow")
    submit(customer, copied, step="comment", answer=str(standing.uuid), comment="Forged")
    assert Score.objects.get().comment == "Slow"


def test_nor_once_the_customer_has_rated_otherwise(customer: Client, survey: Survey, copied: str) -> None:
    why = customer.get(rate(customer, copied, 2).headers["Location"])
    answering.answer(survey, score=5, source="page", comment="Now good")
    submit(customer, "", view=why, step="comment", comment="Forged")
    assert (Score.objects.get().score, Score.objects.get().comment) == (5, "Now good")


@pytest.mark.parametrize("persona", ["agent", "manager", "admin"])
def test_what_comes_by_it_from_a_browser_where_staff_are_logged_in_is_quarantined(
    persona: str, copied: str, request: pytest.FixtureRequest
) -> None:
    browser: Client = request.getfixturevalue(persona)
    rate(browser, copied, 5)
    assert answers() == [(5, "staff_browser")]
    assert not Score.objects.exists()
    assert Answer.objects.get().provenance["staff_browser"]


def test_the_customers_own_link_used_where_staff_are_logged_in_counts_and_is_marked(
    agent: Client, customer: Client, address: str
) -> None:
    rate(agent, address, 4)
    assert answers() == [(4, "")]
    assert Answer.objects.get().provenance["staff_browser"] == "sam"
    rate(customer, f"{address}?change=1", 3)
    assert "staff_browser" not in Answer.objects.latest("id").provenance


def test_a_login_that_has_ended_is_none(agent: Client, agent_user: User, address: str) -> None:
    agent.logout()
    rate(agent, address, 4)
    assert "staff_browser" not in Answer.objects.get().provenance


def test_it_ends_with_its_revocation_and_with_the_survey(
    customer: Client, survey: Survey, copied: str, manager_user: User
) -> None:
    survey.change(state="cancelled")
    assert customer.get(copied).status_code == 410
    survey.change(state="sent")
    Link.objects.filter(purpose="copy").update(revoked_at=survey.created_at)
    assert customer.get(copied).status_code == 404
