"""By which name somebody logs in, and where they are logged in."""

from typing import Any

import pytest
from allauth.usersessions.models import UserSession
from django.contrib.auth.models import User
from django.test import Client

from csat import tasks
from csat.people import logins, roles
from csat.timeline.models import Event

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("typed", "username"),
    [
        ("sam", "sam"),
        ("sam@acme.example", "sam"),
        ("Sam@ACME.example", "sam"),
        ("nobody@acme.example", "nobody@acme.example"),
        ("@", "@"),
        (" sam@acme.example ", "sam"),
        ("sam\0@acme.example", "sam @acme.example"),  # PostgreSQL refuses to look for a NUL
        ("a\0b", "a b"),
    ],
)
def test_a_name_or_a_mail(agent_user: User, typed: str, username: str) -> None:
    assert logins.username_of(typed) == username


def test_a_mail_belongs_to_nobody_while_its_account_is_closed(agent_user: User) -> None:
    User.objects.filter(pk=agent_user.pk).update(is_active=False)
    assert logins.with_mail("sam@acme.example") is None


@pytest.mark.parametrize("mail", ["maria@acme.example", "MARIA@acme.example"])
def test_a_mail_is_one_persons(agent_user: User, manager_user: User, mail: str) -> None:
    assert logins.has_mail_of_another(agent_user, mail)
    assert not logins.has_mail_of_another(manager_user, mail)
    assert not logins.has_mail_of_another(agent_user, "")


def test_every_login_of_a_person_ends(
    agent: Client, agent_user: User, manager: Client, admin_user: User
) -> None:
    second = Client()
    second.force_login(agent_user, backend="django.contrib.auth.backends.ModelBackend")
    assert logins.end_all(agent_user, by=roles.actor_of(admin_user)) == 2
    assert [client.get("/inbox/").status_code for client in (agent, second, manager)] == [302, 302, 200]
    event = Event.objects.get(kind="audit")
    assert (event.actor_id, event.data["target"]) == (f"user:{admin_user.pk}", f"user:{agent_user.pk}")


def test_a_login_that_a_former_secret_key_signed_is_seen_and_ends(
    agent: Client, agent_user: User, settings: Any
) -> None:
    settings.SECRET_KEY_FALLBACKS, settings.SECRET_KEY = [settings.SECRET_KEY], "the next key"
    assert len(logins.of(agent_user)) == 1
    assert logins.end_all(agent_user) == 1
    assert agent.get("/inbox/").status_code == 302


def test_one_of_them_may_stay(agent: Client, agent_user: User) -> None:
    second = Client()
    second.force_login(agent_user, backend="django.contrib.auth.backends.ModelBackend")
    assert logins.end_all(agent_user, but=str(agent.session.session_key)) == 1
    assert agent.get("/inbox/").status_code == 200


def test_what_is_known_of_ended_logins_is_deleted_at_night(agent: Client, agent_user: User) -> None:
    agent.session.flush()
    assert UserSession.objects.filter(user=agent_user).exists()
    tasks.delete_old()
    assert not UserSession.objects.filter(user=agent_user).exists()
