"""What a saved view asks, read from the address it was saved with."""

from datetime import date
from urllib.parse import parse_qs
from zoneinfo import ZoneInfo

from csat.reports.filters import LISTS, Filters, parse
from csat.reports.models import SavedView


def filters_of_days(
    view: SavedView, first: date, end: date, *, zone: ZoneInfo, scope: tuple[int, ...] | None
) -> Filters:
    """The view's filters on other days than its own: from `first` to before `end`. Raises Invalid where what
    it filters by is no longer there.
    """
    query = parse_qs(view.query)
    chosen: dict[str, object] = {name: query.get(name, []) for name in LISTS}
    chosen |= {name: query.get(name, [""])[-1] for name in ("credit", "quarantined")}
    days = {"from": first.isoformat(), "to": end.isoformat(), "timezone": zone.key}
    return parse({**chosen, **days}, scope=scope)


def names_agents(view: SavedView) -> bool:
    """Whether it is of single agents, so that its figures say how these people do."""
    return "agent" in parse_qs(view.query)
