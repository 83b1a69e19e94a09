"""The newest migration of ours, for tests that take it away again."""

from django.db import connection
from django.db.migrations.loader import MigrationLoader


def newest_migration() -> str:
    """Its name, such as `0016_files`."""
    [(_app, name)] = MigrationLoader(connection).graph.leaf_nodes("csat")
    return name
