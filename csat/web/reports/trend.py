"""The line of a report over time: where its points, bands and columns stand, told in percent of the drawing."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from math import ceil, floor

from csat.reports.groups import Group
from csat.reports.scores import Counts
from csat.web.reports import words
from csat.web.reports.asking import Question
from csat.web.reports.charts import number

STEPS = 4  # of the scale at the side
TALLEST = 22  # percent of the drawing that the column of the most ratings takes


@dataclass(frozen=True)
class Point:
    label: str
    counts: Counts
    csat: str
    interval: str
    x: str
    y: str  # "" without data
    link: str
    tall: str  # the column of its ratings, beside the most
    top: str
    was: Counts | None  # the point of the period before it is compared with
    was_told: str


@dataclass(frozen=True)
class Trend:
    points: list[Point]
    lines: list[str]  # each a run of points without a gap, as SVG points of a 100 x 100 drawing
    bands: list[str]
    before: list[str]
    ticks: list[tuple[str, str]]  # y, label
    labels: list[tuple[str, str, str]]  # x, label, anchor
    hit: str  # width of the area that takes a click
    most: str  # ratings of the tallest column
    column: str  # its width

    @property
    def empty(self) -> bool:
        return not self.lines


def trend(groups: Sequence[Group], question: Question, *, before: Sequence[Group] = ()) -> Trend:
    floor_ = _floor([*groups, *before])
    spots = [(_x(n, len(groups)), group) for n, group in enumerate(groups)]
    most, was = max((group.counts.n for group in groups), default=0) or 1, [group.counts for group in before]
    return Trend(
        points=[_point(x, group, question, floor_, most=most, was=was[n] if n < len(was) else None) for n, (x, group) in enumerate(spots)],
        most=words.number(most),
        column=number(min(4.0, 60 / max(1, len(groups)))),
        lines=[_line(run, floor_) for run in _runs(spots)],
        bands=[_band(run, floor_) for run in _runs(spots)],
        before=[_line(run, floor_) for run in _runs([(_x(n, len(groups)), group) for n, group in enumerate(before[: len(groups)])])],
        ticks=[(number(_y(at, floor_)), words.percent(at)) for at in (floor_ + (1 - floor_) * n / STEPS for n in range(STEPS + 1))],
        labels=_labels(spots, question.step),
        hit=number(100 / max(1, len(groups))),
    )


def _point(x: float, group: Group, question: Question, low: float, *, most: int, was: Counts | None) -> Point:
    counts, tall = group.counts, TALLEST * group.counts.n / most
    return Point(
        tall=number(tall), top=number(100 - tall), was=was, was_told=words.told(was) if was and was.n else "",
        label=words.period(group.key, question.step), counts=counts, csat=words.percent(counts.csat),
        interval=words.between(counts.csat_interval), x=number(x), y="" if counts.csat is None else number(_y(counts.csat, low)),
        link=question.link(by=question.step, key=group.key, did="answered"),
    )  # fmt: skip


def _runs(spots: Sequence[tuple[float, Group]]) -> list[list[tuple[float, Group]]]:
    """Neighbours with data."""
    return [list(run) for known, run in groupby(spots, key=lambda spot: spot[1].counts.csat is not None) if known]


def _line(run: Sequence[tuple[float, Group]], low: float) -> str:
    return " ".join(_spot(x, _y(group.counts.csat or 0, low)) for x, group in run)


def _band(run: Sequence[tuple[float, Group]], low: float) -> str:
    if len(run) == 1:  # alone, it would be too thin to see
        run = [(run[0][0] - 0.4, run[0][1]), (run[0][0] + 0.4, run[0][1])]
    edges = [(x, group.counts.csat_interval) for x, group in run]
    over = [_spot(x, _y(edge.high, low)) for x, edge in edges if edge]
    under = [_spot(x, _y(edge.low, low)) for x, edge in reversed(edges) if edge]
    return " ".join(over + under)


def _floor(groups: Sequence[Group]) -> float:
    """Where the scale begins: at 0, or higher when everything is."""
    lows = [group.counts.csat_interval.low for group in groups if group.counts.csat_interval]
    return min(0.8, floor(min(lows, default=0) * 5) / 5)


def _labels(spots: Sequence[tuple[float, Group]], step: str) -> list[tuple[str, str, str]]:
    """As many as fit beside each other on a phone, equally far apart, the newest always."""
    if not spots:
        return []
    last = len(spots) - 1
    apart = max(1, ceil(last / 3))
    anchors = {0: "start", last: "end"} if last else {0: "middle"}
    return [
        (number(spots[n][0]), words.period(spots[n][1].key, step), anchors.get(n, "middle")) for n in range(last % apart, last + 1, apart)
    ]


def _x(n: int, many: int) -> float:
    return 50.0 if many < 2 else 2 + 96 * n / (many - 1)  # half a column stands on either side


def _y(share: float, low: float) -> float:
    return 100 - 100 * (share - low) / (1 - low)


def _spot(x: float, y: float) -> str:
    return f"{number(x)},{number(y)}"
