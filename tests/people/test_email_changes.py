"""A new mail address, which holds once the link that went to it was opened."""

import re
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import User
from django.utils import timezone

from csat.channels import notices
from csat.channels.outbox import SandboxMessage
from csat.lib.outcomes import Retry
from csat.lib.refusal import Invalid, Missing
from csat.people import agents, email_changes, profiles
from csat.timeline.models import Event
from tests.factories import make_contact

pytestmark = pytest.mark.django_db
NEW = "sam.okafor@acme.example"


def mail_of(user: User) -> str:
    return User.objects.get(pk=user.pk).email


def waiting(user: User) -> str:
    return profiles.profile_of(user).new_email


def link(user: User, email: str = NEW) -> str:
    """The token that goes to the new address."""
    email_changes.ask(user, email)
    assert email_changes.send(user)
    mail = SandboxMessage.objects.latest("pk")
    assert mail.to == email.lower()
    found = re.search(r"/profile/email/([^/]+)/", mail.text)
    assert found
    return found[1]


def test_until_the_link_is_opened_the_old_one_stays(agent_user: User) -> None:
    assert email_changes.ask(agent_user, "Sam.Okafor@Acme.example")
    assert (mail_of(agent_user), waiting(agent_user)) == ("sam@acme.example", NEW)
    customer = make_contact(email=NEW)
    assert not agents.is_one_of_us(customer, agents.staff_addresses())
    assert email_changes.confirm(agent_user, link(agent_user)) == NEW
    assert (mail_of(agent_user), waiting(agent_user)) == (NEW, "")
    assert not email_changes.ask(User.objects.get(pk=agent_user.pk), NEW)


def test_the_old_address_is_told_and_each_step_is_audited(
    agent_user: User, django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        email_changes.confirm(agent_user, link(agent_user))
    told = SandboxMessage.objects.latest("pk")
    assert (told.to, told.subject) == ("sam@acme.example", "Your email address was changed")
    said = [event.data for event in Event.objects.filter(kind="audit").order_by("pk")]
    assert [entry["what"] for entry in said] == ["person.profile_changed"] * 2
    assert [entry["after"] for entry in said] == [{"new_email": NEW}, {"email": NEW}]


def test_a_link_works_once(agent_user: User) -> None:
    token = link(agent_user)
    email_changes.confirm(agent_user, token)
    email_changes.ask(User.objects.get(pk=agent_user.pk), "other@acme.example")
    with pytest.raises(Missing):
        email_changes.confirm(agent_user, token)
    assert mail_of(agent_user) == NEW


def test_a_link_works_for_a_day(agent_user: User) -> None:
    with time_machine.travel(timezone.now() - timedelta(hours=25)):
        token = link(agent_user)
    with pytest.raises(Missing):
        email_changes.confirm(agent_user, token)


def test_a_link_works_for_whom_it_was_made_alone(agent_user: User, manager_user: User) -> None:
    token = link(agent_user)
    for wrong in (token[:-1], "nonsense", ""):
        with pytest.raises(Missing):
            email_changes.confirm(agent_user, wrong)
    with pytest.raises(Missing):
        email_changes.confirm(manager_user, token)
    assert mail_of(manager_user) == "maria@acme.example"


def test_what_was_cancelled_or_asked_otherwise_since_opens_nothing(agent_user: User) -> None:
    token = link(agent_user)
    email_changes.cancel(agent_user)
    assert waiting(agent_user) == ""
    assert not email_changes.send(agent_user)
    with pytest.raises(Missing):
        email_changes.confirm(agent_user, token)
    other = link(agent_user, "other@acme.example")
    with pytest.raises(Missing):
        email_changes.confirm(agent_user, token)
    assert email_changes.confirm(agent_user, other) == "other@acme.example"


def test_a_mail_that_an_admin_changed_meanwhile_ends_the_link(agent_user: User) -> None:
    token = link(agent_user)
    User.objects.filter(pk=agent_user.pk).update(email="sam@admins.example")
    with pytest.raises(Missing):
        email_changes.confirm(agent_user, token)


def test_who_was_faster_keeps_the_address(agent_user: User, manager_user: User) -> None:
    token = link(agent_user)
    User.objects.filter(pk=manager_user.pk).update(email=NEW)
    with pytest.raises(Invalid):
        email_changes.confirm(agent_user, token)
    assert mail_of(agent_user) == "sam@acme.example"


@pytest.mark.parametrize(
    "typed", ["MARIA@acme.example", "", "no mail", "maria@ACME.example", "a\0b@c.example"]
)
def test_nobody_asks_for_the_mail_of_another_or_none(
    agent_user: User, manager_user: User, typed: str
) -> None:
    with pytest.raises(Invalid) as refused:
        email_changes.ask(agent_user, typed)
    assert list(refused.value.fields) == ["email"]
    assert waiting(agent_user) == ""


def test_a_mail_that_cannot_be_sent_leaves_the_address_waiting(
    agent_user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> str:
        raise Retry("mail is away")

    email_changes.ask(agent_user, NEW)
    with monkeypatch.context() as patch:
        patch.setattr(notices, "send", fail)
        assert not email_changes.send(agent_user)
    assert email_changes.confirm(agent_user, link(agent_user)) == NEW
