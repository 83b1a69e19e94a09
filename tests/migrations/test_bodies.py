"""The version that moves bodies out of their rows: none is lost, and nothing goes that did not go before."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.migrations.databases import Database
from tests.migrations.rows import fill

BODIES = {
    "WebhookAttempt": ("body", "attempts"),
    "InboundEvent": ("body", "headers"),
    "Step": ("input", "output"),
}


@pytest.fixture
def database(new_database: Callable[[], Database]) -> Database:
    """Of the version before, with a row in every table."""
    database = new_database()
    database.migrate("0001_squashed")
    fill(database)
    database.migrate("0016_files")
    desk = database.model("Connection").create(kind="generic", name="Desk", digest="d")
    database.model("InboundEvent").create(
        connection=desk, key="k", body="whole", headers={"x": 1}, next_try=None, outcome="applied"
    )
    return database


def _bodies(database: Database) -> dict[str, list[Any]]:
    return {
        model: list(database.model(model).order_by("pk").values_list(*names))
        for model, names in BODIES.items()
    }


def test_bodies_stand_where_they_stood_for_the_version_that_still_runs(database: Database) -> None:
    before = _bodies(database)
    assert all(before.values())
    database.migrate()
    assert _bodies(database) == before
    for name in ("WebhookBody", "InboundBody", "StepBody"):
        assert not database.model(name).exists()
    assert {run.bodies for run in database.model("Run").all()} == {""}
    assert {session.words_expired_at for session in database.model("Session").all()} == {None}


def test_an_existing_installation_goes_on_with_what_always_went_and_has_the_rest_off(
    database: Database,
) -> None:
    database.migrate()
    assert database.model("CsatSettings").get().retention == {"inbound_bodies": 7, "exports": 7}
