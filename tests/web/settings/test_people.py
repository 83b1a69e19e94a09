"""Settings → People: who logs in, invitations, roles and access."""

import re
from datetime import timedelta
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from csat.channels.outbox import SandboxMessage
from csat.people import invitations, keys, memberships, roles, second_factor
from csat.people.models import Invitation, Organization, Team
from csat.surveys.answers import answering, follow_ups
from tests.factories import make_sent_survey

pytestmark = pytest.mark.django_db
PEOPLE = "/settings/people/"


def text_of(response: Any) -> str:
    words = re.sub(r"<[^>]+>", " ", response.content.decode())
    return " ".join(words.split())


def invite(client: Client, email: str = "nora@acme.example", **values: Any) -> Any:
    return client.post(f"{PEOPLE}invite/", {"email": email, "role": "agent"} | values)


def link_in(response: Any) -> str:
    found = re.search(r'value="(http[^"]+/invite/[^"]+)"', response.content.decode())
    assert found
    return found[1]


def test_the_list_says_who_is_who(
    admin: Client, agent_user: User, outsider_user: User, lead_user: User
) -> None:
    User.objects.filter(pk=agent_user.pk).update(is_active=False, email="")
    shown = text_of(admin.get(PEOPLE))
    for words in (
        "Sam no email Agent deactivated no second factor never here",
        "Lea lea@acme.example Team lead Care",
        "Otto otto@acme.example no role",
        "Ada (you) ada@acme.example Admin",
        "1 person has no role",
    ):
        assert words in shown


def test_the_list_is_searched_and_filtered(
    admin: Client, agent_user: User, manager_user: User, outsider_user: User
) -> None:
    def found(query: str) -> set[str]:
        page = admin.get(f"{PEOPLE}?{query}", headers={"HX-Request": "true"}).content.decode()
        return set(re.findall(r"(\w+)@acme.example", page))

    User.objects.filter(pk=manager_user.pk).update(is_active=False)
    assert found("q=sa") == {"sam"}
    assert found("role=admin") == {"ada"}
    assert found("role=none") == {"otto"}
    assert found("state=inactive") == {"maria"}
    assert found("role=agent&state=inactive") == set()
    assert found("role=emperor&state=asleep&page=99") == {"ada", "maria", "otto", "sam"}


def test_a_long_list_asks_no_more_of_the_database(admin: Client, django_assert_max_num_queries: Any) -> None:
    team = Team.objects.create(name="Care")
    for number in range(60):
        user = User.objects.create_user(f"user-{number}", first_name="U")
        memberships.give_role(user, roles.AGENT)
        memberships.give_teams(user, [team])
    with django_assert_max_num_queries(19):
        page = admin.get(PEOPLE)
    assert page.content.decode().count('class="row person"') == 50
    assert admin.get(f"{PEOPLE}?page=2").content.decode().count('class="row person"') == 11


def test_an_invitation_shows_its_link_once(admin: Client, customer: Client) -> None:
    care = Team.objects.create(name="Care")
    page = invite(admin, name="Nora", role="team_lead", teams=[care.pk])
    assert page.status_code == 200
    assert "no-store" in page.headers["Cache-Control"]
    link = link_in(page)
    assert link in SandboxMessage.objects.get().text
    listed = admin.get(PEOPLE).content.decode()
    assert "nora@acme.example" in listed
    assert link not in listed
    assert customer.get(link).status_code == 200


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"email": "ada@acme.example"}, "email"),
        ({"email": "nobody"}, "email"),
        ({"email": ""}, "email"),
        ({"role": "emperor"}, "role"),
        ({"role": ""}, "role"),
        ({"teams": [4711]}, "teams"),
        ({"name": "x" * 151}, "name"),
    ],
)
def test_what_cannot_be_used_is_named_and_stays_typed(
    admin: Client, values: dict[str, Any], field: str
) -> None:
    Team.objects.create(name="Care")
    typed = {"email": "nora@acme.example", "name": "Nora", "role": "agent"} | values
    page = admin.post(f"{PEOPLE}invite/", typed)
    assert page.status_code == 422
    assert f'id="{field}-error"' in page.content.decode()
    assert f'value="{typed["email"]}"' in page.content.decode()
    assert not Invitation.objects.exists()


