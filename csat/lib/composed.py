"""Queries that are asked all the time, composed by Django once a thread instead of every time: to compose one
over seven tables takes several times as long as to run it.
"""

import threading
from collections.abc import Callable
from typing import Any, Generic, TypeVar

from django.db import connection
from django.db.models import Model, QuerySet
from django.db.models.query import get_related_populators

M = TypeVar("M", bound=Model)


class Composed(threading.local, Generic[M]):
    """The rows of one value: `compose` makes their query of it, with whatever related rows it selects.

    `example` is a value as it reaches the database, and that of no other condition.
    """

    def __init__(self, compose: Callable[[Any], QuerySet[M]], example: Any) -> None:  # once a thread
        self.compose, self.example = compose, example
        self._parts: tuple[Any, ...] | None = None

    def statement(self, value: Any) -> tuple[str, tuple[Any, ...]]:
        """The SQL and its parameters for this value."""
        sql, params = (self._parts or self._composed())[:2]
        return sql, tuple(value if param == self.example else param for param in params)

    def first(self, value: Any) -> M | None:
        return next(iter(self.rows(value)), None)

    def rows(self, value: Any) -> list[M]:
        """What the query of this value finds."""
        with connection.cursor() as cursor:
            cursor.execute(*self.statement(value))
            found = cursor.fetchall()
        _sql, _params, read, model, names, first, end, related, annotated = self._parts or self._composed()
        rows: list[M] = []
        for values in read(found):
            row = model.from_db(connection.alias, names, values[first:end])
            for one in related:
                one.populate(values, row)
            for name, column in annotated:
                setattr(row, name, values[column])
            rows.append(row)
        return rows

    def _composed(self) -> tuple[Any, ...]:
        """As django.db.models.query.ModelIterable goes about it."""
        compiler = self.compose(self.example).query.get_compiler(connection=connection)
        sql, params = compiler.as_sql()
        select, info = compiler.select, compiler.klass_info
        converters = compiler.get_converters([column[0] for column in select])
        first, end = info["select_fields"][0], info["select_fields"][-1] + 1
        names = [column[0].target.attname for column in select[first:end]]
        # the stubs are of a later Django
        related = get_related_populators(info, select, connection.alias)  # type: ignore[call-arg]

        def read(rows: Any) -> Any:
            return compiler.apply_converters(rows, converters) if converters else rows

        annotated = tuple(compiler.annotation_col_map.items())
        self._parts = (sql, params, read, info["model"], names, first, end, related, annotated)
        return self._parts
