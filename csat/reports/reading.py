"""Reading counts: from the rollup where it holds the answer and its days are clean, from the base rows otherwise."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import reduce
from operator import or_
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Q, QuerySet, Sum

from csat.people.models import Agent
from csat.reports import cells, cohort, counting
from csat.reports.filters import CREDIT, NONE, Filters, midnight
from csat.reports.groups import first_of, steps
from csat.reports.models import Rollup
from csat.reports.scores import Counts

MOST_RANGES = 60  # more scattered days than this are read with the whole window at once
QUARTER = 900  # seconds
THROUGH = {"agent_kind": "agent"}  # read from the cells of another dimension
Part = tuple[Any, Counts]


@dataclass(frozen=True)
class Plan:
    """Which cells hold the answer: a shape, the column to group by, and the keys wanted."""

    shape: tuple[str, ...]
    group: list[str]  # none for the whole
    keys: Q
    lenses: tuple[str, ...]


def whole(filters: Filters) -> Counts:
    return dict(_read(filters, "")).get(None, Counts())


def parts(filters: Filters, by: str) -> list[Part]:
    """(key, counts) of each group, as the base rows name it."""
    return _read(filters, by)


def _read(filters: Filters, by: str) -> list[Part]:
    plan = _plan(filters, by)
    zone, marked = counting.known(filters.start, filters.end)  # read before the cells: a day counted anew meanwhile is right either way
    if plan is None or zone is None:
        return _base(filters, by)
    days = _around(filters, zone)
    dirty = {day for day in marked if days[0] <= day < days[1]}
    parted = _parted(filters, by, zone) - dirty
    quarters = parted if (*plan.shape, cells.QUARTER) in cells.SHAPES and _whole_quarters(filters) else set()
    live = counting.ranges(dirty | (parted - quarters))
    if len(live) > MOST_RANGES or sum((end - first).days for first, end in live) > (days[1] - days[0]).days // 2 + 1:
        return _base(filters, by)
    found = _from_days(plan, days, dirty | parted, by, filters, zone)
    found += _from_quarters(plan, quarters, by, filters)
    if live:
        found += _base(filters, by, [(midnight(first, zone), midnight(end, zone)) for first, end in live])
    return _together(found)


def _base(filters: Filters, by: str, times: Sequence[tuple[datetime, datetime]] = ()) -> list[Part]:
    """From the base rows of the whole window, or of these times in it."""
    rows = cohort.surveys(filters)
    if times:
        rows = rows.filter(reduce(or_, (Q(counted_at__gte=start, counted_at__lt=end) for start, end in times)))
    if not by:
        return [(None, counts) for (counts,) in cohort.tally(rows)]
    found = cohort.tally(rows, cohort.column(by, filters), doubled=by in cells.MULTIPLE)
    return [(key.date() if by in ("week", "month") else key, counts) for key, counts in found]


def _around(filters: Filters, zone: ZoneInfo) -> tuple[date, date]:
    """The rollup's days that the window touches: the first, and the one after the last."""
    last = (filters.end - timedelta(microseconds=1)).astimezone(zone).date()
    return filters.start.astimezone(zone).date(), last + timedelta(days=1)


def _parted(filters: Filters, by: str, zone: ZoneInfo) -> set[date]:
    """The rollup's days that are not in the window as a whole, or not in one day, week or month of it."""
    edges = {filters.start, filters.end}
    if by in cohort.PERIOD and zone.key != filters.zone.key:
        edges |= {midnight(day, filters.zone) for day in steps(by, filters)[1:]}
    days = {edge: edge.astimezone(zone).date() for edge in edges}
    return {day for edge, day in days.items() if midnight(day, zone) != edge}


def _whole_quarters(filters: Filters) -> bool:
    return all(edge.timestamp() % QUARTER == 0 for edge in (filters.start, filters.end))


