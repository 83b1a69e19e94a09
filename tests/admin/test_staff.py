"""Who may log in, with which role; and what of Django's and django-q2's own tables is only watched."""

from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client
from django_q.models import OrmQ, Schedule

from csat.admin.users import StaffForm
from csat.people import agents, invitations, roles, second_factor
from csat.timeline.kinds import Kind
from csat.timeline.models import Event
from csat.timeline.recording import SYSTEM

pytestmark = pytest.mark.django_db
USERS = "/admin/auth/user/"
NEW = {
    "username": "nora",
    "password1": "correct horse 9",
    "password2": "correct horse 9",
    "usable_password": "true",
}


@pytest.fixture
def plain_admin(client: Client, django_user_model: Any) -> Client:
    """In the role admin, and no superuser."""
    roles.sync()
    user = django_user_model.objects.create_user("olga", "olga@acme.example", "correct horse", is_staff=True)
    user.groups.add(Group.objects.get(name="admin"))
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def as_it_is(user: User, **changed: Any) -> dict[str, Any]:
    form = {
        "username": user.username,
        "first_name": "",
        "last_name": "",
        "email": user.email,
        "is_active": "on",
        "is_staff": "on",
        "groups": [],
    }
    return form | changed


class TestUsers:
    def test_an_admin_makes_a_colleague_and_gives_a_role(self, plain_admin: Client) -> None:
        plain_admin.post(f"{USERS}add/", NEW)
        nora = User.objects.get(username="nora")
        manager = Group.objects.get(name="manager")
        plain_admin.post(f"{USERS}{nora.pk}/change/", as_it_is(nora, groups=[manager.pk]))
        assert roles.role_of(User.objects.get(pk=nora.pk)) == "manager"
        told = [event.data for event in Event.objects.filter(kind=Kind.AUDIT).order_by("id")]
        assert told[-1]["after"]["groups"] == ["manager"]
        assert "correct horse" not in str(told)

    def test_who_is_renamed_by_an_admin_works_under_the_new_name(
        self, plain_admin: Client, agent_user: User
    ) -> None:
        sam = agents.agent_for_user(agent_user)
        agent_user.first_name = "Ada"  # as in the profile
        agent_user.save()
        group = Group.objects.get(name="agent").pk
        as_before = as_it_is(agent_user, first_name="Ada", groups=[group])
        plain_admin.post(f"{USERS}{agent_user.pk}/change/", as_before)
        assert sam.again().name == "Sam"
        plain_admin.post(f"{USERS}{agent_user.pk}/change/", as_before | {"first_name": "Samuel"})
        assert sam.again().name == "Samuel"

    def test_a_role_opens_the_admin_without_another_tick(self, plain_admin: Client) -> None:
        plain_admin.post(f"{USERS}add/", NEW)
        nora = User.objects.get(username="nora")
        changed = as_it_is(nora, groups=[Group.objects.get(name="agent").pk])
        del changed["is_staff"]
        plain_admin.post(f"{USERS}{nora.pk}/change/", changed)
        assert User.objects.get(username="nora").is_staff

    def test_whoever_adds_somebody_without_a_role_is_warned(self, plain_admin: Client) -> None:
        page = plain_admin.post(f"{USERS}add/", NEW, follow=True).content.decode()
        assert "User nora has no role yet and sees nothing" in page
        nora = User.objects.get(username="nora")
        changed = as_it_is(nora, groups=[Group.objects.get(name="agent").pk])
        page = plain_admin.post(f"{USERS}{nora.pk}/change/", changed, follow=True).content.decode()
        assert "has no role yet" not in page

    def test_a_password_set_for_somebody_is_in_the_audit_log_without_it(
        self, plain_admin: Client, agent_user: User
    ) -> None:
        page = f"{USERS}{agent_user.pk}/password/"
        form = {"password1": "x", "password2": "correct horse 9", "usable_password": "true"}
        plain_admin.post(page, form)
        assert not Event.objects.filter(kind=Kind.AUDIT).exists()
        plain_admin.post(page, form | {"password1": "correct horse 9"})
        event = Event.objects.get(kind=Kind.AUDIT)
        assert (event.actor_name, event.data["what"]) == ("olga", "password.set")
        assert "correct horse" not in str(event.data)

    def test_nobody_but_a_superuser_makes_one(self, plain_admin: Client) -> None:
        olga = User.objects.get(username="olga")
        changed = as_it_is(olga, is_superuser="on", groups=[Group.objects.get(name="admin").pk])
        plain_admin.post(f"{USERS}{olga.pk}/change/", changed)
        assert not User.objects.get(username="olga").is_superuser

    def test_nor_touches_one(self, plain_admin: Client, admin_user: User) -> None:
        assert (
            plain_admin.post(
                f"{USERS}{admin_user.pk}/change/", as_it_is(admin_user, username="gone")
            ).status_code
            == 403
        )
        assert (
            plain_admin.post(
                f"{USERS}{admin_user.pk}/password/", {"password1": "x", "password2": "x"}
            ).status_code
            == 403
        )

    def test_the_last_admin_stays_one(self, plain_admin: Client, admin_user: User) -> None:
        """Ada is the only other: she may go only while Olga is there."""
        olga, agent = User.objects.get(username="olga"), Group.objects.get(name="agent")
        ada = Client()
        ada.force_login(admin_user, backend="django.contrib.auth.backends.ModelBackend")
        for changed in ({"groups": [agent.pk]}, {"is_active": ""}):
            User.objects.filter(pk=admin_user.pk).update(is_active=True)
            answer = ada.post(f"{USERS}{olga.pk}/change/", as_it_is(olga, **changed))
            assert answer.status_code == 302
            User.objects.filter(pk=olga.pk).update(is_active=True)
            olga.groups.set([Group.objects.get(name="admin")])
        User.objects.filter(pk=admin_user.pk).update(is_superuser=False, is_staff=True)
        admin_user.groups.set([Group.objects.get(name="admin")])
        User.objects.filter(pk=olga.pk).update(is_active=False)
        form = StaffForm(as_it_is(admin_user, groups=[agent.pk]), instance=admin_user)
        assert not form.is_valid()
        assert "last admin" in str(form.errors)

    def test_nobody_changes_their_own_role_or_access(self, plain_admin: Client) -> None:
        olga, agent = User.objects.get(username="olga"), Group.objects.get(name="agent")
        plain_admin.post(f"{USERS}{olga.pk}/change/", as_it_is(olga, groups=[agent.pk], is_active=""))
        assert roles.role_of(User.objects.get(pk=olga.pk)) == "admin"

    def test_managers_and_agents_do_not_see_them(self, manager: Client, agent: Client) -> None:
        roles.sync()
        assert manager.get(USERS).status_code == 403
        assert agent.get(USERS).status_code == 403

    def test_single_permissions_are_not_offered_so_that_a_role_says_it_all(
        self, admin: Client, agent_user: User
    ) -> None:
        assert b"user_permissions" not in admin.get(f"{USERS}{agent_user.pk}/change/").content


