"""Two maps of a week: in which hours customers were unhappy, and in which they answered."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from django.utils.dates import WEEKDAYS, WEEKDAYS_ABBR
from django.utils.translation import gettext as _

from csat.reports.queries import Group, hour_label
from csat.reports.scores import Counts
from csat.web.reports.charts import SHADES, Part
from csat.web.reports.question import Question

FEW = 5  # of a cell: its share says little


@dataclass(frozen=True)
class Cell(Part):
    """The share of one hour of the week."""

    darkest: float = 1.0  # the share of the darkest shade

    @property
    def few(self) -> bool:
        return self.whole < FEW

    @property
    def number(self) -> str:
        """The share without its sign, as short as a cell is narrow."""
        return str(round(100 * self.count / self.whole)) if self.whole else ""

    @property
    def shade(self) -> int:
        """0 for nothing, else 1 to SHADES."""
        return (
            max(1, min(SHADES, round(SHADES * self.count / self.whole / self.darkest))) if self.count else 0
        )


@dataclass(frozen=True)
class Map:
    title: str
    help: str
    unit: str  # what each of the whole did
    low: bool  # whether dark is bad
    rows: list[tuple[str, str, list[Cell]]]  # weekday, its short form, its 24 hours


def maps(groups: Sequence[Group], question: Question) -> list[Map]:
    """Empty without a survey."""
    if not groups:
        return []
    by_hour = {int(group.key): group.counts for group in groups}
    low = _map(by_hour, question, "low", lambda counts: (counts.low, counts.n))
    response = _map(by_hour, question, "replied", lambda counts: (counts.answered, counts.delivered))
    return [
        Map(
            _("Low scores by hour"),
            _("The share of 1 and 2 in all ratings, in percent, by the hour of the request."),
            _("low"),
            True,
            low,
        ),
        Map(
            _("Response rate by hour"),
            _("The share of answered in delivered surveys, in percent, by the hour of the request."),
            _("answered"),
            False,
            response,
        ),
    ]


def _map(
    by_hour: dict[int, Counts], question: Question, did: str, of: Callable[[Counts], tuple[int, int]]
) -> list[tuple[str, str, list[Cell]]]:
    parts = {hour: of(counts) for hour, counts in by_hour.items()}
    shares = [count / whole for count, whole in parts.values() if whole >= FEW]
    darkest = max(shares, default=0.0) or 1.0
    return [
        (
            str(WEEKDAYS[day]),
            str(WEEKDAYS_ABBR[day]),
            [
                Cell(
                    *parts.get(hour, (0, 0)),
                    question.link(by="hour", key=hour, did=did),
                    hour_label(hour),
                    darkest=darkest,
                )
                for hour in range(day * 24, day * 24 + 24)
            ],
        )
        for day in range(7)
    ]
