"""Reading counts: from the rollup where it holds the answer, from the base rows otherwise."""

from typing import Any

from csat.reports import cohort
from csat.reports.filters import Filters
from csat.reports.scores import Counts, total


def whole(filters: Filters) -> Counts:
    return total(counts for (counts,) in cohort.tally(cohort.surveys(filters)))


def parts(filters: Filters, by: str) -> list[tuple[Any, Counts]]:
    """(key, counts) of each group, as the base rows name it."""
    return [
        (key, counts) for key, counts in cohort.tally(cohort.surveys(filters), cohort.column(by, filters), doubled=by == "handoff_reason")
    ]
