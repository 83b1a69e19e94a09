"""A forgotten password: asked for by mail, chosen once, and every login ends."""

import re
from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import User
from django.test import Client

from csat import tasks
from csat.channels.outbox import SandboxMessage
from csat.people import password_reset
from csat.timeline.models import Event
from tests.web.account.codes import set_up

pytestmark = [pytest.mark.django_db, pytest.mark.one_database]
ASK, NEW = "/account/password/reset/", "a new horse and a half"


def ask(client: Client, email: str = "sam@acme.example") -> str:
    """The page after it."""
    page = client.post(ASK, {"email": email}, follow=True).content.decode()
    return re.sub('"X-CSRFToken": "[^"]+"', "", page)


def mailed_link(user: User) -> str:
    """As the worker mails it; without the site."""
    tasks.send_password_link(user.pk)
    text = SandboxMessage.objects.latest("id").text
    found = re.search(r"http://\S+?(/account/\S+)", text)
    assert found, text
    return found[1]


def choose(client: Client, link: str, password: str = NEW) -> Any:
    form = client.get(link, follow=True)
    address = form.redirect_chain[-1][0] if form.redirect_chain else link
    return client.post(address, {"password1": password, "password2": password}, follow=True)


def test_the_whole_story(customer: Client, agent_user: User) -> None:
    assert "a link is on its way" in ask(customer)
    page = choose(customer, mailed_link(agent_user)).content.decode()
    assert "Your new password is saved" in page
    assert customer.post("/login/", {"username": "sam", "password": NEW}).status_code == 302
    assert [entry.data["what"] for entry in Event.objects.filter(kind="audit").order_by("id")] == [
        "password.reset_asked",
        "password.reset",
        "login.succeeded",
    ]


def test_a_new_password_does_not_go_round_the_second_factor(
    customer: Client, agent: Client, agent_user: User
) -> None:
    set_up(agent)
    choose(customer, mailed_link(agent_user))
    answer = customer.post("/login/", {"username": "sam", "password": NEW})
    assert answer.headers["Location"] == "/account/second-factor/code/"
    assert customer.get("/inbox/").status_code == 302


def test_nobody_learns_whose_mail_it_is(customer: Client, agent_user: User) -> None:
    assert ask(customer) == ask(customer, "nobody@acme.example")
    assert not SandboxMessage.objects.exists()  # a worker writes it: the answer takes no longer, either


def test_a_mail_goes_to_whoever_has_a_password_and_to_nobody_else(
    customer: Client, agent_user: User, manager_user: User, outsider_user: User
) -> None:
    manager_user.set_unusable_password()  # logs in by single sign-on
    manager_user.save()
    User.objects.filter(pk=outsider_user.pk).update(is_active=False)
    asked = [password_reset.ask(f"{name}@acme.example") for name in ("sam", "maria", "otto", "nobody")]
    assert asked == [True, False, False, False]


def test_the_link_works_once(customer: Client, agent_user: User) -> None:
    link = mailed_link(agent_user)
    choose(customer, link)
    assert "This link has ended" in Client().get(link, follow=True).content.decode()
    assert "This link has ended" in choose(Client(), link, "another horse").content.decode()
    assert Client().post("/login/", {"username": "sam", "password": "another horse"}).status_code == 200


def test_the_link_works_for_an_hour(customer: Client, agent_user: User) -> None:
    with time_machine.travel("2026-11-22T10:00:00Z", tick=False) as clock:
        link = mailed_link(agent_user)
        clock.shift(3590)
        assert "Choose a password" in Client().get(link, follow=True).content.decode()
        clock.shift(20)
        assert "This link has ended" in Client().get(link, follow=True).content.decode()


def test_a_link_that_was_changed_opens_nothing(customer: Client, agent_user: User, admin_user: User) -> None:
    link = mailed_link(agent_user)
    theirs = re.sub("key/[0-9a-z]+-", f"key/{admin_user.pk}-", link)
    assert "This link has ended" in customer.get(theirs, follow=True).content.decode()
    assert "This link has ended" in customer.get(link[:-2] + "x/", follow=True).content.decode()


def test_the_address_of_the_form_bears_no_key(customer: Client, agent_user: User) -> None:
    form = customer.get(mailed_link(agent_user), follow=True)
    assert form.redirect_chain[-1][0].endswith("-set-password/")


def test_all_logins_of_the_person_end(
    customer: Client, agent: Client, agent_user: User, manager: Client
) -> None:
    assert agent.get("/inbox/").status_code == 200
    choose(customer, mailed_link(agent_user))
    assert agent.get("/inbox/").status_code == 302
    assert manager.get("/inbox/").status_code == 200


def test_passwords_are_judged_as_everywhere_and_the_link_stays_good(
    customer: Client, agent_user: User
) -> None:
    link = mailed_link(agent_user)
    page = choose(customer, link, "Support2026").content.decode()
    assert "product or organisation" in page
    assert "Your new password is saved" in choose(customer, link).content.decode()


def test_it_is_shown_to_admins_alone_where_mails_stay_in_the_outbox(
    agent_user: User, agent: Client, manager: Client, admin: Client
) -> None:
    mailed_link(agent_user)
    message = SandboxMessage.objects.get()
    found = [client.get(f"/outbox/{message.uuid}/").status_code for client in (agent, manager, admin)]
    assert found == [404, 404, 200]
    assert "Reset your password" not in manager.get("/outbox/").content.decode()
    assert "Reset your password" in admin.get("/outbox/").content.decode()
