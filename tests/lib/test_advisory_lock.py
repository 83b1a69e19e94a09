"""One at a time, by name."""

import time

import pytest
from django.db import connection, transaction

from csat.lib import advisory_lock


def held() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()")
        return cursor.fetchone()[0]


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has one writer anyway")
def test_each_name_is_kept_once_until_the_transaction_ends() -> None:
    with transaction.atomic():
        advisory_lock.acquire(["nadia@customer.example", "+4930", "+4930"])
        assert held() == 2
    assert held() == 0


@pytest.mark.django_db
def test_no_names_ask_nothing(django_assert_num_queries) -> None:
    with django_assert_num_queries(0):
        advisory_lock.acquire([])


@pytest.mark.django_db
def test_inside_a_transaction_nobody_waits_for_others(monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []
    monkeypatch.setattr(time, "sleep", slept.append)
    advisory_lock.yield_to_others()
    assert slept == []


@pytest.mark.django_db(transaction=True)
def test_between_transactions_sqlite_lets_others_write(monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []
    monkeypatch.setattr(time, "sleep", slept.append)
    advisory_lock.yield_to_others()
    assert bool(slept) == (connection.vendor == "sqlite")