class TestRoles:
    def test_they_come_from_code(self, admin: Client) -> None:
        roles.sync()
        group = Group.objects.get(name="agent")
        admin.post(f"/admin/auth/group/{group.pk}/change/", {"name": "boss", "permissions": []})
        assert Group.objects.get(pk=group.pk).name == "agent"
        assert admin.get("/admin/auth/group/add/").status_code == 403


class TestQueue:
    def test_schedules_are_only_watched(self, admin: Client) -> None:
        row = Schedule.objects.create(func="csat.tasks.sweep", schedule_type="I", minutes=1)
        assert admin.get(f"/admin/django_q/schedule/{row.pk}/change/").status_code == 200
        admin.post(f"/admin/django_q/schedule/{row.pk}/change/", {"func": "os.system", "schedule_type": "O"})
        assert Schedule.objects.get(pk=row.pk).func == "csat.tasks.sweep"
        assert admin.post("/admin/django_q/schedule/add/", {"func": "os.system"}).status_code == 403
        assert admin.post(f"/admin/django_q/schedule/{row.pk}/delete/", {"post": "yes"}).status_code == 403

    def test_so_is_what_is_queued(self, admin: Client) -> None:
        row = OrmQ.objects.create(key="surveys", payload="not signed")
        assert admin.get("/admin/django_q/ormq/").status_code == 200
        assert admin.post(f"/admin/django_q/ormq/{row.pk}/delete/", {"post": "yes"}).status_code == 403


def test_the_admin_has_a_name_and_a_strict_policy(admin: Client) -> None:
    answer = admin.get("/admin/")
    assert b"CSAT administration" in answer.content
    assert "unsafe" not in answer["Content-Security-Policy"]


def test_nobody_gets_a_mail_as_a_name(plain_admin: Client) -> None:
    for name in ("ceo@acme.example", "OLGA", "olga@acme.example"):
        plain_admin.post(f"{USERS}add/", NEW | {"username": name})
    assert User.objects.count() == 1
    nora = User.objects.create_user("nora", "nora@acme.example")
    plain_admin.post(f"{USERS}{nora.pk}/change/", as_it_is(nora, username="ceo@acme.example"))
    assert User.objects.get(pk=nora.pk).username == "nora"


def test_a_role_given_here_ends_logins_and_invitations_like_any_other(
    plain_admin: Client, agent: Client, agent_user: User
) -> None:
    second_factor.require([roles.MANAGER], by=SYSTEM)
    other = User.objects.create_user("other")
    other.groups.add(Group.objects.get(name="admin"))
    sent = invitations.invite(
        name="", email="kim@acme.example", role="admin", teams=[], by=other, organisation="Acme"
    )
    manager = Group.objects.get(name="manager")
    for user in (agent_user, other):
        plain_admin.post(f"{USERS}{user.pk}/change/", as_it_is(user, groups=[manager.pk]))
    assert agent.get("/inbox/").status_code == 302
    assert sent.invitation.again().revoked_at
