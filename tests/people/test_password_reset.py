"""The link by mail with which a person chooses a new password; its story is tests/web/account's."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.urls import resolve

from csat.channels import notices
from csat.channels.outbox import SandboxMessage
from csat.lib.outcomes import Retry
from csat.people import demo, password_reset

pytestmark = pytest.mark.django_db


def test_the_mail_says_who_asked_for_what_and_how_long_it_works(agent_user: User) -> None:
    password_reset.send(agent_user)
    message = SandboxMessage.objects.get()
    assert (message.to, message.subject) == ("sam@acme.example", "Reset your password")
    assert "password of sam" in message.text
    assert "The link works once, and for an hour" in message.text
    assert password_reset.link(agent_user) in message.text


def test_the_link_leads_to_the_form_of_that_person(agent_user: User, settings: Any) -> None:
    path = password_reset.link(agent_user).removeprefix(settings.SITE_URL)
    match = resolve(path)
    assert match.url_name == "account_reset_password_from_key"
    assert int(match.kwargs["uidb36"], 36) == agent_user.pk


def test_a_mail_that_cannot_go_out_breaks_nothing(agent_user: User, monkeypatch: Any) -> None:
    def fails(*_: object, **__: object) -> str:
        raise Retry("no connection")

    monkeypatch.setattr(notices, "send", fails)
    password_reset.send(agent_user)


def test_the_logins_of_the_demo_get_none_elsewhere(agent_user: User, settings: Any) -> None:
    User.objects.filter(pk=agent_user.pk).update(last_name="Okafor")
    assert demo.is_login(User.objects.get(pk=agent_user.pk))
    assert password_reset.ask("sam@acme.example")
    settings.SITE_URL = "https://csat.acme.example"
    assert not password_reset.ask("sam@acme.example")
