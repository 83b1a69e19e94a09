"""My scores: an agent's own figures, praise and low scores, and nobody else's."""

import re
from html import unescape
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from csat.people import profiles
from csat.people.agents import agent_for_user
from csat.people.models import Agent
from csat.surveys.answers import answering
from csat.surveys.choices import Source
from csat.surveys.models import Survey
from csat.surveys.rules import settings
from tests.factories import API, make_agent, make_sent_survey

pytestmark = pytest.mark.django_db


@pytest.fixture
def sam(agent_user: User) -> Agent:
    return agent_for_user(agent_user)


def rate(agent: Agent, score: int, comment: str = "", about: str | None = None) -> Survey:
    survey = make_sent_survey(assignee=agent)
    answering.answer(survey, score=score, comment=comment, about=about, source=Source.PAGE)
    return survey


def page_of(client: Client, address: str = "/my-scores/") -> str:
    answer = client.get(address)
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


def test_the_month_shows_share_interval_response_and_never_a_rank(sam: Agent, agent: Client) -> None:
    for score in (5, 4, 4, 1):
        rate(sam, score)
    make_sent_survey(assignee=sam)
    for _ in range(3):
        rate(make_agent("Ben"), 1)
    page = page_of(agent)
    for words in ("75 %", "30–95 %", "n 4</a>", "80 %", "5 delivered"):
        assert words in page, words
    assert 'class="rank' not in page


def test_every_figure_opens_the_conversations_it_counts(sam: Agent, agent: Client) -> None:
    for score in (5, 5, 2):
        rate(sam, score)
    rate(make_agent("Ben"), 5)
    links = re.findall(
        r'href="(/my-scores/sessions/\?[^"]+)"[^>]*>\s*(?:n )?(\d+)(?: delivered)?\s*</a>', page_of(agent)
    )
    assert len(links) >= 3
    for address, count in links:
        assert f'<span class="muted many">{count}</span>' in page_of(agent, unescape(address))


@pytest.mark.parametrize("query", ["", "agent={other}", "credit=last_human&agent={other}", "quarantined=1"])
def test_no_address_leads_to_the_work_of_another(sam: Agent, agent: Client, query: str) -> None:
    other = make_agent("Ben")
    survey = rate(other, 1)
    page = page_of(agent, f"/my-scores/sessions/?did=answered&{query.format(other=other.uuid)}")
    assert f'id="session-{survey.session_id}"' not in page
    assert f'id="session-{rate(sam, 5).session_id}"' in page_of(agent, "/my-scores/sessions/?did=answered")


def test_praise_comes_before_low_scores_and_is_shared_without_its_words(sam: Agent, agent: Client) -> None:
    survey = rate(sam, 5, "You saved my day")
    rate(sam, 1, "The app is broken", about="product")
    page = page_of(agent)
    assert page.index("You saved my day") < page.index("The app is broken")
    (mail,) = re.findall(r'href="(mailto:[^"]+)"', page)
    assert str(survey.session.uuid) in mail
    assert "saved" not in mail
    assert page.index("About the product, a rule or a price") < page.index("The app is broken")


def test_hidden_comments_stay_hidden(sam: Agent, agent: Client) -> None:
    rate(sam, 5, "You saved my day")
    rate(sam, 1, "The app is broken")
    settings.change(by=API, comments_hidden_from_agents=True)
    page = page_of(agent)
    assert "saved my day" not in page
    assert "is broken" not in page
    assert "does not show comments to agents" in page


def test_it_takes_no_query_per_rating(sam: Agent, agent: Client) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            page_of(agent)
        return len(captured)

    for score in (5, 1):
        rate(sam, score, "Words")
    queries()
    few = queries()
    for score in (5, 1, 5, 2):
        rate(sam, score, "Words")
    assert queries() == few


def test_an_account_that_has_worked_on_nothing_is_told_so(agent: Client) -> None:
    assert "No scores yet" in page_of(agent)


def test_an_agent_finds_it_in_the_rail_and_may_begin_with_it(
    sam: Agent, agent: Client, agent_user: User, manager: Client
) -> None:
    assert 'href="/my-scores/"' in page_of(agent, "/inbox/")
    assert 'href="/my-scores/"' not in page_of(manager, "/inbox/")
    assert "my-scores" in page_of(agent, "/profile/")
    assert "my-scores" not in page_of(manager, "/profile/")
    profile: Any = profiles.profile_of(agent_user)
    profile.change(landing_page="my-scores")
    assert agent.get("/").headers["Location"] == "/my-scores/"
