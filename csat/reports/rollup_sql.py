"""Cells: what the rollup holds for some days, counted from the base rows by the database itself."""

from collections.abc import Iterator
from datetime import date
from itertools import combinations
from typing import Any
from zoneinfo import ZoneInfo

from django.db import connection
from django.db.models import F, Func, IntegerField, QuerySet
from django.db.models.functions import TruncDate

from csat.reports import cohort
from csat.reports.filters import CREDIT, midnight
from csat.reports.models import Rollup
from csat.scale import SCORES
from csat.surveys.models import Survey

Shape = tuple[str, ...]
QUARTER = "quarter"  # of an hour, counted since 1970: days of other time zones are put together from them
QUARANTINED = "quarantined"
# with each other, and with each of the rest
CROSSED = ("channel", "agent", "team", "language", "handoff_reason", "brand")
DIMENSIONS = (*CROSSED, "tag", "about", "score", "imported", QUARTER)
MULTIPLE = ("handoff_reason", "tag")  # a session may have several
# Few installations have these. There are cells of those that have one; without: what is left of the whole.
SPARSE = ("brand", "imported")
EDITION = "2"  # key1 of a day's whole: which of the cells above were counted; before SPARSE: ""
SHAPES: list[Shape] = [
    (),
    *((one,) for one in DIMENSIONS),
    *(pair for pair in combinations(DIMENSIONS, 2) if pair[0] in CROSSED),
]  # in the order of DIMENSIONS
NUMBERS = ("requested", "delivered", "answered", "waiting", "s1", "s2", "s3", "s4", "s5")
COLUMNS = ("perspective", "day", "dim1", "key1", "dim2", "key2", *NUMBERS)

# Each survey as it is seen through the perspectives: as it is (perspective ''), and for every other
# perspective that sees it differently, once more as that one does and once with its numbers taken away as it
# is. So perspective '' and another one add up to what that other one sees.
FACT = (
    "day, session, quarter, channel, team, language, brand, about, imported, resolver, last_human, most_replies, rated, kept, asked,"
    " reached, state"
)
SEEN = """SELECT '{perspective}' AS perspective, day, session, quarter, channel, {agent} AS agent, team, language, brand, about,
  CASE WHEN imported THEN 'true' END AS imported, {score} AS score,
  CASE WHEN asked IS NULL THEN 0 ELSE {n} END AS requested, CASE WHEN reached IS NULL THEN 0 ELSE {n} END AS delivered,
  CASE WHEN reached IS NULL OR {score} IS NULL THEN 0 ELSE {n} END AS answered,
  CASE WHEN reached IS NULL OR {score} IS NOT NULL OR state <> 'sent' THEN 0 ELSE {n} END AS waiting, {scores}
FROM fact WHERE {where}"""
REASONS = """SELECT seen.*, reason AS handoff_reason FROM {seen} AS seen LEFT JOIN (
  SELECT DISTINCT session, reason FROM fact JOIN csat_handoffreason AS reasons ON reasons.session_id = session
) AS handoffs ON handoffs.session = seen.session"""
TAGS = (
    "SELECT seen.*, name AS tag FROM {seen} AS seen LEFT JOIN csat_tag AS tags ON tags.session_id = session"
)


class _Quarter(Func):
    template = "CAST(strftime('%%%%s', %(expressions)s) AS integer) / 900"
    output_field = IntegerField()

    def as_postgresql(self, compiler: Any, connection: Any, **extra: Any) -> Any:
        return self.as_sql(
            compiler,
            connection,
            template="floor(extract(epoch FROM %(expressions)s) / 900)::integer",
            **extra,
        )


def write(first: date, end: date, zone: ZoneInfo) -> None:
    """Every cell of the days from `first` to before `end`, of which the rollup has none."""
    sql, params = _cells_query(first, end, zone)
    with connection.cursor() as cursor:
        cursor.execute(f"INSERT INTO {Rollup._meta.db_table} ({', '.join(COLUMNS)}) {sql}", params)


