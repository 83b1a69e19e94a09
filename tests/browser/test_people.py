"""Settings → People, an invitation from both ends, and a profile, in a real browser."""

from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Page, expect

from csat.people import invitations, memberships, roles
from csat.people.models import Team
from tests.browser.conftest import Visits
from tests.browser.test_accessibility import NARROW_AND_DARK, WIDE_AND_LIGHT, problems

pytestmark = pytest.mark.django_db(transaction=True)
PEOPLE = "/settings/people/"
Shoot = Callable[[Page, str], None]


@pytest.fixture
def team_of_many(admin_user: User, agent_user: User, manager_user: User, lead_user: User) -> list[User]:
    """With everything that a row may say."""
    care = Team.objects.get(name="Care")
    billing = Team.objects.create(name="Billing and subscriptions")
    memberships.give_teams(agent_user, [care, billing])
    gone = User.objects.create_user("gone", first_name="Konstantina", last_name="Papadopoulou-Anagnostou")
    memberships.give_role(gone, roles.ANALYST)
    User.objects.filter(pk=gone.pk).update(is_active=False)
    User.objects.create_user("new", "new.colleague.with.a.long.address@subsidiary.acme.example")
    for name, email in (("Nora Patel", "nora@acme.example"), ("", "somebody.else@acme.example")):
        invitations.invite(
            name=name, email=email, role="team_lead", teams=[care], by=admin_user, organisation="Acme"
        )
    return [admin_user, agent_user, manager_user, lead_user]


def test_somebody_is_invited_and_joins(
    open_as: Callable[..., Page], visit: Visits, admin_user: User, shoot: Shoot
) -> None:
    Team.objects.create(name="Care")
    page = open_as(admin_user, PEOPLE)
    page.get_by_role("link", name="Invite somebody").click()
    page.get_by_label("Email").fill("nora@acme.example")
    page.get_by_label("Name (optional)").fill("Nora Patel")
    page.get_by_label("Team lead").check()
    page.get_by_label("Care").check()
    shoot(page, "people-invite")
    page.get_by_role("button", name="Send the invitation").click()
    expect(page.get_by_role("heading", name="Nora Patel is invited")).to_be_visible()
    link = page.locator("#made").input_value()
    shoot(page, "people-invited")
    page.goto(PEOPLE)
    expect(page.get_by_text("nora@acme.example").first).to_be_visible()

    joining = visit("/invite/" + link.rstrip("/").rpartition("/")[2] + "/", bypass_csp=True)
    assert problems(joining) == []
    expect(joining.get_by_text("Ada invites you as: Team lead.")).to_be_visible()
    expect(joining.get_by_label("Username")).to_have_value("nora")
    for label in ("Password", "Password again"):
        joining.get_by_label(label, exact=True).fill("battery-staple-9")
    shoot(joining, "people-join")
    joining.get_by_role("button", name="Join").click()
    expect(joining.locator(".toast")).to_contain_text("Welcome, Nora Patel.")
    assert joining.url.endswith("/inbox/")
    assert roles.role_of(User.objects.get(username="nora")) == "team_lead"


def test_whoever_leaves_hands_over_and_may_come_back(
    open_as: Callable[..., Page], admin_user: User, agent_user: User
) -> None:
    page = open_as(admin_user, f"{PEOPLE}{agent_user.pk}/")
    page.get_by_text("Deactivate…").click()
    page.get_by_role("button", name="Deactivate").click()
    expect(page.locator(".toast")).to_contain_text("Sam is deactivated")
    page.get_by_role("button", name="Activate").click()
    expect(page.locator(".toast")).to_contain_text("Sam may log in again")
    assert User.objects.get(pk=agent_user.pk).is_active


def test_the_list_follows_what_is_typed(
    open_as: Callable[..., Page], admin_user: User, team_of_many: list[User]
) -> None:
    page = open_as(admin_user, PEOPLE)
    page.get_by_label("Search").fill("maria")
    expect(page.locator(".row.person")).to_have_count(1)
    page.get_by_label("Search").fill("")
    page.select_option("#filter-role", "none")
    expect(page.locator(".row.person")).to_contain_text("new.colleague")
    page.wait_for_load_state("networkidle")


@pytest.mark.parametrize("how", [WIDE_AND_LIGHT, NARROW_AND_DARK], ids=["wide", "narrow"])
def test_everybody_can_use_the_pages(
    open_as: Callable[..., Page],
    admin_user: User,
    agent_user: User,
    team_of_many: list[User],
    shoot: Shoot,
    how: dict[str, object],
) -> None:
    found = {}
    paths = {
        "list": PEOPLE,
        "one": f"{PEOPLE}{agent_user.pk}/",
        "invite": f"{PEOPLE}invite/",
        "profile": "/profile/",
    }
    for name, path in paths.items():
        page = open_as(admin_user, path, bypass_csp=True, **how)
        shoot(page, f"people-{name}-{'narrow' if how is NARROW_AND_DARK else 'wide'}")
        found[name] = problems(page)
        width = page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
        assert width[0] <= width[1], f"{name} is wider than the screen"
    assert {name: broken for name, broken in found.items() if broken} == {}
