"""Reading counts: from the rollup where it holds the answer and its days are clean, from the base rows
otherwise.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from functools import reduce
from operator import or_
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import DateField, F, Q, QuerySet, Sum, Value

from csat.people.brands import DEFAULT
from csat.people.models import Agent, Brand, Organization
from csat.reports import cohort, rollup_sql
from csat.reports.filters import CREDIT, NONE, Filters, first_of, midnight, ranges, steps
from csat.reports.models import DirtyDay, Rollup
from csat.reports.scores import Counts, added, total
from csat.surveys.models import Answer, Survey

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
    perspectives: tuple[str, ...]


def parts(filters: Filters, by: str = "") -> list[Part]:
    """(key, counts) of each group, as the base rows name it; without `by`, of the whole under None."""
    plan = _plan(filters, by)
    if plan is None:
        if filters.quarantined:
            return _with_quarantined(parts(replace(filters, quarantined=False), by), filters, by)
        return from_base_rows(filters, by)
    for name in rollup_sql.SPARSE:
        if (others := _others(name, filters)) is not None:
            whole = parts(_asking(filters, name, ()), by)
            return _less(whole, parts(_asking(filters, name, others), by) if others else ())
    if by == "brand" and not filters.brand:
        groups = [part for part in _from_cells(plan, filters, by) if part[0] is not None]
        rest = total(counts for _key, counts in parts(filters)) - total(counts for _key, counts in groups)
        return [*groups, (None, rest)]
    return _from_cells(plan, filters, by)


def _from_cells(plan: Plan, filters: Filters, by: str) -> list[Part]:
    """From the cells of this plan, and what they do not hold from the base rows."""
    # read before the cells: a day counted anew meanwhile is right either way
    zone, dirty_days = _zone_and_dirty_days(filters.start, filters.end)
    if zone is None:
        return from_base_rows(filters, by)
    first = filters.start.astimezone(zone).date()
    end = (filters.end - timedelta(microseconds=1)).astimezone(zone).date() + timedelta(days=1)
    if any(name in rollup_sql.SPARSE for name in plan.shape):
        dirty_days |= set(earlier_editions().filter(day__gte=first, day__lt=end))
    dirty = {day for day in dirty_days if first <= day < end}
    partial = _partial_days(filters, by, zone) - dirty
    quarter_days = partial if _quarters_tell(plan, filters) else set()
    live = ranges(dirty | (partial - quarter_days))
    live_days = sum((end - first).days for first, end in live)
    if len(live) > MOST_RANGES or live_days > (end - first).days // 2 + 1:
        return from_base_rows(filters, by)
    parts = _from_days(plan, (first, end), dirty | partial, by, filters, zone)
    parts += _from_quarters(plan, quarter_days, by, filters)
    if live:
        times = [(midnight(first, zone), midnight(end, zone)) for first, end in live]
        parts += from_base_rows(filters, by, times)
    return list(added(parts).items())


def earlier_editions() -> QuerySet[Rollup, date]:
    """The days whose cells an earlier version counted, of which some are missing."""
    whole = Rollup.objects.filter(dim1="", dim2="", perspective="")
    return whole.exclude(key1=rollup_sql.EDITION).order_by("day").values_list("day", flat=True)


def _zone_and_dirty_days(start: datetime, end: datetime) -> tuple[ZoneInfo | None, set[date]]:
    """The zone whose days the rollup holds, None unless it is the organisation's, and the dirty days around
    this time.
    """
    current = Organization.objects.filter(rollup_timezone=F("timezone"))
    zone = current.annotate(day=Value(None, DateField())).values_list("timezone", "day")
    around = (start.date() - timedelta(days=1), end.date() + timedelta(days=1))
    marks = DirtyDay.objects.filter(day__range=around).annotate(zone=Value("")).values_list("zone", "day")
    rows = list(zone.union(marks))
    return next((ZoneInfo(name) for name, _day in rows if name), None), {
        day for name, day in rows if not name
    }


def from_base_rows(filters: Filters, by: str, times: Sequence[tuple[datetime, datetime]] = ()) -> list[Part]:
    """Counted from the base rows of the whole window, or of these times in it."""
    if filters.quarantined:
        plain = from_base_rows(replace(filters, quarantined=False), by, times)
        return _with_quarantined(plain, filters, by, times)
    return _tally(_within(cohort.surveys(filters), times), filters, by)


def _with_quarantined(
    parts: list[Part], filters: Filters, by: str, times: Sequence[tuple[datetime, datetime]] = ()
) -> list[Part]:
    """What `filters` count, from the parts without answers in quarantine: only the few surveys that have one
    are read anew, as asking every survey for its last answer takes seconds.
    """
    few = Q(pk__in=Answer.objects.filter(state=Answer.State.QUARANTINED).order_by().values("survey"))
    seen, counted = (
        _tally(_within(cohort.surveys(view), times).filter(few), view, by)
        for view in (filters, replace(filters, quarantined=False))
    )
    return _less([*parts, *seen], counted)


def _others(name: str, filters: Filters) -> tuple[str, ...] | None:
    """The values left out of a sparse dimension, when those without any value are wanted; else None."""
    values = getattr(filters, name)
    if name == "imported":
        return (() if "true" in values else ("true",)) if "false" in values else None
    if DEFAULT not in values:
        return None
    return tuple(Brand.objects.exclude(slug__in=values).values_list("slug", flat=True))


def _asking(filters: Filters, name: str, values: tuple[str, ...]) -> Filters:
    return replace(filters, **{name: values})  # type: ignore[arg-type]


def _less(parts: Iterable[Part], others: Iterable[Part]) -> list[Part]:
    without = added(others)
    return [(key, counts - without.get(key, Counts())) for key, counts in added(parts).items()]


def _within(rows: QuerySet[Survey], times: Sequence[tuple[datetime, datetime]]) -> QuerySet[Survey]:
    if not times:
        return rows
    return rows.filter(reduce(or_, (Q(counted_at__gte=start, counted_at__lt=end) for start, end in times)))


def _tally(rows: QuerySet[Survey], filters: Filters, by: str) -> list[Part]:
    if not by:
        return [(None, counts) for (counts,) in cohort.tally(rows)]
    groups = cohort.tally(rows, cohort.column(by, filters), distinct=by in rollup_sql.MULTIPLE)
    return [(key.date() if by in ("week", "month") else key, counts) for key, counts in groups]


def _partial_days(filters: Filters, by: str, zone: ZoneInfo) -> set[date]:
    """The rollup's days that are not in the window as a whole, or not in one day, week or month of it."""
    if by == cohort.HOUR:  # a day is in many
        first = filters.start.astimezone(zone).date()
        end = (filters.end - timedelta(microseconds=1)).astimezone(zone).date() + timedelta(days=1)
        return {first + timedelta(days=n) for n in range((end - first).days)}
    edges = {filters.start, filters.end}
    if by in cohort.PERIOD and zone.key != filters.zone.key:
        edges |= {midnight(day, filters.zone) for day in steps(by, filters)[1:]}
    days = {edge: edge.astimezone(zone).date() for edge in edges}
    return {day for edge, day in days.items() if midnight(day, zone) != edge}


