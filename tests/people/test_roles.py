import pytest
from django.contrib.auth.models import AnonymousUser, Group, Permission, User
from django.core.management import call_command

from csat.channels import registry
from csat.channels.outbox import SandboxMessage
from csat.lib.outcomes import Never
from csat.people import roles
from csat.people.models import Organization

pytestmark = pytest.mark.django_db


def test_everybody_has_the_role_of_their_group(
    agent_user, lead_user, analyst_user, manager_user, admin_user, outsider_user
):
    people = [agent_user, lead_user, analyst_user, manager_user, admin_user]
    assert [roles.role_of(person) for person in people] == list(roles.Role)
    assert [roles.role_of(person) for person in (outsider_user, AnonymousUser())] == [None, None]


@pytest.mark.parametrize(
    ("given", "counts"),
    [
        ({"agent", "manager"}, "manager"),
        ({"agent", "analyst"}, "analyst"),
        ({"manager", "team_lead"}, "manager"),
        ({"analyst", "team_lead"}, "team_lead"),  # the one that sees less
        (set(roles.Role.values), "admin"),
    ],
)
def test_of_several_roles_one_counts(outsider_user, given, counts):
    outsider_user.groups.set(Group.objects.filter(name__in=given))
    assert roles.role_of(outsider_user) == counts


def test_a_role_is_looked_up_once_and_again_when_it_changes(agent_user, django_assert_num_queries):
    user = User.objects.get(pk=agent_user.pk)
    with django_assert_num_queries(1):
        assert [roles.role_of(user) for _ in range(3)] == ["agent"] * 3
    user.groups.set([Group.objects.get(name="analyst")])
    assert roles.role_of(user) == "analyst"


def test_every_role_has_a_name_and_a_sentence_for_people():
    assert set(roles.DOES) == set(roles.COUNTS_FIRST) == set(roles.Role)
    assert all(str(roles.DOES[role]).endswith(".") and role.label for role in roles.Role)


def test_who_is_locked_out_has_no_role(manager_user):
    manager_user.is_active = False
    assert roles.role_of(manager_user) is None


def test_migrate_leaves_the_groups_and_the_organisation():
    assert set(Group.objects.values_list("name", flat=True)) >= set(roles.Role.values)
    assert Organization.objects.count() == 1


def test_migrating_again_keeps_the_organisation_and_puts_permissions_right():
    uuid, before = Organization.current().uuid, set(Group.objects.get(name="agent").permissions.all())
    Group.objects.get(name="agent").permissions.set(Permission.objects.filter(codename="delete_user"))
    call_command("migrate", verbosity=0)
    assert Organization.current().uuid == uuid
    assert set(Group.objects.get(name="agent").permissions.all()) == before


@pytest.mark.parametrize(
    ("permission", "who"),
    [
        ("csat.view_session", {"agent", "team_lead", "analyst", "manager", "admin"}),
        ("csat.change_contact", {"agent", "team_lead", "manager", "admin"}),
        ("csat.change_csatsettings", {"manager", "admin"}),
        ("csat.view_score", {"agent", "team_lead", "analyst", "manager", "admin"}),
        ("csat.view_event", {"manager", "admin"}),
        ("csat.change_answer", {"manager", "admin"}),
        ("csat.view_apikey", {"admin"}),
        ("auth.change_user", {"admin"}),
    ],
)
def test_who_may_do_what(permission, who, agent_user, lead_user, analyst_user, manager_user, outsider_user):
    ada = outsider_user
    ada.groups.add(Group.objects.get(name="admin"))  # not a superuser
    everybody = (agent_user, lead_user, analyst_user, manager_user, ada)
    people = dict(zip(roles.Role.values, everybody, strict=True))
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
