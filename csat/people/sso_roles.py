"""Which role the groups of a person give, by OIDC_ROLE_CLAIM and OIDC_ROLES."""

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from csat.people import roles


def groups_in(claims: Mapping[str, Any], claim: str) -> set[str]:
    """The groups that a claim names: a list, or one text. A dot leads into a claim of that name."""
    value: Any = claims.get(claim)
    if value is None:
        value = claims
        for name in claim.split("."):
            value = value.get(name) if isinstance(value, Mapping) else None
    if isinstance(value, str):
        return {value}
    return {group for group in value if isinstance(group, str)} if isinstance(value, list) else set()


def role_for(groups: Collection[str], role_by_group: Iterable[tuple[str, str]]) -> str | None:
    """The highest role that one of these groups gives."""
    given = {role for group, role in role_by_group if group in groups}
    return next((role for role in roles.COUNTS_FIRST if role in given), None)


def unknown(role_by_group: Iterable[tuple[str, str]]) -> list[str]:
    """What is written as a role and is none."""
    return [role for _group, role in role_by_group if role not in roles.COUNTS_FIRST]
