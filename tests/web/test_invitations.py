"""The page behind the link of an invitation."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from csat.people import invitations, roles
from csat.people.models import Organization, Team

pytestmark = pytest.mark.django_db
PASSWORD = "battery-staple-9"


@pytest.fixture
def sent(admin_user: User) -> invitations.Sent:
    care = Team.objects.create(name="Care")
    return invitations.invite(
        name="Nora Patel",
        email="nora@acme.example",
        role="agent",
        teams=[care],
        by=admin_user,
        organisation="Acme",
    )


def path_of(sent: invitations.Sent) -> str:
    return sent.url.partition("//")[2].partition("/")[2].join(("/", ""))


def accept(client: Client, sent: invitations.Sent, **values: str) -> Any:
    typed = {"name": "Nora Patel", "username": "nora", "password": PASSWORD, "again": PASSWORD}
    return client.post(path_of(sent), typed | values)


def test_the_page_says_who_invites_to_what_and_proposes(customer: Client, sent: invitations.Sent) -> None:
    answer = customer.get(path_of(sent))
    page = answer.content.decode()
    assert answer.status_code == 200
    for words in ("Ada invites you as: Agent.", "Your teams: Care.", 'value="nora"', 'value="Nora Patel"'):
        assert words in page
    assert answer.headers["Referrer-Policy"] == "same-origin"  # the link is told to no other site
    assert "no-store" in answer.headers["Cache-Control"]


def test_whoever_accepts_is_in_and_welcomed(customer: Client, sent: invitations.Sent) -> None:
    answer = accept(customer, sent)
    assert (answer.status_code, answer.headers["Location"]) == (302, "/")
    page = customer.get("/", follow=True)
    assert page.redirect_chain == [("/inbox/", 302)]
    assert "Welcome, Nora Patel." in page.content.decode()
    assert roles.role_of(User.objects.get(username="nora")) == "agent"
    assert Client().login(username="nora", password=PASSWORD)


def test_whose_role_needs_a_second_factor_sets_one_up_first(customer: Client, sent: invitations.Sent) -> None:
    Organization.current().change(second_factor_roles=["agent"])
    accept(customer, sent)
    page = customer.get("/", follow=True)
    assert page.redirect_chain[-1][0].startswith("/account/second-factor/")
    assert customer.get("/inbox/").status_code == 302


def test_unknown_used_old_and_revoked_links_show_one_and_the_same_page(
    customer: Client, sent: invitations.Sent, admin_user: User
) -> None:
    def closed(path: str) -> tuple[int, str]:
        answers = [Client().get(path), Client().post(path, {"username": "x"})]
        assert {answer.status_code for answer in answers} == {404}
        bodies = {re.sub(r'"X-CSRFToken": "[^"]*"', "", answer.content.decode()) for answer in answers}
        assert len(bodies) == 1
        return 404, bodies.pop()

    unknown = closed("/invite/nonsense/")
    assert "This invitation is not open" in unknown[1]
    sent.invitation.change(expires_at=timezone.now() - timedelta(seconds=1))
    assert closed(path_of(sent)) == unknown
    again = invitations.resend(sent.invitation, by=admin_user, organisation="Acme")
    assert closed(path_of(sent)) == unknown
    accept(customer, again)
    assert closed(path_of(again)) == unknown
    other = invitations.invite(
        name="", email="o@acme.example", role="agent", teams=[], by=admin_user, organisation="Acme"
    )
    invitations.revoke(other.invitation, by=admin_user)
    assert closed(path_of(other)) == unknown


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"again": "something else 9"}, "again"),
        ({"password": "short", "again": "short"}, "password"),
        ({"password": "", "again": ""}, "password"),
        ({"username": "ADA"}, "username"),
        ({"username": ""}, "username"),
        ({"name": ""}, "name"),
    ],
)
def test_what_cannot_be_used_is_named_and_stays_typed(
    customer: Client, sent: invitations.Sent, values: dict[str, str], field: str
) -> None:
    answer = accept(customer, sent, **values)
    page = answer.content.decode()
    assert answer.status_code == 422
    described = 'id="password-help"' if field == "password" else f'id="{field}-error"'
    assert described in page
    assert 'class="error"' in page
    if field != "username":
        assert 'value="nora"' in page
    assert PASSWORD not in page
    assert not User.objects.filter(email="nora@acme.example").exists()
    assert accept(customer, sent).status_code == 302


def test_somebody_who_is_logged_in_as_another_is_told(agent: Client, sent: invitations.Sent) -> None:
    assert "You are logged in as sam" in agent.get(path_of(sent)).content.decode()
    accept(agent, sent)
    assert 'data-user="' + str(User.objects.get(username="nora").pk) in agent.get("/inbox/").content.decode()


def test_guessing_is_slowed(customer: Client, settings: Any, time_machine: Any) -> None:
    time_machine.move_to("2026-11-22T08:00:00Z", tick=False)  # the counters are of a minute
    settings.RATE_LIMITS = True
    answers = [customer.post("/invite/nonsense/").status_code for _ in range(31)]
    assert set(answers[:30]) == {404}
    slowed = customer.post("/invite/nonsense/")
    assert slowed.status_code == 429
    assert int(slowed.headers["Retry-After"]) > 0


def test_the_form_of_the_page_is_what_it_takes(customer: Client, sent: invitations.Sent) -> None:
    answer = customer.get(path_of(sent))
    assert "<form" in answer.content.decode()
    enforcing = Client(enforce_csrf_checks=True)
    assert accept(enforcing, sent).status_code == 403
    assert not User.objects.filter(username="nora").exists()


def test_without_passwords_there_is_no_form_for_one(
    customer: Client, sent: invitations.Sent, settings: Any
) -> None:
    settings.PASSWORD_LOGIN = False
    assert 'type="password"' not in customer.get(path_of(sent)).content.decode()
    assert accept(customer, sent).status_code == 422
    assert not User.objects.filter(username="nora").exists()
