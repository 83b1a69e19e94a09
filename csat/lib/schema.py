"""Whether the tables are those that this version's code was written for."""

from dataclasses import dataclass
from datetime import datetime

from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.recorder import MigrationRecorder


@dataclass(frozen=True)
class Difference:
    """Migrations of the code that the database lacks, and of the database that the code does not know."""

    missing: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()


def applied_at(app: str, ending: str) -> datetime | None:
    """When the migration of this app whose name ends so was applied; None: it was not."""
    applied = MigrationRecorder.Migration.objects.filter(app=app, name__endswith=ending)
    at: datetime | None = applied.values_list("applied", flat=True).first()
    return at


def difference() -> Difference:
    """Unknown ones are of apps that are installed: what a removed app left behind is no difference.

    A squashed migration and those it replaces are the same.
    """
    executor = MigrationExecutor(connection)
    loader = executor.loader
    plan = executor.migration_plan(loader.graph.leaf_nodes())
    missing = [f"{migration.app_label}.{migration.name}" for migration, _backwards in plan]
    replaced = {key for migration in loader.replacements.values() for key in migration.replaces}
    known = set(loader.disk_migrations) | replaced | set(loader.replacements)
    unknown = [
        f"{app}.{name}"
        for app, name in loader.applied_migrations
        if (app, name) not in known and app in loader.migrated_apps
    ]
    return Difference(tuple(missing), tuple(sorted(unknown)))
