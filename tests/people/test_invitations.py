"""Inviting a person, and their accepting it once."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import User
from django.utils import timezone

from csat.channels import notices
from csat.channels.outbox import SandboxMessage
from csat.lib.outcomes import Retry
from csat.lib.refusal import Invalid, Missing
from csat.people import invitations, memberships, profiles, roles, staff
from csat.people.invitations import Sent
from csat.people.models import Invitation, Team
from csat.surveys.visibility import visible_teams
from csat.timeline.models import Event
from tests.racing import race

PASSWORD = "battery-staple-9"
pytestmark = pytest.mark.django_db


@pytest.fixture
def care() -> Team:
    return Team.objects.get_or_create(name="Care")[0]


def invite(by: User, email: str = "Nora@Acme.example", role: str = "agent", **values: Any) -> Sent:
    wanted: dict[str, Any] = {"name": "Nora Patel", "teams": []} | values
    return invitations.invite(email=email, role=role, by=by, organisation="Acme", **wanted)


def token_of(sent: Sent) -> str:
    return sent.url.rstrip("/").rpartition("/")[2]


def accept(sent: Sent, **values: str) -> User:
    wanted = {"username": "nora", "name": "Nora Patel", "password": PASSWORD} | values
    return invitations.accept(token_of(sent), **wanted)


def audited() -> list[str]:
    return list(Event.objects.filter(kind="audit").order_by("pk").values_list("data__what", flat=True))


def test_the_link_goes_out_by_mail_and_is_not_stored(admin_user: User, care: Team) -> None:
    sent = invite(admin_user, role="team_lead", teams=[care])
    mail = SandboxMessage.objects.get()
    assert (mail.to, mail.subject) == ("nora@acme.example", "Your invitation to Acme")
    assert sent.mailed
    assert sent.url in mail.text
    assert "Ada invites you to Acme" in mail.text
    row = Invitation.objects.get()
    assert token_of(sent) not in str(vars(row))
    event = Event.objects.get(kind="audit")
    assert event.data["what"] == "person.invited"
    assert event.data["after"] == {
        "email": "nora@acme.example",
        "role": "team_lead",
        "teams": ["Care"],
        "own_teams_only": False,
    }
    assert token_of(sent) not in str(event.data)


def test_whoever_accepts_gets_the_role_the_teams_and_the_mail(admin_user: User, care: Team) -> None:
    sent = invite(admin_user, role="team_lead", teams=[care])
    user = accept(sent)
    assert user.check_password(PASSWORD)
    assert (user.email, user.get_full_name(), user.is_staff) == ("nora@acme.example", "Nora Patel", True)
    assert roles.role_of(User.objects.get(pk=user.pk)) == "team_lead"
    assert memberships.teams_of(user) == (care,)
    assert Invitation.objects.get().accepted_by == user
    assert audited() == ["person.invited", "person.invitation_accepted"]


def test_a_link_works_once_for_seven_days_and_until_it_is_revoked(admin_user: User) -> None:
    used, revoked, old = (invite(admin_user, f"{name}@acme.example") for name in ("used", "revoked", "old"))
    accept(used)
    invitations.revoke(revoked.invitation, by=admin_user)
    old.invitation.change(expires_at=timezone.now())
    for sent in (used, revoked, old):
        assert invitations.find(token_of(sent)) is None
        with pytest.raises(Missing):
            accept(sent, username="another")
    assert invitations.find("nonsense") is None
    assert not invitations.revoke(used.invitation, by=admin_user)


def test_sent_again_only_the_new_link_works(admin_user: User) -> None:
    first = invite(admin_user)
    with time_machine.travel(timezone.now() + timedelta(days=8)):
        second = invitations.resend(first.invitation, by=admin_user, organisation="Acme")
        assert invitations.find(token_of(first)) is None
        assert invitations.find(token_of(second)) == first.invitation
    assert SandboxMessage.objects.count() == 2
    invitations.revoke(first.invitation, by=admin_user)
    with pytest.raises(Missing):
        invitations.resend(first.invitation, by=admin_user, organisation="Acme")


def test_a_mail_that_somebody_has_and_one_that_was_invited_are_refused(
    admin_user: User, agent_user: User
) -> None:
    invite(admin_user)
    agent_user.is_active = False
    agent_user.save()
    for email in ("SAM@acme.example", "nora@acme.example", "no mail", ""):
        with pytest.raises(Invalid) as refused:
            invite(admin_user, email)
        assert list(refused.value.fields) == ["email"]
    assert Invitation.objects.count() == SandboxMessage.objects.count() == 1


def test_an_invitation_that_ran_out_makes_room_for_another(admin_user: User) -> None:
    old = invite(admin_user)
    old.invitation.change(expires_at=timezone.now())
    accept(invite(admin_user))
    assert [row.revoked_at is None for row in Invitation.objects.order_by("pk")] == [False, True]


def test_a_team_lead_invites_agents_to_own_teams_and_nobody_else(lead_user: User, care: Team) -> None:
    billing = Team.objects.create(name="Billing")
    sent = invite(lead_user, teams=[care])
    assert roles.role_of(accept(sent)) == "agent"
    refused_fields = {
        "role": {"role": "manager", "teams": [care]},
        "teams": {"teams": [billing]},
    }
    for field, values in refused_fields.items():
        with pytest.raises(Invalid) as refused:
            invite(lead_user, "other@acme.example", **values)
        assert list(refused.value.fields) == [field]
    with pytest.raises(Invalid):
        invite(lead_user, "other@acme.example", teams=[])


def test_a_manager_invites_nobody(manager_user: User) -> None:
    with pytest.raises(Invalid):
        invite(manager_user)


def test_a_lead_sees_invitations_that_are_of_own_teams_alone(
    admin_user: User, lead_user: User, care: Team
) -> None:
    billing = Team.objects.create(name="Billing")
    for name, role, teams in [
        ("ours", "agent", [care]),
        ("boss", "manager", [care]),
        ("both", "agent", [care, billing]),
        ("theirs", "agent", [billing]),
        ("nobodys", "agent", []),
    ]:
        invite(admin_user, f"{name}@acme.example", role, teams=teams)
    assert [row.email for row in invitations.of_scope(lead_user)] == ["ours@acme.example"]
    assert invitations.of_scope(admin_user).count() == 5


def test_ones_own_mail_may_be_the_username_and_nobody_elses_mail_after(admin_user: User) -> None:
    assert accept(invite(admin_user), username="nora@acme.example").username == "nora@acme.example"
    User.objects.filter(username="nora@acme.example").update(email="nora@other.example")
    with pytest.raises(Invalid):
        invite(admin_user, "NORA@acme.example")


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"username": "SAM"}, "username"),
        ({"username": "maria@acme.example"}, "username"),
        ({"username": "no blanks"}, "username"),
        ({"username": "ｓam"}, "username"),  # full width: sam to the database of people, another to the eye
        ({"username": "ceo@acme.example"}, "username"),  # nobody's yet
        ({"username": ""}, "username"),
        ({"username": "x" * 151}, "username"),
        ({"name": ""}, "name"),
        ({"password": "12345678"}, "password"),
        ({"password": "nora"}, "password"),
    ],
)
def test_what_cannot_be_used_is_named_and_the_link_still_works(
    admin_user: User, agent_user: User, manager_user: User, values: dict[str, str], field: str
) -> None:
    sent = invite(admin_user)
    with pytest.raises(Invalid) as refused:
        accept(sent, **values)
    assert list(refused.value.fields) == [field]
    assert accept(sent).username == "nora"


def test_a_mail_that_was_taken_meanwhile_is_not_taken_twice(admin_user: User) -> None:
    sent = invite(admin_user)
    User.objects.create_user("first", "NORA@acme.example")
    with pytest.raises(Invalid) as refused:
        accept(sent)
    assert list(refused.value.fields) == ["email"]


def test_the_username_that_is_proposed_is_free(agent_user: User) -> None:
    assert invitations.free_username("nora.patel@acme.example") == "nora-patel"
    assert invitations.free_username("sam@other.example") == "sam-2"
    User.objects.create_user("SAM-2")
    assert invitations.free_username("sam@other.example") == "sam-3"
    assert invitations.free_username("李@acme.example") == "user"


def test_a_mail_that_cannot_be_sent_leaves_the_link_to_be_handed_over(
    admin_user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> str:
        raise Retry("mail is away")

    monkeypatch.setattr(notices, "send", fail)
    sent = invite(admin_user)
    assert not sent.mailed
    assert accept(sent).username == "nora"


def test_who_comes_by_single_sign_on_takes_the_invitation_along(admin_user: User, care: Team) -> None:
    invite(admin_user, role="agent", teams=[care])
    user = User.objects.create_user("nora", "nora@acme.example")
    invitation = invitations.find_for_email("nora@acme.example")
    assert invitation is not None
    invitations.accept_as(invitation, user)
    assert roles.role_of(User.objects.get(pk=user.pk)) == "agent"
    assert memberships.teams_of(user) == (care,)
    assert invitations.find_for_email("nora@acme.example") is None
    with pytest.raises(Missing):
        invitations.accept_as(invitation, user)


def test_whose_access_ends_has_no_invitation_left_open(admin_user: User) -> None:
    other = User.objects.create_superuser("other")
    sent = invite(other)
    staff.deactivate(other, successor=None, by=admin_user)
    assert invitations.find(token_of(sent)) is None


def test_whoever_may_invite_nobody_any_more_has_no_invitation_left_open(
    admin_user: User, lead_user: User, care: Team
) -> None:
    sent = invite(lead_user, teams=[care])
    staff.set_role(lead_user, roles.ADMIN, by=admin_user)
    assert invitations.find(token_of(sent))
    staff.set_role(lead_user, roles.MANAGER, by=admin_user)
    assert invitations.find(token_of(sent)) is None


def test_an_invitation_holds_as_long_as_who_sent_it_may_send_it(
    admin_user: User, lead_user: User, care: Team
) -> None:
    """By whatever door the authority went."""
    second = User.objects.create_superuser("second")
    of_admin = invite(second, role="admin")
    of_lead = invite(lead_user, "kim@acme.example", teams=[care])
    User.objects.filter(pk=second.pk).update(is_superuser=False)  # as single sign-on and the admin site do
    lead_user.profile.teams.clear()
    for sent in (of_admin, of_lead):
        assert invitations.find(token_of(sent)) is None
        assert invitations.find_for_email(sent.invitation.email) is None
        with pytest.raises(Missing):
            accept(sent)
        with pytest.raises(Missing):
            invitations.accept_as(sent.invitation.again(), User(username="late"))
    again = invitations.resend(of_admin.invitation, by=admin_user, organisation="Acme")
    assert accept(again).username == "nora"
    assert accept(invite(admin_user, "kim@acme.example"), username="kim").username == "kim"


def test_of_a_closed_account_an_invitation_opens_nothing(admin_user: User) -> None:
    other = User.objects.create_superuser("other")
    sent = invite(other)
    User.objects.filter(pk=other.pk).update(is_active=False)
    assert invitations.find(token_of(sent)) is None
    other.delete()
    assert invitations.find(token_of(sent)) is None


def test_who_becomes_less_than_what_they_invited_leaves_no_such_invitation(
    admin_user: User, care: Team
) -> None:
    other = User.objects.create_superuser("other")
    memberships.give_teams(other, [care])
    higher, agent = invite(other, role="admin"), invite(other, "kim@acme.example", teams=[care])
    staff.set_role(other, roles.TEAM_LEAD, by=admin_user)
    assert Invitation.objects.get(pk=higher.invitation.pk).revoked_at
    assert invitations.find(token_of(agent))
    staff.set_teams(other, [], by=admin_user)
    assert Invitation.objects.get(pk=agent.invitation.pk).revoked_at


def test_a_link_that_a_lead_handed_over_proves_no_address(
    lead_user: User, care: Team, django_capture_on_commit_callbacks: Any
) -> None:
    sent = invite(lead_user, "customer@shop.example", teams=[care])
    with django_capture_on_commit_callbacks(execute=True):
        user = accept(sent, mailed="guessed")
    stored = User.objects.get(pk=user.pk)
    assert (stored.email, profiles.profile_of(stored).new_email) == ("", "customer@shop.example")
    asked = SandboxMessage.objects.latest("pk")
    assert (asked.to, asked.subject) == ("customer@shop.example", "Confirm your email address")


def test_the_mailed_link_proves_it(lead_user: User, care: Team) -> None:
    sent = invite(lead_user, teams=[care])
    _url, _mark, proof = SandboxMessage.objects.get().text.partition("?mailed=")
    assert sent.url + "?mailed=" in SandboxMessage.objects.get().text
    assert accept(sent, mailed=proof.split()[0]).email == "nora@acme.example"


@pytest.mark.usefixtures("shared_database")
@pytest.mark.django_db(transaction=True)
def test_of_many_who_accept_at_once_one_gets_in() -> None:
    sent = invite(User.objects.create_superuser("ada"))
    results = race(lambda number: accept(sent, username=f"nora-{number}"), times=6)
    users = [result for result in results if isinstance(result, User)]
    assert len(users) == 1
    assert all(isinstance(result, (Missing, Invalid)) for result in results if result not in users)
    assert User.objects.count() == 2


def test_whom_a_lead_invites_sees_what_is_the_teams_even_when_an_admin_sends_it_again(
    lead_user: User, admin_user: User, care: Team
) -> None:
    """A lead who invites a second login of their own sees no more by it."""
    sent = invite(lead_user, teams=[care])
    sent = invitations.resend(sent.invitation.again(), by=admin_user, organisation="Acme")
    user = accept(sent)
    assert visible_teams(User.objects.get(pk=user.pk)) == (care.pk,)
    of_admin = accept(invite(admin_user, email="omar@acme.example", teams=[care]), username="omar")
    assert visible_teams(User.objects.get(pk=of_admin.pk)) is None
    bound = invite(admin_user, email="ines@acme.example", teams=[care], own_teams_only=True)
    assert visible_teams(accept(bound, username="ines")) == (care.pk,)


def test_an_admin_who_became_a_lead_hands_out_no_more_than_a_lead(
    admin_user: User, lead_user: User, care: Team
) -> None:
    staff.set_role(lead_user, roles.ADMIN, by=admin_user)
    sent = invite(User.objects.get(pk=lead_user.pk), teams=[care])
    staff.set_role(lead_user, roles.TEAM_LEAD, by=admin_user)
    user = accept(sent)
    assert visible_teams(User.objects.get(pk=user.pk)) == (care.pk,)
