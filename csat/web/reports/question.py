"""What somebody asks of the reports: read from the address of a page, shown as selects in its filter row.

Periods go by name, and days are those of the reader's time zone.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cached_property
from urllib.parse import parse_qsl, urlencode

from django.conf import settings
from django.db.models import QuerySet
from django.http import QueryDict
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from csat import scale
from csat.channels.kinds import Channel
from csat.lib.refusal import Invalid
from csat.people.models import Agent, Team
from csat.reports.filters import (
    CREDIT,
    LISTS,
    NONE,
    SPLIT,
    Filters,
    FollowUpFilter,
    Imported,
    TimeToResolve,
    to_query,
)
from csat.reports.filters import parse as parse_filters
from csat.sessions.models import HandoffReason
from csat.surveys.choices import About
from csat.surveys.rules import brands
from csat.surveys.visibility import agents_among, teams_among, visible_teams
from csat.themes import reading
from csat.web.access import StaffRequest

PERIODS = {
    "7": gettext_lazy("Last 7 days"),
    "30": gettext_lazy("Last 30 days"),
    "90": gettext_lazy("Last 90 days"),
    "365": gettext_lazy("Last 365 days"),
    "month": gettext_lazy("This month"),
    "last-month": gettext_lazy("Last month"),
    "custom": gettext_lazy("Custom period"),
}
CREDITS = dict(
    zip(
        CREDIT,
        (gettext_lazy("who resolved"), gettext_lazy("the last human"), gettext_lazy("who replied most")),
        strict=True,
    )
)
STEPS = ("day", "week", "month")
MIN_RATINGS = 5  # per point of the trend on average: fewer say little
EDGES = ("from", "until", "to")
PARAMETERS = (
    "period",
    *EDGES,
    "timezone",
    *LISTS,
    "credit",
    "quarantined",
    "compare",
    "step",
    "show",
    "search",
    "across",
    "sort",
    "who",
)
MAX_CHOICES = 300  # as many as a select can hold
LOW = ",".join(str(score) for score in scale.SCORES if scale.is_low(score))
SATISFIED = ",".join(str(score) for score in scale.SCORES if scale.is_satisfied(score))


@dataclass(frozen=True)
class Question:
    filters: Filters
    period: str
    first: date
    last: date  # inclusive
    step: str
    compare: bool
    address: str  # the query string that asks the same again
    problems: dict[str, list[str]]
    sessions_page: str = "report-sessions"  # where a figure's conversations are listed

    def link(self, **narrow: object) -> str:
        """The address of the sessions behind a figure; `by` and `key` name the group, `did` what they did."""
        narrow = {name: value for name, value in narrow.items() if value not in ("", None)}
        return f"{self._sessions_address}&{urlencode(narrow)}"

    def without(self, name: str, value: str = "") -> str:
        """The address of this report without a filter, or without one of its values."""
        kept = [other for other in self.filters.chosen.get(name, ()) if other != value] if value else []
        others = [(other, text) for other, text in parse_qsl(self.address) if other != name]
        return urlencode([*others, *((name, other) for other in kept)])

    def of_one(self, name: str, value: str, *, step: str) -> str:
        """The address of this report of one value of a filter alone."""
        others = [(other, text) for other, text in parse_qsl(self.address) if other not in (name, "step")]
        return urlencode([*others, (name, value), ("step", step)])

    @property
    def unfinished(self) -> bool:
        """Whether its last day is not over, so that its figures may still change."""
        return self.filters.end > timezone.now()

    @cached_property
    def teams(self) -> str:
        """The teams of which alone this report speaks, for a lead; empty for a report of everything."""
        return ", ".join(team.name for team in teams_among(self.filters.scope)) if self.filters.scope else ""

    @cached_property
    def _sessions_address(self) -> str:
        """What every link has in common: a page has over a hundred. The way back leads to the same report."""
        query = to_query(self.filters) | {
            name: [value] for name, value in parse_qsl(self.address) if name in ("show", "step", "compare")
        }
        return f"{reverse(self.sessions_page)}?{urlencode(query, doseq=True)}"


def asked(request: StaffRequest) -> Question:
    """What this person asks, of what they may see."""
    return parse(request.GET, scope=visible_teams(request.user))


def parse(query: QueryDict, *, scope: tuple[int, ...] | None = None) -> Question:
    """Never raises: what cannot be read is named in `problems`, and the last 30 days stand in for it."""
    problems: dict[str, list[str]] = {}
    period = query.get("period", "")
    if period not in PERIODS:
        period = "custom" if any(query.get(edge) for edge in EDGES) else "30"
    zone = query.get("timezone") or timezone.get_current_timezone_name()
    edges = _custom_edges(query) if period == "custom" else _edges_of(period)
    others = {name: query.getlist(name) for name in (*LISTS, "credit", "quarantined")}
    try:
        filters = parse_filters({**others, **edges, "timezone": zone}, scope=scope)
    except Invalid as invalid:
        problems, period = invalid.fields, "30"
        filters = parse_filters({"timezone": timezone.get_current_timezone_name()}, scope=scope)
    first = filters.start.astimezone(filters.zone).date()
    last = (filters.end - timedelta(microseconds=1)).astimezone(filters.zone).date()
    step = query.get("step", "")
    if step not in STEPS:
        days = (last - first).days
        step = "day" if days <= 31 else "week" if days <= 190 else "month"
    return Question(filters, period, first, last, step, bool(query.get("compare")), address(query), problems)


def coarser(question: Question, ratings: int) -> Question:
    """By the week where there are too few ratings for every day."""
    days = (question.last - question.first).days + 1
    few = question.step == "day" and days > 14 and ratings < MIN_RATINGS * days
    return replace(question, step="week") if few else question


def address(query: QueryDict, **changes: str) -> str:
    """The query string without empty parameters; a change to "" removes one."""
    names = [name for name in PARAMETERS if name not in changes]
    if query.get("period") and query.get("period") != "custom":
        names = [name for name in names if name not in EDGES]
    pairs = [(name, value) for name in names for value in query.getlist(name) if value]
    return urlencode([*pairs, *((name, value) for name, value in changes.items() if value)])


def _custom_edges(query: QueryDict) -> dict[str, str]:
    """`until` is the last day itself, `to` the end as the API has it."""
    try:
        last = parse_date(query.get("until", ""))
    except ValueError:
        last = None
    if last and last < date.max:
        end = (last + timedelta(days=1)).isoformat()
    else:
        end = query.get("until") or query.get("to", "")
    return {"from": query.get("from", ""), "to": end}


def _edges_of(period: str) -> dict[str, str]:
    today = timezone.localdate()
    this_month, tomorrow = today.replace(day=1), today + timedelta(days=1)
    if period == "month":
        start, end = this_month, tomorrow
    elif period == "last-month":
        start, end = (this_month - timedelta(days=1)).replace(day=1), this_month
    else:
        start, end = tomorrow - timedelta(days=int(period)), tomorrow
    return {"from": start.isoformat(), "to": end.isoformat()}


@dataclass(frozen=True)
class Select:
    name: str
    any: str  # the label of no choice
    picked: str
    choices: list[tuple[str, str]]


def filter_row(question: Question) -> dict[str, object]:
    """The context of the filter row: two selects in the row itself, `further` ones behind a button."""
    filters = question.filters
    teams = list(known_teams(filters))
    further = _further_selects(filters, teams)
    known = agents_among(filters.scope).only("uuid", "name", "email")[:MAX_CHOICES]
    agents = [(str(agent.uuid), str(agent)) for agent in known]
    used = [
        *(select.picked for select in further),
        filters.tag,
        filters.credit != CREDIT[0],
        filters.quarantined,
    ]
    return {
        "periods": PERIODS.items(),
        "selects": [
            _select(filters, "channel", _("Any channel"), Channel.choices),
            _select(filters, "agent", _("Any agent"), agents),
        ],
        "further": further,
        "known_teams": teams,
        "tags": filters.tag or ("",),
        "credit": Select(
            "credit", "", filters.credit, [(name, str(label)) for name, label in CREDITS.items()]
        ),
        "used": sum(map(bool, used)),  # of the filters behind the button
    }


def known_teams(filters: Filters) -> QuerySet[Team, str]:
    """The names to choose from; not asked for yet."""
    return teams_among(filters.scope).values_list("name", flat=True)[:MAX_CHOICES]


def _further_selects(filters: Filters, known_teams: list[str]) -> list[Select]:
    teams = [(name, name) for name in known_teams]
    teams += [] if filters.scope is not None else [(NONE, _("No team"))]
    languages = sorted(
        ((code, _(name)) for code, name in settings.LANGUAGES), key=lambda language: language[1]
    )
    brand_choices = brands.choices()
    several_brands = len(brand_choices) > 1 or bool(filters.brand)
    reasons = [*HandoffReason.Reason.choices, (NONE, _("Not handed off"))]
    scores = [(str(face.score), f"{face.emoji} {face.score} {face.label}") for face in scale.FACES]
    themes = [(theme.slug, str(theme)) for theme in reading.shown()] + [(NONE, _("Untagged"))]
    scores += [(LOW, _("1–2: low")), (SATISFIED, _("4–5: satisfied"))]
    return [
        _select(filters, "agent_kind", _("Human or AI"), Agent.Kind.choices),
        _select(filters, "team", _("Any team"), teams),
        *([_select(filters, "brand", _("Any brand"), brand_choices)] if several_brands else []),
        _select(filters, "language", _("Any language"), languages),
        _select(filters, "handoff_reason", _("Any handoff reason"), reasons),
        _select(filters, "imported", _("Imported or not"), Imported.choices),
        _select(filters, "score", _("Any rating"), scores),
        _select(filters, "theme", _("Any theme"), themes),
        _select(
            filters,
            "time_to_resolve",
            _("Any time to resolve"),
            [*TimeToResolve.choices, (NONE, _("Not resolved"))],
        ),
        _select(
            filters,
            "follow_up",
            _("Followed up or not"),
            [*FollowUpFilter.choices, (NONE, _("Nothing to follow up"))],
        ),
        _select(filters, "about", _("About anything"), [*About.choices, (NONE, _("Not specified"))]),
    ]


def _select(filters: Filters, name: str, any: str, choices: Iterable[tuple[object, object]]) -> Select:
    """Several values together, from a link or the API, become one more choice."""
    values = filters.chosen.get(name, ())
    picked = ("," if name in SPLIT else "\n").join(values)
    labels = {str(value): str(label) for value, label in choices}
    options = list(labels.items())
    if picked and picked not in labels:
        options.append((picked, ", ".join(labels.get(value, value) for value in values)))
    return Select(name, any, picked, options)