def _plan(filters: Filters, by: str) -> Plan | None:
    """None when no cell can tell: more than two of filters and grouping, several reasons, two lenses at once and the like."""
    chosen = list(filters.chosen)
    grouped = by if by and by not in cohort.PERIOD else ""
    used = {THROUGH.get(name, name) for name in (*chosen, grouped) if name}
    shape = tuple(name for name in cells.DIMENSIONS if name in used)
    lenses = [filters.credit] if "agent" in used and filters.credit != CREDIT[0] else []
    lenses += [cells.KEPT_APART] if filters.quarantined else []
    if len(shape) < len(used) or shape not in cells.SHAPES or len(lenses) > 1:
        return None
    if any(name in chosen and (len(getattr(filters, name)) > 1 or grouped == name) for name in cells.MULTIPLE):
        return None
    place = {name: f"key{shape.index(name) + 1}" for name in shape}
    keys = Q(*(Q(**{f"{place[THROUGH.get(name, name)]}__in": _keys(name, filters)}) for name in chosen))
    group = ["day"] if by in cohort.PERIOD else [place[THROUGH.get(grouped, grouped)]] if grouped else []
    return Plan(shape, group, keys, ("", *lenses))


def _keys(name: str, filters: Filters) -> list[str]:
    """A filter's values as the rollup keeps them."""
    values = [value for value in getattr(filters, name) if value != NONE]
    nothing = [""] if NONE in getattr(filters, name) else []
    if name in cohort.NAMED:
        values = [str(pk) for pk in cohort.ids(name, values)]
    return nothing + values


def _from_days(plan: Plan, days: tuple[date, date], without: set[date], by: str, filters: Filters, zone: ZoneInfo) -> list[Part]:
    """From the cells of whole days."""
    if len(without) == (days[1] - days[0]).days:
        return []
    rows = _cells(plan, plan.shape).filter(day__gte=days[0], day__lt=days[1]).exclude(day__in=without)
    keys = (lambda day: _period(midnight(day, zone), by, filters)) if by in cohort.PERIOD else _keys_of(by)
    return [(keys(*key), counts) for *key, counts in _summed(rows, *plan.group)]


def _from_quarters(plan: Plan, days: set[date], by: str, filters: Filters) -> list[Part]:
    """From the cells of the quarters of an hour in these days: no time zone parts one of them."""
    if not days:
        return []
    rows = _cells(plan, (*plan.shape, cells.QUARTER)).filter(day__in=days)
    keys, quarter = _keys_of(by), f"key{len(plan.shape) + 1}"
    found = []
    for *key, number, counts in _summed(rows, *(name for name in plan.group if name != "day"), quarter):
        at = datetime.fromtimestamp(int(number) * QUARTER, UTC)
        if filters.start <= at < filters.end:
            found.append((_period(at, by, filters) if by in cohort.PERIOD else keys(*key), counts))
    return found


def _cells(plan: Plan, shape: tuple[str, ...]) -> QuerySet[Rollup]:
    dims = [*shape, "", ""][:2]
    return Rollup.objects.filter(plan.keys, dim1=dims[0], dim2=dims[1], lens__in=plan.lenses).order_by()


def _summed(rows: QuerySet[Rollup], *columns: str) -> list[tuple[Any, ...]]:
    """Rows of (the columns' values..., Counts)."""
    sums = {f"n_{name}": Sum(name) for name in cells.NUMBERS}
    found = rows.values_list(*columns).annotate(**sums) if columns else [tuple(rows.aggregate(**sums).values())]
    return [(*row[: len(columns)], cohort.made(number or 0 for number in row[len(columns) :])) for row in found]


def _period(at: datetime, by: str, filters: Filters) -> date:
    return first_of(by, at.astimezone(filters.zone).date())


def _keys_of(by: str) -> Callable[..., Any]:
    """How a key of the rollup is told as the base rows name it; nothing is the key of the whole."""
    if by == "agent_kind":
        return {str(pk): kind for pk, kind in Agent.objects.values_list("pk", "kind")}.get
    if by in ("agent", "team"):
        return lambda stored: int(stored) if stored else None
    return lambda stored="": stored or None


def _together(found: list[Part]) -> list[Part]:
    counts: dict[Any, Counts] = {}
    for key, part in found:
        counts[key] = counts.get(key, Counts()) + part
    return list(counts.items())
