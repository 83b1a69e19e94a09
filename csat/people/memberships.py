"""The role and the teams of a person, and which of them somebody may give to others."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.contrib.auth.models import Group, User

from csat.people import agents, roles, second_factor
from csat.people.models import Agent, Team
from csat.people.profiles import profile_of


@dataclass(frozen=True)
class Scope:
    """What a person may give to others: admins everything, team leads the role of an agent in their teams."""

    roles: tuple[str, ...] = ()
    teams: tuple[Team, ...] = ()
    everyone: bool = False  # whether they manage all people, or look at those of their teams

    @property
    def team_ids(self) -> set[int]:
        return {team.pk for team in self.teams}

    def covers(self, role: str, teams: Iterable[Team]) -> bool:
        """Whether this role in these teams may be given: without any only by whoever manages all people."""
        wanted = {team.pk for team in teams}
        return role in self.roles and wanted <= self.team_ids and (bool(wanted) or self.everyone)


def scope_of(by: User) -> Scope:
    match roles.role_of(by):
        case roles.ADMIN:
            return Scope(tuple(roles.Role.values), tuple(Team.objects.all()), everyone=True)
        case roles.TEAM_LEAD:
            return Scope((roles.AGENT,), teams_of(by))
        case _:
            return Scope()


def teams_of(user: User) -> tuple[Team, ...]:
    return tuple(Team.objects.filter(members__user=user))


def sees_own_teams_only(user: User) -> bool:
    """Whether an admin, or the team lead who invited them, bound this person to their teams."""
    profile = getattr(user, "profile", None)
    return profile is not None and profile.own_teams_only


def bind_to_teams(user: User, own_teams_only: bool) -> None:
    profile = profile_of(user)
    profile.change(own_teams_only=own_teams_only)
    user.profile = profile


def role_given(user: User) -> str | None:
    """The role that a person has, or would have again once activated."""
    if user.is_superuser:
        return roles.ADMIN
    groups = {group.name for group in user.groups.all()}
    return next((role for role in roles.COUNTS_FIRST if role in groups), None)


def give_role(user: User, role: str | None) -> None:
    """Exactly this role, or none; a superuser stays one. Open logins end where the role requires a second
    factor that is missing.
    """
    before = role_given(user)
    others = [group for group in user.groups.all() if group.name in roles.Role.values and group.name != role]
    user.groups.remove(*others)
    if role:
        user.groups.add(Group.objects.get_or_create(name=role)[0])
    is_staff = bool(role) or user.is_superuser
    if user.is_staff != is_staff:
        user.is_staff = is_staff
        user.save(update_fields=["is_staff"])
    if role_given(user) != before:
        second_factor.end_logins_without(user)


def give_teams(user: User, teams: Iterable[Team]) -> None:
    """Exactly these; the agent that the person is stays in its team if that is among them."""
    teams = list(teams)
    profile_of(user).teams.set(teams)
    agent = agents.agent_for_user(user) if teams else Agent.objects.filter(user=user).first()
    if agent and agent.team_id not in {team.pk for team in teams}:
        agent.change(team=teams[0] if teams else None)
