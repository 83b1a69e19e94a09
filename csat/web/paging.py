"""Pages of a long list, the newest first."""

from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet

from csat.lib import keyset

SIZE = 30


@dataclass(frozen=True)
class Page:
    rows: list[Any]
    older: str  # cursor of the next page, empty at the end
    first: bool


def page(
    queryset: QuerySet[Any], *, by: str, cursor: str = "", size: int = SIZE, oldest_first: bool = False
) -> Page:
    """Newest first by the time field `by`, or `oldest_first`. An unreadable cursor gives the first page."""
    order = keyset.Order(by, oldest_first)
    after = keyset.read(cursor, order)
    rows, older = keyset.page(queryset, order, after=after, size=size, ids_first=not oldest_first)
    return Page(rows, older, after is None)
