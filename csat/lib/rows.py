"""What every public row has: a UUID others may see, and conditional moves."""

import uuid
from collections.abc import Sequence
from typing import Any, Self, cast

from django.db import models
from django.utils import timezone


class Row(models.Model):
    """A row known outside by `uuid`; the primary key stays inside."""

    uuid = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        abstract = True

    def change(self, *, where: dict[str, Any] | None = None, **values: Any) -> bool:
        """One UPDATE of this row, only if it still is as `where` says; True when it was.

        The instance takes the new values only when the row did.
        """
        values.setdefault("updated_at", timezone.now())
        touched = type(self)._default_manager.filter(pk=self.pk, **(where or {})).update(**values)
        if touched:
            for name, value in values.items():
                setattr(self, name, value)
        return touched == 1

    def again(self) -> Self:
        """This row as the database has it now."""
        return type(self)._default_manager.get(pk=self.pk)


def keep(rows: Sequence[Row], *names: str) -> None:
    """Write these fields of rows of one table, in a few UPDATEs. For whoever holds the rows' locks.

    What is the same in all of them is a plain UPDATE, because a CASE for every row and field is slow to build and to run.
    """
    if not rows:
        return
    objects, now = type(rows[0])._default_manager, timezone.now()
    for row in rows:
        row.updated_at = now
    fields = [cast("models.Field[Any, Any]", type(rows[0])._meta.get_field(name)).attname for name in names]
    differing = [name for name in fields if any(getattr(row, name) != getattr(rows[0], name) for row in rows)]
    same = {name: getattr(rows[0], name) for name in fields if name not in differing}
    objects.filter(pk__in=[row.pk for row in rows]).update(**same, updated_at=now)
    if differing:
        objects.bulk_update(rows, differing, batch_size=100)
