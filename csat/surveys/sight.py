"""What of the ratings a member of staff may see: the one place that decides it."""

from dataclasses import dataclass

from django.contrib.auth.models import User
from django.db.models import Q

from csat.people import roles
from csat.people.models import Agent
from csat.surveys.models import CsatSettings, Score


@dataclass(frozen=True)
class Sight:
    """Managers and admins see everything; agents what the settings leave them."""

    agent_id: int | None = None
    own_only: bool = False
    comments: bool = True

    def sees(self, score: Score | None) -> bool:
        return score is not None and self.sees_credit(score.agent_id)

    def sees_credit(self, agent_id: int | None) -> bool:
        """Whether a score credited to this agent may be seen."""
        return not self.own_only or (agent_id is not None and agent_id == self.agent_id)

    def comment(self, score: Score | None) -> str:
        return score.comment if score and self.comments and self.sees(score) else ""

    def only(self, prefix: str = "") -> Q:
        """The scores that may be seen, as a filter; `prefix` is the way to the score, such as `score__`."""
        return Q(**{f"{prefix}agent_id": self.agent_id or 0}) if self.own_only else Q()


def sight_of(user: User) -> Sight:
    if roles.role_of(user) != roles.AGENT:
        return Sight()
    rules = CsatSettings.current()
    agent_id = Agent.objects.filter(Q(user=user) | Q(email=user.email.lower()) & ~Q(email="")).values_list("pk", flat=True).first()
    return Sight(agent_id, rules.agents_see_own_only, not rules.comments_hidden_from_agents)
