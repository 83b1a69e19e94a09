"""A shared view: figures without a login, without names, comments, drill-downs, cookies or copies."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from csat.people import agents
from csat.subscriptions import shares
from csat.subscriptions.models import Share
from tests.factories import make_agent
from tests.subscriptions.rated import make_view, rate

pytestmark = pytest.mark.django_db


@pytest.fixture
def ratings(db: Any) -> None:
    for team, word, score in (("Care", "caring", 5), ("Sales", "selling", 1)):
        details = {"team": agents.find_or_create_team(team), "assignee": make_agent(f"{word} agent")}
        rate(score, f"{word} words", at=timezone.now() - timedelta(days=1), **details)


def path(share: Share, end: str = "") -> str:
    return "/" + shares.url(share).split("/", 3)[3] + end


def text(answer: Any) -> str:
    return " ".join(answer.content.decode().split())


@pytest.mark.parametrize("end", ["", "wall/"])
def test_it_shows_figures_and_nothing_that_leads_further(
    customer: Client, manager_user: User, ratings: None, end: str
) -> None:
    share = shares.make(make_view(manager_user), by=manager_user)
    answer = customer.get(path(share, end))
    page = text(answer)
    assert "n 2" in page
    assert "50 %" in page.replace("\u00a0", " ")
    assert [word for word in ("caring", "selling", "/reports/", "/inbox/") if word in page] == []
    assert (answer.cookies, answer.headers["Cache-Control"]) == ({}, "no-store")
    assert answer.headers["X-Robots-Tag"] == "noindex, nofollow"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert share.again().last_opened_at


def test_names_and_comments_are_shown_where_they_were_chosen(
    customer: Client, manager_user: User, ratings: None
) -> None:
    view = make_view(manager_user)
    named = text(customer.get(path(shares.make(view, by=manager_user, with_names=True))))
    quoted = text(customer.get(path(shares.make(view, by=manager_user, with_comments=True))))
    assert ("caring agent" in named, "caring words" in named) == (True, False)
    assert ("caring agent" in quoted, "caring words" in quoted) == (False, True)


def test_it_carries_its_makers_rights_of_now(customer: Client, lead_user: User, ratings: None) -> None:
    share = shares.make(make_view(lead_user), by=lead_user, with_names=True, with_comments=True)
    assert "caring words" in text(customer.get(path(share)))
    assert "selling" not in text(customer.get(path(share)))
    lead_user.profile.teams.set([agents.find_or_create_team("Sales")])
    assert "caring" not in text(customer.get(path(share)))


def test_unknown_revoked_and_invalid_are_alike(customer: Client, manager_user: User) -> None:
    revoked = shares.make(make_view(manager_user), by=manager_user)
    shares.revoke(revoked, by=manager_user)
    invalid = shares.make(make_view(manager_user, "Gone", "brand=gone"), by=manager_user)
    answers = [customer.get(address) for address in ("/share/x/", path(revoked), path(invalid))]
    assert {answer.status_code for answer in answers} == {404}
    assert len({answer.content for answer in answers}) == 1


def test_the_wall_renews_itself_and_is_dark(customer: Client, manager_user: User) -> None:
    page = text(customer.get(path(shares.make(make_view(manager_user), by=manager_user), "wall/")))
    assert '<meta http-equiv="refresh" content="60">' in page
    assert 'class="shared wall"' in page


def test_openings_are_limited(customer: Client, manager_user: User, settings: Any) -> None:
    settings.RATE_LIMITS = True
    statuses = [customer.get("/share/nonsense/").status_code for _ in range(125)]
    assert set(statuses) == {404, 429}


def test_a_link_is_made_and_revoked_on_its_pages(manager: Client, manager_user: User, lead: Client) -> None:
    view = make_view(manager_user)
    form = f"/reports/views/{view.uuid}/share/"
    assert lead.get(form).status_code == 404
    assert manager.post(form, {"days": "3"}).status_code == 422
    assert manager.post(form, {"days": "90", "with_comments": "1"}).status_code == 302
    share = Share.objects.get()
    assert (share.with_names, share.with_comments) == (False, True)
    assert share.expires_at > timezone.now() + timedelta(days=89)
    for address in (form, "/reports/sent/"):
        assert shares.url(share) in manager.get(address).content.decode()
    assert lead.post(f"/reports/shares/{share.uuid}/revoke/").status_code == 404
    assert manager.post(f"/reports/shares/{share.uuid}/revoke/").status_code == 302
    assert share.again().revoked_at
