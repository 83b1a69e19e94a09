"""A report over time: where the points and bands of its line stand, and under it the columns of its ratings,
in percent of each drawing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import accumulate, groupby
from math import ceil, floor

from django.utils import timezone
from django.utils.translation import gettext as _

from csat import scale
from csat.reports import formatting
from csat.reports.chart_notes import Note
from csat.reports.filters import after, first_of, midnight
from csat.reports.queries import Group
from csat.reports.scores import Counts
from csat.web.reports import charts
from csat.web.reports.charts import Figures, Part, svg_number
from csat.web.reports.question import Question

STEPS = 4  # of the scale at the side

Spot = tuple[float, Counts]  # x, and what is drawn there


@dataclass(frozen=True)
class Block(Part):
    """The ratings of one score in a column."""

    face: scale.Face = scale.FACES[0]
    y: str = ""
    height: str = ""


@dataclass(frozen=True)
class Point(Figures):
    label: str
    x: str
    y: str  # "" without data
    link: str
    blocks: list[Block]  # of the column of its ratings, from the ground up
    unfinished: bool  # not wholly in the window, or not over yet
    top: str  # of the column
    height: str
    before: str  # the figure it is compared with

    @property
    def by_score(self) -> str:
        """`5: 8, 4: 2, 1: 1`."""
        return ", ".join(f"{block.face.score}: {block.count}" for block in reversed(self.blocks))


@dataclass(frozen=True)
class Mark:
    """The notes that stand at one place of the line."""

    x: str
    notes: list[Note]

    @property
    def words(self) -> str:
        return "\n".join(map(_note_in_words, self.notes))


def _note_in_words(note: Note) -> str:
    of_team = f" ({note.team})" if note.team else ""
    unfinished = f"; {_('day not over yet')}" if note.unfinished else ""
    return f"{charts.period(str(note.day), 'day')}: {note.text}{of_team}{unfinished}"


@dataclass(frozen=True)
class Trend:
    points: list[Point]
    lines: list[str]  # each a run of points without a gap, as SVG points of a 100 x 100 drawing
    bands: list[str]
    before: list[str]
    ticks: list[tuple[str, str]]  # y, label
    labels: list[tuple[str, str, str]]  # x, label, anchor
    hit_width: str  # of the area that takes a click
    most: str  # ratings of the tallest column
    column_width: str
    target: str = ""  # y of the line to reach
    marks: Sequence[Mark] = ()

    @property
    def empty(self) -> bool:
        return not self.lines

    @property
    def has_unfinished(self) -> bool:
        return any(point.unfinished and point.counts.n for point in self.points)


def trend(
    groups: Sequence[Group],
    question: Question,
    *,
    before: Sequence[Group] = (),
    target: float | None = None,
    notes: Sequence[Note] = (),
) -> Trend:
    """`target`: the share to reach, from 0 to 1."""
    intervals = [group.counts.csat_interval for group in (*groups, *before)]
    lowest = min((interval.low for interval in intervals if interval), default=0)
    lowest = lowest if target is None else min(lowest, target)
    bottom = min(0.8, floor(lowest * 5) / 5)  # of the scale: 0, or higher when everything is
    most = max((group.counts.n for group in groups), default=0) or 1
    xs = [_x(index, len(groups)) for index in range(len(groups))]
    runs = _runs([(x, group.counts) for x, group in zip(xs, groups, strict=True)])
    runs_before = _runs([(x, group.counts) for x, group in zip(xs, before, strict=False)])
    ticks = [bottom + (1 - bottom) * step / STEPS for step in range(STEPS + 1)]
    figures_before = [Figures(group.counts).csat_and_interval for group in before]
    figures_before += [""] * (len(groups) - len(before))
    return Trend(
        points=[
            _point(x, group, question, bottom, most=most, before=figure)
            for x, group, figure in zip(xs, groups, figures_before, strict=False)
        ],
        lines=[_line(run, bottom) for run in runs],
        bands=[_band(run, bottom) for run in runs],
        before=[_line(run, bottom) for run in runs_before],
        ticks=[(svg_number(_y(share, bottom)), formatting.percent(share)) for share in ticks],
        labels=_labels(xs, groups, question.step),
        hit_width=svg_number(100 / max(1, len(groups))),
        most=formatting.number(most),
        column_width=svg_number(min(6.0, 70 / max(1, len(groups)))),
        target="" if target is None else svg_number(_y(target, bottom)),
        marks=_marks(notes, groups, xs, question.step),
    )


def _point(x: float, group: Group, question: Question, bottom: float, *, most: int, before: str) -> Point:
    csat, height = group.counts.csat, 100 * group.counts.n / most
    return Point(
        counts=group.counts,
        label=charts.period(group.key, question.step),
        x=svg_number(x),
        y="" if csat is None else svg_number(_y(csat, bottom)),
        link=question.link(by=question.step, key=group.key, did="answered"),
        blocks=_blocks(group, question, most),
        unfinished=_unfinished(group, question),
        top=svg_number(100 - height),
        height=svg_number(height),
        before=before,
    )


def _blocks(group: Group, question: Question, most: int) -> list[Block]:
    befores = accumulate(group.counts.scores, initial=0)
    return [
        Block(
            count,
            group.counts.n,
            question.link(by=question.step, key=group.key, given=face.score),
            charts.period(group.key, question.step),
            face=face,
            y=svg_number(100 - 100 * (before + count) / most),
            height=svg_number(100 * count / most),
        )
        for face, count, before in zip(scale.FACES, group.counts.scores, befores, strict=False)
        if count
    ]


def _unfinished(group: Group, question: Question) -> bool:
    filters, first = question.filters, date.fromisoformat(group.key)
    start, end = midnight(first, filters.zone), midnight(after(question.step, first), filters.zone)
    return start < filters.start or end > min(filters.end, timezone.now())


def _marks(notes: Sequence[Note], groups: Sequence[Group], xs: Sequence[float], step: str) -> list[Mark]:
    """Those of a day, week or month together, above its point."""
    places = {group.key: x for group, x in zip(groups, xs, strict=True)}
    dated = groupby(notes, key=lambda note: str(first_of(step, note.day)))
    return [Mark(svg_number(places[key]), list(part)) for key, part in dated if key in places]


def _runs(spots: Sequence[Spot]) -> list[list[Spot]]:
    """Neighbours with data."""
    runs = groupby(spots, key=lambda spot: spot[1].csat is not None)
    return [list(run) for has_data, run in runs if has_data]


def _line(run: Sequence[Spot], bottom: float) -> str:
    return " ".join(_svg_point(x, _y(counts.csat or 0, bottom)) for x, counts in run)


def _band(run: Sequence[Spot], bottom: float) -> str:
    if len(run) == 1:  # alone, it would be too thin to see
        (x, counts), half = run[0], 0.4
        run = [(x - half, counts), (x + half, counts)]
    intervals = [(x, counts.csat_interval) for x, counts in run]
    upper = [_svg_point(x, _y(interval.high, bottom)) for x, interval in intervals if interval]
    lower = [_svg_point(x, _y(interval.low, bottom)) for x, interval in reversed(intervals) if interval]
    return " ".join(upper + lower)


def _labels(xs: Sequence[float], groups: Sequence[Group], step: str) -> list[tuple[str, str, str]]:
    """As many as fit beside each other on a phone, equally far apart, the newest always."""
    if not groups:
        return []
    last = len(groups) - 1
    apart = max(1, ceil(last / 3))
    anchors = {0: "start", last: "end"} if last else {0: "middle"}
    return [
        (svg_number(xs[index]), charts.period(groups[index].key, step), anchors.get(index, "middle"))
        for index in range(last % apart, last + 1, apart)
    ]


def _x(index: int, count: int) -> float:
    return 50.0 if count < 2 else 2 + 96 * index / (count - 1)  # half a column stands on either side


def _y(share: float, bottom: float) -> float:
    return 100 - 100 * (share - bottom) / (1 - bottom)


def _svg_point(x: float, y: float) -> str:
    return f"{svg_number(x)},{svg_number(y)}"
