"""Pages of a long list by the last row seen, so that page 1,000 costs what page 1 costs."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet
from django.utils.dateparse import parse_datetime

SIZE = 30


@dataclass(frozen=True)
class Page:
    rows: list[Any]
    older: str  # cursor of the next page, empty at the end
    first: bool


def page(queryset: QuerySet[Any], *, by: str, cursor: str = "", size: int = SIZE) -> Page:
    """Newest first by the time field `by`; an unreadable cursor is the first page."""
    after = _read(cursor)
    rows = queryset.order_by(f"-{by}", "-pk")
    if after:
        at, pk = after
        rows = rows.filter(Q(**{f"{by}__lt": at}) | Q(**{by: at, "pk__lt": pk}), **{f"{by}__lte": at})
    ids = list(rows.select_related(None).values_list("pk", flat=True)[: size + 1])  # the index alone says which; then the whole rows
    whole = queryset.model._default_manager.filter(pk__in=ids[:size])
    whole.query.select_related = queryset.query.select_related
    found = list(whole.order_by(f"-{by}", "-pk"))
    return Page(found, _write(found[-1], by) if len(ids) > size and found else "", after is None)


def _write(row: Any, by: str) -> str:
    return f"{getattr(row, by).isoformat()}_{row.pk}"


def _read(cursor: str) -> tuple[datetime, int] | None:
    at, _, pk = cursor.replace(" ", "+").rpartition("_")
    try:
        when = parse_datetime(at)
    except ValueError:
        return None
    return (when, int(pk)) if when and when.tzinfo and pk.isdecimal() and len(pk) < 19 else None