def test_where_groups_give_roles_the_page_says_so(admin: Client, agent_user: User, settings: Any) -> None:
    words = "Whoever logs in by single sign-on gets the role of their groups there, or none."
    for address in (f"{PEOPLE}invite/", f"{PEOPLE}{agent_user.pk}/"):
        settings.OIDC_ROLE_CLAIM = ""
        assert words not in text_of(admin.get(address))
        settings.OIDC_ROLE_CLAIM = "groups"
        assert words in text_of(admin.get(address))


def test_an_open_invitation_is_sent_again_and_revoked(admin: Client, customer: Client) -> None:
    first = link_in(invite(admin))
    row = Invitation.objects.get()
    second = link_in(admin.post(f"{PEOPLE}invitations/{row.uuid}/resend/"))
    assert (customer.get(first).status_code, customer.get(second).status_code) == (404, 200)
    admin.post(f"{PEOPLE}invitations/{row.uuid}/revoke/")
    assert customer.get(second).status_code == 404
    assert "Open invitations" not in text_of(admin.get(PEOPLE))
    for verb in ("resend", "revoke"):
        assert admin.post(f"{PEOPLE}invitations/{row.uuid}/{verb}/").status_code == 404


def test_a_lead_finds_and_invites_the_agents_of_own_teams_only(
    lead: Client, lead_user: User, agent_user: User, admin_user: User
) -> None:
    other = Team.objects.create(name="Billing")
    shown = text_of(lead.get(PEOPLE))
    assert "Lea (you)" in shown
    assert "sam@acme.example" not in shown
    form = lead.get(f"{PEOPLE}invite/").content.decode()
    assert re.findall(r'name="role" value="(\w+)"', form) == ["agent"]
    assert "Billing" not in form
    care = memberships.teams_of(lead_user)[0]
    assert invite(lead, teams=[care.pk]).status_code == 200
    for values in ({"role": "manager", "teams": [care.pk]}, {"teams": [other.pk]}, {"teams": []}):
        assert invite(lead, "more@acme.example", **values).status_code == 422
    theirs = invitations.invite(
        name="", email="b@acme.example", role="agent", teams=[other], by=admin_user, organisation="Acme"
    )
    assert lead.post(f"{PEOPLE}invitations/{theirs.invitation.uuid}/revoke/").status_code == 404
    memberships.give_teams(agent_user, [care])
    for address in (f"{agent_user.pk}/", f"{agent_user.pk}/role/", "second-factor/"):
        assert lead.post(PEOPLE + address, {"role": "admin"}).status_code == 403
    assert roles.role_of(User.objects.get(pk=agent_user.pk)) == "agent"


def test_role_and_teams_are_changed_together(admin: Client, agent_user: User) -> None:
    care = Team.objects.create(name="Care")
    address = f"{PEOPLE}{agent_user.pk}/"
    assert 'value="agent" required checked' in " ".join(admin.get(address).content.decode().split())
    admin.post(f"{address}role/", {"role": "team_lead", "teams": [care.pk]})
    user = User.objects.get(pk=agent_user.pk)
    assert (roles.role_of(user), memberships.teams_of(user)) == ("team_lead", (care,))
    refused = admin.post(f"{address}role/", {"role": "emperor", "teams": [care.pk]})
    assert refused.status_code == 422
    assert 'id="role-error"' in refused.content.decode()


def test_an_admin_binds_somebody_to_their_teams_and_the_list_says_so(admin: Client, agent_user: User) -> None:
    care, page = Team.objects.create(name="Care"), f"{PEOPLE}{agent_user.pk}/"
    values = {"role": "agent", "teams": [care.pk], "own_teams_only": "on"}
    assert admin.post(f"{page}role/", values).status_code == 302
    assert "Agent Care own teams only" in text_of(admin.get(PEOPLE))
    assert re.search(r'name="own_teams_only"[^>]* checked', admin.get(page).content.decode())
    admin.post(f"{page}role/", {"role": "agent", "teams": [care.pk]})
    assert "own teams only" not in text_of(admin.get(PEOPLE))


