"""What a migration of this house holds: columns, nothing that only the running code knows, and indexes that
stop nobody's work.
"""

from typing import Any

from django.contrib.postgres import operations
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.autodetector import MigrationAutodetector
from django.db.migrations.state import ProjectState

ONLY_IN_CODE = {
    "choices",
    "editable",
    "error_messages",
    "help_text",
    "validators",
    "verbose_name",
    "verbose_name_plural",
}


class ColumnsOnly(MigrationAutodetector):
    """Compares and writes models without what no database knows.

    So a new channel, a label or a validator needs no migration, and no migration refers to a module that may
    move.
    """

    def __init__(self, from_state: ProjectState, to_state: ProjectState, *more: Any, **named: Any) -> None:
        super().__init__(_columns_only(from_state), _columns_only(to_state), *more, **named)


def _columns_only(state: ProjectState) -> ProjectState:
    for model in state.models.values():
        model.options = _without(model.options)
        model.fields = {name: _column(field) for name, field in model.fields.items()}
    return state


def _column(field: "models.Field[Any, Any]") -> "models.Field[Any, Any]":
    _name, _path, args, options = field.deconstruct()
    return type(field)(*args, **_without(options))


def _without(options: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in options.items() if name not in ONLY_IN_CODE}


class AddLooserConstraint(migrations.AddConstraint):
    """Takes the place of a stricter one, so that no row that is there need be read: only new ones are held to
    it.
    """

    def database_forwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        if schema_editor.connection.vendor == "postgresql":
            operation = operations.AddConstraintNotValid(self.model_name, self.constraint)
            operation.database_forwards(app_label, schema_editor, from_state, to_state)
        else:
            super().database_forwards(app_label, schema_editor, from_state, to_state)


class AddIndexConcurrently(operations.AddIndexConcurrently):
    """An index that is built while others write; on a database that cannot, built as usual. The migration
    says `atomic = False`.
    """

    def database_forwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        if schema_editor.connection.vendor != "postgresql":
            migrations.AddIndex.database_forwards(self, app_label, schema_editor, from_state, to_state)
            return
        # a build that was interrupted leaves half an index behind, under this name
        schema_editor.execute(
            f"DROP INDEX CONCURRENTLY IF EXISTS {schema_editor.quote_name(self.index.name)}"
        )
        super().database_forwards(app_label, schema_editor, from_state, to_state)

    def database_backwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        if schema_editor.connection.vendor == "postgresql":
            super().database_backwards(app_label, schema_editor, from_state, to_state)
        else:
            migrations.AddIndex.database_backwards(self, app_label, schema_editor, from_state, to_state)
