"""How many unhappy customers were won back by whom, in which team and after which cause, and how fast."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, F, QuerySet
from django.utils.translation import gettext as _

from csat.lib.refusal import Invalid
from csat.reports import cohort, queries, recovery
from csat.reports.filters import NONE, Filters
from csat.reports.recovery import Recovery
from csat.reports.scores import Interval, median, median_interval
from csat.surveys.models import Survey

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
    def hours_interval(self) -> Interval | None:
        """At 95 %; None while there are too few."""
        return median_interval(self.hours)


def whole(filters: Filters) -> RecoveryGroup:
    """All of them together."""
    found = _found(recovery.with_low_score(filters), recovery.with_times(filters), None)
    return RecoveryGroup("", "", *found.get(None, (Recovery(0, 0, 0, 0), ())))


def grouped(filters: Filters, by: str) -> list[RecoveryGroup]:
    """By agent, team, or cause: what the first low score was about. The one with the most low scores first.

    Raises Invalid for another dimension. A handful of queries for any number of conversations.
    """
    if by not in BY:
        choices = _("Choose from: %(names)s.") % {"names": ", ".join(BY)}
        raise Invalid(_("There is no such grouping."), fields={"group_by": [choices]})
    column = "cause" if by == "cause" else cohort.COLUMN[by].format(credit=filters.credit)
    found = _found(recovery.with_low_score(filters), recovery.with_times(filters), column)
    names = queries.names(BY[by], [key for key in found if key])
    unset = (NONE, queries.unset_label(BY[by]))
    groups = [RecoveryGroup(*names.get(key, unset), *values) for key, values in found.items()]
    return sorted(groups, key=lambda group: (group.key == NONE, -group.steps.low, group.label))


def _found(
    low: QuerySet[Survey], times: QuerySet[Survey], column: str | None
) -> dict[Any, tuple[Recovery, tuple[float, ...]]]:
    """The steps and hours by the column's value; None groups by nothing."""
    if column is None:
        lows: dict[Any, int] = {None: low.count()}
    else:
        counted = low.order_by().values(group=F(column)).annotate(count=Count("pk"))
        lows = dict(counted.values_list("group", "count"))
    fields = ("low_at", "asked_at", "low_score", "score__submitted_at", "score__score")
    rows = times.filter(recovery.STEPS["reopened"]).values_list(column or "pk", *fields)
    counts: defaultdict[Any, list[int]] = defaultdict(lambda: [0, 0])
    hours: defaultdict[Any, list[float]] = defaultdict(list)
    for value, low_at, asked_at, low_score, rated_at, score in rows.iterator():
        key = value if column else None
        counts[key][0] += 1
        counts[key][1] += asked_at is not None
        if _is_better(asked_at, low_score, rated_at, score):
            hours[key].append((rated_at - low_at).total_seconds() / 3600)
    return {
        key: (_steps(number, counts[key], len(hours[key])), tuple(sorted(hours[key])))
        for key, number in lows.items()
        if number
    }


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
