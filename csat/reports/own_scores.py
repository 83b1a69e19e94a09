"""What agents read about their own work: praise, low scores by what they were about, and their follow-ups."""

from dataclasses import dataclass

from django.contrib.auth.models import User
from django.db.models import Q, QuerySet

from csat import scale
from csat.reports import cohort
from csat.reports.filters import Filters
from csat.surveys.choices import About
from csat.surveys.models import FollowUp, Score
from csat.surveys.visibility import Visibility

# a product, a rule or a price is nobody's who answers; most say nothing, as only 1-3 are asked
NOT_THEIRS = Q(about__in=[About.PRODUCT, About.POLICY])
PRAISE = 5  # shown at a time
LOW = 10  # of each kind


@dataclass(frozen=True)
class LowScores:
    """The newest low scores in two parts: about the agent's help (or about nothing that was named), and about
    the product, a rule or a price.
    """

    theirs: list[Score]
    not_theirs: list[Score]


def praise(filters: Filters, visibility: Visibility) -> list[Score]:
    """The newest scores of 5 with words; none where the reader may not read comments."""
    if not visibility.can_see_comments:
        return []
    rows = _scores(filters, visibility).filter(score=max(scale.SCORES)).exclude(comment="")
    return list(rows[:PRAISE])


def low_scores(filters: Filters, visibility: Visibility) -> LowScores:
    rows = _scores(filters, visibility).filter(score__lte=scale.LOW_MAX)
    # about is NULL for those who named nothing, and NULL is in no list
    theirs = rows.filter(Q(about=None) | ~NOT_THEIRS)
    return LowScores(list(theirs[:LOW]), list(rows.filter(NOT_THEIRS)[:LOW]))


def follow_ups(user: User, visibility: Visibility) -> QuerySet[FollowUp]:
    """The open follow-ups that this person has taken, the longest waiting first."""
    rows = FollowUp.objects.filter(visibility.as_filter("session__score__"), owner=user, done_at=None)
    return rows.select_related("session", "session__contact", "session__score").order_by("created_at", "pk")


def _scores(filters: Filters, visibility: Visibility) -> QuerySet[Score]:
    surveys = cohort.surveys(filters).values("pk")
    rows = Score.objects.filter(visibility.as_filter(), survey__in=surveys)
    return rows.select_related("session", "contact").order_by("-submitted_at", "-pk")
