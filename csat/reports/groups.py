"""Groups: what a key of a report is called, and the days, weeks and months without anything."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.utils.translation import get_language_info
from django.utils.translation import gettext as _

from csat.channels.kinds import Channel
from csat.people.models import Agent, Team
from csat.reports.filters import NONE, Filters
from csat.reports.scores import Counts
from csat.sessions.models import HandoffReason
from csat.surveys.about import About

Name = tuple[str, str]


@dataclass(frozen=True)
class Group:
    """`key` is what a filter takes: slug, agent's uuid, team's or tag's name, ISO date of the first day, or `none`."""

    key: str
    label: str
    counts: Counts
    kind: str = ""  # of an agent: human or ai


def named(by: str, found: Iterable[tuple[Any, Counts]]) -> list[Group]:
    """Groups in the order people look for them: the one with the most ratings first."""
    found = [(key, counts) for key, counts in found if counts != Counts()]
    names = NAMES[by]([key for key, _counts in found])
    kinds = _kinds([key for key, _counts in found]) if by == "agent" else {}
    groups = [Group(*(names.get(key) or (NONE, nothing(by))), counts, kinds.get(key, "")) for key, counts in found]
    return sorted(groups, key=lambda group: (group.key == NONE, -group.counts.n, -group.counts.requested, group.label))


def periods(by: str, found: Iterable[tuple[Any, Counts]], filters: Filters) -> list[Group]:
    """Every day, week or month of the window in turn, those without anything too."""
    counts = {key.date() if isinstance(key, datetime) else key: value for key, value in found}
    return [Group(day.isoformat(), day.isoformat(), counts.get(day, Counts())) for day in steps(by, filters)]


def first_of(by: str, day: date) -> date:
    """The day a day's week (Monday) or month begins."""
    return {"day": day, "week": day - timedelta(days=day.weekday()), "month": day.replace(day=1)}[by]


def after(by: str, first: date) -> date:
    """The first day of the next period."""
    if by == "month":
        return (first + timedelta(days=32)).replace(day=1)
    return first + timedelta(days=7 if by == "week" else 1)


def steps(by: str, filters: Filters) -> list[date]:
    """The first days of the days, weeks or months that the window touches."""
    last = (filters.end - timedelta(microseconds=1)).astimezone(filters.zone).date()
    days = [first_of(by, filters.start.astimezone(filters.zone).date())]
    while (day := after(by, days[-1])) <= last:
        days.append(day)
    return days


def nothing(by: str) -> str:
    return {
        "agent": _("No agent"),
        "agent_kind": _("No agent"),
        "team": _("No team"),
        "handoff_reason": _("Not handed off"),
        "tag": _("No tag"),
        "about": _("Not said"),
    }.get(by, _("Unknown"))


def _agents(keys: list[Any]) -> dict[Any, Name]:
    return {pk: (str(uuid), name or email) for pk, uuid, name, email in _rows(Agent, keys, "pk", "uuid", "name", "email")}


def _kinds(keys: list[Any]) -> dict[Any, str]:
    return dict(_rows(Agent, keys, "pk", "kind"))


def _teams(keys: list[Any]) -> dict[Any, Name]:
    return {pk: (name, name) for pk, name in _rows(Team, keys, "pk", "name")}


def _rows(model: Any, keys: list[Any], *columns: str) -> Any:
    return model.objects.filter(pk__in=[key for key in keys if key]).values_list(*columns)


def _choices(choices: Any) -> Callable[[list[Any]], dict[Any, Name]]:
    return lambda _keys: {value: (value, str(label)) for value, label in choices.choices}


def _languages(keys: list[Any]) -> dict[Any, Name]:
    return {key: (key, _language(key)) for key in keys if key}


def _language(code: str) -> str:
    try:
        return str(get_language_info(code)["name_translated"])
    except KeyError:
        return code


def _themselves(keys: list[Any]) -> dict[Any, Name]:
    return {key: (key, key) for key in keys if key}


NAMES: dict[str, Callable[[list[Any]], dict[Any, Name]]] = {
    "channel": _choices(Channel),
    "agent": _agents,
    "agent_kind": _choices(Agent.Kind),
    "team": _teams,
    "language": _languages,
    "handoff_reason": _choices(HandoffReason.Reason),
    "tag": _themselves,
    "about": _choices(About),
}
