"""A row in every table of a version, made without its code."""

from typing import Any

from django.db.models import Model

from tests.migrations.databases import Database

GIVEN: dict[str, Any] = {
    "Organization.timezone": "Europe/Berlin",
    "Session.status": "closed_resolved",
    "Answer.score": 4,
    "Score.score": 4,
    "Link.purpose": "widget",
    "Survey.request": 3,
    "Survey.told": 2,
    "Delivery.request": 3,
    "Workflow.active": None,  # its version needs the workflow first
    "Rollup.dim1": "channel",
    "Rollup.key1": "email",
}
BY_TYPE: dict[str, Any] = {
    "BooleanField": True,
    "DateField": "2026-03-27",
    "DateTimeField": "2026-03-27T09:00:00Z",
    "TimeField": "22:00",
    "JSONField": {"kept": ["as", "it", "was"]},
}


def fill(database: Database) -> None:
    """A row in every table, every column set."""
    made: dict[str, Any] = {}
    for model in database.apps.get_models():
        if model._meta.app_label == "csat":
            _row(database, model._meta.label, made)


def _row(database: Database, label: str, made: dict[str, Any]) -> Any:
    """The key of this table's row."""
    if label not in made:
        model = database.apps.get_model(label)
        values = {
            field.attname: _value(database, model, field, made)
            for field in model._meta.concrete_fields
            if field.name not in ("id", "uuid")
        }
        made[label] = model._default_manager.using(database.alias).create(**values).pk
    return made[label]


def _value(database: Database, model: type[Model], field: Any, made: dict[str, Any]) -> Any:
    if (name := f"{model.__name__}.{field.name}") in GIVEN:
        return GIVEN[name]
    if field.is_relation:
        return _row(database, field.remote_field.model._meta.label, made)
    kind = field.get_internal_type()
    return BY_TYPE.get(kind, 7 if "Integer" in kind else field.name[: field.max_length])
