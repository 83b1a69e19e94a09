"""A migration is about columns."""

from typing import Any

from django.apps import apps
from django.core.validators import MinLengthValidator
from django.db import models
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.operations import AlterField
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState
from django.db.migrations.writer import OperationWriter

from csat.lib.migrations import AddLooserConstraint, ColumnsOnly


def _migrated(**options: Any) -> list[Operation]:
    """What makemigrations writes when the name of a team is defined like this."""
    state = ProjectState.from_apps(apps)
    state.models["csat", "team"].fields["name"] = models.CharField(unique=True, **options)
    changes = ColumnsOnly(ProjectState.from_apps(apps), state).changes(MigrationLoader(None).graph)
    return [operation for migration in changes.get("csat", []) for operation in migration.operations]


def _channels() -> list[tuple[str, str]]:
    return [("email", "Email")]


def test_labels_choices_and_validators_need_no_migration() -> None:
    words = {
        "verbose_name": "team",
        "help_text": "Who",
        "choices": _channels,
        "validators": [MinLengthValidator(2)],
    }
    assert _migrated(max_length=120, **words) == []


def test_a_changed_column_is_migrated_without_them() -> None:
    [operation] = _migrated(max_length=200, choices=_channels, help_text="Who")
    assert isinstance(operation, AlterField)
    text, imports = OperationWriter(operation).serialize()
    assert "field=models.CharField(max_length=200, unique=True)" in text
    assert imports == {"from django.db import models"}


def test_a_looser_constraint_is_one_that_makemigrations_knows() -> None:
    constraint = models.CheckConstraint(condition=models.Q(name__gt=""), name="team_has_name")
    operation = AddLooserConstraint("team", constraint)
    state = ProjectState.from_apps(apps)
    operation.state_forwards("csat", state)
    assert constraint in state.models["csat", "team"].options["constraints"]
