"""Who may do what: three roles, kept as groups."""

from django.contrib.auth.models import AnonymousUser, User

AGENT, MANAGER, ADMIN = "agent", "manager", "admin"


def role_of(user: User | AnonymousUser) -> str | None:
    """The highest role of this person, None for an outsider."""
    if not user.is_authenticated or not user.is_active:
        return None
    if user.is_superuser:
        return ADMIN
    held = set(user.groups.values_list("name", flat=True))
    return next((role for role in (ADMIN, MANAGER, AGENT) if role in held), None)
