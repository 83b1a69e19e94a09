"""Pages of a long list by the last row seen, so that page 1,000 costs what page 1 costs and inserts move
nothing.
"""

import base64
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NamedTuple, TypeVar

from django.db.models import Model, Q, QuerySet

M = TypeVar("M", bound=Model)
BIGGEST = 2**63 - 1  # primary key


@dataclass(frozen=True)
class Order:
    """By which time field, rows of the same moment by their primary key; whether the oldest comes first."""

    field: str
    oldest_first: bool = False


class Position(NamedTuple):
    """The last row of the page before."""

    at: datetime
    pk: int


def read(cursor: str, order: Order) -> Position | None:
    """Where a cursor of this order points to; None when it is not one."""
    try:
        field, at, pk = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        time = datetime.fromisoformat(at)
        if field != order.field or time.tzinfo is None or type(pk) is not int or not 0 <= pk <= BIGGEST:
            return None
        return Position(time.astimezone(UTC), pk)
    except (ValueError, TypeError, OverflowError, RecursionError):
        return None


def page(
    rows: QuerySet[M], order: Order, *, after: Position | None, size: int, ids_first: bool = False
) -> tuple[list[M], str]:
    """One page and the cursor of the next, empty at the end.

    `ids_first` finds the page by the index alone and reads the whole rows, with all they are joined to, in a
    second query.
    """
    sign = "" if order.oldest_first else "-"
    rows = rows.order_by(f"{sign}{order.field}", f"{sign}pk")
    following = rows.filter(_beyond(order, after)) if after else rows
    if ids_first:
        pks = list(following.select_related(None).values_list("pk", flat=True)[: size + 1])
        whole = rows.model._default_manager.filter(pk__in=pks[:size]).order_by(*rows.query.order_by)
        whole.query.select_related = rows.query.select_related
        items, more = list(whole), len(pks) > size
    else:
        found = list(following[: size + 1])
        items, more = found[:size], len(found) > size
    return items, _cursor(order, items[-1]) if more and items else ""


def _beyond(order: Order, after: Position) -> Q:
    way = "gt" if order.oldest_first else "lt"
    reached = Q(**{f"{order.field}__{way}e": after.at})  # this alone lets the index start at the right place
    return reached & (Q(**{f"{order.field}__{way}": after.at}) | Q(**{f"pk__{way}": after.pk}))


def _cursor(order: Order, row: Model) -> str:
    time: datetime = getattr(row, order.field)
    text = json.dumps([order.field, time.astimezone(UTC).isoformat(), row.pk], separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")
