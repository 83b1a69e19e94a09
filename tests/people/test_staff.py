"""Roles, teams, access and work of the people who log in."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from csat.channels.outbox import SandboxMessage
from csat.lib.refusal import Invalid, Refused
from csat.people import agents, keys, memberships, profiles, roles, staff
from csat.people.models import Team
from csat.sessions import activity
from csat.surveys.answers import answering, follow_ups
from csat.surveys.models import CsatSettings, FollowUp
from csat.timeline.models import Event
from csat.timeline.recording import SYSTEM
from tests.factories import make_sent_survey, make_session
from tests.racing import race

pytestmark = pytest.mark.django_db


def audits() -> list[dict[str, Any]]:
    return list(Event.objects.filter(kind="audit").order_by("pk").values_list("data", flat=True))


def names(rows: Any) -> list[str]:
    return sorted(user.username for user in rows)


@pytest.fixture
def team_of_five(
    agent_user: User, lead_user: User, analyst_user: User, manager_user: User, admin_user: User
) -> list[User]:
    return [agent_user, lead_user, analyst_user, manager_user, admin_user]


def test_admins_find_everybody_and_leads_whoever_shares_a_team(
    team_of_five: list[User], outsider_user: User, admin_user: User, lead_user: User, agent_user: User
) -> None:
    assert names(staff.people(admin_user)) == ["ada", "ana", "lea", "maria", "otto", "sam"]
    assert names(staff.people(lead_user)) == ["lea"]
    memberships.give_teams(agent_user, Team.objects.filter(name="Care"))
    assert names(staff.people(lead_user)) == ["lea", "sam"]


def test_people_are_found_by_parts_of_name_and_mail(team_of_five: list[User], admin_user: User) -> None:
    everybody = staff.people(admin_user)
    assert names(staff.search(everybody, "MARIA")) == ["maria"]
    assert names(staff.search(everybody, "acme sam")) == ["sam"]
    assert names(staff.search(everybody, "nobody")) == []
    assert len(staff.search(everybody, " ")) == 5


def test_the_filter_by_role_says_what_role_of_says(team_of_five: list[User], outsider_user: User) -> None:
    two_roles = User.objects.create_user("two")
    memberships.give_role(two_roles, roles.MANAGER)
    two_roles.groups.add(*User.objects.get(username="sam").groups.all())
    for role in (*roles.Role.values, staff.NO_ROLE):
        found = names(User.objects.filter(staff.with_role(role)))
        told = names(u for u in User.objects.all() if (roles.role_of(u) or staff.NO_ROLE) == role)
        assert found == told
        assert found


def test_a_new_role_holds_at_once_and_is_audited(agent: Client, agent_user: User, admin_user: User) -> None:
    assert agent.get("/reports/").status_code == 403
    assert staff.set_role(agent_user, roles.MANAGER, by=admin_user)
    assert agent.get("/reports/").status_code == 200
    event = audits()[-1]
    assert (event["what"], event["target"]) == ("role.changed", f"user:{agent_user.pk}")
    assert (event["before"]["role"], event["after"]["role"]) == ("agent", "manager")
    assert not staff.set_role(agent_user, roles.MANAGER, by=admin_user)
    with pytest.raises(Invalid):
        staff.set_role(agent_user, "emperor", by=admin_user)


def test_nobody_changes_their_own_role_or_access(admin_user: User, manager_user: User) -> None:
    memberships.give_role(manager_user, roles.ADMIN)
    for verb in (
        lambda: staff.set_role(admin_user, roles.AGENT, by=admin_user),
        lambda: staff.deactivate(admin_user, successor=None, by=admin_user),
        lambda: staff.end_sessions(admin_user, by=admin_user),
    ):
        with pytest.raises(Refused):
            verb()


def test_only_a_superuser_changes_a_superuser(admin_user: User, manager_user: User) -> None:
    memberships.give_role(manager_user, roles.ADMIN)
    with pytest.raises(Refused):
        staff.deactivate(admin_user, successor=None, by=manager_user)
    with pytest.raises(Refused):
        staff.set_role(admin_user, roles.AGENT, by=manager_user)
    other = User.objects.create_superuser("other")
    assert staff.set_role(other, roles.AGENT, by=admin_user)
    assert roles.role_of(User.objects.get(pk=other.pk)) == "agent"


def test_the_last_admin_stays(admin_user: User, manager_user: User) -> None:
    """Whoever acts was an admin when the page was opened."""
    for verb in (
        lambda: staff.set_role(admin_user, roles.AGENT, by=_superuser_that_is_gone()),
        lambda: staff.deactivate(admin_user, successor=None, by=_superuser_that_is_gone()),
    ):
        with pytest.raises(Refused) as refused:
            verb()
        assert "last admin" in refused.value.message
    assert roles.role_of(User.objects.get(pk=admin_user.pk)) == "admin"


def _superuser_that_is_gone() -> User:
    user = User.objects.create_user(f"gone-{User.objects.count()}", is_active=False)
    user.is_superuser = True
    return user


@pytest.mark.usefixtures("shared_database")
@pytest.mark.django_db(transaction=True)
def test_of_admins_who_remove_each_other_at_once_one_is_left() -> None:
    pair = [User.objects.create_superuser(name) for name in ("ada", "bob")]

    def remove(number: int) -> None:
        staff.deactivate(
            User.objects.get(pk=pair[1 - number].pk),
            successor=None,
            by=User.objects.get(pk=pair[number].pk),
        )

    race(remove, times=2)
    assert staff.admins().count() == 1


def test_who_is_deactivated_is_out_at_once_and_comes_back_as_they_were(
    agent: Client, agent_user: User, admin_user: User
) -> None:
    memberships.give_teams(agent_user, [Team.objects.create(name="Care")])
    assert agent.get("/inbox/").status_code == 200
    staff.deactivate(agent_user, successor=None, by=admin_user)
    assert agent.get("/inbox/").status_code == 302
    assert not Client().login(username="sam", password="correct horse")
    staff.deactivate(agent_user, successor=None, by=admin_user)
    staff.activate(agent_user, by=admin_user)
    staff.activate(agent_user, by=admin_user)
    assert agent.get("/inbox/").status_code == 302  # the session is gone, too
    user = User.objects.get(pk=agent_user.pk)
    assert roles.role_of(user) == "agent"
    assert [team.name for team in memberships.teams_of(user)] == ["Care"]
    whats = [event["what"] for event in audits()]
    assert (whats.count("person.deactivated"), whats.count("person.activated")) == (1, 1)


def test_keys_of_whoever_goes_still_work_and_are_listed(agent_user: User, admin_user: User) -> None:
    row, key = keys.create("Help desk", scopes=["csat:read"], by=roles.actor_of(agent_user))
    staff.deactivate(agent_user, successor=None, by=admin_user)
    assert keys.authenticate(key) == row
    assert list(staff.keys_of(agent_user)) == [row]


def _low_rating_of(owner: User) -> FollowUp:
    survey = make_sent_survey()
    answering.answer(survey, score=1, source="page")
    return follow_ups.assign_to(survey.session, owner)


def test_open_work_goes_to_the_successor_who_is_told(
    agent_user: User, manager_user: User, admin_user: User, django_capture_on_commit_callbacks: Any
) -> None:
    open_one, done = _low_rating_of(agent_user), _low_rating_of(agent_user)
    follow_ups.mark_done(done.session, agent_user)
    conversation = make_session()
    activity.assign(conversation, agents.agent_for_user(agent_user), by=SYSTEM)
    SandboxMessage.objects.all().delete()
    with django_capture_on_commit_callbacks(execute=True):
        staff.deactivate(agent_user, successor=manager_user, by=admin_user)
    assert (open_one.again().owner, done.again().owner) == (manager_user, agent_user)
    assert conversation.again().assignee == agents.agent_for_user(manager_user)
    event = audits()[-1]
    assert event["what"] == "person.work_handed_over"
    assert event["after"] == {"conversations": 1, "follow_ups": 1, "to": "maria"}
    mail = SandboxMessage.objects.get()
    assert mail.to == "maria@acme.example"
    assert "1 open follow-up of Sam is yours now" in mail.text


def test_who_switched_the_mail_off_gets_none(
    agent_user: User, manager_user: User, admin_user: User, django_capture_on_commit_callbacks: Any
) -> None:
    profiles.profile_of(manager_user).change(notifications={"follow_ups": False})
    _low_rating_of(agent_user)
    SandboxMessage.objects.all().delete()
    with django_capture_on_commit_callbacks(execute=True):
        assert staff.hand_over(agent_user, successor=manager_user, by=admin_user) == 1
    assert not SandboxMessage.objects.exists()


def test_without_a_successor_work_is_nobodys(agent_user: User, admin_user: User) -> None:
    follow_up, conversation = _low_rating_of(agent_user), make_session()
    activity.assign(conversation, agents.agent_for_user(agent_user), by=SYSTEM)
    assert staff.hand_over(agent_user, successor=None, by=admin_user) == 2
    assert follow_up.again().owner is None
    assert conversation.again().assignee is None
    assert staff.hand_over(agent_user, successor=None, by=admin_user) == 0


def test_an_analyst_or_somebody_who_is_gone_takes_nothing_over(
    agent_user: User, analyst_user: User, outsider_user: User, admin_user: User, manager_user: User
) -> None:
    manager_user.is_active = False
    manager_user.save()
    assert names(staff.successors(agent_user)) == ["ada"]
    for user in (analyst_user, outsider_user, manager_user, agent_user):
        with pytest.raises(Invalid):
            staff.hand_over(agent_user, successor=user, by=admin_user)


def test_a_follow_up_that_the_successor_may_not_see_is_nobodys(agent_user: User, admin_user: User) -> None:
    other = User.objects.create_user("other")
    memberships.give_role(other, roles.AGENT)
    CsatSettings.current().change(agents_see_own_only=True)
    follow_up = _low_rating_of(admin_user)
    staff.hand_over(admin_user, successor=other, by=User.objects.create_superuser("boss"))
    assert follow_up.again().owner is None


def test_teams_are_changed_and_audited(agent_user: User, admin_user: User) -> None:
    care, billing = (Team.objects.create(name=name) for name in ("Care", "Billing"))
    assert staff.set_teams(agent_user, [care, billing], by=admin_user)
    assert not staff.set_teams(agent_user, [billing, care], by=admin_user)
    assert staff.set_teams(agent_user, [billing], by=admin_user)
    event = audits()[-1]
    assert event["what"] == "role.teams_changed"
    assert (event["before"]["teams"], event["after"]["teams"]) == (["Billing", "Care"], ["Billing"])


def test_who_is_bound_to_their_teams_is_audited(agent_user: User, admin_user: User) -> None:
    assert staff.bind_to_teams(agent_user, True, by=admin_user)
    assert not staff.bind_to_teams(agent_user, True, by=admin_user)
    assert memberships.sees_own_teams_only(User.objects.get(pk=agent_user.pk))
    event = Event.objects.filter(kind="audit").latest("pk")
    assert event.data["what"] == "role.teams_changed"
    assert event.data["after"] == {"own_teams_only": True}
    assert staff.bind_to_teams(agent_user, False, by=admin_user)
    with pytest.raises(Refused):
        staff.bind_to_teams(admin_user, True, by=admin_user)


def test_sessions_of_somebody_end(agent: Client, agent_user: User, admin_user: User) -> None:
    assert agent.get("/inbox/").status_code == 200
    staff.end_sessions(agent_user, by=admin_user)
    assert agent.get("/inbox/").status_code == 302


def test_only_a_superuser_activates_a_superuser(admin_user: User, manager_user: User) -> None:
    memberships.give_role(manager_user, roles.ADMIN)
    other = User.objects.create_superuser("other", is_active=False)
    with pytest.raises(Refused):
        staff.activate(other, by=manager_user)
    assert not User.objects.get(pk=other.pk).is_active
    staff.activate(other, by=admin_user)
    assert User.objects.get(pk=other.pk).is_active
