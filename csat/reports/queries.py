"""The questions of a report: its figures, its groups with their names,
and the sessions behind any of them."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import Q, QuerySet, TextChoices
from django.db.models.lookups import Exact
from django.utils.dates import WEEKDAYS_ABBR
from django.utils.translation import get_language_info
from django.utils.translation import gettext as _

from csat import scale
from csat.channels.kinds import Channel
from csat.lib.refusal import Invalid
from csat.people.brands import DEFAULT
from csat.people.models import Agent, Brand, Team
from csat.reports import cohort, lookup
from csat.reports.filters import (
    LISTS,
    NONE,
    Filters,
    Imported,
    TimeToResolve,
    after,
    first_of,
    midnight,
    steps,
)
from csat.reports.recovery import surveys_at
from csat.reports.scores import Counts
from csat.sessions.models import HandoffReason, Session
from csat.surveys.choices import About
from csat.surveys.models import CsatSettings
from csat.surveys.rules import brands
from csat.themes.models import Theme

BY = (
    "channel",
    "agent",
    "agent_kind",
    "team",
    "brand",
    "language",
    "handoff_reason",
    "tag",
    "about",
    "time_to_resolve",
    "hour",
    "day",
    "week",
    "month",
)
DID = {
    "requested": Q(requested_at__isnull=False),
    "delivered": Q(delivered_at__isnull=False),
    "answered": Q(rated__isnull=False),
    "replied": Q(delivered_at__isnull=False, rated__isnull=False),  # what the response rate counts
    "satisfied": Q(rated__gte=scale.SATISFIED_MIN),
    "low": Q(rated__lte=scale.LOW_MAX),
    "waiting": cohort.WAITING,
}


Name = tuple[str, str]
HOURS = 7 * 24


@dataclass(frozen=True)
class Group:
    """`key` is what a filter takes: channel's or brand's slug, agent's uuid, team's or tag's name, ISO date
    of the first day, or `none`.
    """

    key: str
    label: str
    counts: Counts
    kind: str = ""  # of an agent: human or ai


def figures(filters: Filters) -> Counts:
    """Those of all the sessions together."""
    return dict(lookup.parts(filters)).get(None, Counts())


def grouped(filters: Filters, by: str) -> list[Group]:
    """The same by one dimension; trends (day, week, month) without a gap. A session with two reasons or tags
    is in both groups.
    """
    if by not in BY:
        raise Invalid(
            _("There is no such grouping."),
            fields={"group_by": [_("Choose from: %(names)s.") % {"names": ", ".join(BY)}]},
        )
    parts = lookup.parts(filters, by)
    if by == cohort.HOUR:
        by_hour = sorted((hour, counts) for hour, counts in parts if counts != Counts())
        return [Group(str(hour), hour_label(hour), counts) for hour, counts in by_hour]
    if by not in cohort.PERIOD:
        return _labelled(by, parts)
    by_day = {key.date() if isinstance(key, datetime) else key: counts for key, counts in parts}
    return [Group(str(day), str(day), by_day.get(day, Counts())) for day in steps(by, filters)]


def sessions(filters: Filters, *, recovery: str = "", cause: str = "", **narrow: Any) -> QuerySet[Session]:
    """The sessions behind a bar, a cell or a point, the newest first.

    `narrow`: a list filter's name with a key (or several), day, week or month with its key, and requested,
    delivered, answered, replied, waiting, satisfied or low with True or False. `recovery`: a step of it,
    of those whose first low score was about `cause`.
    """
    rows = surveys_at(filters, recovery, cause=cause) if recovery else cohort.surveys(filters)
    for name, value in narrow.items():
        rows = rows.filter(_narrowed(name, value, filters))
    return Session.objects.filter(pk__in=rows.values("session")).order_by("-survey__counted_at", "-pk")


def _narrowed(name: str, value: Any, filters: Filters) -> Q:
    if name in LISTS:
        values = value if isinstance(value, list | tuple) else [value]
        return cohort.where(name, [str(one) for one in values], credit=filters.credit)
    if name in DID:
        return DID[name] if value else ~DID[name]
    if name == cohort.HOUR:
        if not str(value).isdecimal() or int(value) >= HOURS:
            text = _("Give an hour of the week, from 0 to 167.")
            raise Invalid(text, fields={name: [text]})
        return Q(Exact(cohort.hour_of_week(filters.zone), int(value)))
    if name not in cohort.PERIOD:
        raise TypeError(name)
    try:
        first = first_of(name, date.fromisoformat(str(value)))
        start, end = midnight(first, filters.zone), midnight(after(name, first), filters.zone)
    except (ValueError, OverflowError):
        raise Invalid(_("Give a date."), fields={name: [_("Give a date.")]}) from None
    return Q(counted_at__gte=start, counted_at__lt=end)


def _labelled(by: str, parts: Iterable[tuple[Any, Counts]]) -> list[Group]:
    """Groups in the order people look for them: the one with the most ratings first."""
    counts_by_key = {key: counts for key, counts in parts if counts != Counts()}
    keys = [key for key in counts_by_key if key]
    named = names(by, keys)
    kinds = dict(Agent.objects.filter(pk__in=keys).values_list("pk", "kind")) if by == "agent" else {}
    unset = (DEFAULT, CsatSettings.current().brand_name) if by == "brand" else (NONE, unset_label(by))
    groups = [
        Group(*named.get(key, unset), counts, kinds.get(key, "")) for key, counts in counts_by_key.items()
    ]
    if by == "time_to_resolve":
        order = [*TimeToResolve.values, NONE]
        return sorted(groups, key=lambda group: order.index(group.key))
    return sorted(
        groups, key=lambda group: (group.key == NONE, -group.counts.n, -group.counts.requested, group.label)
    )


def unset_label(by: str) -> str:
    return {
        "agent": _("No agent"),
        "agent_kind": _("No agent"),
        "team": _("No team"),
        "handoff_reason": _("Not handed off"),
        "tag": _("No tag"),
        "about": _("Not specified"),
        "theme": _("Untagged"),
        "time_to_resolve": _("Not resolved"),
    }.get(by, _("Unknown"))


def hour_label(hour: int) -> str:
    """`Mon 14:00`, of an hour of the week."""
    return f"{WEEKDAYS_ABBR[hour // 24]} {hour % 24:02}:00"


def label(by: str, value: str) -> str:
    """The label of a filter's value; the value itself where it is its own label."""
    if by == "brand":
        return dict(brands.choices()).get(value, value)
    return value if by == "team" else names(by, [value]).get(value, (value, value))[1]


def names(by: str, keys: list[Any]) -> dict[Any, Name]:
    """The filter's value and the label of each group."""
    if by == "theme":
        return {theme.slug: (theme.slug, str(theme)) for theme in Theme.objects.filter(slug__in=keys)}
    if by in CHOICES:
        return {value: (value, str(label)) for value, label in CHOICES[by].choices}
    if by == "agent":
        agents = Agent.objects.filter(pk__in=keys)
        return {agent.pk: (str(agent.uuid), agent.name or agent.email) for agent in agents}
    if by == "brand":
        return {brand.pk: (brand.slug, brand.name) for brand in Brand.objects.filter(pk__in=keys)}
    if by == "team":
        return {team.pk: (team.name, team.name) for team in Team.objects.filter(pk__in=keys)}
    return {key: (key, _language_name(key) if by == "language" else key) for key in keys}


def _language_name(code: str) -> str:
    try:
        return str(get_language_info(code)["name_translated"])
    except KeyError:
        return code


CHOICES: dict[str, type[TextChoices]] = {
    "channel": Channel,
    "agent_kind": Agent.Kind,
    "handoff_reason": HandoffReason.Reason,
    "about": About,
    "imported": Imported,
    "time_to_resolve": TimeToResolve,
}
