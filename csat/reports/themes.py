"""What comments are about, counted: by theme, by theme and something else, and over time."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import F, FilteredRelation, Q, QuerySet, Window
from django.db.models.functions import RowNumber

from csat.reports import cohort
from csat.reports.filters import NONE, Filters, steps
from csat.reports.scores import Counts, added
from csat.surveys.models import Score
from csat.themes import reading
from csat.themes.models import ScoreTheme, Theme

ACROSS = ("channel", "agent_kind", "handoff_reason")
QUOTES = 2


@dataclass(frozen=True)
class Cell:
    """The comments of one theme, or of none, in one period and one group; None: of all of them."""

    theme: int | None
    start: date | None
    key: Any  # what the base rows call the group
    counts: Counts


@dataclass(frozen=True)
class ThemeCounts:
    """`theme` is None for the comments without any."""

    theme: Theme | None
    counts: Counts

    @property
    def key(self) -> str:
        """What the filter takes."""
        return self.theme.slug if self.theme else NONE


def cells(filters: Filters, *, step: str = "", by: str = "") -> list[Cell]:
    """Every comment's themes, by day, week or month and by channel, agent kind or handoff reason as wanted.
    A comment with two is in both. All in one reading, as the rows of a year are many.

    By handoff reason, of which a conversation may have several, the groups do not add up to the whole.
    """
    # 0 is none: without any theme, Django would take the condition to mean that no comment is wanted
    shown = [0, *reading.shown().order_by().values_list("pk", flat=True)]
    rows = cohort.surveys(filters).filter(score__isnull=False).exclude(score__comment="")
    tagged = FilteredRelation("score__scoretheme", condition=Q(score__scoretheme__theme__in=shown))
    names = [name for name in (step, by) if name]
    tallied = cohort.tally(
        rows.annotate(tagged=tagged),
        "tagged__theme",
        *(cohort.column(name, filters) for name in names),
        distinct=by in cohort.MULTIPLE,
    )
    found = []
    for theme, *keys, counts in tallied:
        told = dict(zip(names, keys, strict=True))
        start = told.get(step)
        day = start.date() if isinstance(start, datetime) else start
        found.append(Cell(theme, day, told.get(by), counts))
    return found


def by_theme(cells: Iterable[Cell]) -> list[ThemeCounts]:
    """The theme of most comments first, the comments without any last."""
    counted = added((cell.theme, cell.counts) for cell in cells)
    bare = counted.get(None)
    rows = [ThemeCounts(theme, counted[theme.pk]) for theme in reading.shown() if theme.pk in counted]
    rows.sort(key=lambda row: -row.counts.n)
    return [*rows, ThemeCounts(None, bare)] if bare and bare.n else rows


def across(cells: Iterable[Cell]) -> dict[int, dict[Any, Counts]]:
    """By theme and group."""
    groups: dict[int, dict[Any, Counts]] = defaultdict(dict)
    counted = added(((cell.theme, cell.key), cell.counts) for cell in cells if cell.theme)
    for (theme, key), counts in counted.items():
        groups[theme][key] = counts
    return dict(groups)


def over_time(cells: Iterable[Cell], step: str, filters: Filters) -> dict[int, list[Counts]]:
    """By theme, the counts of every day, week or month of the window, without a gap."""
    cells = list(cells)
    counted = added(((cell.theme, cell.start), cell.counts) for cell in cells if cell.theme)
    days = steps(step, filters)
    themes = {cell.theme for cell in cells if cell.theme}
    return {theme: [counted.get((theme, day), Counts()) for day in days] for theme in themes}


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
