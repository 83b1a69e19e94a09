"""Guessing passwords gets slow, and never keeps the owner of a name out."""

from urllib.parse import urlencode

import pytest
import time_machine
from django.contrib.auth.models import User
from django.core import signing
from django.core.cache import cache
from django.test import Client
from django.test.client import RequestFactory

from csat.web import known_browsers, login_attempts
from csat.web.login_attempts import Attempt

pytestmark = [pytest.mark.django_db, pytest.mark.one_database]
PASSWORD = "correct horse"
STRANGER, OWNER = "198.51.100.66", "192.0.2.10"


@pytest.fixture(autouse=True)
def _no_redis(settings) -> None:
    """Whose clock cannot be moved."""
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
    cache.clear()


@pytest.fixture(autouse=True)
def clock(_no_redis: None):
    with time_machine.travel("2026-11-22T10:00:00Z", tick=False) as clock:
        yield clock


def headers(address: str, proxies: int) -> dict[str, str]:
    """What the server sees of a client behind so many proxies that it trusts."""
    if not proxies:
        return {"REMOTE_ADDR": address}
    inner = ["10.0.0.1"] * (proxies - 1)
    return {"REMOTE_ADDR": "10.0.0.9", "HTTP_X_FORWARDED_FOR": ", ".join(["6.6.6.6", address, *inner])}


def log_in(name: str = "sam", password: str = "wrong", *, address: str = STRANGER, proxies: int = 0) -> int:
    form = {"username": name, "password": password}
    return Client().post("/login/", form, **headers(address, proxies)).status_code


@pytest.mark.parametrize("proxies", [0, 1, 2])
def test_whatever_a_stranger_tries_the_owner_gets_in_from_another_address(
    agent_user: User, settings, proxies: int
) -> None:
    """StuMason/polar-flow-server#51, danbyte-net/danbyte#226: behind a proxy one stranger locked out all."""
    settings.TRUSTED_PROXIES = proxies
    for name in ["sam"] * 40 + ["maria"] * 40:
        log_in(name, proxies=proxies)
    assert log_in(password=PASSWORD, proxies=proxies) == 429
    assert log_in(password=PASSWORD, address=OWNER, proxies=proxies) == 302


@pytest.mark.parametrize("proxies", [0, 1, 2])
def test_a_header_that_the_client_invents_is_no_new_address(agent_user: User, settings, proxies: int) -> None:
    """marceld23/BlocksBeyondTheStars#418: a random X-Forwarded-For with each request had no limit."""
    settings.TRUSTED_PROXIES = proxies
    for number in range(5):
        invented = headers(STRANGER, proxies)
        chain = f"203.0.113.{number}, {invented.get('HTTP_X_FORWARDED_FOR', '')}".strip(", ")
        form = {"username": "sam", "password": "wrong"}
        assert Client().post("/login/", form, **invented | {"HTTP_X_FORWARDED_FOR": chain}).status_code == 200
    assert log_in(proxies=proxies) == 429


def test_each_wrong_password_doubles_the_wait(agent_user: User, clock) -> None:
    assert [log_in() for _ in range(6)] == [200] * 5 + [429]
    for wait in (1, 2, 4, 8):
        assert log_in() == 429
        clock.shift(wait)
        assert log_in() == 200


def test_a_day_is_too_short_to_guess_one_name(agent_user: User, clock) -> None:
    hours, tried = 6, 0
    for _ in range(hours * 60):
        clock.shift(60)
        tried += log_in() == 200
    assert tried < hours * 30


@pytest.mark.parametrize("spelling", ["SAM", " sam ", "ｓam", "ſam"])
def test_another_spelling_is_the_same_name(agent_user: User, spelling: str) -> None:
    for _ in range(5):
        log_in(spelling)
    assert log_in("sam", PASSWORD) == 429


def test_one_address_cannot_try_every_name_and_waits_at_most_a_minute(agent_user: User, clock) -> None:
    assert [log_in(f"name{number}") for number in range(21)] == [200] * 20 + [429]
    for number in range(40):
        clock.shift(60)
        assert log_in(f"other{number}") == 200


def test_an_office_that_logs_in_every_morning_behind_one_address_does_not_wait(agent_user: User) -> None:
    assert {log_in(password=PASSWORD) for _ in range(60)} == {302}


def test_after_the_right_password_a_name_begins_anew(agent_user: User) -> None:
    for _ in range(4):
        log_in()
    assert log_in(password=PASSWORD) == 302
    assert [log_in() for _ in range(5)] == [200] * 5


def test_the_addresses_of_one_ipv6_network_wait_together(agent_user: User) -> None:
    """rustdesk/rustdesk#13070, nextcloud/server#27302."""
    assert [log_in(address=f"2001:db8::{number}") for number in range(6)] == [200] * 5 + [429]
    assert log_in(password=PASSWORD, address="2001:db8:0:1::1") == 302


