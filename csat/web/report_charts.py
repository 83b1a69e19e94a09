"""Charts as numbers: where each point, bar and cell of a report stands, told in percent of the drawing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from math import floor
from typing import Any

from csat.channels import faces
from csat.reports import scores
from csat.reports.caring import Recovery
from csat.reports.groups import Group
from csat.reports.scores import Counts
from csat.web import report_words as words
from csat.web.report_asking import Question

STEPS = 4  # of the scale at the side
TALLEST = 22  # percent of the drawing that the column of the most ratings takes
SHADES = 6  # of a heat map


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
        column=_number(min(4.0, 60 / max(1, len(groups)))),
        lines=[_line(run, floor_) for run in _runs(spots)],
        bands=[_band(run, floor_) for run in _runs(spots)],
        before=[_line(run, floor_) for run in _runs([(_x(n, len(groups)), group) for n, group in enumerate(before[: len(groups)])])],
        ticks=[(_number(_y(at, floor_)), words.percent(at)) for at in (floor_ + (1 - floor_) * n / STEPS for n in range(STEPS + 1))],
        labels=_labels(spots, question.step),
        hit=_number(100 / max(1, len(groups))),
    )


@dataclass(frozen=True)
class Bar:
    label: str
    kind: str
    counts: Counts
    csat: str
    interval: str
    average: str
    average_interval: str
    rate: str
    rate_interval: str
    width: str
    low: str
    high: str
    links: dict[str, str]  # by what they did: answered, replied, delivered
    rank: int  # 0: not ranked
    was: Counts | None
    was_csat: str
    was_interval: str
    change: str  # up, down or "" where the intervals touch


def bars(groups: Sequence[Group], question: Question, by: str, *, before: Sequence[Group] = ()) -> list[Bar]:
    was = {group.key: group.counts for group in before}
    return [_bar(group, question, by, was.get(group.key), rank=0) for group in groups]


def ranked(groups: Sequence[Group], question: Question, *, before: Sequence[Group] = ()) -> tuple[list[Bar], list[Bar]]:
    """Agents by their shrunken share, the best first; those with too few answers apart, without a rank."""
    was = {group.key: group.counts for group in before}
    pulled = dict(zip((group.key for group in groups), scores.shrunken([group.counts for group in groups]), strict=True))
    enough = [group for group in groups if group.counts.n >= scores.ENOUGH and group.key != "none"]
    enough.sort(key=lambda group: (-(pulled[group.key] or 0), -group.counts.n, group.label))
    few = [group for group in groups if group not in enough]
    return (
        [_bar(group, question, "agent", was.get(group.key), rank=rank) for rank, group in enumerate(enough, 1)],
        [_bar(group, question, "agent", was.get(group.key), rank=0) for group in few],
    )


@dataclass(frozen=True)
class Slice:
    """One score of a distribution."""

    face: faces.Face
    count: int
    share: str
    interval: str
    height: str
    top: str
    link: str


def distribution(counts: Counts, question: Question) -> list[Slice]:
    most = max(counts.scores) or 1
    return [
        Slice(
            face, count, words.percent(scores.share(count, counts.n)), words.between(scores.wilson(count, counts.n)),
            _number(100 * count / most), _number(100 - 100 * count / most), question.link(given=face.score),
        )
        for face, count in zip(faces.FACES, counts.scores, strict=True)
    ]  # fmt: skip


@dataclass(frozen=True)
class Part:
    """One step of the recovery: of all low scores, how many came so far."""

    label: str
    many: int
    of: int
    share: str
    interval: str
    width: str
    link: str


def recovery(found: Recovery, question: Question, labels: Mapping[str, Any]) -> list[Part]:
    """Nothing when nobody was unhappy."""
    counts = {step: getattr(found, step) for step in labels}
    return [
        Part(
            str(labels[step]), many, found.low, words.percent(many / found.low), words.between(scores.wilson(many, found.low)),
            _number(100 * many / found.low), question.link(recovery=step),
        )
        for step, many in counts.items() if found.low
    ]  # fmt: skip


@dataclass(frozen=True)
class Cell:
    count: int
    share: str
    interval: str
    shade: int
    link: str


@dataclass(frozen=True)
class HeatRow:
    label: str
    counts: Counts
    csat: str
    interval: str
    cells: list[Cell]
    link: str


def heat(groups: Sequence[Group], question: Question) -> list[HeatRow]:
    return [
        HeatRow(
            group.label, group.counts, words.percent(group.counts.csat), words.between(group.counts.csat_interval), _cells(group, question),
            question.link(by="handoff_reason", key=group.key, did="answered"),
        )
        for group in groups if group.counts.n
    ]  # fmt: skip


def _cells(group: Group, question: Question) -> list[Cell]:
    link = {"by": "handoff_reason", "key": group.key}
    return [
        Cell(
            count, words.percent(count / group.counts.n), words.between(scores.wilson(count, group.counts.n)),
            _shade(count, group.counts.n), question.link(**link, given=score),
        )
        for score, count in enumerate(group.counts.scores, 1)
    ]  # fmt: skip


def _shade(part: int, whole: int) -> int:
    return 0 if not part else max(1, min(SHADES, round(SHADES * 1.5 * part / whole)))


def _bar(group: Group, question: Question, by: str, was: Counts | None, *, rank: int) -> Bar:
    counts, interval = group.counts, group.counts.csat_interval
    return Bar(
        label=group.label, kind=group.kind, counts=counts, csat=words.percent(counts.csat), interval=words.between(interval),
        average=words.decimal(counts.average), average_interval=words.around(counts.average_interval),
        rate=words.percent(counts.response_rate), rate_interval=words.between(counts.response_interval),
        width=_percent(counts.csat or 0), low=_percent(interval.low if interval else 0), high=_percent(interval.high if interval else 0),
        links={did: question.link(by=by, key=group.key, did=did) for did in ("answered", "replied", "delivered")}, rank=rank,
        was=was if was and was.n else None, was_csat=words.percent(was.csat if was else None),
        was_interval=words.between(was.csat_interval if was else None), change=change(counts, was),
    )  # fmt: skip


def change(now: Counts, was: Counts | None) -> str:
    """`up` or `down`, only where the intervals part."""
    if was is None or not scores.parted(now.csat_interval, was.csat_interval):
        return ""
    return "up" if (now.csat or 0) > (was.csat or 0) else "down"


def _point(x: float, group: Group, question: Question, low: float, *, most: int, was: Counts | None) -> Point:
    counts, tall = group.counts, TALLEST * group.counts.n / most
    return Point(
        tall=_number(tall), top=_number(100 - tall), was=was, was_told=words.told(was) if was and was.n else "",
        label=words.period(group.key, question.step), counts=counts, csat=words.percent(counts.csat),
        interval=words.between(counts.csat_interval), x=_number(x), y="" if counts.csat is None else _number(_y(counts.csat, low)),
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
    """As many as fit beside each other on a phone."""
    if not spots:
        return []
    last = len(spots) - 1
    shown = sorted({round(last * part / 3) for part in range(4)})
    anchors = {0: "start", last: "end"} if last else {0: "middle"}
    return [(_number(spots[n][0]), words.period(spots[n][1].key, step), anchors.get(n, "middle")) for n in shown]


def _x(n: int, many: int) -> float:
    return 50.0 if many < 2 else 1 + 98 * n / (many - 1)


def _y(share: float, low: float) -> float:
    return 100 - 100 * (share - low) / (1 - low)


def _spot(x: float, y: float) -> str:
    return f"{_number(x)},{_number(y)}"


def _percent(share: float) -> str:
    return _number(100 * share)


def _number(value: float) -> str:
    """For an SVG attribute: a point, whatever the language."""
    return f"{value:.2f}".rstrip("0").rstrip(".")
