"""One permission for each verb, the same by every door."""

import pytest
from django.contrib.auth.models import AnonymousUser, User

from csat.people.permissions import LOWEST_ROLE, Verb, role_may
from csat.people.roles import role_of

pytestmark = pytest.mark.django_db
WHO = {"agent": {"agent", "manager", "admin"}, "manager": {"manager", "admin"}, "admin": {"admin"}}


def test_every_verb_has_its_role() -> None:
    assert set(LOWEST_ROLE) == set(Verb)


@pytest.mark.parametrize("verb", Verb)
def test_a_role_may_what_the_roles_below_it_may(
    verb: Verb, agent_user: User, manager_user: User, admin_user: User
) -> None:
    people = {"agent": agent_user, "manager": manager_user, "admin": admin_user}
    allowed = {name for name, person in people.items() if role_may(role_of(person), verb)}
    assert allowed == WHO[LOWEST_ROLE[verb]]


def test_nobody_without_a_role_may_anything(outsider_user: User) -> None:
    for user in (outsider_user, AnonymousUser()):
        assert not [verb for verb in Verb if role_may(role_of(user), verb)]


def test_what_is_no_verb_nobody_may(admin_user: User) -> None:
    assert not role_may(role_of(admin_user), None)
