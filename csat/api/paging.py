"""Pages by cursor: a keyset on (time, id), so that depth costs nothing and inserts move nothing."""

import base64
import binascii
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar

from django.db.models import Model, Q, QuerySet
from django.utils.translation import gettext as _

from csat.lib.refusal import Invalid

M = TypeVar("M", bound=Model)
BIGGEST = 2**63 - 1


@dataclass(frozen=True)
class Order:
    """By which time, and whether the oldest comes first."""

    field: str
    oldest_first: bool = False


NEWEST = Order("created_at")
SYNC = Order("updated_at", oldest_first=True)  # a row changed while paging moves to the end and is met again
HISTORY = Order("at", oldest_first=True)


def page(rows: QuerySet[M], order: Order, *, cursor: str | None, limit: int) -> tuple[list[M], str | None]:
    """One page and the cursor of the next, None at the end. Raises Invalid for a cursor that is not ours."""
    if cursor:
        rows = rows.filter(_beyond(order, *_read(order, cursor)))
    sign = "" if order.oldest_first else "-"
    found = list(rows.order_by(f"{sign}{order.field}", f"{sign}id")[: limit + 1])
    items = found[:limit]
    return items, _write(order, items[-1]) if len(found) > limit else None


def _beyond(order: Order, at: datetime, pk: int) -> Q:
    # the first condition alone lets the index start at the right place
    way = "gt" if order.oldest_first else "lt"
    reached = Q(**{f"{order.field}__{way}e": at})
    return reached & (Q(**{f"{order.field}__{way}": at}) | Q(**{f"id__{way}": pk}))


def _write(order: Order, row: Any) -> str:
    at: datetime = getattr(row, order.field)
    text = json.dumps([order.field, at.astimezone(UTC).isoformat(), row.pk], separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _read(order: Order, cursor: str) -> tuple[datetime, int]:
    try:
        field, at, pk = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        when = datetime.fromisoformat(at)
        if field != order.field or when.tzinfo is None or type(pk) is not int or not 0 <= pk <= BIGGEST:
            raise ValueError
        return when.astimezone(UTC), pk
    except (ValueError, TypeError, OverflowError, RecursionError, binascii.Error) as error:
        text = _("This cursor does not belong to this list.")
        raise Invalid(text, fields={"cursor": [text]}) from error
