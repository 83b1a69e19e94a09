"""What the tab Comments shows above the comments: their themes, where each is met, and what stands out."""

from dataclasses import dataclass

from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from csat.channels.kinds import Channel
from csat.people.models import Agent
from csat.reports import cohort, formatting, scores, themes
from csat.reports.filters import NONE, previous
from csat.reports.queries import label, unset_label
from csat.reports.scores import Counts
from csat.reports.themes import Cell, ThemeCounts
from csat.sessions.models import HandoffReason
from csat.surveys.models import Score
from csat.themes import heaps
from csat.themes.models import Recount, Theme
from csat.themes.standing_out import Standout
from csat.web.reports import charts
from csat.web.reports.question import Question, address

ACROSS = {
    "channel": (gettext_lazy("Channel"), Channel),
    "agent_kind": (gettext_lazy("Human or AI"), Agent.Kind),
    "handoff_reason": (gettext_lazy("Handoff reason"), HandoffReason.Reason),
}


@dataclass(frozen=True)
class Row:
    """One theme of the table; None: the comments without any."""

    theme: Theme | None
    counts: Counts
    before: Counts
    link: str  # its conversations
    comments: str  # the address of this tab with its comments alone
    quotes: list[Score]
    points: str  # of its share of low scores over time, as SVG reads them

    @property
    def n(self) -> str:
        return formatting.number(self.counts.n)

    @property
    def low(self) -> str:
        return formatting.percent(scores.share(self.counts.low, self.counts.n))

    @property
    def interval(self) -> str:
        return formatting.percent_range(scores.wilson(self.counts.low, self.counts.n))

    @property
    def width(self) -> str:
        return charts.svg_percent(scores.share(self.counts.low, self.counts.n))

    @property
    def low_before(self) -> str:
        n = self.before.n
        return (
            f"{formatting.percent(scores.share(self.before.low, n))} (n {formatting.number(n)})" if n else ""
        )

    @property
    def change(self) -> str:
        """`up` or `down`, of low scores, where the intervals do not touch; else nothing."""
        now, before = (scores.wilson(one.low, one.n) for one in (self.counts, self.before))
        if now is None or before is None or not scores.parted(now, before):
            return ""
        return "up" if now.low > before.high else "down"


@dataclass(frozen=True)
class HeatRow:
    theme: Theme
    cells: list[charts.Part]


def context(question: Question, query: QueryDict) -> dict[str, object]:
    by = query.get("across", "")
    by = by if by in ACROSS else "channel"
    several = by in cohort.MULTIPLE  # whose groups do not add up
    cells = themes.cells(question.filters, step=question.step, by="" if several else by)
    counted = themes.by_theme(cells)
    groups = themes.cells(question.filters, by=by) if several else cells
    return {
        "themes": _rows(counted, cells, question, query),
        "recount": Recount.objects.filter(pk=1).first(),
        "across": [
            (name, title, address(query, across=name), name == by) for name, (title, _all) in ACROSS.items()
        ],
        "theme_heat": _heat(counted, groups, question, by),
        "comparing_words": f"{address(query)}&words=1",
        **(words(question) if query.get("words") else {}),
    }


def words(question: Question) -> dict[str, object]:
    """What stands out: the comments are read for it, so only where somebody asks."""
    return {"standouts": _standouts(question)}


def _rows(counted: list[ThemeCounts], cells: list[Cell], question: Question, query: QueryDict) -> list[Row]:
    filters = question.filters
    before = {row.key: row.counts for row in themes.by_theme(themes.cells(previous(filters)))}
    quotes, over_time = themes.quotes(filters), themes.over_time(cells, question.step, filters)
    return [
        Row(
            row.theme,
            row.counts,
            before.get(row.key, Counts()),
            question.link(by="theme", key=row.key),
            address(query, theme=row.key),
            quotes.get(row.theme.pk, []) if row.theme else [],
            _points(over_time.get(row.theme.pk, [])) if row.theme else "",
        )
        for row in counted
    ]


def _points(counts: list[Counts]) -> str:
    """How many comments each period had, from left to right in a box of 100 by 24."""
    most = max((one.n for one in counts), default=0)
    if len(counts) < 2 or not most:
        return ""
    return " ".join(
        f"{charts.svg_number(100 * n / (len(counts) - 1))},{charts.svg_number(23 - 22 * one.n / most)}"
        for n, one in enumerate(counts)
    )


def _heat(counted: list[ThemeCounts], groups: list[Cell], question: Question, by: str) -> dict[str, object]:
    """Each field is the share of low scores among the comments of a theme there."""
    cells = themes.across(groups)
    found = {key for by_key in cells.values() for key in by_key}
    keys = [value for value in ACROSS[by][1].values if value in found] + ([None] if None in found else [])
    rows = [
        HeatRow(
            row.theme,
            [
                charts.Part(
                    counts.low,
                    counts.n,
                    question.link(by=by, key=key or NONE, theme=row.key, did="low"),
                )
                for key in keys
                for counts in [cells[row.theme.pk].get(key, Counts())]
            ],
        )
        for row in counted
        if row.theme and row.theme.pk in cells
    ]
    return {"columns": [label(by, key) if key else unset_label(by) for key in keys], "rows": rows}


def _standouts(question: Question) -> list[tuple[str, list[tuple[str, list[Standout]]]]]:
    scores_now = themes.commented(question.filters)
    scores_before = themes.commented(previous(question.filters))
    compared = (
        (_("In low scores, against high ones"), heaps.low_against_high(scores_now)),
        (_("In this period, against the one before"), heaps.now_against_before(scores_now, scores_before)),
    )
    return [(title, list(by_language.items())) for title, by_language in compared if by_language]
