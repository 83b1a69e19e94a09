"""Charts as numbers: where each point, bar and cell of a report stands, told in percent of the drawing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from csat.channels import faces
from csat.reports import scores
from csat.reports.caring import Recovery
from csat.reports.groups import Group
from csat.reports.scores import Counts
from csat.web.reports import words
from csat.web.reports.asking import Question

SHADES = 6  # of a heat map


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
            number(100 * count / most), number(100 - 100 * count / most), question.link(given=face.score),
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
            number(100 * many / found.low), question.link(recovery=step),
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


def _percent(share: float) -> str:
    return number(100 * share)


def number(value: float) -> str:
    """For an SVG attribute: a point, whatever the language."""
    return f"{value:.2f}".rstrip("0").rstrip(".")
