"""The demo: how to recognise its data, and its logins, which work on this machine only.

Their passwords are drawn when they are made and kept in `var/demo-logins`.
"""

import os
import secrets
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser, AnonymousUser, User
from django.db.models import Q

from csat.lib import addresses
from csat.people import roles
from csat.people.models import Contact

MARK = "demo-en-1"  # the external id of a customer of the demo
LOGINS = {
    roles.AGENT: "sam",
    roles.TEAM_LEAD: "priya",  # of the team Billing
    roles.ANALYST: "noor",
    roles.MANAGER: "maria",
    roles.ADMIN: "ada",
}
NAMES = {
    "sam": "Sam Okafor",
    "priya": "Priya Natarajan",
    "noor": "Noor Aydin",
    "maria": "Maria Jensen",
    "ada": "Ada Lindqvist",
}
SAM = {"name": NAMES["sam"], "email": "sam@acme.example"}
VISITOR: dict[str, Any] = {"name": "Visitor of the demo", "external_id": "demo-visitor"}  # in the chat page
FORMER_PASSWORD = "acme-demo"  # noqa: S105 (of the demos before passwords were drawn; replaced by bin/run)
LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"  # none that looks like another


def is_here() -> bool:
    return Contact.objects.filter(external_id=MARK).exists()


def email(login: str) -> str:
    """In a domain that nobody can have (RFC 2606)."""
    return f"{login}@acme.example"


def is_login(user: User | AbstractBaseUser | AnonymousUser) -> bool:
    """Whether this is one of the demo's own users: marked so, whatever they call themselves by now, or made
    by a demo that did not mark yet, with name and mail untouched.
    """
    if not isinstance(user, User):
        return False
    profile = getattr(user, "profile", None)
    if profile is not None and profile.is_demo:
        return True
    identity = (user.username, user.email, user.get_full_name())
    return identity in {(login, email(login), name) for login, name in NAMES.items()}


def is_refused(user: User | AbstractBaseUser | AnonymousUser) -> bool:
    """The logins of the demo work only where SITE_URL is an address of this machine itself."""
    return is_login(user) and not on_this_machine()


def users() -> list[User]:
    rows = User.objects.select_related("profile").filter(Q(profile__is_demo=True) | Q(username__in=NAMES))
    return [user for user in rows.order_by("pk") if is_login(user)]


def on_this_machine() -> bool:
    return addresses.is_loopback(urlsplit(settings.SITE_URL).hostname or "")


def hook_url() -> str:
    """Where the demo's own webhook goes: to this server."""
    return f"{settings.SITE_URL}/demo/hook/"


def passwords() -> dict[str, str]:
    """By login, as drawn on this machine."""
    path = settings.VAR_DIR / "demo-logins"
    lines = path.read_text().splitlines() if path.exists() else []
    return dict(line.split(" / ", 1) for line in lines if " / " in line)


def draw_password(user: User) -> None:
    """Give the user a new password, and keep it."""
    password = "-".join("".join(secrets.choice(LETTERS) for _ in range(4)) for _ in range(3))
    user.set_password(password)
    user.save()
    _keep(passwords() | {user.username: password})


def forget_passwords() -> None:
    (settings.VAR_DIR / "demo-logins").unlink(missing_ok=True)


def _keep(drawn: dict[str, str]) -> None:
    """In a file of its own, put in place at once, for nobody else to read."""
    path = settings.VAR_DIR / "demo-logins"
    part = path.with_suffix(f".{os.getpid()}")
    with open(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.writelines(f"{login} / {password}\n" for login, password in drawn.items())
    part.replace(path)
