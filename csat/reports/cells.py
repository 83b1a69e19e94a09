"""Cells: what the rollup holds for some days, counted from the base rows."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import date
from itertools import combinations
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import QuerySet
from django.db.models.functions import TruncDate

from csat.reports import cohort
from csat.reports.filters import midnight
from csat.reports.models import Rollup
from csat.surveys.models import Survey

Shape = tuple[str, ...]
CROSSED = ("channel", "agent", "team", "language", "handoff_reason")  # with each other, and with each of the rest
DIMENSIONS = (*CROSSED, "tag", "about", "score")
MULTIPLE = ("handoff_reason", "tag")  # a session may have several
SHAPES: list[Shape] = [
    (),
    *((one,) for one in DIMENSIONS),
    *(pair for pair in combinations(DIMENSIONS, 2) if pair[0] in CROSSED),
]  # in the order of DIMENSIONS
NUMBERS = ("requested", "delivered", "answered", "s1", "s2", "s3", "s4", "s5")
COLUMN = cohort.COLUMN | {"score": "rated"}


def cells(first: date, end: date, zone: ZoneInfo) -> Iterator[Rollup]:
    """Every cell of the days from `first` to before `end`: one query for each way to have several, and the sums made here."""
    rows = cohort.rated(cohort.between(midnight(first, zone), midnight(end, zone)))
    for several in ((), *((one,) for one in MULTIPLE), MULTIPLE):
        shapes = [shape for shape in SHAPES if tuple(name for name in shape if name in MULTIPLE) == several]
        fine = tuple(name for name in DIMENSIONS if any(name in shape for shape in shapes))
        columns = [TruncDate("counted_at", tzinfo=zone), *(COLUMN[name].format(credit="resolver") for name in fine)]
        if shapes:
            yield from _summed(cohort.counted(rows, *columns, doubled=bool(several)), fine, shapes)


def place(cell: Rollup) -> tuple[Any, ...]:
    return cell.day, cell.dim1, cell.key1, cell.dim2, cell.key2


def key(value: Any) -> str:
    """As a rollup keeps it: ids as text, nothing as ''."""
    return "" if value is None else str(value)


def _summed(rows: QuerySet[Survey, Any], fine: Sequence[str], shapes: list[Shape]) -> Iterator[Rollup]:
    """A survey is in one of these rows for each of what it has several of, so that the rows of one shape and key add up."""
    places = [(shape, [fine.index(name) for name in shape]) for shape in shapes]
    sums: dict[tuple[Any, ...], list[int]] = defaultdict(lambda: [0] * len(NUMBERS))
    for day, *values in (row.values() for row in rows):
        counted = [(n, count) for n, count in enumerate(values[len(fine) :]) if count]
        for shape, indexes in places if counted else ():
            one = sums[shape, day, *(values[index] for index in indexes)]
            for n, count in counted:
                one[n] += count
    for (shape, day, *keys), counts in sums.items():
        yield _cell(day, shape, keys, counts)


def _cell(day: date, shape: tuple[str, ...], keys: list[Any], counts: list[int]) -> Rollup:
    dims = [*shape, "", ""][:2]
    texts = [*(key(value) for value in keys), "", ""][:2]
    return Rollup(day=day, dim1=dims[0], key1=texts[0], dim2=dims[1], key2=texts[1], **dict(zip(NUMBERS, counts, strict=True)))
