"""What every public row has: a UUID others may see, and conditional moves."""

import functools
import uuid
from collections.abc import Sequence
from typing import Any, Self, TypeVar, cast

from django.db import connection, models
from django.utils import timezone

M = TypeVar("M", bound=models.Model)
AT_ONCE = 500  # rows of one INSERT


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


def insert(rows: Sequence[M]) -> list[M]:
    """Write new rows of one table, which learn their primary keys: as `bulk_create`, without composing the
    statement anew. For a transaction.
    """
    new = list(rows)
    for start in range(0, len(new), AT_ONCE):
        batch: list[Any] = new[start : start + AT_ONCE]
        for row in batch:
            row._prepare_related_fields_for_save(operation_name="insert")
        fields, values, places = _insertion(type(new[start]))
        statement = f"{values} {', '.join([places] * len(batch))} RETURNING id"
        with connection.cursor() as cursor:
            cursor.execute(statement, [value for row in batch for value in _values(row, fields)])
            for row, (row.pk,) in zip(batch, cursor.fetchall(), strict=True):
                row._state.adding, row._state.db = False, connection.alias
    return new


def insert_if_new(row: models.Model) -> bool:
    """One INSERT and nothing around it, for what many send at once. False where a unique field has this value
    already: then nothing is written. The instance learns no primary key.
    """
    fields, values, places = _insertion(type(row))
    with connection.cursor() as cursor:
        cursor.execute(f"{values} {places} ON CONFLICT DO NOTHING", _values(row, fields))
        return bool(cursor.rowcount == 1)


def _values(row: models.Model, fields: list[Any]) -> list[Any]:
    return [field.get_db_prep_save(field.pre_save(row, add=True), connection) for field in fields]


@functools.cache
def _insertion(model: type[models.Model]) -> tuple[list[Any], str, str]:
    """Its fields, the statement up to the values, and the places of one row's."""
    fields = [field for field in model._meta.concrete_fields if not field.primary_key]
    name = connection.ops.quote_name
    columns = ", ".join(name(str(field.column)) for field in fields)
    places = ", ".join(["%s"] * len(fields))
    table = name(model._meta.db_table)
    return fields, f"INSERT INTO {table} ({columns}) VALUES", f"({places})"
