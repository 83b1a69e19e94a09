"""Reading counts: from the rollup where it holds the answer and its days are clean, from the base rows otherwise."""

from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from django.db.models import Q, Sum

from csat.people.models import Agent, Team
from csat.reports import cells, cohort, counting
from csat.reports.filters import NONE, Filters, midnight
from csat.reports.groups import first_of
from csat.reports.models import Rollup
from csat.reports.scores import Counts

MOST_RANGES = 24  # more scattered days than this are read with the whole window at once
THROUGH = {"agent_kind": "agent"}  # read from the cells of another dimension
Part = tuple[Any, Counts]


@dataclass(frozen=True)
class Plan:
    """Which cells hold the answer: a shape, the column to group by, and the keys wanted."""

    shape: tuple[str, ...]
    group: str  # "" for the whole
    keys: Q


def whole(filters: Filters) -> Counts:
    return dict(_read(filters, "")).get(None, Counts())


def parts(filters: Filters, by: str) -> list[Part]:
    """(key, counts) of each group, as the base rows name it."""
    return _read(filters, by)


def _read(filters: Filters, by: str) -> list[Part]:
    plan, days = _plan(filters, by), filters.days
    if plan is None or days is None or not counting.knows(filters.zone.key):
        return _base(filters, by)
    dirty = counting.marked(*days)  # read before the cells: a day counted anew meanwhile is right either way
    live = counting.ranges(dirty)
    if len(live) > MOST_RANGES or len(dirty) > (days[1] - days[0]).days // 2 + 1:
        return _base(filters, by)
    found = _rollup(plan, days, dirty, by)
    for first, end in live:
        found += _base(replace(filters, start=midnight(first, filters.zone), end=midnight(end, filters.zone)), by)
    return _together(found)


def _base(filters: Filters, by: str) -> list[Part]:
    rows = cohort.surveys(filters)
    if not by:
        return [(None, counts) for (counts,) in cohort.tally(rows)]
    found = cohort.tally(rows, cohort.column(by, filters), doubled=by in cells.MULTIPLE)
    return [(key.date() if by in ("week", "month") else key, counts) for key, counts in found]


def _plan(filters: Filters, by: str) -> Plan | None:
    """None when no cell can tell: more than two of filters and grouping, several reasons, another lens and the like."""
    chosen = list(filters.chosen)
    grouped = by if by and by not in cohort.PERIOD else ""
    used = {THROUGH.get(name, name) for name in (*chosen, grouped) if name}
    shape = tuple(name for name in cells.DIMENSIONS if name in used)
    if filters.quarantined or len(shape) < len(used) or shape not in cells.SHAPES:
        return None
    if "agent" in used and filters.credit != "resolver":
        return None
    if any(name in chosen and (len(getattr(filters, name)) > 1 or grouped == name) for name in cells.MULTIPLE):
        return None
    place = {name: f"key{shape.index(name) + 1}" for name in shape}
    keys = Q(*(Q(**{f"{place[THROUGH.get(name, name)]}__in": _keys(name, filters)}) for name in chosen))
    group = "day" if by in cohort.PERIOD else place[THROUGH.get(grouped, grouped)] if grouped else ""
    return Plan(shape, group, keys)


def _keys(name: str, filters: Filters) -> list[str]:
    """A filter's values as the rollup keeps them."""
    values = [value for value in getattr(filters, name) if value != NONE]
    nothing = [""] if NONE in getattr(filters, name) else []
    if name == "agent":
        return nothing + [str(pk) for pk in Agent.objects.filter(uuid__in=values).values_list("pk", flat=True)]
    if name == "team":
        return nothing + [str(pk) for pk in Team.objects.filter(name__in=values).values_list("pk", flat=True)]
    if name == "agent_kind":
        return nothing + [str(pk) for pk in Agent.objects.filter(kind__in=values).values_list("pk", flat=True)]
    return nothing + values


def _rollup(plan: Plan, days: tuple[date, date], dirty: set[date], by: str) -> list[Part]:
    dims = [*plan.shape, "", ""][:2]
    rows = Rollup.objects.filter(plan.keys, dim1=dims[0], dim2=dims[1], day__gte=days[0], day__lt=days[1]).exclude(day__in=dirty)
    sums = {f"n_{name}": Sum(name) for name in cells.NUMBERS}
    found = rows.order_by().values(plan.group).annotate(**sums) if plan.group else [rows.aggregate(**sums)]
    kinds = {str(pk): kind for pk, kind in Agent.objects.values_list("pk", "kind")} if by == "agent_kind" else {}
    return [(_key(row.get(plan.group), by, kinds), cohort.made(row[name] or 0 for name in sums)) for row in found]


def _key(stored: Any, by: str, kinds: dict[str, str]) -> Any:
    """A key of the rollup as the base rows name it."""
    if by == "agent_kind":
        return kinds.get(stored)
    if by in cohort.PERIOD:
        return first_of(by, stored)
    if by in ("agent", "team"):
        return int(stored) if stored else None
    return stored or None


def _together(found: list[Part]) -> list[Part]:
    counts: dict[Any, Counts] = {}
    for key, part in found:
        counts[key] = counts.get(key, Counts()) + part
    return list(counts.items())