def cells(first: date, end: date, zone: ZoneInfo) -> Iterator[Rollup]:
    """The same, to be compared."""
    sql, params = _cells_query(first, end, zone)
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        for row in cursor.fetchall():
            cell = Rollup(**dict(zip(COLUMNS, row, strict=True)))
            cell.day = Rollup._meta.get_field("day").to_python(cell.day)
            yield cell


def place(cell: Rollup) -> tuple[Any, ...]:
    return cell.day, cell.perspective, cell.dim1, cell.key1, cell.dim2, cell.key2


def _cells_query(first: date, end: date, zone: ZoneInfo) -> tuple[str, tuple[Any, ...]]:
    facts, params = _facts(first, end, zone).query.sql_with_params()
    steps = {
        f"fact ({FACT})": facts,
        "seen": " UNION ALL ".join(_seen()),
        "seen_handoff_reason": REASONS.format(seen="seen"),
        "seen_tag": TAGS.format(seen="seen"),
        "seen_handoff_reason_tag": TAGS.format(seen="seen_handoff_reason"),
    }
    named = ", ".join(f"{name} AS ({step})" for name, step in steps.items())
    return f"WITH {named} {' UNION ALL '.join(map(_sums, SHAPES))}", params


def _facts(first: date, end: date, zone: ZoneInfo) -> QuerySet[Survey, Any]:
    """Everything the cells need to know of a survey, in the order of FACT."""
    rows = cohort.between(midnight(first, zone), midnight(end, zone))
    return rows.values_list(
        TruncDate("counted_at", tzinfo=zone), "session", _Quarter(F("counted_at")), "channel", "session__team", "language", "session__brand",
        "score__about", "score__imported",
        *(f"session__{credit}" for credit in CREDIT), "score__score", cohort.latest(), "requested_at", "delivered_at", "state",
    )  # fmt: skip


def _seen() -> Iterator[str]:
    as_it_is = {"agent": "resolver", "score": "rated"}
    perspectives = {credit: {"agent": credit} for credit in CREDIT[1:]} | {QUARANTINED: {"score": "kept"}}
    yield _as_seen_by("", as_it_is, 1)
    for perspective, changes in perspectives.items():
        differs = " OR ".join(
            f"coalesce({column}, 0) <> coalesce({as_it_is[name]}, 0)" for name, column in changes.items()
        )
        yield _as_seen_by(perspective, as_it_is | changes, 1, where=differs)
        yield _as_seen_by(perspective, as_it_is, -1, where=differs)


def _as_seen_by(perspective: str, columns: dict[str, str], n: int, *, where: str = "true") -> str:
    scores = ", ".join(
        f"CASE WHEN {columns['score']} = {score} THEN {n} ELSE 0 END AS s{score}" for score in SCORES
    )
    return SEEN.format(perspective=perspective, n=n, scores=scores, where=where, **columns)


def _sums(shape: Shape) -> str:
    """A survey stands in the rows of one shape once for each of what it has several of, so that each of them
    counts it once.
    """
    several = "".join(f"_{name}" for name in shape if name in MULTIPLE)
    keys = [f"'{name}', coalesce(CAST({name} AS varchar), '')" for name in shape]
    dims = [*(keys or [f"'', '{EDITION}'"]), "'', ''"][:2]
    sums = [f"sum({number})" for number in NUMBERS]
    nothing = " AND ".join(f"{one} = 0" for one in sums)
    wanted = [f"{name} IS NOT NULL" for name in shape if name in SPARSE]
    if "agent" not in shape:  # the other perspectives see other agents only
        wanted.append(f"perspective IN ('', '{QUARANTINED}')")
    where = f" WHERE {' AND '.join(wanted)}" if wanted else ""
    return (
        f"SELECT perspective, day, {', '.join(dims)}, {', '.join(sums)} FROM seen{several}{where}"  # noqa: S608 (our own names)
        f" GROUP BY {', '.join(['perspective', 'day', *shape])} HAVING NOT ({nothing})"
    )
