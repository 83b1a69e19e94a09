"""Who reads the mails whose links let somebody in."""

from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client

from csat.channels import notices
from csat.channels.outbox import SandboxMessage
from csat.people import letters_of_access, password_reset, roles
from csat.timeline.models import Event

pytestmark = pytest.mark.django_db


@pytest.fixture
def second_admin(db: Any) -> User:
    """An admin who is no superuser."""
    user = User.objects.create_user("bea", "bea@acme.example", "correct horse", is_staff=True)
    user.groups.add(Group.objects.get_or_create(name=roles.ADMIN)[0])
    return user


@pytest.fixture
def letters(admin_user: User, agent_user: User) -> list[SandboxMessage]:
    """To a superuser, to an agent, and one whose link opens nothing."""
    User.objects.filter(pk=admin_user.pk).update(email="Ada@acme.example")
    for user in User.objects.order_by("pk"):
        password_reset.send(user)
    notices.send("email", to="ada@acme.example", text="Good morning.")
    return list(SandboxMessage.objects.order_by("pk"))


def readable(by: User) -> set[str]:
    found = letters_of_access.readable(SandboxMessage.objects.all(), by=by)
    return {f"{message.to.lower()}:{bool(message.reference)}" for message in found}


def test_managers_read_none_and_admins_those_to_whom_they_may_change(
    letters: list[SandboxMessage], admin_user: User, second_admin: User, manager_user: User
) -> None:
    assert len(letters) == 3
    plain = {message.to for message in letters if not message.reference.startswith(notices.LETS_IN)}
    assert plain == {"ada@acme.example"}
    count = {
        user.username: letters_of_access.readable(SandboxMessage.objects.all(), by=user).count()
        for user in (admin_user, second_admin, manager_user)
    }
    assert count == {"ada": 3, "bea": 2, "maria": 1}


def test_both_doors_hold_to_it(
    letters: list[SandboxMessage],
    manager: Client,
    admin: Client,
    second_admin: User,
) -> None:
    roles.sync()
    bea = Client()
    bea.force_login(second_admin, backend="django.contrib.auth.backends.ModelBackend")
    to_ada, to_sam, _plain = letters
    if to_ada.to.startswith("sam"):
        to_ada, to_sam = to_sam, to_ada
    for message, expected in ((to_ada, (404, 404, 200)), (to_sam, (404, 200, 200))):
        clients = (manager, bea, admin)
        assert tuple(c.get(f"/outbox/{message.uuid}/").status_code for c in clients) == expected
        pages = [c.get(f"/admin/csat/sandboxmessage/{message.pk}/change/") for c in clients]
        shown = tuple(b"/password/reset/key/" in page.content for page in pages)
        assert shown == tuple(status == 200 for status in expected)


def test_a_message_read_on_the_admin_site_is_audited(letters: list[SandboxMessage], admin: Client) -> None:
    admin.get(f"/admin/csat/sandboxmessage/{letters[-1].pk}/change/")
    event = Event.objects.filter(kind="audit").latest("pk")
    assert event.data["what"] == "data.read"
    assert event.data["target"] == f"sandboxmessage:{letters[-1].uuid}"
