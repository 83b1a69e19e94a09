"""Without its Redis the application goes on."""

import socket
from collections.abc import Iterator

import pytest
from django.core.cache import caches
from django.core.cache.backends.base import BaseCache
from django.test import override_settings

from csat.lib.caching import Forgiving
from tests.api.conftest import machine


@pytest.fixture(params=["nobody there", "silence"])
def away(request: pytest.FixtureRequest) -> Iterator[BaseCache]:
    """A Redis that refuses, or takes every connection and says nothing."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        if request.param == "silence":
            server.listen(50)
        cache = {"BACKEND": "csat.lib.caching.Forgiving", "LOCATION": f"redis://127.0.0.1:{server.getsockname()[1]}"}
        patience = {"socket_connect_timeout": 0.1, "socket_timeout": 0.1}
        with override_settings(CACHES={"default": {**cache, "OPTIONS": patience}}):
            yield caches["default"]


def test_nothing_is_known_and_nothing_kept(away: BaseCache) -> None:
    away.set("a", 1, 60)
    assert (away.get("a"), away.get("a", 7), away.add("a", 1), away.incr("a"), away.delete("a")) == (None, 7, True, 1, False)


@pytest.mark.django_db
@pytest.mark.usefixtures("away")
def test_machines_are_served_uncounted() -> None:
    assert machine().get("/contacts").status_code == 200


def test_it_is_said_but_not_at_every_call(away: BaseCache, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    monkeypatch.setattr(Forgiving, "said_at", float("-inf"))
    for _ in range(3):
        away.get("a")
    assert [record.message for record in caplog.records if "Redis" in record.message] == [caplog.messages[0]]
