"""How many unhappy customers were won back by whom, in which team and after which cause, and how fast."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, F
from django.utils.translation import gettext as _

from csat.lib.refusal import Invalid
from csat.reports import cohort, queries, recovery
from csat.reports.filters import NONE, Filters
from csat.reports.recovery import Recovery
from csat.reports.scores import Interval, median, median_interval, wilson

TIMES = ("low_at", "asked_at", "low_score", "score__submitted_at", "score__score")
BY = {"agent": "agent", "team": "team", "cause": "about"}  # and the filter whose values its keys are


@dataclass(frozen=True)
class RecoveryGroup:
    """`key` is what the filter takes, or `none`. `hours`: from each low score to the better one, sorted."""

    key: str
    label: str
    steps: Recovery
    hours: tuple[float, ...]

    @property
    def median_hours(self) -> float | None:
        return median(self.hours)

    @property
    def better_interval(self) -> Interval | None:
        """Wilson's, of the share of low scores that became better ones."""
        return wilson(self.steps.better, self.steps.low)

    @property
    def hours_interval(self) -> Interval | None:
        """At 95 %; None while there are too few."""
        return median_interval(self.hours)


@dataclass(frozen=True)
class Recoveries:
    """What was read of all low scores, once, for every way to group them."""

    lows: list[tuple[Any, ...]]  # agent, team, cause, and how many gave a low score
    reopened: list[tuple[Any, ...]]  # agent, team, cause, and the times of one that was reopened

    @property
    def whole(self) -> RecoveryGroup:
        """All of them together."""
        return RecoveryGroup("", "", *self._found(None).get(None, (Recovery(0, 0, 0, 0), ())))

    def by(self, name: str) -> list[RecoveryGroup]:
        """By agent, team, or cause: what the first low score was about. The one with the most low scores
        first. Raises Invalid for another dimension.
        """
        if name not in BY:
            choices = _("Choose from: %(names)s.") % {"names": ", ".join(BY)}
            raise Invalid(_("There is no such grouping."), fields={"group_by": [choices]})
        found = self._found(list(BY).index(name))
        names = queries.names(BY[name], [key for key in found if key])
        unset = (NONE, queries.unset_label(BY[name]))
        groups = [RecoveryGroup(*names.get(key, unset), *values) for key, values in found.items()]
        return sorted(groups, key=lambda group: (group.key == NONE, -group.steps.low, group.label))

    def _found(self, place: int | None) -> dict[Any, tuple[Recovery, tuple[float, ...]]]:
        """The steps and hours by the value in this place; None groups by nothing."""
        lows: defaultdict[Any, int] = defaultdict(int)
        counts: defaultdict[Any, list[int]] = defaultdict(lambda: [0, 0])
        hours: defaultdict[Any, list[float]] = defaultdict(list)
        for *keys, number in self.lows:
            lows[None if place is None else keys[place]] += number
        for row in self.reopened:
            key = None if place is None else row[place]
            low_at, asked_at, low_score, rated_at, score = row[len(BY) :]
            counts[key][0] += 1
            counts[key][1] += asked_at is not None
            if _is_better(asked_at, low_score, rated_at, score):
                hours[key].append((rated_at - low_at).total_seconds() / 3600)
        return {
            key: (_steps(number, counts[key], len(hours[key])), tuple(sorted(hours[key])))
            for key, number in lows.items()
        }


def read(filters: Filters) -> Recoveries:
    """Two queries for any number of conversations and of groupings."""
    keys = {f"by_{by}": _column(by, filters) for by in BY}
    low = recovery.with_low_score(filters).order_by().values(**keys).annotate(count=Count("pk"))
    times = recovery.with_times(filters).filter(recovery.STEPS["reopened"]).annotate(**keys)
    return Recoveries(list(low.values_list(*keys, "count")), list(times.values_list(*keys, *TIMES)))


def _column(by: str, filters: Filters) -> F:
    return F("cause") if by == "cause" else F(cohort.COLUMN[by].format(credit=filters.credit))


def _steps(low: int, followed: list[int], better: int) -> Recovery:
    reopened, asked_again = followed
    return Recovery(low, reopened, asked_again, better)


def _is_better(
    asked_at: datetime | None, low_score: int, rated_at: datetime | None, score: int | None
) -> bool:
    """As the step `better` of `recovery.STEPS` says it in SQL; a test compares the two."""
    if asked_at is None or rated_at is None or score is None:
        return False
    return rated_at > asked_at and score > low_score
