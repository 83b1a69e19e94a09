"""A large body stands in its row while something is still to be done with it, and in a table of its own
afterwards, from which it may go when it is old.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Exists, Model, OuterRef, Q, QuerySet, Subquery

from csat.lib.retention import SLICE, delete_slice


@dataclass(frozen=True)
class BodyTable:
    """`rows` have a `created_at` and the columns in `empty`, which says how they are when nothing is left in
    them; `body` is one of these. `kept` has the same columns, and the row's primary key in `key`.
    """

    rows: type[Model]
    kept: type[Model]
    key: str
    over: Q  # of rows with which nothing is to be done any more, and whose body is there
    empty: Mapping[str, Any]
    slice: int  # rows moved in one transaction

    def due(self) -> bool:
        """Whether any body is to be moved."""
        return bool(self._rows.filter(self.over).exists())

    def move(self) -> int:
        """Move one slice of bodies out of their rows; how many. Safe to run several times at once."""
        with transaction.atomic():
            over = self._rows.filter(self.over).select_for_update(skip_locked=True)
            moved: list[Any] = list(over.only("created_at", *self.empty).order_by("created_at")[: self.slice])
            self._kept.bulk_create(
                self.kept(
                    **{self.key: row.pk, "created_at": row.created_at},
                    **{column: getattr(row, column) for column in self.empty},
                )
                for row in moved
            )
            self._rows.filter(pk__in=[row.pk for row in moved]).update(**self.empty)
        return len(moved)

    def delete_of(self, rows: QuerySet[Any]) -> None:
        """Before these are deleted themselves."""
        self._kept.filter(**{f"{self.key}__in": rows.order_by().values("pk")}).delete()

    def read_into(self, rows: Iterable[Any], *, only: Q | None = None) -> None:
        """Give these instances, which are not saved afterwards, what was moved, by one query at most; `only`:
        of the bodies of which this is true.
        """
        moved = {row.pk: row for row in rows if row.body == self.empty["body"]}
        if not moved:
            return
        for kept in self._kept.filter(only or Q(), **{f"{self.key}__in": moved}):
            for column in self.empty:
                setattr(moved[getattr(kept, self.key)], column, getattr(kept, column))

    def put_back(self, rows: QuerySet[Any]) -> None:
        """Before something is done with them again. Call it in the same transaction."""
        rows, kept = rows.order_by(), self._kept.filter(**{self.key: OuterRef("pk")})
        # whoever moves one ends first
        list(rows.select_for_update(no_key=True).order_by("pk").values_list("pk"))
        rows.filter(Exists(kept), body=self.empty["body"]).update(
            **{column: Subquery(kept.values(column)[:1]) for column in self.empty}
        )
        back = rows.exclude(body=self.empty["body"]).values("pk")
        self._kept.filter(**{f"{self.key}__in": back}).delete()

    def count_old(self, before: datetime) -> int:
        """How many bodies are older, moved or not."""
        return self._old(before).count() + self._old_in_rows(before).count()

    @transaction.atomic
    def drop_old(self, before: datetime) -> int:
        """Take one slice of these away; how many."""
        if dropped := delete_slice(self._old(before)):
            return dropped
        pks = list(self._old_in_rows(before).order_by().values_list("pk", flat=True)[:SLICE])
        self._old_in_rows(before).filter(pk__in=pks).update(**self.empty)
        return len(pks)

    def _old(self, before: datetime) -> QuerySet[Any]:
        old: QuerySet[Any] = self._kept.filter(created_at__lt=before)
        return old

    def _old_in_rows(self, before: datetime) -> QuerySet[Any]:
        """Over, and not moved yet."""
        old: QuerySet[Any] = self._rows.filter(self.over, created_at__lt=before)
        return old

    @property
    def _rows(self) -> Any:
        return self.rows._default_manager

    @property
    def _kept(self) -> Any:
        return self.kept._default_manager
