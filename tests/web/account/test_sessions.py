"""Where I am logged in, seen and ended."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
import time_machine
from allauth.usersessions.models import UserSession
from django.contrib.auth.models import User
from django.test import Client

from csat.people import logins
from csat.timeline.models import Event

pytestmark = [pytest.mark.django_db, pytest.mark.one_database]
PAGE, PASSWORD = "/account/sessions/", "correct horse"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    "Version/18.0 Mobile/15E148 Safari/604.1"
)


@pytest.fixture(autouse=True)
def clock() -> Iterator[Any]:
    with time_machine.travel("2026-11-22T10:00:00Z", tick=False) as clock:
        yield clock


def browser(user_agent: str, address: str, name: str = "sam") -> Client:
    client = Client(headers={"User-Agent": user_agent}, REMOTE_ADDR=address)
    assert client.post("/login/", {"username": name, "password": PASSWORD}).status_code == 302
    return client


def shown(client: Client) -> str:
    return re.sub(r"\s+", " ", client.get(PAGE).content.decode())


def is_in(client: Client) -> bool:
    return client.get("/inbox/").status_code == 200


def test_each_browser_is_listed_with_its_network_and_when_it_was_used(agent_user: User, clock: Any) -> None:
    laptop, phone = browser(FIREFOX, "192.0.2.10"), browser(IPHONE, "2001:db8::7")
    clock.shift(600)
    assert is_in(phone)
    page = shown(laptop)
    assert re.search(r"Firefox, Linux <span class=\"badge\">this browser</span>", page)
    assert "Safari, iPhone" in page
    assert "192.0.2.10 · last seen" in page
    assert "2001:db8::/64 · last seen" in page
    assert "10 min ago" in page


def test_one_is_ended(agent_user: User) -> None:
    laptop, phone = browser(FIREFOX, "192.0.2.10"), browser(IPHONE, "192.0.2.11")
    other = next(login for login in logins.of(agent_user) if login.address == "192.0.2.11")
    laptop.post(f"{PAGE}{other.pk}/end/")
    assert (is_in(laptop), is_in(phone)) == (True, False)
    assert Event.objects.filter(kind="audit").latest("id").data["what"] == "login.session_ended"


def test_all_others_are_ended(agent_user: User) -> None:
    laptop, *others = (browser(FIREFOX, f"192.0.2.{number}") for number in range(10, 13))
    assert "Log out everywhere else" in shown(laptop)
    assert "Logged out of 2 other browsers" in laptop.post(f"{PAGE}end/", follow=True).content.decode()
    assert [is_in(client) for client in (laptop, *others)] == [True, False, False]
    assert "Log out everywhere else" not in shown(laptop)


def test_nobody_ends_a_login_of_somebody_else(agent_user: User, manager_user: User) -> None:
    theirs = browser(FIREFOX, "192.0.2.20", "maria")
    mine = browser(FIREFOX, "192.0.2.10")
    mine.post(f"{PAGE}{logins.of(manager_user)[0].pk}/end/")
    mine.post(f"{PAGE}end/")
    assert is_in(theirs)


def test_a_login_of_a_former_version_is_listed_with_its_next_page(agent: Client, agent_user: User) -> None:
    session = agent.session
    del session[logins.LISTED]
    session.save()
    UserSession.objects.all().delete()
    assert logins.of(agent_user) == []
    assert is_in(agent)
    assert [login.key for login in logins.of(agent_user)] == [agent.session.session_key]


def test_what_has_ended_is_not_listed(agent_user: User, clock: Any) -> None:
    browser(FIREFOX, "192.0.2.10")
    clock.shift(3601)
    later = browser(IPHONE, "192.0.2.11")
    later.post("/logout/")
    assert logins.of(agent_user) == []
    last = browser(IPHONE, "192.0.2.12")
    assert [login.address for login in logins.of(agent_user)] == ["192.0.2.12"]
    assert is_in(last)


def test_a_page_of_the_staff_writes_nothing_of_it(agent: Client) -> None:
    """Only a login does."""
    before = list(UserSession.objects.values())
    assert is_in(agent)
    assert list(UserSession.objects.values()) == before


def test_whoever_is_not_logged_in_has_no_list(customer: Client, agent_user: User) -> None:
    assert customer.get(PAGE).headers["Location"] == f"/login/?next={PAGE}"
