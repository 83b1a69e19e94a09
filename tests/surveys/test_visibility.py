"""Which ratings and comments somebody of the staff may see."""

import pytest

from csat.surveys import visibility
from csat.surveys.answers import answering
from csat.surveys.models import CsatSettings, Score
from tests.factories import make_agent, make_sent_survey

pytestmark = pytest.mark.django_db


@pytest.fixture
def scores(agent_user):
    """Sam's own score, a colleague's and one that nobody is credited with."""
    own = make_agent("Sam", email=agent_user.email)
    for assignee in (own, make_agent("Layla"), None):
        answering.answer(make_sent_survey(assignee=assignee), score=2, source="page", comment="Slow")
    return list(Score.objects.order_by("id"))


def allow(**values):
    settings = CsatSettings.current()
    settings.change(**values)


def seen(user, scores):
    return [visibility.visibility_for(user).can_see(score) for score in scores]


def test_managers_and_admins_see_everything_whatever_agents_may(manager_user, admin_user, scores):
    allow(agents_see_own_only=True, comments_hidden_from_agents=True)
    for user in (manager_user, admin_user):
        assert seen(user, scores) == [True, True, True]
        assert visibility.visibility_for(user).comment_of(scores[1]) == "Slow"


def test_agents_may_see_their_own_only(agent_user, scores):
    assert seen(agent_user, scores) == [True, True, True]
    allow(agents_see_own_only=True)
    assert seen(agent_user, scores) == [True, False, False]
    assert list(Score.objects.filter(visibility.visibility_for(agent_user).as_filter())) == scores[:1]


def test_comments_may_be_hidden_from_agents_while_the_score_is_seen(agent_user, scores):
    allow(comments_hidden_from_agents=True)
    assert visibility.visibility_for(agent_user).comment_of(scores[0]) == ""
    assert seen(agent_user, scores) == [True, True, True]


def test_a_comment_is_never_seen_without_its_score(agent_user, scores):
    allow(agents_see_own_only=True)
    visible = visibility.visibility_for(agent_user)
    assert [visible.comment_of(score) for score in [*scores, None]] == ["Slow", "", "", ""]


def test_a_member_of_staff_who_is_no_agent_sees_nothing_of_their_own(agent_user):
    allow(agents_see_own_only=True)
    answering.answer(make_sent_survey(), score=2, source="page")
    visible = visibility.visibility_for(agent_user)
    assert not Score.objects.filter(visible.as_filter()).exists()
    assert not visible.can_see(Score.objects.get())
