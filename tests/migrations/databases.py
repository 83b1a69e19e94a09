"""One database under migration: its version, its rows, its schema."""

import re
from typing import Any

from django.apps.registry import Apps
from django.db import connections
from django.db.migrations.executor import MigrationExecutor

COLUMNS = """SELECT table_name, column_name, data_type, character_maximum_length, is_nullable, column_default,
is_identity
FROM information_schema.columns WHERE table_name LIKE 'csat\\_%'"""
CONSTRAINTS = """SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint
WHERE conrelid::regclass::text LIKE 'csat\\_%'"""
INDEXES = "SELECT tablename, indexname, indexdef FROM pg_indexes WHERE tablename LIKE 'csat\\_%'"


class Database:
    def __init__(self, alias: str) -> None:
        self.alias = alias
        self.connection = connections[alias]
        self.apps = Apps()  # the models of the version it is at

    def migrate(self, name: str = "", *, step_by_step: bool = False) -> None:
        """To this migration, or to the latest; `step_by_step`: as it was done before there was a squashed
        one.
        """
        executor = MigrationExecutor(self.connection)
        if step_by_step:
            executor.loader.replace_migrations = False
            executor.loader.build_graph()
        targets = [("csat", name)] if name else executor.loader.graph.leaf_nodes("csat")
        self.apps = executor.migrate(targets).apps
        if step_by_step:
            executor.recorder.record_unapplied("csat", "0001_squashed")

    def model(self, name: str) -> Any:
        """The rows of this model as this version knows them."""
        return self.apps.get_model("csat", name)._default_manager.using(self.alias)

    def rows(self) -> dict[str, list[dict[str, Any]]]:
        models = [model for model in self.apps.get_models() if model._meta.app_label == "csat"]
        return {model.__name__: list(self.model(model.__name__).order_by("pk").values()) for model in models}

    def applied(self) -> set[str]:
        """What the table of migrations says."""
        return {
            name
            for app, name in MigrationExecutor(self.connection).recorder.applied_migrations()
            if app == "csat"
        }

    def is_complete(self) -> bool:
        executor = MigrationExecutor(self.connection)
        return not executor.migration_plan(executor.loader.graph.leaf_nodes("csat"))

    def schema(self) -> set[Any]:
        """Every column, constraint and index of our tables, whatever the order they were made in."""
        with self.connection.cursor() as cursor:
            if self.connection.vendor == "postgresql":
                return {row for query in (COLUMNS, CONSTRAINTS, INDEXES) for row in _all(cursor, query)}
            tables = _all(
                cursor,
                "SELECT tbl_name, sql FROM sqlite_master"
                " WHERE tbl_name LIKE 'csat\\_%' ESCAPE '\\' AND sql <> ''",
            )
        return {(table, part) for table, sql in tables for part in _parts(sql)}


def _all(cursor: Any, query: str) -> list[Any]:
    cursor.execute(query)
    return cursor.fetchall()


def _parts(sql: str) -> list[str]:
    """The definitions inside CREATE TABLE (...); an index is one."""
    if not sql.startswith("CREATE TABLE"):
        return [sql]
    body, depth, parts = sql[sql.index("(") + 1 : sql.rindex(")")], 0, [""]
    for token in re.findall(r"'(?:[^']|'')*'|.", body, re.DOTALL):
        depth += (token == "(") - (token == ")")
        if token == "," and not depth:
            parts.append("")
        else:
            parts[-1] += token
    return [part.strip() for part in parts]
