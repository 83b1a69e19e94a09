"""What every public row has: a UUID others may see, and conditional moves."""

import functools
import uuid
from collections.abc import Sequence
from typing import Any, Self, cast

from django.db import connection, models
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


_OUTSIDE = {"uuid": "id", "pk": "number", "session_id": "conversation"}


def fields_of(row: models.Model, names: Sequence[str]) -> dict[str, Any]:
    """These fields of a row, as they are told outside: `uuid` is its id, `pk` its number."""
    return {_OUTSIDE.get(name, name): getattr(row, name) for name in names}


def bulk_save(rows: Sequence[Row], *names: str) -> None:
    """Write these fields of rows of one table, in two statements. For whoever holds the rows' locks.

    What is the same in all of them is a plain UPDATE; the rest goes out row by row in one round trip.
    """
    if not rows:
        return
    model, now = type(rows[0]), timezone.now()
    for row in rows:
        row.updated_at = now
    fields = [cast("models.Field[Any, Any]", model._meta.get_field(name)) for name in names]
    first = rows[0]
    differing = [
        field
        for field in fields
        if any(getattr(row, field.attname) != getattr(first, field.attname) for row in rows)
    ]
    same = {field.attname: getattr(first, field.attname) for field in fields if field not in differing}
    model._default_manager.filter(pk__in=[row.pk for row in rows]).update(**same, updated_at=now)
    if differing:
        name = connection.ops.quote_name
        columns = ", ".join(f"{name(str(field.column))} = %s" for field in differing)
        values = [
            [field.get_db_prep_save(getattr(row, field.attname), connection) for field in differing]
            + [row.pk]
            for row in rows
        ]
        with connection.cursor() as cursor:
            cursor.executemany(f"UPDATE {name(model._meta.db_table)} SET {columns} WHERE id = %s", values)  # noqa: S608


def insert(row: models.Model) -> None:
    """One INSERT and nothing around it, for what many send at once. The instance learns its primary key."""
    [row.pk] = _insert(row, f"RETURNING {connection.ops.quote_name(str(row._meta.pk.column))}")
    row._state.adding, row._state.db = False, connection.alias


def insert_if_new(row: models.Model) -> bool:
    """As `insert`. False where a unique field has this value already: then nothing is written. The instance
    learns no primary key.
    """
    return _insert(row, "ON CONFLICT DO NOTHING RETURNING 1") is not None


def _insert(row: models.Model, end: str) -> Any:
    """What the statement returns, if it does."""
    fields, statement = _insertion(type(row))
    values = [field.get_db_prep_save(field.pre_save(row, add=True), connection) for field in fields]
    with connection.cursor() as cursor:
        cursor.execute(f"{statement} {end}", values)
        return cursor.fetchone()


@functools.cache
def _insertion(model: type[models.Model]) -> tuple[list[Any], str]:
    """Composed once: Django takes longer to compose one than the database to run it."""
    fields = [field for field in model._meta.concrete_fields if not field.primary_key]
    name = connection.ops.quote_name
    columns = ", ".join(name(str(field.column)) for field in fields)
    places = ", ".join(["%s"] * len(fields))
    table = name(model._meta.db_table)
    return fields, f"INSERT INTO {table} ({columns}) VALUES ({places})"  # noqa: S608
