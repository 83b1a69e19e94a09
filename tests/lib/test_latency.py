"""Histograms that every process adds to."""

import threading
from typing import Any

import pytest
from django.db import OperationalError

from csat.lib import latency
from csat.lib.latency import Latency

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _counted_from_zero(settings: Any) -> None:
    settings.METRICS_TOKEN = "token"
    latency._counted.clear()


def test_counts_of_several_writes_add_up() -> None:
    latency.observe("send", "email", "receipt", 0.004)
    latency.write()
    latency.observe("send", "email", "receipt", 0.3)
    latency.observe("send", "email", "receipt", 99)
    latency.write()
    [(key, buckets, total)] = latency.histograms("send")
    counts = dict(buckets)
    assert key == ("email", "receipt")
    assert (counts["0.005"], counts["0.25"], counts["0.5"], counts["10"], counts["+Inf"]) == (1, 1, 2, 2, 3)
    assert total == pytest.approx(99.304)
    assert list(latency.histograms("http")) == []


def test_a_bound_belongs_to_its_bucket() -> None:
    latency.observe("http", "inbox", "2xx", 0.25)
    latency.write()
    assert Latency.objects.get().bound == 250


def test_threads_lose_nothing() -> None:
    def many() -> None:
        for _ in range(500):
            latency.observe("webhook", "", "2xx", 0.01)

    threads = [threading.Thread(target=many) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    latency.write()
    assert sum(row.number for row in Latency.objects.all()) == 2000


def test_it_writes_now_and_then_only(monkeypatch: pytest.MonkeyPatch) -> None:
    latency.write()
    latency.observe("http", "inbox", "2xx", 0.1)
    latency.write_if_due()
    assert not Latency.objects.exists()
    monkeypatch.setattr(latency, "WRITE_EVERY", 0.0)
    latency.write_if_due()
    assert Latency.objects.get().number == 1


def test_without_a_reader_nothing_is_counted(settings: Any) -> None:
    settings.METRICS_TOKEN = ""
    latency.observe("http", "inbox", "2xx", 0.1)
    latency.write()
    assert not Latency.objects.exists()


def test_a_database_that_is_away_breaks_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    class Away:
        def cursor(self) -> None:
            raise OperationalError("away")

    monkeypatch.setattr(latency, "connection", Away())
    latency.observe("http", "inbox", "2xx", 0.1)
    latency.write()
