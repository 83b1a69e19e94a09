"""Kinds of what may go when it is old: each room registers its own, and one verb walks over all of them."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import QuerySet

SLICE = 1000  # rows that one statement, and one transaction, takes away
MOST_DAYS = 3650


@dataclass(frozen=True)
class Kind:
    """What goes together. Of a row that ended before the given time `count` says how many would go now, and
    `drop` takes one slice of these away in a transaction of its own, and returns how many: 0, none is left.
    """

    name: str  # in settings and API: never renamed
    label: Any
    help_text: Any  # what stays
    days: int | None  # of a new installation; None: for ever
    count: Callable[[datetime], int]
    drop: Callable[[datetime], int]
    least: int = 1  # days, because something else needs the rows for so long


_kinds: dict[str, Kind] = {}


def register(*kinds: Kind) -> None:
    """Make these known, in the order in which they are shown. Idempotent."""
    _kinds.update({kind.name: kind for kind in kinds})


def kinds() -> tuple[Kind, ...]:
    return tuple(_kinds.values())


def names() -> list[str]:
    return list(_kinds)


def of_a_new_installation() -> dict[str, int | None]:
    """Days by kind."""
    return {kind.name: kind.days for kind in kinds()}


def delete_slice(rows: "QuerySet[Any]", *, size: int = SLICE) -> int:
    """Delete so many of these rows, which nothing refers to; how many."""
    pks = list(rows.order_by("pk").values_list("pk", flat=True)[:size])
    if pks:
        rows.model._default_manager.filter(pk__in=pks).delete()
    return len(pks)
