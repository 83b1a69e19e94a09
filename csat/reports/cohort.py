"""The surveys a report speaks of, read from the base rows: who belongs to it, and how many did what."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import TruncDate, TruncMonth, TruncWeek

from csat.people.models import Agent, Team
from csat.reports.filters import NONE, Filters
from csat.reports.scores import Counts
from csat.sessions.models import HandoffReason, Tag
from csat.surveys.models import Answer, Survey
from csat.surveys.states import SurveyState

COLUMN = {
    "channel": "channel",
    "agent": "session__{credit}_id",
    "agent_kind": "session__{credit}__kind",
    "team": "session__team_id",
    "language": "language",
    "handoff_reason": "session__handoff_reasons__reason",
    "tag": "session__tags__name",
    "about": "score__about",
}
WAITING = Q(state=SurveyState.SENT, delivered_at__isnull=False, rated__isnull=True)
PERIOD = {"day": TruncDate, "week": TruncWeek, "month": TruncMonth}
NAMED: dict[str, tuple[Any, str]] = {"agent": (Agent, "uuid"), "agent_kind": (Agent, "kind"), "team": (Team, "name")}


def surveys(filters: Filters) -> QuerySet[Survey]:
    """Those of the window that pass every filter; `rated` is the rating that counts."""
    rows = rated(between(filters.start, filters.end), quarantined=filters.quarantined)
    for name, values in filters.chosen.items():
        rows = rows.filter(where(name, values, credit=filters.credit))
    return rows


def between(start: datetime, end: datetime) -> QuerySet[Survey]:
    """A survey belongs to the time of its first request; a rating nobody asked for, to that of the rating."""
    return Survey.objects.filter(counted_at__gte=start, counted_at__lt=end).order_by()


def rated(rows: QuerySet[Survey], *, quarantined: bool = False) -> QuerySet[Survey]:
    return rows.annotate(rated=latest() if quarantined else F("score__score"))


def latest() -> Subquery:
    """What the last answer of a survey says, in quarantine or not."""
    return Subquery(Answer.objects.filter(survey=OuterRef("pk")).order_by("-revision").values("score")[:1])


def where(name: str, values: Sequence[str], *, credit: str = "resolver") -> Q:
    """One filter: any of these values; `none` is those that have nothing."""
    wanted = [value for value in values if value != NONE]
    if name == "score":
        return Q(rated__in=[int(value) for value in wanted])
    if name in ("handoff_reason", "tag"):
        return _many(name, wanted) | ~_any(name) if NONE in values else _many(name, wanted)
    column = COLUMN["agent" if name == "agent_kind" else name].format(credit=credit)
    found = Q(**{f"{column}__in": ids(name, wanted) if name in NAMED else wanted})
    if NONE in values:
        found |= Q(**{column: ""}) if name in ("channel", "language") else Q(**{f"{column}__isnull": True})
    return found


def ids(name: str, wanted: Sequence[str]) -> list[int]:
    """Of the agents or teams meant. Found first, as no planner guesses well how much of the work a handful of them does."""
    model, column = NAMED[name]
    return list(model.objects.filter(**{f"{column}__in": wanted}).order_by().values_list("pk", flat=True)) if wanted else []


def tally(rows: QuerySet[Survey], *columns: Any, doubled: bool = False) -> list[tuple[Any, ...]]:
    """Rows of (the columns' values..., Counts), one query. `doubled`: a join may bring a survey more than once into one group."""
    found = counted(rows, *columns, doubled=doubled) if columns else [rows.aggregate(**_counts(doubled))]
    return [(*(row[f"key{n}"] for n in range(len(columns))), _as_counts(row)) for row in found]


def counted(rows: QuerySet[Survey], *columns: Any, doubled: bool = False) -> QuerySet[Survey, Any]:
    """The same as a query: the keys, then the numbers of Counts."""
    keys = {f"key{n}": F(column) if isinstance(column, str) else column for n, column in enumerate(columns)}
    found: QuerySet[Survey, Any] = rows.annotate(**keys).values(*keys).annotate(**_counts(doubled))
    return found


def column(by: str, filters: Filters) -> Any:
    """What to group by, as `tally` takes it."""
    if by in PERIOD:
        return PERIOD[by]("counted_at", tzinfo=filters.zone)
    return COLUMN[by].format(credit=filters.credit)


def _many(name: str, wanted: list[str]) -> Q:
    if name == "tag":
        return Q(session__in=Tag.objects.filter(name__in=wanted).order_by().values("session"))
    return Q(session__in=HandoffReason.objects.filter(reason__in=wanted).values("session"))


def _any(name: str) -> Q:
    model: Any = Tag if name == "tag" else HandoffReason
    return Q(Exists(model.objects.filter(session=OuterRef("session_id"))))


def _counts(doubled: bool) -> dict[str, Any]:
    delivered = Q(delivered_at__isnull=False)
    conditions = {"requested": Q(requested_at__isnull=False), "delivered": delivered, "answered": delivered & Q(rated__isnull=False)}
    conditions["waiting"] = WAITING
    conditions |= {f"s{score}": Q(rated=score) for score in range(1, 6)}
    return {f"n_{name}": Count("pk", filter=condition, distinct=doubled) for name, condition in conditions.items()}


def _as_counts(row: dict[str, Any]) -> Counts:
    return made(row[f"n_{name}"] for name in ("requested", "delivered", "answered", "waiting", "s1", "s2", "s3", "s4", "s5"))


def made(numbers: Iterable[int]) -> Counts:
    """Counts from requested, delivered, answered, waiting and the five scores, in this order."""
    requested, delivered, answered, waiting, *scores = numbers
    return Counts(requested, delivered, answered, tuple(scores), waiting)  # type: ignore[arg-type]
