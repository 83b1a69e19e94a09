"""Without its Redis the application goes on."""

import pickle
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.cache import cache, caches
from django.core.cache.backends.base import BaseCache
from django.test import Client, override_settings

from csat.lib.cache import FaultTolerantCache, JsonSerializer
from tests.api.conftest import machine
from tests.lib.test_queue_packages import Command


@pytest.fixture(params=["nobody there", "silence"])
def away(request: pytest.FixtureRequest) -> Iterator[BaseCache]:
    """A Redis that refuses, or takes every connection and says nothing."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        if request.param == "silence":
            server.listen(50)
        cache = {
            "BACKEND": "csat.lib.cache.FaultTolerantCache",
            "LOCATION": f"redis://127.0.0.1:{server.getsockname()[1]}",
        }
        patience = {"socket_connect_timeout": 0.1, "socket_timeout": 0.1}
        with override_settings(CACHES={"default": {**cache, "OPTIONS": patience}}):
            yield caches["default"]


def test_nothing_is_known_and_nothing_kept(away: BaseCache) -> None:
    away.set("a", 1, 60)
    assert (away.get("a"), away.get("a", 7), away.add("a", 1), away.incr("a"), away.delete("a")) == (
        None,
        7,
        True,
        1,
        False,
    )


@pytest.mark.django_db
@pytest.mark.usefixtures("away")
def test_machines_are_served_uncounted() -> None:
    assert machine().get("/contacts").status_code == 200


def test_it_is_said_but_not_at_every_call(
    away: BaseCache, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(FaultTolerantCache, "said_at", float("-inf"))
    for _ in range(3):
        away.get("a")
    assert [record.message for record in caplog.records if "Redis" in record.message] == [caplog.messages[0]]


class TestJson:
    @pytest.mark.parametrize("value", [0, 7, -3, 1.5, True, None, "text", [["sent"], 4], {"a": 1}])
    def test_what_is_kept_comes_back(self, value: object) -> None:
        kept = JsonSerializer().dumps(value)
        assert JsonSerializer().loads(kept if isinstance(kept, bytes) else str(kept).encode()) == value

    def test_numbers_stay_numbers_for_redis_to_count(self) -> None:
        assert JsonSerializer().dumps(7) == 7

    @pytest.mark.parametrize("data", [b"", b"{", b"\x80\x04N.", b"[" * 100_000, b"\xff"])
    def test_what_cannot_be_read_is_not_there(self, data: bytes) -> None:
        assert JsonSerializer().loads(data) is None

    def test_no_pickle_runs(self, tmp_path: Path) -> None:
        trace = tmp_path / "ran"
        assert JsonSerializer().loads(pickle.dumps(Command(trace))) is None
        assert not trace.exists()

    @pytest.mark.redis
    def test_one_client_asks_everything(self) -> None:
        one = cache._cache.get_client("a")  # type: ignore[attr-defined]
        assert one is cache._cache.get_client("b", write=True)  # type: ignore[attr-defined]
        assert (cache.add("n", 1), cache.incr("n"), cache.get("n")) == (True, 2, 2)

    @pytest.mark.redis
    @pytest.mark.django_db
    def test_a_pickle_in_redis_runs_nothing(self, client: Client, tmp_path: Path) -> None:
        """python-socketio's CVE-2025-61765: a pickle in Redis was a command in every process."""
        trace = tmp_path / "ran"
        redis = cache._cache.get_client(None, write=True)  # type: ignore[attr-defined]
        redis.set(cache.make_key("migrated"), pickle.dumps(Command(trace)))
        assert client.get("/health/ready").status_code in (200, 503)
        assert not trace.exists()
