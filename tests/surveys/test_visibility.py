"""Which ratings and comments somebody of the staff may see."""

import pytest

from csat.people import agents, memberships
from csat.people.models import Agent, Profile, Team
from csat.sessions.models import Session
from csat.surveys import visibility
from csat.surveys.answers import answering
from csat.surveys.models import CsatSettings, Score
from tests.factories import make_agent, make_contact, make_sent_survey, make_session

pytestmark = pytest.mark.django_db


@pytest.fixture
def scores(agent_user):
    """Sam's own score, a colleague's and one that nobody is credited with."""
    own = agents.agent_for_user(agent_user)
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


def test_a_new_mail_makes_nobody_the_agent_who_has_it(agent_user, scores):
    allow(agents_see_own_only=True)
    layla = make_agent("Layla of the desk", email="layla@acme.example")
    answering.answer(make_sent_survey(assignee=layla), score=1, source="page")
    agent_user.email = "layla@acme.example"
    agent_user.save()
    assert seen(agent_user, Score.objects.order_by("id")) == [True, False, False, False]
    Agent.objects.filter(user=agent_user).update(user=None)
    assert not any(seen(agent_user, Score.objects.order_by("id")))


@pytest.fixture
def of_teams(lead_user):
    """A rated conversation of the lead's team, one of another team, and one without a team."""
    care, sales = Team.objects.get(name="Care"), Team.objects.create(name="Sales")
    for team in (care, sales, None):
        contact = make_contact(name=f"From {team}")
        answering.answer(make_sent_survey(team=team, contact=contact), score=2, source="page", comment="Slow")
    return list(Score.objects.order_by("id"))


def test_a_team_lead_sees_what_is_the_teams_and_what_is_no_teams_is_not(lead_user, of_teams):
    allow(agents_see_own_only=True, comments_hidden_from_agents=True)
    visible = visibility.visibility_for(lead_user)
    assert seen(lead_user, of_teams) == [True, False, False]
    assert [visible.comment_of(score) for score in of_teams] == ["Slow", "", ""]
    assert list(Score.objects.filter(visible.as_filter())) == of_teams[:1]
    sessions = [score.session for score in of_teams]
    assert [visible.can_open(session) for session in sessions] == [True, False, False]
    assert [visible.can_see_session(session) for session in sessions] == [True, False, False]
    assert list(Session.objects.filter(visible.sessions())) == sessions[:1]
    assert list(visibility.conversations_of(lead_user)) == sessions[:1]
    assert [str(contact) for contact in visibility.contacts_of(lead_user)] == ["From Care"]


def test_who_leads_two_teams_sees_both_and_who_leads_none_sees_nothing(lead_user, of_teams):
    lead_user.profile.teams.add(Team.objects.get(name="Sales"))
    assert seen(lead_user, of_teams) == [True, True, False]
    lead_user.profile.teams.clear()
    assert visibility.visible_teams(lead_user) == ()
    assert seen(lead_user, of_teams) == [False, False, False]
    assert not visibility.conversations_of(lead_user)
    assert not visibility.contacts_of(lead_user)
    assert not visibility.agents_among(())


def test_a_conversation_that_moves_to_another_team_goes_with_its_rating(lead_user, of_teams):
    mine, theirs = (score.session for score in of_teams[:2])
    mine.change(team=theirs.team)
    assert not any(seen(lead_user, Score.objects.order_by("id")))


def test_a_contact_of_two_teams_is_seen_by_both_leads(lead_user, of_teams):
    other = of_teams[1].contact
    assert other not in visibility.contacts_of(lead_user)
    make_session(contact=other, team=of_teams[0].session.team)
    assert other in visibility.contacts_of(lead_user)
    assert seen(lead_user, of_teams) == [True, False, False]  # still the team's ratings only


def test_analysts_see_everything(analyst_user, of_teams):
    allow(agents_see_own_only=True, comments_hidden_from_agents=True)
    assert seen(analyst_user, of_teams) == [True, True, True]
    assert visibility.visibility_for(analyst_user).comment_of(of_teams[1]) == "Slow"
    assert visibility.conversations_of(analyst_user).count() == 3


def test_without_a_role_nothing_is_seen(outsider_user, of_teams):
    assert seen(outsider_user, of_teams) == [False, False, False]
    assert not visibility.conversations_of(outsider_user)


def test_a_team_names_its_agents_and_whoever_worked_for_it(lead_user, of_teams):
    care = Team.objects.get(name="Care")
    own, helper, resolver, other = (make_agent(name) for name in ("Own", "Helper", "Resolver", "Other"))
    own.change(team=care)
    of_teams[0].session.change(assignee=helper, resolver=resolver)
    of_teams[1].session.change(assignee=other)
    assert set(visibility.agents_among(visibility.visible_teams(lead_user))) == {own, helper, resolver}
    assert other in visibility.agents_among(None)
    assert list(visibility.teams_among(visibility.visible_teams(lead_user))) == [care]


@pytest.mark.parametrize("role", ["agent", "analyst", "manager", "admin"])
def test_whoever_is_bound_to_their_teams_sees_in_any_role_what_a_lead_sees(request, of_teams, role):
    user = request.getfixturevalue(f"{role}_user")
    memberships.give_teams(user, [Team.objects.get(name="Care")])
    assert seen(user, of_teams) == [True, True, True]
    Profile.objects.filter(user=user).update(own_teams_only=True)
    user = type(user).objects.get(pk=user.pk)
    assert seen(user, of_teams) == [True, False, False]
    sessions = [score.session for score in of_teams]
    visible = visibility.visibility_for(user)
    assert list(Session.objects.filter(visible.sessions())) == sessions[:1]
    assert list(visibility.conversations_of(user)) == sessions[:1]
    assert [str(contact) for contact in visibility.contacts_of(user)] == ["From Care"]
    memberships.give_teams(user, [])
    assert not visibility.conversations_of(user)


def test_an_agent_bound_to_teams_who_sees_own_scores_only_sees_those_of_the_teams(agent_user, of_teams):
    allow(agents_see_own_only=True)
    care, sales = (Team.objects.get(name=name) for name in ("Care", "Sales"))
    memberships.give_teams(agent_user, [care])
    memberships.bind_to_teams(agent_user, True)
    own = agents.agent_for_user(agent_user)
    sessions = [make_session(assignee=own, team=team) for team in (care, sales)]
    Score.objects.update(agent=own)
    visible = visibility.visibility_for(agent_user)
    assert set(Session.objects.filter(visible.sessions())) == {of_teams[0].session, sessions[0]}
    assert [visible.can_see_session(session) for session in sessions] == [True, False]


def test_what_managers_analysts_and_agents_see_costs_no_look_at_teams(
    agent_user, manager_user, django_assert_num_queries
):
    for user in (agent_user, manager_user):
        visibility.visible_teams(user)
        with django_assert_num_queries(0):
            assert visibility.visible_teams(user) is None
