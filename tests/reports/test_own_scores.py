"""What agents read about their own work: which ratings and follow-ups are theirs."""

from typing import Any

import pytest
from django.contrib.auth.models import User

from csat.people.agents import agent_for_user
from csat.people.models import Agent
from csat.reports import own_scores
from csat.reports.filters import Filters, parse
from csat.surveys.answers import answering, follow_ups
from csat.surveys.choices import Source
from csat.surveys.models import Score
from csat.surveys.rules import settings
from csat.surveys.visibility import visibility_for
from tests.factories import API, make_agent, make_sent_survey

pytestmark = pytest.mark.django_db


def rate(agent: Agent, score: int, comment: str = "", about: str | None = None) -> Score:
    survey = make_sent_survey(assignee=agent)
    answering.answer(survey, score=score, comment=comment, about=about, source=Source.PAGE)
    return Score.objects.get(survey=survey)


@pytest.fixture
def sam(agent_user: User) -> Agent:
    return agent_for_user(agent_user)


def filters_of(agent: Agent) -> Filters:
    return parse({"agent": str(agent.uuid)})


def praised(agent: Agent, user: User) -> list[Score]:
    return own_scores.praise(filters_of(agent), visibility_for(user))


def test_praise_is_the_newest_scores_of_five_with_words(sam: Agent, agent_user: User) -> None:
    rated = [rate(sam, 5, f"Thanks {n}") for n in range(own_scores.PRAISE + 1)]
    rate(sam, 5)
    rate(sam, 4, "Quite good")
    rate(make_agent("Ben"), 5, "Thanks Ben")
    assert praised(sam, agent_user) == rated[:0:-1]


def test_there_is_no_praise_to_read_where_comments_are_hidden(sam: Agent, agent_user: User) -> None:
    rate(sam, 5, "Thanks")
    settings.change(by=API, comments_hidden_from_agents=True)
    assert praised(sam, agent_user) == []


def test_low_scores_about_something_else_than_the_help_stand_apart(sam: Agent, agent_user: User) -> None:
    theirs = [rate(sam, 1), rate(sam, 2, about="help"), rate(sam, 1, about="unsolved")]
    not_theirs = [rate(sam, 1, about="product"), rate(sam, 2, about="policy")]
    rate(sam, 3, about="product")
    rate(make_agent("Ben"), 1)
    low = own_scores.low_scores(filters_of(sam), visibility_for(agent_user))
    assert low.theirs == theirs[::-1]
    assert low.not_theirs == not_theirs[::-1]


def test_follow_ups_are_the_open_ones_that_the_person_took(
    sam: Agent, agent_user: User, manager_user: User
) -> None:
    first, second, others, done = (rate(sam, 1).session for _ in range(4))
    for session, user in [(second, agent_user), (first, agent_user), (others, manager_user)]:
        follow_ups.assign_to(session, user)
    follow_ups.assign_to(done, agent_user)
    follow_ups.mark_done(done, agent_user)
    rows = own_scores.follow_ups(agent_user, visibility_for(agent_user))
    assert [row.session for row in rows] == [first, second]


def test_a_follow_up_of_a_score_that_may_not_be_seen_is_not_shown(
    sam: Agent, agent_user: User, django_assert_num_queries: Any
) -> None:
    session = rate(make_agent("Ben"), 1).session
    follow_ups.assign_to(session, agent_user)
    assert own_scores.follow_ups(agent_user, visibility_for(agent_user)).count() == 1
    settings.change(by=API, agents_see_own_only=True)
    assert own_scores.follow_ups(agent_user, visibility_for(agent_user)).count() == 0
