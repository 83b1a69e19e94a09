"""Queries that are asked all the time, composed by Django once a thread instead of every time: to compose one
over seven tables takes several times as long as to run it.
"""

import json
import threading
from collections.abc import Callable
from typing import Any, Generic, TypeVar
from uuid import UUID

from django.db import connection
from django.db.models import Field, ForeignKey, Lookup, QuerySet
from django.db.models.query import get_related_populators
from django.db.models.utils import create_namedtuple_class
from django.db.transaction import TransactionManagementError

R = TypeVar("R")


@ForeignKey.register_lookup
@Field.register_lookup
class Among(Lookup):
    """`session__among=[1, 2]`: as `in`, with one parameter however many values there are. For numbers and
    texts.
    """

    lookup_name = "among"

    def get_prep_lookup(self) -> Any:
        return self.rhs

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[Any, ...]]:
        column, params = self.process_lhs(compiler, connection)
        values = "IN (SELECT value FROM json_each(%s))" if connection.vendor == "sqlite" else "= ANY(%s)"
        return f"{column} {values}", (*params, _prepared(self.rhs))


class Composed(threading.local, Generic[R]):
    """The rows of one value: `compose` makes their query of it, with whatever related rows and annotations it
    selects, or named values. What it prefetches is not read.

    `example` is a value of no other condition of the query; a list for a condition `among`. A query that
    locks is for a transaction.
    """

    def __init__(self, compose: Callable[[Any], QuerySet[Any, R]], example: Any) -> None:  # once a thread
        self.compose, self.example = compose, example
        self._parts: tuple[Any, ...] | None = None
        self._locks = False

    def statement(self, value: Any) -> tuple[str, tuple[Any, ...]]:
        """The SQL and its parameters for this value."""
        sql, params, _read = self._parts or self._composed()
        example, value = _prepared(self.example), _prepared(value)
        return sql, tuple(value if param == example else param for param in params)

    def rows(self, value: Any) -> list[R]:
        """What the query of this value finds."""
        statement = self.statement(value)
        if self._locks and not connection.in_atomic_block:
            raise TransactionManagementError("a lock outside a transaction")
        with connection.cursor() as cursor:
            cursor.execute(*statement)
            found = cursor.fetchall()
        _sql, _params, read = self._parts or self._composed()
        rows: list[R] = read(found)
        return rows

    def first(self, value: Any) -> R | None:
        return next(iter(self.rows(value)), None)

    def get(self, value: Any) -> R:
        """The one row. Raises the model's DoesNotExist."""
        rows = self.rows(value)
        if not rows:
            raise self.compose(self.example).model.DoesNotExist
        return rows[0]

    def _composed(self) -> tuple[Any, ...]:
        queryset: Any = self.compose(self.example)
        compiler = queryset.query.get_compiler(connection=connection)
        sql, params = compiler.as_sql()
        converters = compiler.get_converters([column[0] for column in compiler.select])
        make = _models(compiler) if queryset._fields is None else _named_values(queryset)

        def read(rows: Any) -> list[Any]:
            return list(map(make, compiler.apply_converters(rows, converters) if converters else rows))

        self._parts, self._locks = (sql, params, read), queryset.query.select_for_update
        return self._parts


def _prepared(value: Any) -> Any:
    """As it reaches the database."""
    if isinstance(value, list):
        return json.dumps(value) if connection.vendor == "sqlite" else value
    native = connection.features.has_native_uuid_field or not isinstance(value, UUID)
    return value if native else value.hex


def _models(compiler: Any) -> Callable[[Any], Any]:
    """As django.db.models.query.ModelIterable goes about it."""
    select, info = compiler.select, compiler.klass_info
    model, annotations = info["model"], compiler.annotation_col_map.items()
    first, end = info["select_fields"][0], info["select_fields"][-1] + 1
    names = [column[0].target.attname for column in select[first:end]]
    # the stubs are of a later Django
    related = get_related_populators(info, select, connection.alias)  # type: ignore[call-arg]

    def make(values: Any) -> Any:
        row = model.from_db(connection.alias, names, values[first:end])
        for one in related:
            one.populate(values, row)
        for name, position in annotations:
            setattr(row, name, values[position])
        return row

    return make


def _named_values(queryset: Any) -> Callable[[Any], Any]:
    """As django.db.models.query.NamedValuesListIterable goes about it."""
    make: Callable[[Any], Any] = create_namedtuple_class(*queryset._fields)._make
    return make
