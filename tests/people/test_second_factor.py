"""Of which roles a second factor is required, and who has one."""

import pytest
from allauth.mfa.models import Authenticator
from django.contrib.auth.models import User
from django.test import Client

from csat.lib.refusal import Invalid
from csat.people import memberships, roles, second_factor
from csat.timeline.models import Event
from csat.timeline.recording import SYSTEM

pytestmark = pytest.mark.django_db


def give(user: User, type: str = "totp") -> None:
    Authenticator.objects.create(user=user, type=type, data={})


def test_it_is_required_of_no_role_at_first(admin_user: User) -> None:
    assert not any(map(second_factor.required_for, [*roles.Role.values, None]))
    assert not second_factor.is_missing(admin_user)


def test_it_is_required_of_the_roles_that_are_chosen(agent_user: User, admin_user: User) -> None:
    second_factor.require(["admin", "manager"], by=SYSTEM)
    assert [role for role in roles.Role.values if second_factor.required_for(role)] == ["manager", "admin"]
    assert second_factor.is_missing(admin_user)  # by being a superuser
    assert not second_factor.is_missing(agent_user)


def test_the_change_is_audited_once(admin_user: User) -> None:
    by = roles.actor_of(admin_user)
    second_factor.require(["admin"], by=by)
    second_factor.require(["admin"], by=by)
    event = Event.objects.get(kind="audit")
    assert event.data["what"] == "second_factor.required"
    assert (event.data["before"], event.data["after"]) == ({"roles": []}, {"roles": ["admin"]})


def test_a_role_that_is_none_is_refused() -> None:
    with pytest.raises(Invalid) as refused:
        second_factor.require(["boss"], by=SYSTEM)
    assert refused.value.fields == {"second_factor_roles": ["There is no role boss."]}


def test_who_has_one(agent_user: User, manager_user: User, admin_user: User) -> None:
    give(agent_user)
    give(manager_user, "recovery_codes")  # for the day when the other is lost: none by themselves
    give(admin_user, "webauthn")
    people = [agent_user, manager_user, admin_user]
    assert [second_factor.has_one(user) for user in people] == [True, False, True]
    assert second_factor.with_one(people) == {agent_user.pk, admin_user.pk}


def test_what_somebody_lost_is_taken_away_with_its_recovery_codes(agent_user: User, admin_user: User) -> None:
    give(agent_user)
    give(agent_user, "recovery_codes")
    assert second_factor.take_away(agent_user, by=roles.actor_of(admin_user)) == 2
    assert not Authenticator.objects.exists()
    event = Event.objects.get(kind="audit")
    assert (event.data["what"], event.data["target"]) == ("second_factor.removed", f"user:{agent_user.pk}")


def test_open_logins_without_one_end_once_it_is_required(
    agent: Client, agent_user: User, manager: Client, admin: Client, admin_user: User
) -> None:
    give(agent_user)
    own = str(admin.session.session_key)
    second_factor.require(["agent", "manager", "admin"], by=roles.actor_of(admin_user), but=own)
    assert [client.get("/inbox/").status_code for client in (agent, manager, admin)] == [200, 302, 200]
    second_factor.take_away(agent_user, by=roles.actor_of(admin_user))
    assert agent.get("/inbox/").status_code == 302


def test_open_logins_end_with_a_role_that_requires_one(
    agent: Client, agent_user: User, manager: Client, manager_user: User
) -> None:
    second_factor.require(["admin"], by=SYSTEM)
    give(manager_user)
    for user in (agent_user, manager_user):
        memberships.give_role(user, roles.ADMIN)
    assert [client.get("/settings/audit/").status_code for client in (agent, manager)] == [302, 200]


def test_a_code_is_used_once_and_no_older_one_after(agent_user: User) -> None:
    give(agent_user)
    first, second = (Authenticator.objects.get() for _ in range(2))
    assert second_factor.use(first, 7)
    assert not second_factor.use(second, 7)  # another worker, at the same moment
    again = Authenticator.objects.get()
    assert [second_factor.use(again, counter) for counter in (6, 7, 8)] == [False, False, True]
