"""Which role groups give."""

from typing import Any

import pytest

from csat.people import sso_roles

GIVEN = [("support", "agent"), ("leads", "team_lead"), ("cn=it=admins", "admin"), ("it", "boss")]


@pytest.mark.parametrize(
    ("groups", "role"),
    [
        (["support"], "agent"),
        (["leads", "support"], "team_lead"),
        (["support", "cn=it=admins", "leads"], "admin"),
        (["Support"], None),
        (["it"], None),
        ([], None),
    ],
)
def test_the_highest_role_counts(groups: list[str], role: str | None) -> None:
    assert sso_roles.role_for(groups, GIVEN) == role


@pytest.mark.parametrize(
    ("claims", "claim", "groups"),
    [
        ({"groups": ["a", "b"]}, "groups", {"a", "b"}),
        ({"role": "a"}, "role", {"a"}),
        ({"realm_access": {"roles": ["a"]}}, "realm_access.roles", {"a"}),
        ({"https://acme.example/roles": ["a"]}, "https://acme.example/roles", {"a"}),
        ({"groups": ["a", 7, None, ["b"]]}, "groups", {"a"}),
        ({"groups": {"a": True}}, "groups", set()),
        ({}, "groups", set()),
        ({"a": "b"}, "a.b", set()),
        ({"": "a"}, "", {"a"}),
    ],
)
def test_groups_are_a_list_or_one_text_wherever_the_claim_stands(
    claims: dict[str, Any], claim: str, groups: set[str]
) -> None:
    assert sso_roles.groups_in(claims, claim) == groups


def test_a_role_that_does_not_exist_is_named() -> None:
    assert sso_roles.unknown(GIVEN) == ["boss"]
