"""The surveys a report speaks of, read from the base rows: who belongs to it, and how many did what."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from functools import reduce
from operator import or_
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Case, CharField, Count, Exists, F, OuterRef, Q, QuerySet, Subquery, Value, When
from django.db.models.expressions import Combinable
from django.db.models.functions import ExtractHour, ExtractIsoWeekDay, TruncDate, TruncMonth, TruncWeek
from django.utils import timezone

from csat.lib.text import as_uuid
from csat.people.brands import DEFAULT
from csat.people.models import Agent, Brand, Team
from csat.reports.filters import NONE, Filters, FollowUpFilter, TimeToResolve
from csat.reports.scores import Counts
from csat.scale import SCORES
from csat.sessions.models import HandoffReason, Tag
from csat.surveys.choices import SurveyState
from csat.surveys.models import Answer, StaffMessage, Survey
from csat.themes.models import ScoreTheme

COLUMN = {
    "channel": "channel",
    "agent": "session__{credit}_id",
    "agent_kind": "session__{credit}__kind",
    "team": "session__team_id",
    "brand": "session__brand_id",
    "language": "language",
    "handoff_reason": "session__handoff_reasons__reason",
    "tag": "session__tags__name",
    "about": "score__about",
}
WAITING = Q(state=SurveyState.SENT, delivered_at__isnull=False, rated__isnull=True)
PERIOD = {"day": TruncDate, "week": TruncWeek, "month": TruncMonth}
HOUR = "hour"  # of the week, from 0 (Monday, midnight) to 167
BY_TIME = (*PERIOD, HOUR)
RESOLVED_WITHIN = {  # from the first message to the end, of TimeToResolve; beyond the last one: longer
    TimeToResolve.QUARTER: timedelta(minutes=15),
    TimeToResolve.HOUR: timedelta(hours=1),
    TimeToResolve.HOURS: timedelta(hours=4),
    TimeToResolve.DAY: timedelta(days=1),
    TimeToResolve.DAYS: timedelta(days=3),
}
MULTIPLE: dict[str, tuple[Any, str]] = {  # a session may have several
    "handoff_reason": (HandoffReason, "reason"),
    "tag": (Tag, "name"),
}
NAMED: dict[str, tuple[Any, str]] = {
    "agent": (Agent, "uuid"),
    "agent_kind": (Agent, "kind"),
    "team": (Team, "name"),
    "brand": (Brand, "slug"),
}


def surveys(filters: Filters) -> QuerySet[Survey]:
    """Those of the window and scope that pass every filter; `rated` is the rating that counts."""
    rows = rated(between(filters.start, filters.end), quarantined=filters.quarantined)
    if filters.scope is not None:
        rows = rows.filter(session__team__in=filters.scope)
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
    names = [value for value in values if value != NONE]
    if name == "brand":
        condition = Q(session__brand__in=ids(name, names))
        return condition | Q(session__brand__isnull=True) if DEFAULT in names else condition
    if name == "score":
        return Q(rated__in=[int(value) for value in names])
    if name == "imported":
        marked = Q(score__imported=True)
        return (marked if "true" in values else Q()) | (~marked if "false" in values else Q())
    if name == "theme":
        return _with_theme(names, untagged=NONE in values)
    if name == "time_to_resolve":
        bands = Q(pk__in=[])
        for value in names:
            bands |= _resolved_within(value)
        return bands | Q(session__resolved_at__isnull=True) if NONE in values else bands
    if name == "follow_up":
        return reduce(or_, (_in_follow_up(value) for value in values))
    if name in MULTIPLE:
        model, field = MULTIPLE[name]
        condition = Q(
            session__in=model.objects.filter(**{f"{field}__in": names}).order_by().values("session")
        )
        unset = ~Q(Exists(model.objects.filter(session=OuterRef("session_id"))))
    else:
        column = COLUMN["agent" if name == "agent_kind" else name].format(credit=credit)
        condition = Q(**{f"{column}__in": ids(name, names) if name in NAMED else names})
        unset = Q(**{column: ""}) if name in ("channel", "language") else Q(**{f"{column}__isnull": True})
    return condition | unset if NONE in values else condition


def _with_theme(slugs: Sequence[str], *, untagged: bool) -> Q:
    """Ratings whose comment has one of these themes; `untagged`: or a comment without any."""
    tagged = ScoreTheme.objects.filter(theme__muted=False)
    condition = Q(score__in=tagged.filter(theme__slug__in=slugs).values("score"))
    commented = Q(score__isnull=False) & ~Q(score__comment="")
    bare = commented & ~Q(Exists(tagged.filter(score=OuterRef("score"))))
    return condition | bare if untagged else condition


def _in_follow_up(value: str) -> Q:
    """One of FollowUpFilter; `none`: nothing was to be followed up."""
    due = Q(session__follow_up__isnull=False, session__follow_up__done_at__isnull=True)
    match value:
        case FollowUpFilter.REOPENED:
            return Q(score__reopened_at__isnull=False)
        case FollowUpFilter.OPEN:
            return due
        case FollowUpFilter.OVERDUE:
            return due & Q(session__follow_up__due_at__lte=timezone.now())
        case FollowUpFilter.DONE:
            return Q(session__follow_up__done_at__isnull=False)
        case FollowUpFilter.TOLD:
            return Q(session__in=told().values("session"))
    return Q(session__follow_up__isnull=True)


def told() -> QuerySet[StaffMessage]:
    """What staff wrote to customers who had rated, and what left."""
    return StaffMessage.objects.filter(state=StaffMessage.State.SENT).order_by()


def _resolved_within(band: str) -> Q:
    """What `_time_to_resolve` calls by this name."""
    limits = list(RESOLVED_WITHIN.items())
    place = next((n for n, (name, _limit) in enumerate(limits) if name == band), len(limits))
    condition = Q(session__resolved_at__isnull=False)
    if place:
        condition &= Q(session__resolved_at__gte=F("session__created_at") + limits[place - 1][1])
    if place < len(limits):
        condition &= Q(session__resolved_at__lt=F("session__created_at") + limits[place][1])
    return condition


def _time_to_resolve() -> Case:
    resolved = [
        When(session__resolved_at__lt=F("session__created_at") + limit, then=Value(str(name)))
        for name, limit in RESOLVED_WITHIN.items()
    ]
    unresolved = When(session__resolved_at__isnull=True, then=Value(None))
    longer = Value(str(TimeToResolve.LONGER))
    return Case(unresolved, *resolved, default=longer, output_field=CharField(null=True))


def hour_of_week(zone: ZoneInfo) -> Combinable:
    """0 to 167, as `column` groups by it."""
    day = ExtractIsoWeekDay("counted_at", tzinfo=zone)
    return (day - 1) * 24 + ExtractHour("counted_at", tzinfo=zone)


def ids(name: str, values: Sequence[str]) -> list[int]:
    """Of these agents, teams or brands. Queried first, as no planner guesses well how much of the work a
    handful of them does.
    """
    model, column = NAMED[name]
    if column == "uuid":
        values = [value for value in values if as_uuid(value)]
    rows = model.objects.filter(**{f"{column}__in": values}).order_by()
    return list(rows.values_list("pk", flat=True)) if values else []


def tally(rows: QuerySet[Survey], *columns: Any, distinct: bool = False) -> list[tuple[Any, ...]]:
    """Rows of (the columns' values..., Counts), one query. `distinct`: a join may bring a survey more than
    once into one group.
    """
    counts = _counts(distinct)
    keys = {f"key{n}": F(column) if isinstance(column, str) else column for n, column in enumerate(columns)}
    cells: Any = (
        rows.annotate(**keys).values(*keys).annotate(**counts) if keys else [rows.aggregate(**counts)]
    )
    return [(*(cell[key] for key in keys), to_counts(cell[name] for name in counts)) for cell in cells]


def column(by: str, filters: Filters) -> Any:
    """What to group by, as `tally` takes it."""
    if by in PERIOD:
        return PERIOD[by]("counted_at", tzinfo=filters.zone)
    if by == HOUR:
        return hour_of_week(filters.zone)
    if by == "time_to_resolve":
        return _time_to_resolve()
    return COLUMN[by].format(credit=filters.credit)


def _counts(distinct: bool) -> dict[str, Count]:
    """The numbers of Counts, as `to_counts` takes them."""
    delivered = Q(delivered_at__isnull=False)
    conditions = {
        "requested": Q(requested_at__isnull=False),
        "delivered": delivered,
        "answered": delivered & Q(rated__isnull=False),
        "waiting": WAITING,
        **{f"s{score}": Q(rated=score) for score in SCORES},
    }
    return {f"n_{name}": Count("pk", filter=part, distinct=distinct) for name, part in conditions.items()}


def to_counts(numbers: Iterable[int]) -> Counts:
    """Counts from requested, delivered, answered, waiting and the five scores, in this order."""
    requested, delivered, answered, waiting, *scores = numbers
    return Counts(requested, delivered, answered, tuple(scores), waiting)  # type: ignore[arg-type]
