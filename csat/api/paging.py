"""Lists page by page: the orders there are, and the cursor of the next page."""

from typing import TypeVar

from django.db.models import Model, QuerySet
from django.utils.translation import gettext as _

from csat.lib import keyset
from csat.lib.keyset import Order
from csat.lib.refusal import Invalid

M = TypeVar("M", bound=Model)
NEWEST = Order("created_at")
SYNC = Order("updated_at", oldest_first=True)  # a row that changes meanwhile moves to the end: none is missed
HISTORY = Order("at", oldest_first=True)


def page(rows: QuerySet[M], order: Order, *, cursor: str | None, limit: int) -> tuple[list[M], str | None]:
    """One page and the cursor of the next, None at the end. Raises Invalid for a cursor that is not ours."""
    after = keyset.read(cursor, order) if cursor else None
    if cursor and after is None:
        text = _("This cursor does not belong to this list.")
        raise Invalid(text, fields={"cursor": [text]})
    items, following = keyset.page(rows, order, after=after, size=limit)
    return items, following or None
