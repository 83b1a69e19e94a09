"""What low scores were about: the share of each cause, and how it went over time."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from csat.reports import queries, scores
from csat.reports.filters import NONE
from csat.reports.queries import Group
from csat.web.reports import charts
from csat.web.reports.charts import Part, svg_number
from csat.web.reports.question import Question


@dataclass(frozen=True)
class Step:
    """The share of a cause in the low scores of one day, week or month; places in percent of the drawing."""

    part: Part
    x: str
    y: str
    height: str


@dataclass(frozen=True)
class Cause(Part):
    steps: tuple[Step, ...] = ()
    wide: str = ""  # of the place of a step
    narrow: str = ""  # of its column


def causes(groups: Sequence[Group], question: Question) -> list[Cause]:
    """The share of each cause in all low scores: who is happy is hardly asked for one."""
    groups = sorted(groups, key=lambda group: (group.key == NONE, -group.counts.low, group.label))
    whole = scores.total(group.counts for group in groups).low
    wholes = queries.grouped(question.filters, question.step)
    place = 100 / max(1, len(wholes))
    return [
        Cause(
            group.counts.low,
            whole,
            question.link(by="about", key=group.key, did="low"),
            group.label,
            steps=_steps(group, question, wholes),
            wide=svg_number(place),
            narrow=svg_number(0.8 * place),
        )
        for group in groups
        if group.counts.low
    ]


def _steps(group: Group, question: Question, wholes: Sequence[Group]) -> tuple[Step, ...]:
    """There are five causes at most, so each asks by itself."""
    narrowed = replace(question, filters=replace(question.filters, about=(group.key,)))
    parts = [
        Part(
            own.counts.low,
            whole.counts.low,
            narrowed.link(by=question.step, key=own.key, did="low"),
            charts.period(own.key, question.step),
        )
        for own, whole in zip(queries.grouped(narrowed.filters, question.step), wholes, strict=True)
    ]
    place = 100 / max(1, len(parts))
    return tuple(
        Step(part, svg_number(n * place), svg_number(100 - height), svg_number(height))
        for n, part in enumerate(parts)
        for height in (100 * (scores.share(part.count, part.whole) or 0),)
    )
