"""A new database is made in one step, and is the same as one that came all the way."""

from collections.abc import Callable

from tests.migrations.databases import Database


def test_the_squashed_migration_makes_what_the_three_before_it_made(
    new_database: Callable[[], Database],
) -> None:
    squashed, stepped = new_database(), new_database()
    squashed.migrate("0001_squashed")
    stepped.migrate("0003_cells_through_lenses", step_by_step=True)
    assert len(squashed.schema()) > 400
    assert squashed.schema() ^ stepped.schema() == set()
    assert squashed.applied() == stepped.applied() | {"0001_squashed"}

    with squashed.connection.cursor() as cursor:  # and what differs would be seen
        cursor.execute("ALTER TABLE csat_team ADD COLUMN colour varchar(7)")
        cursor.execute("DROP INDEX answer_low")
    assert {table for table, *_rest in squashed.schema() ^ stepped.schema()} == {"csat_team", "csat_answer"}
