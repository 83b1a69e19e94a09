"""1,000 requests a minute for one key, however many processes answer them."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests
import time_machine
from django.conf import settings as project
from django.core.cache import cache
from django.db import connection

from csat.api import throttling
from csat.people.models import ApiKey
from tests.api.conftest import Machine, machine
from tests.serving import serving

NOW = "2026-11-22T10:00:15Z"


@pytest.fixture
def two_a_minute(settings: Any, monkeypatch: Any) -> None:
    settings.RATE_LIMITS = True
    monkeypatch.setattr(throttling.PerKey, "limit", 2)


@pytest.mark.django_db
@pytest.mark.usefixtures("two_a_minute")
class TestOneProcess:
    def test_too_many_requests_are_429_and_told_when_to_come_back(self, api: Machine) -> None:
        with time_machine.travel(NOW, tick=False) as clock:
            assert [api.get("/contacts").status_code for _ in range(2)] == [200, 200]
            clock.shift(20)
            answer = api.get("/contacts")
        assert (answer.status_code, answer.headers["Retry-After"]) == (429, "40")
        body = answer.json()
        assert (body["statusCode"], body["error"]) == (429, "Too Many Requests")
        assert isinstance(body["message"], str)

    def test_whoever_waits_as_told_is_let_in_again(self, api: Machine) -> None:
        with time_machine.travel(NOW, tick=False) as clock:
            refused = [api.get("/contacts") for _ in range(3)][-1]
            clock.shift(int(refused.headers["Retry-After"]))
            assert api.get("/contacts").status_code == 200

    def test_each_key_is_counted_by_itself(self, api: Machine) -> None:
        assert [api.get("/contacts").status_code for _ in range(3)] == [200, 200, 429]
        assert machine().get("/contacts").status_code == 200

    def test_limits_can_be_switched_off(self, api: Machine, settings: Any) -> None:
        settings.RATE_LIMITS = False
        assert [api.get("/contacts").status_code for _ in range(4)] == [200] * 4

    def test_a_cache_that_was_emptied_begins_anew(self, api: Machine) -> None:
        for _ in range(3):
            api.get("/contacts")
        cache.clear()
        assert api.get("/contacts").status_code == 200


@pytest.mark.redis
@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_two_processes_let_a_thousand_requests_through_between_them() -> None:
    if not project.REDIS_URL or connection.vendor != "postgresql":
        pytest.skip("runs with PostgreSQL and Redis only")
    key = machine("contacts:read").key
    with serving() as one, serving() as two:
        assert _knocks((one,), key, 1) == Counter({200: 1})
        _as_if_knocked(900)
        assert _knocks((one, two), key, 160) == Counter({200: 100, 429: 60})


def _as_if_knocked(times: int) -> None:
    """The minute has begun, and so many requests were counted in it."""
    pk = ApiKey.objects.get().pk
    cache.set(f"throttle:{pk}:{cache.get(f'throttle:{pk}')}", times, throttling.WINDOW)


def _knocks(bases: tuple[str, ...], key: str, times: int) -> Counter[int]:
    headers = {"Authorization": f"Bearer {key}"}

    def knock(number: int) -> int:
        base = bases[number % len(bases)]
        return requests.get(
            f"{base}/api/v1/contacts", params={"limit": 1}, headers=headers, timeout=30
        ).status_code

    with ThreadPoolExecutor(8) as pool:
        return Counter(pool.map(knock, range(times)))
