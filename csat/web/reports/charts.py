"""Figures in words, and charts as numbers: where each bar and column stands, in percent of the drawing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import accumulate

from django.utils import formats
from django.utils.translation import gettext as _

from csat import scale
from csat.reports import scores
from csat.reports.formatting import csat_and_interval, decimal, percent, percent_range
from csat.reports.queries import Group
from csat.reports.recovery import STEPS, Recovery
from csat.reports.recovery_groups import RecoveryGroup
from csat.reports.scores import Counts
from csat.web.reports.question import Question

SHADES = 6  # of a heat map


def period(first_day: str, step: str) -> str:
    """A day, the day a week begins, or a month."""
    return formats.date_format(date.fromisoformat(first_day), "M Y" if step == "month" else "j M")


def svg_number(value: float) -> str:
    """With a point, whatever the language."""
    return f"{value:.2f}".rstrip("0").rstrip(".")


def svg_percent(share: float | None) -> str:
    return svg_number(100 * (share or 0))


@dataclass(frozen=True)
class Figures:
    """Counts, and the figures made of them in words."""

    counts: Counts

    @property
    def csat(self) -> str:
        return percent(self.counts.csat)

    @property
    def interval(self) -> str:
        return percent_range(self.counts.csat_interval)

    @property
    def csat_and_interval(self) -> str:
        """`67 % (55–77 %, n 64)`; nothing without ratings."""
        return csat_and_interval(self.counts)

    @property
    def average(self) -> str:
        return decimal(self.counts.average)

    @property
    def average_interval(self) -> str:
        """`3.9–4.4`."""
        interval = self.counts.average_interval
        return f"{decimal(interval.low)}–{decimal(interval.high)}" if interval else ""

    @property
    def rate(self) -> str:
        return percent(self.counts.response_rate)

    @property
    def rate_interval(self) -> str:
        return percent_range(self.counts.response_interval)

    @property
    def width(self) -> str:
        return svg_percent(self.counts.csat)

    def change_since(self, before: Counts | None) -> str:
        """`up` or `down` where the intervals do not touch, else nothing."""
        if before is None or not scores.parted(self.counts.csat_interval, before.csat_interval):
            return ""
        return "up" if (self.counts.csat or 0) > (before.csat or 0) else "down"


@dataclass(frozen=True)
class Bar(Figures):
    """One group of a table."""

    label: str
    kind: str  # of an agent: human or ai
    links: dict[str, str]  # by what they did: answered, replied, delivered
    by_week: str  # the address of its report alone, week by week
    rank: int  # 0: not ranked
    before: Figures | None  # of the period before, if it had ratings

    @property
    def whisker(self) -> tuple[str, str]:
        interval = self.counts.csat_interval
        return (svg_percent(interval.low), svg_percent(interval.high)) if interval else ("0", "0")

    @property
    def change(self) -> str:
        return self.change_since(self.before.counts if self.before else None)


def bars(
    groups: Sequence[Group],
    question: Question,
    by: str,
    *,
    before: Sequence[Group] = (),
    ranks: Mapping[str, int] | None = None,
) -> list[Bar]:
    counts_before = {group.key: group.counts for group in before if group.counts.n}
    return [
        Bar(
            counts=group.counts,
            label=group.label,
            kind=group.kind,
            links={
                did: question.link(by=by, key=group.key, did=did)
                for did in ("answered", "replied", "delivered")
            },
            by_week=question.of_one(by, group.key, step="week"),
            rank=(ranks or {}).get(group.key, 0),
            before=Figures(counts_before[group.key]) if group.key in counts_before else None,
        )
        for group in groups
    ]


def ranked(
    groups: Sequence[Group], question: Question, *, before: Sequence[Group] = ()
) -> tuple[list[Bar], list[Bar]]:
    """Agents by their shrunken share, the best first, and those with too few answers for a rank."""
    shrunken = scores.shrunken([group.counts for group in groups])
    estimates = dict(zip((group.key for group in groups), shrunken, strict=True))
    enough = [group for group in groups if group.counts.n >= scores.ENOUGH and group.key != "none"]
    enough.sort(key=lambda group: (-(estimates[group.key] or 0), -group.counts.n, group.label))
    few = [group for group in groups if group not in enough]
    ranks = {group.key: rank for rank, group in enumerate(enough, 1)}
    return (
        bars(enough, question, "agent", before=before, ranks=ranks),
        bars(few, question, "agent", before=before),
    )


@dataclass(frozen=True)
class Part:
    """A part of a whole."""

    count: int
    whole: int
    link: str
    label: str = ""

    @property
    def share(self) -> str:
        return percent(scores.share(self.count, self.whole))

    @property
    def interval(self) -> str:
        return percent_range(scores.wilson(self.count, self.whole))

    @property
    def width(self) -> str:
        return svg_percent(scores.share(self.count, self.whole))

    @property
    def shade(self) -> int:
        """Of a heat map: 0 for nothing, else 1 to SHADES."""
        return max(1, min(SHADES, round(SHADES * 1.5 * self.count / self.whole))) if self.count else 0


@dataclass(frozen=True)
class ScorePart(Part):
    """How often one score was given; `before`: how many ratings are to its left in the bar of all."""

    face: scale.Face = scale.FACES[0]
    before: int = 0

    @property
    def start(self) -> str:
        return svg_percent(scores.share(self.before, self.whole))


def distribution(counts: Counts, question: Question) -> list[ScorePart]:
    befores = accumulate(counts.scores, initial=0)
    return [
        ScorePart(count, counts.n, question.link(given=face.score), face=face, before=before)
        for face, count, before in zip(scale.FACES, counts.scores, befores, strict=False)
    ]


def recovery(steps: Recovery, question: Question, labels: Mapping[str, object]) -> list[Part]:
    """Of all low scores, how many came as far as each step. Empty when nobody was unhappy."""
    return [
        Part(getattr(steps, step), steps.low, question.link(recovery=step), str(label))
        for step, label in labels.items()
        if steps.low
    ]


def hours(group: RecoveryGroup) -> str:
    """How long the better scores took: their median with its interval, in hours or days; "" without any."""
    if group.median_hours is None:
        return ""
    text, interval = _span(group.median_hours), group.hours_interval
    return f"{text} ({_span(interval.low)}–{_span(interval.high)})" if interval else text


def _span(hours: float) -> str:
    if hours < 48:
        return _("%(n)s h") % {"n": f"{hours:.1f}" if hours < 10 else f"{hours:.0f}"}
    return _("%(n)s days") % {"n": f"{hours / 24:.1f}"}


@dataclass(frozen=True)
class Recovered:
    """One group: each step opens its conversations."""

    label: str
    steps: list[Part]
    took: str


def recovered(groups: Sequence[RecoveryGroup], question: Question, by: str) -> list[Recovered]:
    return [
        Recovered(
            group.label,
            [
                Part(
                    getattr(group.steps, step),
                    group.steps.low,
                    question.link(**_of(group, by), recovery=step),
                    "",
                )
                for step in STEPS
            ],
            hours(group),
        )
        for group in groups
    ]


def _of(group: RecoveryGroup, by: str) -> dict[str, object]:
    return {"cause": group.key} if by == "cause" else {"by": by, "key": group.key}


@dataclass(frozen=True)
class HeatRow(Figures):
    label: str
    cells: list[Part]
    link: str


def heat(groups: Sequence[Group], question: Question) -> list[HeatRow]:
    return [
        HeatRow(
            group.counts,
            group.label,
            [
                Part(count, group.counts.n, question.link(by="handoff_reason", key=group.key, given=score))
                for score, count in enumerate(group.counts.scores, 1)
            ],
            question.link(by="handoff_reason", key=group.key, did="answered"),
        )
        for group in groups
        if group.counts.n
    ]
