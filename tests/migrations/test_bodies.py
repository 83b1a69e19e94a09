"""The version that moves bodies out of their rows: none is lost, and nothing goes that did not go before."""

from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone

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
    database.migrate("0016_files")
    fill(database)
    database.model("CsatSettings").all().delete()
    database.model("CsatSettings").create(pk=1)
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


def test_the_version_before_still_writes_what_it_knows(database: Database) -> None:
    """Its models have none of the new columns: the database fills them."""
    columns = {model: database.model(model).model for model in ("Session", "CsatSettings", "WebhookAttempt")}
    old = database.model("Session").first()
    attempt = database.model("WebhookAttempt").first()
    database.migrate()
    session = (
        columns["Session"]
        ._default_manager.using(database.alias)
        .create(contact_id=old.contact_id, channel="email", last_activity_at=timezone.now())
    )
    made = (
        columns["WebhookAttempt"]
        ._default_manager.using(database.alias)
        .create(endpoint_id=attempt.endpoint_id, type="t", body="whole")
    )
    assert database.model("Session").get(pk=session.pk).words_expired_at is None
    assert database.model("WebhookAttempt").get(pk=made.pk).body == "whole"
