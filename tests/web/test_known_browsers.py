"""The mark of a browser in which somebody was logged in: what strangers try does not slow it."""

from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory

from csat.web import known_browsers

pytestmark = pytest.mark.django_db


def browser(*people: User) -> HttpRequest:
    """A browser in which these were logged in, one after the other."""
    request = RequestFactory().get("/")
    for user in people:
        response = HttpResponse()
        known_browsers.remember(request, response, user)
        request.COOKIES = {name: cookie.value for name, cookie in response.cookies.items()}
    return request


def test_it_is_known_for_whoever_was_there(agent_user: User, manager_user: User) -> None:
    request = browser(agent_user, manager_user)
    assert [known_browsers.is_known(request, name) for name in ("sam", "maria", "ada")] == [True, True, False]


def test_it_remembers_the_last_five(agent_user: User) -> None:
    people = [User(username=f"person{number}") for number in range(6)]
    request = browser(*people)
    known = [known_browsers.is_known(request, user.username) for user in people]
    assert known == [False, True, True, True, True, True]


def test_it_forgets_in_half_a_year(agent_user: User) -> None:
    with time_machine.travel("2026-11-22T10:00:00Z", tick=False) as clock:
        request = browser(agent_user)
        clock.shift(180 * 86400)
        assert known_browsers.is_known(request, "sam")
        clock.shift(1)
        assert not known_browsers.is_known(request, "sam")


@pytest.mark.parametrize("value", ["", "nonsense", "WyJzYW0iXQ:1rXxXx:abc"])
def test_what_was_not_made_here_is_no_mark(value: str) -> None:
    request = RequestFactory().get("/")
    request.COOKIES = {known_browsers.COOKIE: value}
    assert not known_browsers.is_known(request, "sam")


def test_no_script_no_neighbour_and_nobody_on_the_way_has_the_cookie(agent_user: User, settings: Any) -> None:
    settings.HTTPS = settings.SESSION_COOKIE_SECURE = True
    response = HttpResponse()
    known_browsers.remember(RequestFactory().get("/"), response, agent_user)
    cookie = response.cookies["__Host-known_browser"]
    assert (cookie["secure"], cookie["httponly"], cookie["samesite"]) == (True, True, "Lax")
    assert (cookie["path"], cookie["domain"]) == ("/", "")


def test_it_opens_nothing(agent_user: User, customer: Client) -> None:
    customer.post("/login/", {"username": "sam", "password": "correct horse"})
    mark = customer.cookies[known_browsers.COOKIE].value
    other = Client()
    other.cookies[known_browsers.COOKIE] = mark
    assert other.get("/inbox/").status_code == 302