@pytest.mark.parametrize(("proxies", "names"), [(0, 1000), (1, 100), (2, 100)])
def test_a_thousand_names_from_one_address_are_slowed(
    agent_user: User, settings, proxies: int, names: int
) -> None:
    settings.TRUSTED_PROXIES = proxies
    tried = sum(log_in(f"name{number}", proxies=proxies) == 200 for number in range(names))
    assert tried == 20
    assert log_in(password=PASSWORD, address=OWNER, proxies=proxies) == 302


@pytest.mark.parametrize("proxies", [0, 1, 2])
def test_eight_wrong_passwords_from_one_address_lock_nobody_else(
    agent_user: User, manager_user: User, settings, proxies: int
) -> None:
    settings.TRUSTED_PROXIES = proxies
    for _ in range(8):
        log_in(proxies=proxies)
    assert log_in("maria", PASSWORD, proxies=proxies) == 302
    assert log_in("sam", PASSWORD, address=OWNER, proxies=proxies) == 302


def strangers_try(name: str, attempts: int) -> list[int]:
    """Each from an address of its own."""
    return [log_in(name, address=f"198.51.{number // 250}.{number % 250}") for number in range(attempts)]


def test_many_addresses_that_try_one_name_wait_for_each_other(agent_user: User, clock) -> None:
    assert strangers_try("sam", 60) == [200] * 50 + [429] * 10
    tried = 0
    for minute in range(60):
        clock.shift(60)
        tried += log_in(address=f"203.0.113.{minute}") == 200
    assert tried == 60


def test_whom_they_try_gets_in_from_every_browser_used_before(agent_user: User) -> None:
    browser = Client()
    form = {"username": "sam", "password": PASSWORD}
    assert browser.post("/login/", form, **headers(OWNER, 0)).status_code == 302
    browser.post("/logout/", **headers(OWNER, 0))
    strangers_try("sam", 60)
    assert log_in(password=PASSWORD, address=OWNER) == 429
    assert browser.post("/login/", form, **headers("192.0.2.99", 0)).status_code == 302


def test_such_a_browser_is_known_for_its_own_people_alone(agent_user: User, manager_user: User) -> None:
    browser = Client()
    browser.post("/login/", {"username": "maria", "password": PASSWORD}, **headers(OWNER, 0))
    browser.post("/logout/", **headers(OWNER, 0))
    strangers_try("sam", 60)
    answer = browser.post("/login/", {"username": "sam", "password": PASSWORD}, **headers(OWNER, 0))
    assert answer.status_code == 429


def test_an_invented_mark_of_a_known_browser_is_none(agent_user: User) -> None:
    strangers_try("sam", 60)
    browser = Client()
    browser.cookies[known_browsers.COOKIE] = signing.dumps([known_browsers._mark("sam")], salt="another")
    form = {"username": "sam", "password": PASSWORD}
    assert browser.post("/login/", form, **headers(OWNER, 0)).status_code == 429


def test_whoever_asks_for_links_by_mail_again_and_again_waits(agent_user: User) -> None:
    ask = [
        Client().post("/account/password/reset/", {"email": "sam@acme.example"}, **headers(STRANGER, 0))
        for _ in range(6)
    ]
    assert [answer.status_code for answer in ask] == [302] * 5 + [429]
    assert log_in(password=PASSWORD) == 302


def test_limits_can_be_switched_off(agent_user: User, settings) -> None:
    settings.RATE_LIMITS = False
    assert {log_in() for _ in range(30)} == {200}


def test_two_at_once_do_not_take_the_same_turn() -> None:
    request = RequestFactory().post("/login/")
    for _ in range(4):
        login_attempts.begin(request, "sam")
    of_the_name = next(iter(login_attempts._limits(request, "sam", Attempt.LOGIN).items()))
    assert [bool(login_attempts._take_turn(*of_the_name)) for _ in range(2)] == [False, True]


def test_the_log_tells_who_and_from_where_but_no_password_typed_as_a_name(
    agent_user: User, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    log_in("hunter2")
    log_in("sam")
    log_in("sam", PASSWORD)
    said = "\n".join(str(record.msg) for record in caplog.records)
    assert "hunter2" not in said
    assert "'username': 'unknown'" in said
    assert said.count("'username': 'sam'") == 2
    assert STRANGER in said


@pytest.mark.parametrize(
    ("address", "field"),
    [("/login/", "username"), ("/account/password/reset/", "email")],
)
@pytest.mark.parametrize("typed", ["a\0b", "a\0@b.c", "\0", "a\ud800@b.c"])
def test_what_a_database_refuses_to_look_for_is_a_wrong_name(
    agent_user: User, address: str, field: str, typed: str
) -> None:
    form = {field: typed.encode("utf-8", "surrogatepass"), "password": "wrong"}
    body = urlencode(form)
    answer = Client().post(address, body, content_type="application/x-www-form-urlencoded")
    assert answer.status_code in (200, 302)
