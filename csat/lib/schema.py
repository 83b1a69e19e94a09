"""Whether the tables are those that this version's code was written for."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.loader import MigrationLoader
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
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    missing = [f"{migration.app_label}.{migration.name}" for migration, _backwards in plan]
    return Difference(tuple(missing), _unknown(executor.loader, executor.loader.applied_migrations))


def applied() -> tuple[str, ...]:
    """The database's migrations, as app.name."""
    migrations = MigrationExecutor(connection).loader.applied_migrations
    return tuple(sorted(f"{app}.{name}" for app, name in migrations))


def unknown_among(names: Iterable[str]) -> tuple[str, ...]:
    """Those of these migrations, as app.name, that this version's code does not know."""
    loader = MigrationLoader(None)
    return _unknown(loader, [(app, name) for app, _dot, name in (full.partition(".") for full in names)])


def _unknown(loader: MigrationLoader, migrations: Iterable[tuple[str, str]]) -> tuple[str, ...]:
    replaced = {key for migration in loader.replacements.values() for key in migration.replaces}
    known = set(loader.disk_migrations) | replaced | set(loader.replacements)
    unknown = [key for key in migrations if key not in known and key[0] in loader.migrated_apps]
    return tuple(sorted(f"{app}.{name}" for app, name in unknown))
