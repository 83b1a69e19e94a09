"""The link for a superuser, printed on the server."""

import pytest
import time_machine
from django.contrib.auth.models import User
from django.utils import timezone

from csat.channels.outbox import SandboxMessage
from csat.lib.refusal import Missing
from csat.people import break_glass
from csat.timeline.kinds import Kind
from csat.timeline.models import Event
from tests.racing import race

pytestmark = pytest.mark.django_db(transaction=True)


def token_for(username: str = "") -> str:
    return break_glass.make_link(username).rstrip("/").rpartition("/")[2]


def test_it_is_for_the_first_active_superuser_or_the_one_that_is_named(admin_user: User) -> None:
    User.objects.create_superuser("zoe")
    assert break_glass.find(token_for()).username == "ada"
    assert break_glass.find(token_for("zoe")).username == "zoe"
    admin_user.is_active = False
    admin_user.save()
    assert break_glass.find(token_for()).username == "zoe"


@pytest.mark.parametrize("username", ["maria", "nobody"])
def test_it_is_for_nobody_else(admin_user: User, manager_user: User, username: str) -> None:
    with pytest.raises(Missing):
        break_glass.make_link(username)


def test_it_works_once_is_audited_and_told_to_the_admins(admin_user: User) -> None:
    token = token_for()
    assert break_glass.redeem(token) == admin_user
    with pytest.raises(Missing):
        break_glass.redeem(token)
    whats = [row.data["what"] for row in Event.objects.filter(kind=Kind.AUDIT).order_by("id")]
    assert whats == ["installation.break_glass_made", "installation.break_glass_used"]
    message = SandboxMessage.objects.get()
    assert (message.to, message.subject) == ("ada@acme.example", "Break-glass login of ada")


@pytest.mark.usefixtures("shared_database")
def test_of_several_at_once_one_gets_in(admin_user: User) -> None:
    token = token_for()
    outcomes = race(lambda _: break_glass.redeem(token), times=4)
    assert outcomes.count(admin_user) == 1
    assert sum(isinstance(outcome, Missing) for outcome in outcomes) == 3


def test_looking_at_it_uses_nothing_up(admin_user: User) -> None:
    token = token_for()
    break_glass.find(token)
    assert break_glass.redeem(token) == admin_user


def test_it_ends_after_ten_minutes(admin_user: User) -> None:
    token = token_for()
    with time_machine.travel(timezone.now() + timezone.timedelta(minutes=11)), pytest.raises(Missing):
        break_glass.find(token)


def test_it_ends_with_any_other_login_and_with_the_rights_of_its_user(admin_user: User) -> None:
    token = token_for()
    User.objects.update(is_superuser=False)
    with pytest.raises(Missing):
        break_glass.find(token)
    User.objects.update(is_superuser=True, last_login=timezone.now())
    with pytest.raises(Missing):
        break_glass.find(token)


@pytest.mark.parametrize("token", ["", "x", "W10:1abc:def"])
def test_nothing_else_is_a_link(admin_user: User, token: str) -> None:
    with pytest.raises(Missing):
        break_glass.find(token)
