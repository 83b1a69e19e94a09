"""Cursors, and the pages they lead to."""

from datetime import UTC, datetime

import pytest

from csat.lib import keyset
from csat.lib.keyset import Order
from csat.people.models import Contact
from tests.cursors import cursor_at
from tests.factories import make_contact

NEWEST = Order("created_at")


@pytest.mark.parametrize("oldest_first", [False, True])
@pytest.mark.parametrize("ids_first", [False, True])
@pytest.mark.django_db
def test_pages_neither_miss_nor_double_rows_of_the_same_moment(oldest_first: bool, ids_first: bool) -> None:
    made = [make_contact().pk for _ in range(5)]
    Contact.objects.update(created_at=datetime(2026, 1, 1, tzinfo=UTC))
    order, cursor, seen = Order("created_at", oldest_first), "", []
    for _ in range(3):
        rows, cursor = keyset.page(
            Contact.objects.all(), order, after=keyset.read(cursor, order), size=2, ids_first=ids_first
        )
        seen += [row.pk for row in rows]
    assert seen == (made if oldest_first else made[::-1])
    assert cursor == ""


def test_a_cursor_says_where_the_page_before_ended() -> None:
    found = keyset.read(cursor_at("created_at", "2026-01-01T01:00:00+01:00", 7), NEWEST)
    assert found == (datetime(2026, 1, 1, tzinfo=UTC), 7)


@pytest.mark.parametrize(
    "cursor",
    [
        "", "x", "é", "2026-01-01T00:00:00+00:00_1", "0001-01-01T00:00:00+23:59_1", "W1s" * 20_000,
        cursor_at("created_at", "0001-01-01T00:00:00+23:59"), cursor_at("created_at",
        "9999-12-31T23:59:59-23:59"),
        cursor_at("created_at", "2026-01-01T00:00:00"), cursor_at("updated_at", "2026-01-01T00:00:00Z"),
        cursor_at("created_at", "2026-01-01T00:00:00Z", 2**63), cursor_at("created_at",
        "2026-01-01T00:00:00Z", -1),
    ],
)  # fmt: skip
def test_what_is_not_a_cursor_of_this_order_points_nowhere(cursor: str) -> None:
    assert keyset.read(cursor, NEWEST) is None
