"""A login ends after a day's work, and when nobody is there; a page that asks by itself is nobody."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from csat.people import demo
from csat.people.models import Profile

pytestmark = pytest.mark.django_db
MINUTE, HOUR = 60, 3600


@pytest.fixture(autouse=True)
def clock() -> Iterator[Any]:
    with time_machine.travel("2026-11-22T08:00:00Z", tick=False) as clock:
        yield clock


def is_in(client: Client, **headers: str) -> bool:
    return client.get("/inbox/", headers=headers).status_code == 200


def test_an_hour_without_anybody_ends_it(agent: Client, clock: Any) -> None:
    clock.shift(59 * MINUTE)
    assert is_in(agent)
    clock.shift(59 * MINUTE)
    assert is_in(agent)
    clock.shift(61 * MINUTE)
    assert not is_in(agent)
    assert not is_in(agent)


def test_polls_of_a_page_keep_nobody_in(agent: Client, clock: Any) -> None:
    for _ in range(6):
        clock.shift(10 * MINUTE)
        assert is_in(agent, **{"X-Poll": "1"})
    clock.shift(MINUTE)
    assert not is_in(agent, **{"X-Poll": "1"})


def test_after_twelve_hours_it_ends_whoever_is_there(agent: Client, clock: Any) -> None:
    for _ in range(24):
        clock.shift(30 * MINUTE)
        assert is_in(agent)
    clock.shift(MINUTE)
    assert not is_in(agent)


def test_a_new_login_begins_anew(agent: Client, agent_user: User, clock: Any) -> None:
    clock.shift(11 * HOUR)
    agent.force_login(agent_user, backend="django.contrib.auth.backends.ModelBackend")
    clock.shift(MINUTE)
    for _ in range(22):
        clock.shift(30 * MINUTE)
        assert is_in(agent)


def test_both_are_settings(agent: Client, clock: Any, settings: Any) -> None:
    settings.SESSION_IDLE_MINUTES, settings.SESSION_HOURS = 5, 1
    clock.shift(6 * MINUTE)
    assert not is_in(agent)


def test_a_login_of_a_former_version_is_counted_from_now(agent: Client, clock: Any) -> None:
    session = agent.session
    del session["login_began"], session["login_seen"]
    session.save()
    clock.shift(2 * HOUR)
    assert is_in(agent)
    clock.shift(61 * MINUTE)
    assert not is_in(agent)


def test_a_session_is_written_once_a_minute_at_most(
    agent: Client, clock: Any, django_assert_max_num_queries: Any
) -> None:
    is_in(agent)
    before = agent.session["login_seen"]
    clock.shift(59)
    is_in(agent)
    assert agent.session["login_seen"] == before
    clock.shift(1)
    is_in(agent)
    assert agent.session["login_seen"] == before + 60


def test_a_login_of_the_demo_ends_where_the_site_goes_live(
    agent: Client, agent_user: User, settings: Any
) -> None:
    agent_user.last_name = "Okafor"
    agent_user.save()
    assert demo.is_login(agent_user)
    agent.force_login(agent_user, backend="django.contrib.auth.backends.ModelBackend")
    assert is_in(agent)
    settings.SITE_URL = "https://csat.acme.example"
    assert not is_in(agent)


def test_who_was_seen_is_noted_at_most_once_a_minute(agent: Client, agent_user: User, clock: Any) -> None:
    def seen() -> Any:
        return Profile.objects.get(user=agent_user).last_seen_at

    began = seen()
    clock.shift(59)
    is_in(agent)
    assert seen() == began
    clock.shift(2)
    is_in(agent, **{"X-Poll": "1"})
    assert seen() == began
    is_in(agent)
    assert seen() == began + timedelta(seconds=61)


def test_pages_within_the_minute_ask_the_profile_once_who_sees_what(agent: Client, clock: Any) -> None:
    with CaptureQueriesContext(connection) as queries:
        is_in(agent)
    (query,) = [query["sql"] for query in queries if "csat_profile" in query["sql"]]
    assert query.startswith("SELECT")
