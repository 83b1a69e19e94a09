"""Roles and teams of people, and who may give which."""

import pytest
from django.contrib.auth.models import User

from csat.people import agents, memberships, roles
from csat.people.models import Team

pytestmark = pytest.mark.django_db


@pytest.fixture
def care() -> Team:
    return Team.objects.get_or_create(name="Care")[0]


@pytest.fixture
def billing() -> Team:
    return Team.objects.create(name="Billing")


def test_admins_give_everything_and_leads_agents_to_their_teams(
    admin_user: User, lead_user: User, manager_user: User, care: Team, billing: Team
) -> None:
    everything = memberships.scope_of(admin_user)
    assert everything.everyone
    assert everything.roles == tuple(roles.Role.values)
    assert everything.team_ids == {care.pk, billing.pk}
    of_lead = memberships.scope_of(lead_user)
    assert (of_lead.everyone, of_lead.roles, of_lead.team_ids) == (False, ("agent",), {care.pk})
    assert memberships.scope_of(manager_user) == memberships.Scope()


def test_a_role_takes_the_place_of_another(agent_user: User) -> None:
    memberships.give_role(agent_user, roles.ANALYST)
    user = User.objects.get(pk=agent_user.pk)
    assert [group.name for group in user.groups.all()] == ["analyst"]
    assert memberships.role_given(user) == roles.role_of(user) == "analyst"
    memberships.give_role(user, None)
    assert roles.role_of(User.objects.get(pk=user.pk)) is None
    assert not User.objects.get(pk=user.pk).is_staff


def test_a_deactivated_person_keeps_the_role_they_had(agent_user: User, admin_user: User) -> None:
    for user, role in ((agent_user, "agent"), (admin_user, "admin")):
        user.is_active = False
        assert (roles.role_of(user), memberships.role_given(user)) == (None, role)


def test_the_agent_follows_into_the_teams(agent_user: User, care: Team, billing: Team) -> None:
    memberships.give_teams(agent_user, [care, billing])
    assert set(memberships.teams_of(agent_user)) == {care, billing}
    assert agents.agent_for_user(agent_user).team == care
    memberships.give_teams(agent_user, [billing])
    assert agents.agent_for_user(agent_user).team == billing
    memberships.give_teams(agent_user, [care, billing])
    assert agents.agent_for_user(agent_user).team == billing
    memberships.give_teams(agent_user, [])
    assert agents.agent_for_user(agent_user).team is None
