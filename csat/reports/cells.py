"""Cells: what the rollup holds for some days, counted from the base rows."""

from collections.abc import Iterator
from datetime import date
from itertools import combinations
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models.functions import TruncDate

from csat.reports import cohort
from csat.reports.filters import midnight
from csat.reports.models import Rollup
from csat.reports.scores import Counts

DIMENSIONS = ("channel", "agent", "team", "language", "handoff_reason")
SHAPES: list[tuple[str, ...]] = [(), *((one,) for one in DIMENSIONS), *combinations(DIMENSIONS, 2)]
NUMBERS = ("requested", "delivered", "answered", "s1", "s2", "s3", "s4", "s5")


def cells(first: date, end: date, zone: ZoneInfo) -> Iterator[Rollup]:
    """Every cell of the days from `first` to before `end`; one query for each shape."""
    rows = cohort.rated(cohort.between(midnight(first, zone), midnight(end, zone)))
    for shape in SHAPES:
        columns = [cohort.COLUMN[name].format(credit="resolver") for name in shape]
        found = cohort.tally(rows, TruncDate("counted_at", tzinfo=zone), *columns, doubled="handoff_reason" in shape)
        for day, *keys, counts in found:
            if counts != Counts():
                yield _cell(day, shape, keys, counts)


def numbers(counts: Counts) -> dict[str, int]:
    return dict(zip(NUMBERS, (counts.requested, counts.delivered, counts.answered, *counts.scores), strict=True))


def place(cell: Rollup) -> tuple[Any, ...]:
    return cell.day, cell.dim1, cell.key1, cell.dim2, cell.key2


def key(value: Any) -> str:
    """As a rollup keeps it: ids as text, nothing as ''."""
    return "" if value is None else str(value)


def _cell(day: date, shape: tuple[str, ...], keys: list[Any], counts: Counts) -> Rollup:
    dims = [*shape, "", ""][:2]
    texts = [*(key(value) for value in keys), "", ""][:2]
    return Rollup(day=day, dim1=dims[0], key1=texts[0], dim2=dims[1], key2=texts[1], **numbers(counts))
