import time

import time_machine
from django.test import RequestFactory

from csat.lib.tokens import digest
from csat.web import rate_limits


def knock(times, who="ana"):
    return [rate_limits.seconds_to_wait("test", who, per_minute=3) for _ in range(times)]


def test_the_fourth_knock_in_a_minute_waits_for_the_next():
    with time_machine.travel("2026-11-22T10:00:15Z", tick=False):
        assert knock(4) == [0, 0, 0, 45]
        assert knock(1, who="li") == [0]
    with time_machine.travel("2026-11-22T10:01:00Z", tick=False):
        assert knock(1) == [0]


def test_limits_can_be_switched_off(settings):
    settings.RATE_LIMITS = False
    assert knock(10) == [0] * 10


class TestPosts:
    def post(self, token, address="192.0.2.7"):
        return rate_limits.check_post("rate", RequestFactory().post("/", REMOTE_ADDR=address), token)

    def test_whoever_invents_tokens_makes_no_more_counters_once_the_address_waits(self, monkeypatch):
        monkeypatch.setattr(rate_limits, "PER_ADDRESS", 3)
        with time_machine.travel("2026-11-22T10:00:00Z", tick=False):
            assert [bool(self.post(f"guess{n}")) for n in range(5)] == [False] * 3 + [True] * 2
            assert rate_limits.count(f"limit:rate:{digest('guess3')}:{int(time.time()) // 60}", 60) == 1

    def test_the_addresses_of_one_ipv6_network_wait_together(self, monkeypatch):
        monkeypatch.setattr(rate_limits, "PER_ADDRESS", 3)
        with time_machine.travel("2026-11-22T10:00:00Z", tick=False):
            waits = [self.post(f"guess{n}", f"2001:db8::{n}") for n in range(4)]
            assert [bool(seconds) for seconds in waits] == [False] * 3 + [True]
            assert not self.post("guess", "2001:db8:0:1::1")
