"""What comments are about, counted: by theme, by theme and something else, and over time."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import F, QuerySet, Window
from django.db.models.functions import RowNumber

from csat.reports import cohort
from csat.reports.filters import NONE, Filters, steps
from csat.reports.scores import Counts
from csat.surveys.models import Score, Survey
from csat.themes import reading
from csat.themes.models import ScoreTheme, Theme

ACROSS = ("channel", "agent_kind", "handoff_reason")
QUOTES = 2
THEME = "score__scoretheme__theme_id"


@dataclass(frozen=True)
class ThemeCounts:
    """`theme` is None for the comments without any."""

    theme: Theme | None
    counts: Counts

    @property
    def key(self) -> str:
        """What the filter takes."""
        return self.theme.slug if self.theme else NONE


def by_theme(filters: Filters) -> list[ThemeCounts]:
    """The theme of most comments first, the comments without any last. A comment with two is in both."""
    counted = dict(cohort.tally(_tagged(filters), THEME))
    rows = [ThemeCounts(theme, counted[theme.pk]) for theme in reading.shown() if theme.pk in counted]
    rows.sort(key=lambda row: -row.counts.n)
    untagged = cohort.surveys(filters).filter(cohort.where("theme", [NONE]))
    [(counts,)] = cohort.tally(untagged)
    return [*rows, ThemeCounts(None, counts)] if counts.n else rows


def across(filters: Filters, by: str) -> dict[int, dict[Any, Counts]]:
    """By theme, and by channel, agent kind or handoff reason: what the base rows call it, None for none."""
    rows = _tagged(filters)
    cells: dict[int, dict[Any, Counts]] = defaultdict(dict)
    for theme, key, counts in cohort.tally(
        rows, THEME, cohort.column(by, filters), distinct=by in cohort.MULTIPLE
    ):
        cells[theme][key] = counts
    return dict(cells)


def over_time(filters: Filters, step: str) -> dict[int, list[Counts]]:
    """By theme, the counts of every day, week or month of the window, without a gap."""
    cells: dict[int, dict[date, Counts]] = defaultdict(dict)
    for theme, key, counts in cohort.tally(_tagged(filters), THEME, cohort.column(step, filters)):
        cells[theme][key.date() if isinstance(key, datetime) else key] = counts
    days = steps(step, filters)
    return {theme: [by_day.get(day, Counts()) for day in days] for theme, by_day in cells.items()}


def quotes(filters: Filters) -> dict[int, list[Score]]:
    """By theme, the two newest comments that have it.

    One query for the ids of all of them, another for their rows: what a window sorts should be narrow.
    """
    numbered = ScoreTheme.objects.filter(
        score__survey__in=cohort.surveys(filters).values("pk"), theme__muted=False
    ).exclude(score__comment="")
    numbered = numbered.annotate(
        number=Window(
            RowNumber(),
            partition_by=F("theme"),
            order_by=[F("score__submitted_at").desc(), F("score").desc()],
        )
    ).filter(number__lte=QUOTES)
    pairs = list(numbered.order_by("number").values_list("theme", "score"))
    scores = Score.objects.select_related("session").in_bulk([score for _theme, score in pairs])
    by_theme: dict[int, list[Score]] = defaultdict(list)
    for theme, score in pairs:
        by_theme[theme].append(scores[score])
    return dict(by_theme)


def commented(filters: Filters) -> QuerySet[Score]:
    """The ratings with a comment that a report of these filters speaks of."""
    return Score.objects.exclude(comment="").filter(survey__in=cohort.surveys(filters).values("pk"))


def _tagged(filters: Filters) -> QuerySet[Survey]:
    """Once for each theme of a comment that is not muted."""
    return cohort.surveys(filters).filter(score__scoretheme__theme__muted=False)
