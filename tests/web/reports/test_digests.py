"""Send this view: the form, the list, and the one press from a mail."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from csat.subscriptions import digests
from csat.subscriptions.models import Digest
from tests.subscriptions.rated import make_view

pytestmark = pytest.mark.django_db
WEEKLY = {"via": "email", "rhythm": "weekly", "weekday": "0", "hour": "8"}


def test_a_view_is_sent_from_its_form(manager: Client, manager_user: User, lead_user: User) -> None:
    view = make_view(manager_user)
    assert b"Monday" in manager.get(f"/reports/views/{view.uuid}/send/").content
    answer = manager.post(f"/reports/views/{view.uuid}/send/", WEEKLY | {"reader": str(lead_user.pk)})
    assert answer.headers["Location"] == "/reports/sent/"
    digest = Digest.objects.get()
    assert (digest.user, digest.rhythm, digest.weekday, digest.hour) == (lead_user, "weekly", 0, 8)
    assert view.name in manager.get("/reports/sent/").content.decode()


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"via": "slack", "to": "general"}, "Give the ID of a Slack channel"),
        ({"via": "webhook"}, "Choose a webhook that is switched on."),
        ({"hour": "99"}, "Choose an hour"),
        ({"rhythm": "yearly"}, "Choose from the list."),
    ],
)
def test_what_is_wrong_is_said_at_its_field(
    manager: Client, manager_user: User, given: dict[str, str], said: str
) -> None:
    view = make_view(manager_user)
    answer = manager.post(f"/reports/views/{view.uuid}/send/", WEEKLY | given)
    assert (answer.status_code, Digest.objects.count()) == (422, 0)
    assert said in answer.content.decode()


def test_another_persons_view_and_digest_are_not_there(lead: Client, manager_user: User) -> None:
    view = make_view(manager_user)
    digest = digests.start(view, by=manager_user)
    assert lead.get(f"/reports/views/{view.uuid}/send/").status_code == 404
    assert lead.post(f"/reports/sent/{digest.uuid}/stop/").status_code == 404
    assert view.name not in lead.get("/reports/sent/").content.decode()


def test_it_is_stopped_from_the_list_by_its_reader_and_by_an_admin(
    lead: Client, admin: Client, manager_user: User, lead_user: User
) -> None:
    for client in (lead, admin):
        digest = digests.start(make_view(manager_user, str(client)), by=manager_user, reader=lead_user)
        assert client.post(f"/reports/sent/{digest.uuid}/stop/").status_code == 302
        assert digest.again().stopped_at


def test_the_link_in_a_mail_asks_by_get_and_stops_by_post(customer: Client, manager_user: User) -> None:
    digest = digests.start(make_view(manager_user), by=manager_user)
    path = digests.stop_url(digest).split("/", 3)[3]
    asked = customer.get(f"/{path}")
    assert (asked.status_code, digest.again().stopped_at) == (200, None)
    assert b"Stop sending" in asked.content
    answer = customer.post(f"/{path}", {"List-Unsubscribe": "One-Click"})
    assert (answer.status_code, answer.cookies) == (200, {})
    assert answer.headers["Cache-Control"] == "no-store"
    assert digest.again().stopped_at
    assert customer.post(f"/{path}").status_code == 200  # twice is once


def test_a_link_of_nobody_stops_nothing(customer: Client, manager_user: User) -> None:
    digest = digests.start(make_view(manager_user), by=manager_user)
    for token in ("nonsense", digest.uuid.hex, f"{digest.uuid.hex}:AAAA"):
        assert customer.post(f"/digests/stop/{token}/").status_code == 404
    assert digest.again().stopped_at is None


def test_posts_are_limited(customer: Client, settings: Any) -> None:
    settings.RATE_LIMITS = True
    statuses = {customer.post("/digests/stop/nonsense/").status_code for _ in range(40)}
    assert statuses == {404, 429}


def test_empty_lists_say_what_to_do(analyst: Client) -> None:
    page = analyst.get("/reports/sent/").content.decode()
    assert "Nothing is sent yet" in page
    assert "No saved views yet" in page
