"""Which conversations, contacts, ratings and comments a member of staff may see: decided here alone.

A team lead sees the conversations whose `team` is one of theirs, whoever worked on them; so does whoever was
bound to their own teams, in any role. A conversation without a team is no team's: the others see it. Of a
contact a lead sees whatever is known of the person once one of their conversations is the team's, but only
those conversations and their ratings.
"""

from collections.abc import Collection
from dataclasses import dataclass

from django.contrib.auth.models import User
from django.db.models import Exists, OuterRef, Q, QuerySet

from csat.people import memberships, roles
from csat.people.models import Agent, Contact, Team
from csat.sessions.models import Session
from csat.surveys.models import CsatSettings, Score


@dataclass(frozen=True)
class Visibility:
    """Analysts, managers and admins see everything, team leads what is their teams', agents every
    conversation and of its rating and comment what the settings allow. Whoever is bound to their own teams
    sees of this what is their teams'.
    """

    agent_id: int | None = None  # whose scores are own ones, where these alone are seen
    own_only: bool = False
    can_see_comments: bool = True
    teams: tuple[int, ...] | None = None  # whose conversations are seen; None: all

    def can_open(self, session: Session) -> bool:
        """Whether this conversation may be seen at all."""
        return self.teams is None or session.team_id in self.teams

    def conversations(self, prefix: str = "") -> Q:
        """Those of which `can_open` is true. `prefix` is the lookup that leads to the session."""
        return Q() if self.teams is None else Q(**{f"{prefix}team__in": self.teams})

    def contacts(self) -> Q:
        """The contacts who have such a conversation."""
        if self.teams is None:
            return Q()
        return Q(Exists(Session.objects.filter(contact=OuterRef("pk"), team__in=self.teams)))

    def can_see(self, score: Score | None) -> bool:
        if score is None or not self.can_see_credit(score.agent_id):
            return False
        return self.teams is None or self.can_open(score.session)

    def can_see_credit(self, agent_id: int | None) -> bool:
        """Whether a score credited to this agent may be seen."""
        return not self.own_only or (agent_id is not None and agent_id == self.agent_id)

    def can_see_session(self, session: Session) -> bool:
        """Whether this session's rating may be seen, or would be once there is one."""
        score = getattr(session, "score", None)
        agent_id = score.agent_id if score else session.resolver_id or session.assignee_id
        return self.can_open(session) and self.can_see_credit(agent_id)

    def sessions(self, prefix: str = "") -> Q:
        """The sessions of which `can_see_session` is true. `prefix`: as of `as_filter`."""
        if not self.own_only:
            return self.conversations(prefix)
        agent_id, unrated = self.agent_id or 0, Q(**{f"{prefix}score": None})
        by_resolver = unrated & Q(**{f"{prefix}resolver_id": agent_id})
        by_assignee = unrated & Q(**{f"{prefix}resolver": None, f"{prefix}assignee_id": agent_id})
        unrated_own = (by_resolver | by_assignee) & self.conversations(prefix)
        return self.as_filter(f"{prefix}score__") | unrated_own

    def comment_of(self, score: Score | None) -> str:
        """The score's comment, or nothing where it may not be seen."""
        return score.comment if score and self.can_see_comments and self.can_see(score) else ""

    def as_filter(self, prefix: str = "") -> Q:
        """The scores that may be seen. `prefix` is the lookup that leads to the score, such as `score__`."""
        own = Q(**{f"{prefix}agent_id": self.agent_id or 0}) if self.own_only else Q()
        return own & self.conversations(f"{prefix}session__")


def visibility_for(user: User) -> Visibility:
    teams = visible_teams(user)
    if roles.role_of(user) != roles.AGENT:
        return Visibility(teams=teams)
    settings = CsatSettings.current()
    # by the link to the account and by no mail: people change theirs themselves
    own = Agent.objects.filter(user=user).values_list("pk", flat=True)
    return Visibility(
        agent_id=own.first() if settings.agents_see_own_only else None,
        own_only=settings.agents_see_own_only,
        can_see_comments=not settings.comments_hidden_from_agents,
        teams=teams,
    )


def visible_teams(user: User) -> tuple[int, ...] | None:
    """The teams whose conversations this person sees: of a team lead, and of whoever is bound to them, their
    own, perhaps none; None: all.
    """
    role = roles.role_of(user)
    if role is None:
        return ()
    if role != roles.TEAM_LEAD and not memberships.sees_own_teams_only(user):
        return None
    return tuple(sorted(team.pk for team in memberships.teams_of(user)))


def conversations_of(user: User) -> QuerySet[Session]:
    """Those that this person may open."""
    return Session.objects.filter(Visibility(teams=visible_teams(user)).conversations())


def contacts_of(user: User) -> QuerySet[Contact]:
    """The contacts that this person may open; erased ones are nobody's."""
    return Contact.objects.alive().filter(Visibility(teams=visible_teams(user)).contacts())


def agents_among(teams: Collection[int] | None) -> QuerySet[Agent]:
    """Whom the conversations of these teams may name: their agents, and who worked on one of them."""
    if teams is None:
        return Agent.objects.all()
    sessions = Session.objects.filter(team__in=teams).order_by()
    worked = Q(pk__in=sessions.values("assignee")) | Q(pk__in=sessions.values("resolver"))
    return Agent.objects.filter(Q(team__in=teams) | worked)


def teams_among(teams: Collection[int] | None) -> QuerySet[Team]:
    return Team.objects.all() if teams is None else Team.objects.filter(pk__in=teams)