def _quarters_tell(plan: Plan, filters: Filters) -> bool:
    """Whether the cells of quarters of an hour hold the answer for a part of a day."""
    whole = all(edge.timestamp() % QUARTER == 0 for edge in (filters.start, filters.end))
    return whole and (*plan.shape, rollup_sql.QUARTER) in rollup_sql.SHAPES


def _plan(filters: Filters, by: str) -> Plan | None:
    """None when no cell can tell: more than two of filters and grouping, several reasons, two perspectives at
    once and the like.
    """
    names = list(filters.chosen)
    scoped = [] if filters.scope is None else ["team"]
    grouped = by if by and by not in cohort.BY_TIME else ""
    used = {THROUGH.get(name, name) for name in (*names, grouped, *scoped) if name}
    shape = tuple(name for name in rollup_sql.DIMENSIONS if name in used)
    perspectives = [filters.credit] if "agent" in used and filters.credit != CREDIT[0] else []
    perspectives += [rollup_sql.QUARANTINED] if filters.quarantined else []
    if len(shape) < len(used) or shape not in rollup_sql.SHAPES or len(perspectives) > 1:
        return None
    if any(
        name in names and (len(getattr(filters, name)) > 1 or grouped == name) for name in rollup_sql.MULTIPLE
    ):
        return None
    place = {name: f"key{shape.index(name) + 1}" for name in shape}
    keys = Q(*(Q(**{f"{place[THROUGH.get(name, name)]}__in": _keys(name, filters)}) for name in names))
    keys &= Q(*(Q(**{f"{place[name]}__in": [str(pk) for pk in filters.scope or ()]}) for name in scoped))
    group = ["day"] if by in cohort.BY_TIME else [place[THROUGH.get(grouped, grouped)]] if grouped else []
    return Plan(shape, group, keys, ("", *perspectives))