def test_nobody_changes_their_own_role(admin: Client, admin_user: User) -> None:
    refused = admin.post(f"{PEOPLE}{admin_user.pk}/role/", {"role": "agent"})
    assert refused.status_code == 422
    assert "Ask another admin" in text_of(refused)
    admin.post(f"{PEOPLE}{admin_user.pk}/deactivate/")
    assert User.objects.get(pk=admin_user.pk).is_active


def test_somebody_who_leaves_hands_their_work_over(
    admin: Client, agent: Client, agent_user: User, manager_user: User
) -> None:
    survey = make_sent_survey()
    answering.answer(survey, score=1, source="page")
    follow_up = follow_ups.assign_to(survey.session, agent_user)
    keys.create("Help desk", scopes=["csat:read"], by=roles.actor_of(agent_user))
    address = f"{PEOPLE}{agent_user.pk}/"
    shown = text_of(admin.get(address))
    assert "Follow-ups 1 open" in shown
    assert "Help desk" in shown
    admin.post(f"{address}deactivate/", {"successor": str(manager_user.pk)})
    assert follow_up.again().owner == manager_user
    assert agent.get("/inbox/").status_code == 302
    assert "deactivated" in text_of(admin.get(address))
    admin.post(f"{address}activate/")
    assert User.objects.get(pk=agent_user.pk).is_active
    for nonsense in ("4711", "x", str(agent_user.pk)):
        assert admin.post(f"{address}hand-over/", {"successor": nonsense}).status_code == 404


def test_an_admin_ends_sessions(admin: Client, agent: Client, agent_user: User) -> None:
    assert agent.get("/inbox/").status_code == 200
    admin.post(f"{PEOPLE}{agent_user.pk}/end-sessions/")
    assert agent.get("/inbox/").status_code == 302


def test_an_admin_takes_a_lost_second_factor_away(admin: Client, agent_user: User) -> None:
    Authenticator.objects.create(user=agent_user, type=Authenticator.Type.TOTP, data={})
    address = f"{PEOPLE}{agent_user.pk}/"
    assert "Remove second factor" in text_of(admin.get(address))
    admin.post(f"{address}remove-second-factor/")
    assert not second_factor.has_one(agent_user)


def test_a_second_factor_is_required_of_roles(admin: Client, admin_user: User) -> None:
    Authenticator.objects.create(user=admin_user, type=Authenticator.Type.TOTP, data={})
    admin.post(f"{PEOPLE}second-factor/", {"roles": ["admin", "manager"]})
    assert Organization.current().second_factor_roles == ["manager", "admin"]
    page = " ".join(admin.get(PEOPLE).content.decode().split())
    assert 'value="manager" checked' in page
    admin.post(f"{PEOPLE}second-factor/", {"roles": ["emperor"]})
    assert Organization.current().second_factor_roles == ["manager", "admin"]
    admin.post(f"{PEOPLE}second-factor/", {})
    assert Organization.current().second_factor_roles == []


def test_who_has_no_role_is_told_whom_to_ask(outsider: Client, admin_user: User) -> None:
    answer = outsider.get("/inbox/")
    assert answer.status_code == 403
    assert "Ada (ada@acme.example)" in text_of(answer)


def test_whoever_was_asked_long_ago_who_they_are_is_asked_again(
    admin: Client, agent_user: User, time_machine: Any
) -> None:
    time_machine.move_to(timezone.now() + timedelta(minutes=6))
    for address in ("invite/", f"{agent_user.pk}/deactivate/", f"{agent_user.pk}/role/", "second-factor/"):
        answer = admin.post(PEOPLE + address, {"email": "nora@acme.example", "role": "agent"})
        assert answer.status_code == 302
        assert answer.headers["Location"].startswith("/account/")
    assert not Invitation.objects.exists()
    assert User.objects.get(pk=agent_user.pk).is_active


def test_who_requires_a_second_factor_and_has_none_is_led_on_and_others_log_in_anew(
    admin: Client, manager: Client
) -> None:
    answer = admin.post(f"{PEOPLE}second-factor/", {"roles": ["admin", "manager"]})
    assert answer.status_code == 302
    assert admin.get("/settings/audit/").status_code == 302
    assert admin.get("/account/second-factor/").status_code == 200
    assert manager.get("/account/second-factor/").status_code == 302
