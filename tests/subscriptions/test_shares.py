"""Links that show one view: whose, until when, and all the ways in which they end."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.utils import timezone

from csat.lib.refusal import Invalid
from csat.subscriptions import shares
from csat.timeline.models import Event
from tests.subscriptions.rated import make_view

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 11, 29, 12, tzinfo=UTC)
AGENT = "agent=00000000-0000-4000-8000-000000000000"


def token_of(share: Any) -> str:
    return shares.url(share).rstrip("/").rsplit("/", 1)[1]


def test_its_link_opens_it_and_is_the_same_whenever_it_is_shown(manager_user: User) -> None:
    share = shares.make(make_view(manager_user), by=manager_user)
    assert shares.find(token_of(share)) == share
    assert shares.url(share) == shares.url(share.again())
    assert Event.objects.filter(data__what="report.shared").count() == 1


def test_no_other_token_opens_it(manager_user: User) -> None:
    share = shares.make(make_view(manager_user), by=manager_user)
    token = token_of(share)
    other = token[:-1] + ("A" if token[-1] != "A" else "B")
    assert [shares.find(one) for one in (other, share.uuid.hex, "", "x:y")] == [None] * 4


def test_what_is_wrong_is_named(manager_user: User) -> None:
    with pytest.raises(Invalid) as caught:
        shares.make(make_view(manager_user, query=AGENT), by=manager_user, days=3)
    assert set(caught.value.fields) == {"days", "with_names"}
    assert shares.make(make_view(manager_user, "Named", AGENT), by=manager_user, with_names=True)


def test_a_revoked_one_opens_nothing(manager_user: User) -> None:
    share = shares.make(make_view(manager_user), by=manager_user)
    assert shares.revoke(share, by=manager_user)
    assert not shares.revoke(share, by=manager_user)
    assert shares.find(token_of(share)) is None
    assert Event.objects.filter(data__what="report.share_revoked").count() == 1


def test_it_ends_on_its_day(manager_user: User, time_machine: Any) -> None:
    share = shares.make(make_view(manager_user), by=manager_user, days=7)
    time_machine.move_to(timezone.now() + timedelta(days=7, seconds=1))
    assert shares.find(token_of(share)) is None


@pytest.mark.parametrize("end", ["deactivated", "role", "deleted", "view"])
def test_it_dies_with_its_makers_account_rights_or_view(manager_user: User, end: str) -> None:
    view = make_view(manager_user)
    token = token_of(shares.make(view, by=manager_user))
    assert shares.find(token)
    match end:
        case "deactivated":
            User.objects.filter(pk=manager_user.pk).update(is_active=False)
        case "role":
            manager_user.groups.set([Group.objects.get_or_create(name="agent")[0]])
        case "deleted":
            manager_user.delete()
        case "view":
            view.delete()
    assert shares.find(token) is None


def test_a_view_that_is_of_single_agents_by_now_is_shown_with_names_only(manager_user: User) -> None:
    view = make_view(manager_user)
    without = shares.make(view, by=manager_user)
    with_names = shares.make(view, by=manager_user, with_names=True)
    view.change(query=AGENT)
    assert shares.find(token_of(without)) is None
    assert shares.find(token_of(with_names)) == with_names


def test_people_see_their_own_and_admins_all(manager_user: User, lead_user: User, admin_user: User) -> None:
    own = shares.make(make_view(manager_user), by=manager_user)
    leads = shares.make(make_view(lead_user), by=lead_user)
    shares.revoke(shares.make(make_view(lead_user, "Old"), by=lead_user), by=lead_user)
    assert list(shares.open_ones(manager_user)) == [own]
    assert list(shares.open_ones(lead_user)) == [leads]
    assert set(shares.open_ones(admin_user)) == {own, leads}


def test_when_it_was_last_opened_is_written_once_a_minute(manager_user: User, time_machine: Any) -> None:
    time_machine.move_to(NOON, tick=False)
    share = shares.make(make_view(manager_user), by=manager_user)
    shares.note_opened(share)
    first = share.again().last_opened_at
    for later, expected in ((30, first), (61, first + timedelta(seconds=61) if first else None)):
        time_machine.move_to(NOON + timedelta(seconds=later), tick=False)
        shares.note_opened(share.again())
        assert share.again().last_opened_at == expected
