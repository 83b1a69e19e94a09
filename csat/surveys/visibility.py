"""Which ratings and comments a member of staff may see. Decided here and nowhere else."""

from dataclasses import dataclass

from django.contrib.auth.models import User
from django.db.models import Q

from csat.people import roles
from csat.people.models import Agent
from csat.sessions.models import Session
from csat.surveys.models import CsatSettings, Score


@dataclass(frozen=True)
class ScoreVisibility:
    """Managers and admins see every score and comment, agents what the settings allow."""

    agent_id: int | None = None
    own_only: bool = False
    can_see_comments: bool = True

    def can_see(self, score: Score | None) -> bool:
        return score is not None and self.can_see_credit(score.agent_id)

    def can_see_credit(self, agent_id: int | None) -> bool:
        """Whether a score credited to this agent may be seen."""
        return not self.own_only or (agent_id is not None and agent_id == self.agent_id)

    def can_see_session(self, session: Session) -> bool:
        """Whether this session's rating may be seen, or would be once there is one."""
        score = getattr(session, "score", None)
        agent_id = score.agent_id if score else session.resolver_id or session.assignee_id
        return self.can_see_credit(agent_id)

    def sessions(self, prefix: str = "") -> Q:
        """The sessions of which `can_see_session` is true. `prefix`: as of `as_filter`."""
        if not self.own_only:
            return Q()
        agent_id, unrated = self.agent_id or 0, Q(**{f"{prefix}score": None})
        by_resolver = unrated & Q(**{f"{prefix}resolver_id": agent_id})
        by_assignee = unrated & Q(**{f"{prefix}resolver": None, f"{prefix}assignee_id": agent_id})
        return self.as_filter(f"{prefix}score__") | by_resolver | by_assignee

    def comment_of(self, score: Score | None) -> str:
        """The score's comment, or nothing where it may not be seen."""
        return score.comment if score and self.can_see_comments and self.can_see(score) else ""

    def as_filter(self, prefix: str = "") -> Q:
        """The scores that may be seen. `prefix` is the lookup that leads to the score, such as `score__`."""
        return Q(**{f"{prefix}agent_id": self.agent_id or 0}) if self.own_only else Q()


def visibility_for(user: User) -> ScoreVisibility:
    if roles.role_of(user) != roles.AGENT:
        return ScoreVisibility()
    settings = CsatSettings.current()
    own_agent = Agent.objects.filter(Q(user=user) | Q(email=user.email.lower()) & ~Q(email=""))
    return ScoreVisibility(
        agent_id=own_agent.values_list("pk", flat=True).first(),
        own_only=settings.agents_see_own_only,
        can_see_comments=not settings.comments_hidden_from_agents,
    )
