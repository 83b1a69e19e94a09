"""A database of an earlier version, with a row in every table, becomes today's and loses nothing."""

import hmac
from collections.abc import Callable
from typing import Any

import pytest

from csat.lib.tokens import key_id
from tests.migrations.databases import Database
from tests.migrations.rows import fill

NAMES = {
    ("Survey", "told"): "announced_request",
    ("Survey", "request"): "request_number",
    ("Delivery", "request"): "request_number",
    ("Rollup", "lens"): "perspective",
}  # of columns that were renamed since
MODELS = {
    "Call": "WebhookAttempt",
    "Mark": "DirtyDay",
}  # that are called otherwise since; their tables are not


def _count_the_rollup(database: Database) -> None:
    """As the first versions did: a row of 1970 names the zone."""
    database.model("Rollup").create(day="1970-01-01", dim1="zone", key1="Europe/Berlin")


def _kept(
    rows: dict[str, list[dict[str, Any]]], then: dict[str, list[dict[str, Any]]]
) -> dict[str, list[dict[str, Any]]]:
    """Of the rows there are now what the version before knew of them."""
    return {
        model: [
            {name: now[NAMES.get((model, name), name)] for name in before}
            for before, now in zip(then[model], rows[MODELS.get(model, model)], strict=True)
        ]
        for model in then
    }  # fmt: skip


@pytest.mark.parametrize(
    ("version", "stepped"), [("0003_cells_through_lenses", True), ("0001_squashed", False)]
)
def test_rows_and_counted_days_are_kept(
    new_database: Callable[[], Database], version: str, stepped: bool
) -> None:
    database = new_database()
    database.migrate(version, step_by_step=stepped)
    fill(database)
    before = database.rows()
    assert all(before.values())
    _count_the_rollup(database)

    database.migrate()
    after = database.rows()
    assert (
        _kept(after, before) == before
    )  # so the row of 1970 is gone, the counted cells and no more marks are there
    assert [row["rollup_timezone"] for row in after["Organization"]] == ["Europe/Berlin"]
    assert {
        "0001_initial",
        "0002_reports_at_size",
        "0003_cells_through_lenses",
        "0001_squashed",
    } < database.applied()
    assert database.is_complete()


def test_from_the_very_first_version_every_day_is_counted_anew(new_database: Callable[[], Database]) -> None:
    database, fresh = new_database(), new_database()
    database.migrate("0001_initial", step_by_step=True)
    fill(database)
    before = database.rows()
    _count_the_rollup(database)
    fresh.migrate()

    database.migrate()
    after = database.rows()
    assert after.pop("Rollup") == []
    del before["Rollup"]
    assert _kept(after, before) == before
    assert [row["rollup_timezone"] for row in after["Organization"]] == [""]
    assert database.is_complete()
    assert database.applied() == fresh.applied()
    assert database.schema() ^ fresh.schema() == set()


@pytest.mark.parametrize("rotated", [False, True])
def test_a_suppression_learns_which_key_it_hangs_on(
    new_database: Callable[[], Database], settings: Any, rotated: bool
) -> None:
    """A hash alone does not tell; it is taken for the others' key where they all have the same."""
    settings.LINK_KEYS = ["new", "old"]
    database = new_database()
    database.migrate("0004_waiting_in_order")
    rows = database.model("Suppression")
    for number, key in enumerate(["old", "new" if rotated else "old"]):
        address = f"{number}@customer.example"
        digest = hmac.digest(key.encode(), f"suppression|email|{address}".encode(), "sha256").hex()
        rows.create(medium="email", digest=digest, address=address, reason="stop_word")
    rows.create(medium="email", digest="0" * 64, reason="stop_word")

    database.migrate("0005_suppression_keys")
    ids = list(database.model("Suppression").order_by("pk").values_list("key_id", flat=True))
    assert ids == (
        [key_id("old"), key_id("new"), ""] if rotated else [key_id("old"), key_id("old"), key_id("old")]
    )
