"""Filling whole tables in PostgreSQL: INSERT ... SELECT by field names, and indexes built once, after the
rows.
"""

import contextlib
from collections.abc import Iterable, Iterator
from typing import Any

from django.db import connection
from django.db.backends.utils import CursorWrapper
from django.db.models import AutoField, Model, UUIDField
from django.utils import timezone


def insert(cursor: CursorWrapper, model: type[Model], *, where: str = "true", **expressions: str) -> None:
    """Fill the model's table from the table `plan`; `expressions` are SQL over its columns, by field name.

    What is not given takes the model's own default, so that a new field needs no change here.
    """
    columns, values, params = [], [], list[Any]()
    for field in model._meta.concrete_fields:
        if field.name in expressions:
            values.append(expressions.pop(field.name))
        elif isinstance(field, AutoField):
            continue
        elif isinstance(field, UUIDField):
            values.append("gen_random_uuid()")
        else:
            values.append("%s")
            value = timezone.now() if getattr(field, "auto_now", False) else field.get_default()
            params.append(field.get_db_prep_save(value, connection))
        columns.append(connection.ops.quote_name(str(field.column)))
    assert not expressions, f"{model.__name__} has no {', '.join(expressions)}"
    table = connection.ops.quote_name(model._meta.db_table)
    cursor.execute(
        f"INSERT INTO {table} ({', '.join(columns)}) SELECT {', '.join(values)} FROM plan WHERE {where}",  # noqa: S608 (names of our own models)
        params,
    )


# every index of a table that is not its primary key, as what drops it and what makes it again
INDEXES = """
SELECT coalesce('ALTER TABLE ' || name || ' DROP CONSTRAINT ' || rule, 'DROP INDEX ' || index),
       coalesce('ALTER TABLE ' || name || ' ADD CONSTRAINT ' || rule || ' ' || text, pg_get_indexdef(index))
FROM (SELECT i.indrelid::regclass AS name, i.indexrelid::regclass AS index,
             quote_ident(c.conname) AS rule, pg_get_constraintdef(c.oid) AS text
      FROM pg_index i LEFT JOIN pg_constraint c ON c.conindid = i.indexrelid AND c.contype = 'u'
      WHERE i.indrelid = ANY(%s::regclass[]) AND NOT i.indisprimary) AS found
"""


@contextlib.contextmanager
def indexes_afterwards(cursor: CursorWrapper, models: Iterable[type[Model]]) -> Iterator[None]:
    """Indexes of these tables are built from the finished rows, several times faster. Inside one transaction:
    all or nothing.
    """
    cursor.execute("SET LOCAL maintenance_work_mem = '256MB'")
    cursor.execute(INDEXES, [[model._meta.db_table for model in models]])
    found = cursor.fetchall()
    for drop, _make in found:
        cursor.execute(drop)
    yield
    for _drop, make in found:
        cursor.execute(make)
