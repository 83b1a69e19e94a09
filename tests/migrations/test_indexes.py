"""An index can be added to a large table while people work, and again after an attempt that was cut off."""

from collections.abc import Callable

from django.db import migrations, models
from django.db.migrations.state import ProjectState
from django.test.utils import CaptureQueriesContext

from csat.lib.migrations import AddIndexConcurrently
from tests.migrations.databases import Database

TABLE = migrations.CreateModel(
    "Thing", [("id", models.BigAutoField(primary_key=True)), ("size", models.IntegerField())]
)
INDEX = AddIndexConcurrently("thing", models.Index(fields=["size"], name="thing_size"))


def test_an_index_is_built_beside_the_work_and_taken_away_again(new_database: Callable[[], Database]) -> None:
    connection = new_database().connection
    empty, table, indexed = ProjectState(), ProjectState(), ProjectState()
    TABLE.state_forwards("csat", table)
    for operation in (TABLE, INDEX):
        operation.state_forwards("csat", indexed)

    def indexes() -> set[str]:
        with connection.cursor() as cursor:
            return {
                name
                for name, rule in connection.introspection.get_constraints(cursor, "csat_thing").items()
                if rule["index"]
            }

    with connection.schema_editor(atomic=False) as editor:
        TABLE.database_forwards("csat", editor, empty, table)
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("CREATE INDEX thing_size ON csat_thing (id)")  # what an interrupted build leaves
    with CaptureQueriesContext(connection) as queries, connection.schema_editor(atomic=False) as editor:
        INDEX.database_forwards("csat", editor, table, indexed)
    built = [query["sql"] for query in queries if query["sql"].startswith("CREATE INDEX")]
    assert ["CONCURRENTLY" in sql for sql in built] == [connection.vendor == "postgresql"]
    assert indexes() == {"thing_size"}
    with connection.schema_editor(atomic=False) as editor:
        INDEX.database_backwards("csat", editor, indexed, table)
    assert indexes() == set()