def _keys(name: str, filters: Filters) -> list[str]:
    """A filter's values as the rollup keeps them."""
    values = [value for value in getattr(filters, name) if value != NONE]
    nothing = [""] if NONE in getattr(filters, name) else []
    if name in cohort.NAMED:
        values = [str(pk) for pk in cohort.ids(name, values)]
    return nothing + values


def _from_days(
    plan: Plan, days: tuple[date, date], without: set[date], by: str, filters: Filters, zone: ZoneInfo
) -> list[Part]:
    """From the cells of whole days."""
    if len(without) == (days[1] - days[0]).days:
        return []
    rows = _cells(plan, plan.shape).filter(day__gte=days[0], day__lt=days[1]).exclude(day__in=without)
    keys = (lambda day: _period(midnight(day, zone), by, filters)) if by in cohort.PERIOD else _keys_of(by)
    return [(keys(*key), counts) for *key, counts in _sums(rows, *plan.group)]


def _from_quarters(plan: Plan, days: set[date], by: str, filters: Filters) -> list[Part]:
    """From the cells of the quarters of an hour in these days: no time zone parts one of them."""
    if not days:
        return []
    rows = _cells(plan, (*plan.shape, rollup_sql.QUARTER)).filter(day__in=days)
    keys, quarter = _keys_of(by), f"key{len(plan.shape) + 1}"
    parts: list[Part] = []
    for *key, number, counts in _sums(rows, *(name for name in plan.group if name != "day"), quarter):
        at = datetime.fromtimestamp(int(number) * QUARTER, UTC)
        if filters.start <= at < filters.end:
            parts.append((_period(at, by, filters) if by in cohort.BY_TIME else keys(*key), counts))
    return parts


def _cells(plan: Plan, shape: tuple[str, ...]) -> QuerySet[Rollup]:
    dims = [*shape, "", ""][:2]
    return Rollup.objects.filter(
        plan.keys, dim1=dims[0], dim2=dims[1], perspective__in=plan.perspectives
    ).order_by()


def _sums(rows: QuerySet[Rollup], *columns: str) -> list[tuple[Any, ...]]:
    """Rows of (the columns' values..., Counts)."""
    sums = {f"n_{name}": Sum(name) for name in rollup_sql.NUMBERS}
    cells: Any = (
        rows.values_list(*columns).annotate(**sums) if columns else [tuple(rows.aggregate(**sums).values())]
    )
    return [
        (*cell[: len(columns)], cohort.to_counts(number or 0 for number in cell[len(columns) :]))
        for cell in cells
    ]


def _period(at: datetime, by: str, filters: Filters) -> date | int:
    if by == cohort.HOUR:
        local = at.astimezone(filters.zone)
        return local.weekday() * 24 + local.hour
    return first_of(by, at.astimezone(filters.zone).date())


def _keys_of(by: str) -> Callable[..., Any]:
    """Turns a key of the rollup into what the base rows call it; called with nothing, into the whole's."""
    if by == "agent_kind":
        return {str(pk): kind for pk, kind in Agent.objects.values_list("pk", "kind")}.get
    if by in ("agent", "team", "brand"):
        return lambda stored: int(stored) if stored else None
    return lambda stored="": stored or None
