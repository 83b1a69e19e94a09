import pytest
import time_machine
from django.test import RequestFactory

from csat.web.customer import limits


def knock(times, who="ana"):
    return [limits.wait("test", who, per_minute=3) for _ in range(times)]


def test_the_fourth_knock_in_a_minute_waits_for_the_next():
    with time_machine.travel("2026-11-22T10:00:15Z", tick=False):
        assert knock(4) == [0, 0, 0, 45]
        assert knock(1, who="li") == [0]
    with time_machine.travel("2026-11-22T10:01:00Z", tick=False):
        assert knock(1) == [0]


def test_limits_can_be_switched_off(settings):
    settings.RATE_LIMITS = False
    assert knock(10) == [0] * 10


@pytest.mark.parametrize(
    ("proxies", "forwarded", "who"),
    [
        (0, "6.6.6.6", "127.0.0.1"),  # nobody we trust: the header is the client's own invention
        (1, "6.6.6.6, 1.2.3.4", "1.2.3.4"),
        (2, "6.6.6.6, 1.2.3.4, 10.0.0.1", "1.2.3.4"),
        (1, "", "127.0.0.1"),
    ],
)
def test_the_address_is_the_one_a_trusted_proxy_saw(settings, proxies, forwarded, who):
    settings.TRUSTED_PROXIES = proxies
    assert limits.address(RequestFactory().get("/", headers={"X-Forwarded-For": forwarded})) == who
