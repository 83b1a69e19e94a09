"""Starting and stopping digests: by whom, to whom, where."""

from typing import Any

import pytest
from django.contrib.auth.models import User

from csat.lib.refusal import Invalid
from csat.people import profiles
from csat.people.models import Organization
from csat.subscriptions import digests
from csat.timeline.models import Event
from tests.subscriptions.rated import make_endpoint, make_view

pytestmark = pytest.mark.django_db


def refused(view: Any, **given: Any) -> dict[str, list[str]]:
    with pytest.raises(Invalid) as caught:
        digests.start(view, **given)
    return caught.value.fields


def test_by_default_it_comes_on_monday_at_eight_of_the_readers_clock(
    manager_user: User, time_machine: Any
) -> None:
    time_machine.move_to("2026-11-29T12:00:00Z", tick=False)
    profiles.profile_of(manager_user).change(timezone="America/New_York")
    digest = digests.start(make_view(manager_user), by=manager_user)
    assert digest.next_at.isoformat() == "2026-11-30T13:00:00+00:00"
    assert Event.objects.filter(data__what="report.digest_started").count() == 1


def test_without_a_zone_of_ones_own_it_is_the_organisations(manager_user: User) -> None:
    Organization.current().change(timezone="Asia/Tokyo")
    assert profiles.zone_of(manager_user).key == "Asia/Tokyo"


def test_every_field_that_is_wrong_is_named(manager_user: User) -> None:
    view = make_view(manager_user)
    assert set(refused(view, by=manager_user, rhythm="yearly", weekday=7, hour=24)) == {
        "rhythm", "weekday", "hour",
    }  # fmt: skip
    assert set(refused(view, by=manager_user, via="slack", to="#general")) == {"to"}
    assert set(refused(view, by=manager_user, via="webhook")) == {"endpoint"}
    assert set(refused(view, by=manager_user, via="pigeon")) == {"via"}


def test_the_same_view_goes_once_to_the_same_place(manager_user: User) -> None:
    view = make_view(manager_user)
    digest = digests.start(view, by=manager_user)
    assert set(refused(view, by=manager_user, rhythm="daily")) == {"via"}
    assert digests.stop(digest, by=manager_user)
    assert not digests.stop(digest, by=manager_user)
    assert digests.start(view, by=manager_user, rhythm="daily")


def test_only_managers_send_to_others_to_slack_and_to_webhooks(
    manager_user: User, lead_user: User, analyst_user: User, agent_user: User
) -> None:
    endpoint = make_endpoint()
    view = make_view(manager_user)
    assert digests.start(view, by=manager_user, reader=lead_user).user == lead_user
    assert digests.start(view, by=manager_user, via="slack", to="C0123456789")
    assert digests.start(view, by=manager_user, via="webhook", endpoint=endpoint)
    assert set(refused(view, by=manager_user, reader=agent_user)) == {"reader"}  # reads no reports
    for person in (lead_user, analyst_user):
        own = make_view(person)
        assert digests.start(own, by=person).user == person
        assert set(refused(own, by=person, reader=manager_user)) == {"reader"}
        assert set(refused(own, by=person, via="slack", to="C0123456789")) == {"via"}
        assert set(refused(own, by=person, via="webhook", endpoint=endpoint)) == {"via"}


def test_a_view_of_single_agents_leaves_by_mail_alone(manager_user: User) -> None:
    view = make_view(manager_user, query="agent=00000000-0000-4000-8000-000000000000")
    assert set(refused(view, by=manager_user, via="slack", to="C0123456789")) == {"via"}
    assert digests.start(view, by=manager_user)


def test_who_has_no_mail_is_told_so(manager_user: User) -> None:
    manager_user.email = ""
    manager_user.save()
    assert set(refused(make_view(manager_user), by=manager_user)) == {"reader"}


def test_people_see_what_comes_to_them_and_admins_all(
    manager_user: User, lead_user: User, admin_user: User
) -> None:
    own = digests.start(make_view(manager_user), by=manager_user)
    to_lead = digests.start(make_view(manager_user, "Care"), by=manager_user, reader=lead_user)
    leads = digests.start(make_view(lead_user), by=lead_user)
    assert set(digests.running(manager_user)) == {own, to_lead}
    assert set(digests.running(lead_user)) == {to_lead, leads}
    assert set(digests.running(admin_user)) == {own, to_lead, leads}


def test_the_link_of_a_mail_names_its_digest_and_no_other(manager_user: User) -> None:
    digest = digests.start(make_view(manager_user), by=manager_user)
    token = digests.stop_url(digest).rstrip("/").rsplit("/", 1)[1]
    assert digests.find_by_token(token) == digest
    for other in (token[:-1] + ("A" if token[-1] != "A" else "B"), digest.uuid.hex, "", "nonsense:x"):
        assert digests.find_by_token(other) is None
