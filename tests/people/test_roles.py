import pytest
from django.contrib.auth.models import AnonymousUser, Group, Permission
from django.core.management import call_command

from csat.channels import registry
from csat.channels.outbox import SandboxMessage
from csat.lib.outcomes import Never
from csat.people import roles
from csat.people.models import Organization

pytestmark = pytest.mark.django_db


def test_everybody_has_the_role_of_their_group(agent_user, manager_user, admin_user, outsider_user):
    people = [agent_user, manager_user, admin_user, outsider_user, AnonymousUser()]
    assert [roles.role_of(person) for person in people] == ["agent", "manager", "admin", None, None]


def test_the_highest_role_counts(agent_user):
    agent_user.groups.add(Group.objects.get(name="manager"))
    assert roles.role_of(agent_user) == "manager"


def test_who_is_locked_out_has_no_role(manager_user):
    manager_user.is_active = False
    assert roles.role_of(manager_user) is None


def test_migrate_leaves_the_groups_and_the_organisation():
    assert set(Group.objects.values_list("name", flat=True)) >= {"agent", "manager", "admin"}
    assert Organization.objects.count() == 1


def test_migrating_again_keeps_the_organisation_and_puts_permissions_right():
    uuid, before = Organization.current().uuid, set(Group.objects.get(name="agent").permissions.all())
    Group.objects.get(name="agent").permissions.set(Permission.objects.filter(codename="delete_user"))
    call_command("migrate", verbosity=0)
    assert Organization.current().uuid == uuid
    assert set(Group.objects.get(name="agent").permissions.all()) == before


def test_a_role_includes_those_below_it():
    included = {role: [low for low in roles.RANKED if roles.includes(role, low)] for role in roles.RANKED}
    assert included == {
        "admin": ["admin", "manager", "agent"],
        "manager": ["manager", "agent"],
        "agent": ["agent"],
    }
    assert not roles.includes(None, "agent")


@pytest.mark.parametrize(
    ("permission", "who"),
    [
        ("csat.view_session", {"agent", "manager", "admin"}),
        ("csat.change_contact", {"agent", "manager", "admin"}),
        ("csat.change_csatsettings", {"manager", "admin"}),
        ("csat.view_score", {"agent", "manager", "admin"}),
        ("csat.view_event", {"manager", "admin"}),
        ("csat.change_answer", {"manager", "admin"}),
        ("csat.view_apikey", {"admin"}),
        ("auth.change_user", {"admin"}),
    ],
)
def test_who_may_do_what(permission, who, agent_user, manager_user, outsider_user):
    ada = outsider_user
    ada.groups.add(Group.objects.get(name="admin"))  # not a superuser
    people = {"agent": agent_user, "manager": manager_user, "admin": ada}
    assert {name for name, person in people.items() if person.has_perm(permission)} == who


def test_every_permission_named_is_one_there_is():
    named = {
        f"{right}_{model}"
        for rights in (roles.AGENT_MAY, roles.MANAGER_MAY)
        for right, models in rights.items()
        for model in models
    }
    assert named <= set(
        Permission.objects.filter(content_type__app_label="csat").values_list("codename", flat=True)
    )


def test_the_admins_are_written_to_one_by_one_and_nobody_else(admin_user, manager_user):
    roles.write_to_admins("Surveys wait", "The mail server is away.")
    assert [(mail.to, mail.subject) for mail in SandboxMessage.objects.all()] == [
        (admin_user.email, "Surveys wait")
    ]


def test_a_mail_to_the_admins_that_cannot_be_sent_is_logged(admin_user, monkeypatch, caplog):
    def refuse(message):
        raise Never("554 refused", code="554")

    monkeypatch.setattr(registry.get("email"), "send", refuse)
    roles.write_to_admins("Surveys wait", "The mail server is away.")
    assert "could not be told" in caplog.text
