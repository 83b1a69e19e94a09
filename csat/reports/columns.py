"""The columns of an export: one row per session, as text that says the same on every database."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import (
    Aggregate,
    Case,
    CharField,
    DurationField,
    Exists,
    ExpressionWrapper,
    F,
    Max,
    OuterRef,
    QuerySet,
    Subquery,
    When,
)
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from csat import scale
from csat.lib import csv_lines
from csat.lib.refusal import Invalid
from csat.reports import cohort, targets
from csat.reports.filters import Filters
from csat.sessions.models import HandoffReason
from csat.surveys.models import Answer, CsatSettings, Survey
from csat.themes.models import ScoreTheme

Cell = Any  # text, number, time or None
COLUMN, ZONE = "{c}", "{zone}"


class Joined(Aggregate):
    """All values, once each, in order, as one text."""

    template = "GROUP_CONCAT(DISTINCT %(expressions)s)"
    output_field = CharField()

    def as_postgresql(self, compiler: Any, connection: Any, **extra: Any) -> Any:
        return self.as_sql(
            compiler,
            connection,
            template="string_agg(DISTINCT %(expressions)s, ',' ORDER BY %(expressions)s)",
            **extra,
        )


@dataclass(frozen=True)
class Column:
    """`source`: where it is found from the survey, or what says so of the filters. `sql`: the same text as
    `csv_row` gives, written by PostgreSQL from {c}, a time in {zone}.
    """

    name: str
    source: Any
    read: Callable[[Any], Cell] = lambda value: value
    sql: str = COLUMN
    is_time: bool = False


def text(name: str, source: Any) -> Column:
    """Words people wrote: guarded from being taken for a formula."""
    return Column(name, source, lambda value: value or "", csv_lines.guarded_sql(COLUMN))


def slug(name: str, source: Any) -> Column:
    return Column(name, source, lambda value: str(value) if value is not None else "")


def moment(name: str, source: Any) -> Column:
    return Column(name, source, sql=csv_lines.moment_sql(COLUMN, ZONE), is_time=True)


REASONS = (
    HandoffReason.objects.filter(session=OuterRef("session_id"))
    .order_by()
    .values("session")
    .annotate(all=Joined("reason"))
    .values("all")
)
THEMES = (
    ScoreTheme.objects.filter(score=OuterRef("score"), theme__muted=False)
    .order_by()
    .values("score")
    .annotate(all=Joined("theme__slug"))
    .values("all")
)
TOLD = (
    cohort.told()
    .filter(session=OuterRef("session_id"))
    .values("session")
    .annotate(last=Max("sent_at"))
    .values("last")
)
LOW_BEFORE = Answer.objects.filter(
    survey=OuterRef("pk"),
    state=Answer.State.ACCEPTED,
    score__lte=scale.LOW_MAX,
    revision__lt=OuterRef("score__answer__revision"),
)
RATED_ANEW = Case(When(Exists(LOW_BEFORE), then=F("score__submitted_at")))
LABELS = {score: scale.words(score)["label"] for score in scale.SCORES}
LABEL_SQL = "CASE {c} " + " ".join(f"WHEN {score} THEN '{label}'" for score, label in LABELS.items()) + " END"
ALL = [
    slug("Session ID", "session__uuid"),
    Column("Ticket Number", "session_id"),
    slug("Channel", "channel"),
    slug("Status", "session__status"),
    slug("Contact ID", "contact__uuid"),
    text("Contact Name", "contact__name"),
    text("Contact Email", "contact__email"),
    text("Contact Phone", "contact__phone"),
    text("Agent", "session__{credit}__name"),
    slug("Agent Type", "session__{credit}__kind"),
    text("Team", "session__team__name"),
    slug("Language", "language"),
    Column(
        "Handoff Reasons",
        Subquery(REASONS),
        lambda value: "; ".join(sorted(value.split(","))) if value else "",
        "replace({c}, ',', '; ')",
    ),
    moment("Resolved At", "session__resolved_at"),
    moment("CSAT Requested At", "requested_at"),
    slug("CSAT Delivered Via", "delivered_via"),
    Column("CSAT Score", "score__score"),
    Column("CSAT Label", "score__score", lambda value: LABELS[value] if value else "", LABEL_SQL),
    text("CSAT Comment", "score__comment"),
    moment("CSAT Submitted At", "score__submitted_at"),
    slug("CSAT Source", "score__source"),
    text(
        "Brand", Coalesce(F("session__brand__name"), Subquery(CsatSettings.objects.values("brand_name")[:1]))
    ),
    Column(
        "Themes",
        Subquery(THEMES),
        lambda value: "; ".join(sorted(value.split(","))) if value else "",
        "replace({c}, ',', '; ')",
    ),
    Column(
        "Seconds to Resolve",
        ExpressionWrapper(F("session__resolved_at") - F("session__created_at"), DurationField()),
        lambda value: None if value is None else int(value.total_seconds()),
        "floor(extract(epoch FROM {c}))::bigint",
    ),
    Column("CSAT Target %", targets.of_survey),
    moment("Reopened by Customer At", "score__reopened_at"),
    moment("Follow-up Due At", "session__follow_up__due_at"),
    moment("Follow-up Done At", "session__follow_up__done_at"),
    moment("Customer Told At", Subquery(TOLD)),
    moment("Rated Anew At", RATED_ANEW),
]
NAMES = [column.name for column in ALL]
FROM_ANSWER = {  # the columns of the latest answer, where quarantined ones count, too
    "score__score": "score",
    "score__comment": "comment",
    "score__submitted_at": "created_at",
    "score__source": "source",
}


def chosen(names: Sequence[str]) -> list[Column]:
    """The columns of these names in their fixed order; all of them for none. Raises Invalid."""
    if unknown := set(names) - set(NAMES):
        raise Invalid(_("There is no such column."), fields={"columns": [", ".join(sorted(unknown))]})
    return [column for column in ALL if not names or column.name in names]


def rows(filters: Filters, columns: Sequence[Column]) -> QuerySet[Survey, Any]:
    """The cells as the database has them, the newest first; `read` each with `cells`."""
    named = {f"c{n}": _source(column, filters) for n, column in enumerate(columns)}
    return cohort.surveys(filters).annotate(**named).order_by("-counted_at", "-pk").values_list(*named)


def cells(row: Sequence[Any], columns: Sequence[Column]) -> list[Cell]:
    """Text, numbers, times and None."""
    return [column.read(value) for column, value in zip(columns, row, strict=True)]


def csv_row(row: Sequence[Cell], columns: Sequence[Column], zone: tzinfo) -> list[Any]:
    """Cells as a CSV has them: guarded text, times as ISO 8601 with the offset of the zone."""
    return [
        csv_lines.moment(value, zone)
        if isinstance(value, datetime)
        else csv_lines.guard_cell("" if value is None else value)
        for value in cells(row, columns)
    ]


def copy_statement(
    rows: QuerySet[Survey, Any], columns: Sequence[Column], zone: ZoneInfo, delimiter: str
) -> tuple[str, tuple[Any, ...]]:
    """The same text, written by PostgreSQL itself: a COPY statement and its parameters."""
    inner, params = rows.query.sql_with_params()
    names = [f'"c{n}"' for n in range(len(columns))]
    texts = ", ".join(
        column.sql.replace(COLUMN, name).replace(ZONE, zone.key)
        for column, name in zip(columns, names, strict=True)
    ).replace("%", "%%")
    return (
        f"COPY (SELECT {texts} FROM ({inner}) AS cells ({', '.join(names)})) "  # noqa: S608 (all of it our own)
        f"TO STDOUT WITH (FORMAT csv, DELIMITER '{delimiter}')",
        params,
    )


def _source(column: Column, filters: Filters) -> Any:
    if filters.quarantined and column.source in FROM_ANSWER:
        latest = Answer.objects.filter(survey=OuterRef("pk")).order_by("-revision")
        return Subquery(latest.values(FROM_ANSWER[column.source])[:1])
    if isinstance(column.source, str):
        return F(column.source.format(credit=filters.credit))
    return column.source(filters) if callable(column.source) else column.source
